import { assert, describe, it } from "@effect/vitest"
import { AuthValidationException, OAuthToken } from "@effect-oauth/client"
import { ScriptedServer } from "@effect-oauth/loopback-servers"
import type { TestTransport } from "@effect-oauth/testing"
import { Clock, Duration, Effect, Either, Fiber, Option, Redacted, Schedule, TestClock } from "effect"
import { type ConfigurationOptions, Environment, type OAuthManager } from "multiauthsample"
import { connect, serversAt } from "./fixtures/connect.js"
import * as credentials from "./fixtures/credentials.js"
import { connectFake, json } from "./fixtures/fakeApi.js"

const bearer = { oAuthBearerTokenCredentials: credentials.oAuthBearerTokenCredentials }

const unavailable = (headers?: Record<string, string>) =>
  new Response("later", { status: 503, headers: headers ?? {} })

const unreachable = Effect.fail(new Error("no route"))

/** One call, an hour later: when it was tried, in seconds, when it was over, and how it went. */
const tried = (options: ConfigurationOptions, answer: (index: number) => TestTransport.Answer) =>
  Effect.gen(function* () {
    const { client, sent } = yield* connectFake({ ...bearer, ...options }, (_, index) => answer(index))
    const start = yield* Clock.currentTimeMillis
    const call = yield* Effect.fork(Effect.timed(Effect.either(client.authentication.oAuthBearerToken())))
    yield* TestClock.adjust("1 hour")
    const [duration, outcome] = yield* Fiber.join(call)
    return {
      at: (yield* sent).map(({ at }) => (at - start) / 1000),
      over: Duration.toSeconds(duration),
      outcome: Either.match(outcome, {
        onLeft: (error) =>
          error._tag === "APIException" ? (error.responseCode ?? error.reason) : error._tag,
        onRight: (text) => text
      })
    }
  })

describe("retries", () => {
  it.scoped("are none by default", () =>
    Effect.map(
      tried({}, () => unavailable()),
      (result) => assert.deepStrictEqual(result, { at: [0], over: 0, outcome: 503 })
    )
  )

  it.scoped("are none where their number is none", () =>
    Effect.gen(function* () {
      for (const maxRetries of [Number.NaN, -1, 0]) {
        const { at } = yield* tried({ maxRetries }, () => unavailable())
        assert.deepStrictEqual(at, [0], String(maxRetries))
      }
    })
  )

  it.scoped("wait not at all, and then ever longer", () =>
    Effect.map(
      tried({ maxRetries: 4, timeout: "10 minutes" }, (index) =>
        index < 4 ? unavailable() : new Response("in")
      ),
      (result) => assert.deepStrictEqual(result, { at: [0, 0, 4, 12, 28], over: 28, outcome: "in" })
    )
  )

  it.scoped("wait as backoffFactor says, up to two minutes", () =>
    Effect.gen(function* () {
      const times = (backoffFactor: number) =>
        Effect.map(
          tried({ maxRetries: 3, timeout: "1 hour", backoffFactor }, () => unavailable()),
          ({ at, outcome }) => [...at, outcome]
        )
      assert.deepStrictEqual(yield* times(0.5), [0, 0, 1, 3, 503])
      assert.deepStrictEqual(yield* times(0), [0, 0, 0, 0, 503])
      assert.deepStrictEqual(yield* times(40), [0, 0, 80, 200, 503])
    })
  )

  it.scoped("follow the statuses of the record, and no other", () =>
    Effect.gen(function* () {
      const attempts = (status: number, options: ConfigurationOptions = {}) =>
        Effect.map(
          tried({ maxRetries: 1, ...options }, () => new Response("no", { status })),
          ({ at }) => at.length
        )
      for (const status of [408, 413, 429, 500, 502, 503, 504, 521, 522, 524]) {
        assert.strictEqual(yield* attempts(status), 2, String(status))
      }
      for (const status of [200, 302, 400, 403, 404, 425, 501, 505, 520, 523, 525]) {
        assert.strictEqual(yield* attempts(status), 1, String(status))
      }
      assert.strictEqual(yield* attempts(404, { retryStatuses: [404] }), 2)
      assert.strictEqual(yield* attempts(503, { retryStatuses: [404] }), 1)
      assert.strictEqual(yield* attempts(503, { retryMethods: ["POST"] }), 1)
      assert.strictEqual(yield* attempts(503, { retryMethods: ["GET"] }), 2)
    })
  )

  it.scoped("follow a network that fails", () =>
    Effect.gen(function* () {
      const result = yield* tried({ maxRetries: 2 }, (index) =>
        index < 2 ? unreachable : new Response("in")
      )
      assert.deepStrictEqual(result, { at: [0, 0, 4], over: 4, outcome: "in" })
      const failed = yield* tried({ maxRetries: 1 }, () => unreachable)
      assert.deepStrictEqual(failed.at, [0, 0])
      assert.strictEqual(failed.outcome, "The API could not be reached (Transport).")
    })
  )

  it.scoped("wait as long as the server asks for, in either form", () =>
    Effect.gen(function* () {
      const after = (value: string) =>
        Effect.map(
          tried({ maxRetries: 1 }, (index) =>
            index === 0 ? unavailable({ "retry-after": value }) : new Response("in")
          ),
          ({ at, outcome }) => [...at, outcome]
        )
      assert.deepStrictEqual(yield* after("7"), [0, 7, "in"])
      // The first call took an hour.
      assert.deepStrictEqual(yield* after(new Date(3_600_000 + 5_000).toUTCString()), [0, 5, "in"])
    })
  )

  it.scoped("wait for no time that the call does not have: the answer that there is, is the answer", () =>
    Effect.map(
      tried({ maxRetries: 1 }, () => unavailable({ "retry-after": "61" })),
      (result) => assert.deepStrictEqual(result, { at: [0], over: 0, outcome: 503 })
    )
  )

  it.scoped("carry what is current: a token that expires between two attempts is not sent again", () =>
    Effect.gen(function* () {
      const { client, sent } = yield* connectFake(
        { oAuthCCGCredentials: credentials.oAuthCCGCredentials, maxRetries: 2 },
        (request, index) => {
          if (request.method === "POST") {
            return json({ access_token: `at${index}`, token_type: "Bearer", expires_in: 2 })
          }
          return index < 3 ? unavailable({ "retry-after": "3" }) : json({ status: "ok" })
        }
      )
      const call = yield* Effect.fork(client.authentication.oAuthClientCredentialsGrant())
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(call)).status, "ok")
      assert.deepStrictEqual(
        (yield* sent).map(({ at, authorization, method }) => [method, at, authorization]),
        [
          ["POST", 0, credentials.clientAuthorization],
          ["GET", 0, "Bearer at0"],
          ["POST", 3000, credentials.clientAuthorization],
          ["GET", 3000, "Bearer at2"]
        ]
      )
    })
  )

  it.scoped("are none of those for tokens, which have a schedule of their own", () =>
    Effect.gen(function* () {
      const requests = (options: ConfigurationOptions) =>
        Effect.gen(function* () {
          const { client, sent } = yield* connectFake(
            {
              oAuthCCGCredentials: credentials.oAuthCCGCredentials,
              maxRetries: 5,
              retryMethods: ["GET", "POST"],
              ...options
            },
            () => unavailable()
          )
          const call = yield* Effect.fork(Effect.either(client.authentication.oAuthClientCredentialsGrant()))
          yield* TestClock.adjust("1 hour")
          yield* Fiber.join(call)
          return (yield* sent).length
        })
      assert.strictEqual(yield* requests({ tokenRetry: Schedule.stop }), 1)
      assert.strictEqual(yield* requests({ tokenRetry: Schedule.recurs(1) }), 2)
      assert.strictEqual(yield* requests({}), 4)
    })
  )
})

describe("timeout", () => {
  it.scoped("is a minute by default, and covers the whole call with its retries", () =>
    Effect.gen(function* () {
      const silent = yield* tried({ maxRetries: 3 }, () => Effect.never)
      assert.deepStrictEqual(silent, { at: [0], over: 60, outcome: "The API did not answer within 1m." })
      const slow = yield* tried({ maxRetries: 3, timeout: "5 seconds" }, (index) =>
        index < 2 ? unavailable() : Effect.never
      )
      assert.deepStrictEqual(slow, { at: [0, 0, 4], over: 5, outcome: "The API did not answer within 5s." })
    })
  )

  it.scoped("covers the token that the call waits for", () =>
    Effect.gen(function* () {
      const { client } = yield* connectFake(
        { oAuthCCGCredentials: credentials.oAuthCCGCredentials, timeout: "5 seconds" },
        () => Effect.never
      )
      const call = yield* Effect.fork(Effect.flip(client.authentication.oAuthClientCredentialsGrant()))
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Fiber.join(call)).message, "The API did not answer within 5s.")
    })
  )
})

describe("httpCallBack", () => {
  it.scopedLive(
    "is told of each call once, before and after it, whatever the status, and of no credential",
    () =>
      Effect.gen(function* () {
        const server = yield* ScriptedServer.make([
          { status: 503 },
          { body: "in", headers: { "x-echo": "Bearer bearer-token" } },
          { status: 404, body: "no" }
        ])
        const log: Array<unknown> = []
        const client = yield* connect({
          ...bearer,
          apiKeyCredentials: credentials.apiKeyCredentials,
          accessToken: Redacted.make("marker-access"),
          servers: serversAt(server.origin),
          maxRetries: 1,
          httpCallBack: {
            onBeforeRequest: (request) =>
              Effect.flatMap(server.requests, ({ length }) =>
                Effect.sync(() =>
                  log.push([
                    "before",
                    request.method,
                    request.url.slice(server.origin.length),
                    length,
                    JSON.stringify(request)
                  ])
                )
              ),
            onAfterResponse: (response) =>
              Effect.map(Effect.orDie(response.text), (text) =>
                log.push([
                  "after",
                  response.status,
                  text,
                  JSON.stringify(response),
                  { ...response.headers }["x-echo"]
                ])
              )
          }
        })
        assert.strictEqual(yield* client.authentication.oAuthBearerToken(), "in")
        const failure = yield* Effect.flip(client.authentication.customQueryOrHeaderAuthentication())
        assert.strictEqual(failure._tag === "APIException" && failure.responseCode, 404)
        assert.deepStrictEqual(
          log.map((entry) => (Array.isArray(entry) ? entry.slice(0, 3) : entry)),
          [
            ["before", "GET", "/auth/oauth2"],
            ["after", 200, "in"],
            ["before", "GET", "/auth/customQueryOrHeaderParam"],
            ["after", 404, "no"]
          ]
        )
        assert.lengthOf(yield* server.requests, 3)
        assert.notMatch(JSON.stringify(log), /bearer-token|marker-access|query[ +%]|query\/key/)
      })
  )

  it.scopedLive("can be read from, and leaves the answer as it is, also one without a body", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([
        { body: `"quoted"` },
        { status: 204 },
        ScriptedServer.json({ status: "ok" })
      ])
      const client = yield* connect({
        ...bearer,
        oAuthCCGCredentials: credentials.oAuthCCGCredentials.cloneWith({
          oAuthToken: credentials.storedToken("at")
        }),
        servers: serversAt(server.origin),
        httpCallBack: { onAfterResponse: (response) => Effect.ignore(response.arrayBuffer) }
      })
      assert.strictEqual(yield* client.authentication.oAuthBearerToken(), "quoted")
      assert.strictEqual(yield* client.authentication.oAuthBearerToken(), "")
      assert.strictEqual((yield* client.authentication.oAuthClientCredentialsGrant()).status, "ok")
    })
  )

  it.scopedLive("is awaited before the request is sent", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([{ body: "in" }])
      const seen: Array<number> = []
      const client = yield* connect({
        servers: serversAt(server.origin),
        httpCallBack: {
          onBeforeRequest: () =>
            Effect.sleep("20 millis").pipe(
              Effect.zipRight(server.requests),
              Effect.flatMap(({ length }) => Effect.sync(() => void seen.push(length)))
            )
        }
      })
      yield* client.authentication.customAuthentication()
      assert.deepStrictEqual(seen, [0])
    })
  )
})

describe("environment, suites, port, servers", () => {
  const insecureOrigins = [
    "http://apimatic.hopto.org:1",
    "http://apimatic.hopto.org:4",
    "http://apimaticauth.hopto.org:3000"
  ]

  /** Where a call of the API and one for a token go to. */
  const destinations = (options: ConfigurationOptions) =>
    Effect.gen(function* () {
      const { client, sent } = yield* connectFake(
        { ...options, oAuthCCGCredentials: credentials.oAuthCCGCredentials, insecureOrigins },
        (request) =>
          request.method === "POST"
            ? json({ access_token: "at", token_type: "Bearer" })
            : json({ status: "ok" })
      )
      yield* client.authentication.oAuthClientCredentialsGrant()
      return (yield* sent).map(({ url }) => url.href)
    })

  const cases: ReadonlyArray<readonly [options: ConfigurationOptions, api: string, auth: string]> = [
    [{}, "http://localhost:3000", "http://localhost:3000/oauth2/auth-server"],
    [{ port: "8080", suites: 4 }, "http://localhost:3000", "http://localhost:3000/oauth2/auth-server"],
    [{ environment: "PRODUCTION" }, "http://apimatic.hopto.org:1", "http://apimaticauth.hopto.org:3000"],
    [
      { environment: "PRODUCTION", suites: Environment.SuiteCode.DIAMONDS, port: "8080" },
      "http://apimatic.hopto.org:4",
      "http://apimaticauth.hopto.org:3000"
    ],
    [
      { environment: "PRODUCTION", servers: { DEFAULT: "https://api.example.com/v1/" } },
      "https://api.example.com/v1",
      "http://apimaticauth.hopto.org:3000"
    ],
    [
      { servers: { AUTH: "https://login.example.com//" } },
      "http://localhost:3000",
      "https://login.example.com"
    ]
  ]

  for (const [options, api, auth] of cases) {
    it.scoped(`of ${JSON.stringify(options)}`, () =>
      Effect.map(destinations(options), (urls) =>
        assert.deepStrictEqual(urls, [`${auth}/request_token`, `${api}/oauth2/non-auth-server/status`])
      )
    )
  }

  it.scoped("a server that paths cannot follow fails the layer, and is named", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [url: string, why: string]> = [
        ["", "is not an absolute URL"],
        ["localhost", "is not an absolute URL"],
        ["http://localhost:99999", "is not an absolute URL"],
        ["https://api.example.com?version=1", "must have neither a query nor a fragment"],
        ["https://api.example.com/v1?", "must have neither a query nor a fragment"],
        ["https://api.example.com/#v1", "must have neither a query nor a fragment"]
      ]
      for (const server of ["DEFAULT", "AUTH"] as const) {
        for (const [url, why] of cases) {
          const error = yield* Effect.flip(connectFake({ servers: { [server]: url } }, () => Effect.never))
          assert.strictEqual(error.message, `The server ${server} ${why}.`, url)
        }
      }
    })
  )

  it.scoped("a server that secrets must not go to fails the layer, whatever it is needed for", () =>
    Effect.gen(function* () {
      const refused: ReadonlyArray<ConfigurationOptions> = [
        { environment: "PRODUCTION" },
        { servers: { DEFAULT: "http://api.example.com" } },
        { servers: { DEFAULT: "localhost:3000" } },
        { servers: { AUTH: "http://api.example.com" }, oAuthCCGCredentials: credentials.oAuthCCGCredentials }
      ]
      for (const options of refused) {
        const error = yield* Effect.flip(connectFake(options, () => Effect.never))
        assert.instanceOf(error, AuthValidationException)
      }
    })
  )
})

describe("autoRefresh, leeway, onTokenUpdate, revocationEndpoint", () => {
  const schemes = {
    oAuthCCGCredentials: credentials.oAuthCCGCredentials,
    oAuthACGCredentials: credentials.oAuthACGCredentials,
    oAuthROPCGCredentials: credentials.oAuthROPCGCredentials
  }
  const token = (lifetime: number, index: number) =>
    json({ access_token: `at${index}`, token_type: "Bearer", expires_in: lifetime, refresh_token: "rt" })

  it.scoped("onTokenUpdate is told the token, and whose it is", () =>
    Effect.gen(function* () {
      const updates: Array<unknown> = []
      const { client } = yield* connectFake(
        {
          ...schemes,
          onTokenUpdate: (token: OAuthToken.OAuthToken, scheme) =>
            Effect.sync(() => void updates.push([scheme, Redacted.value(token.accessToken)]))
        },
        (_, index) => token(3600, index)
      )
      yield* client.oAuthCCG.fetchToken()
      yield* client.oAuthACG.fetchToken(Redacted.make("code"))
      yield* client.oAuthROPCG.fetchToken()
      yield* client.oAuthROPCG.refreshToken()
      assert.deepStrictEqual(updates, [
        ["OAuthCCG", "at0"],
        ["OAuthACG", "at1"],
        ["OAuthROPCG", "at2"],
        ["OAuthROPCG", "at3"]
      ])
    })
  )

  it.scoped("the sessions of one client are apart", () =>
    Effect.gen(function* () {
      const own = OAuthToken.make({ accessToken: "own", expiry: 1_800_000 })
      const { client } = yield* connectFake(
        {
          oAuthACGCredentials: credentials.oAuthACGCredentials,
          // Without a user, so that nothing but the scheme tells the two apart.
          oAuthROPCGCredentials: credentials.oAuthROPCGCredentials.cloneWith({
            oAuthUsername: undefined,
            oAuthPassword: undefined,
            oAuthToken: own
          })
        },
        (_, index) => token(3600, index)
      )
      const current = (manager: OAuthManager) =>
        Effect.map(manager.currentToken, (token) => Redacted.value(Option.getOrThrow(token).accessToken))
      yield* client.oAuthACG.fetchToken(Redacted.make("code"))
      assert.strictEqual(yield* current(client.oAuthROPCG), "own")
      yield* client.oAuthROPCG.logout
      assert.strictEqual(yield* current(client.oAuthACG), "at0")
    })
  )

  it.scoped("without autoRefresh no token is fetched that was not asked for", () =>
    Effect.gen(function* () {
      const { client, sent } = yield* connectFake({ ...schemes, autoRefresh: false }, (request, index) =>
        request.method === "POST" ? token(10, index) : json({ status: "ok" })
      )
      const call = client.authentication.oAuthClientCredentialsGrant()
      assert.strictEqual((yield* Effect.flip(call))._tag, "AuthValidationException")
      yield* client.oAuthCCG.fetchToken()
      yield* call
      yield* TestClock.adjust("11 seconds")
      assert.strictEqual((yield* Effect.flip(call))._tag, "AuthValidationException")
      assert.deepStrictEqual(
        (yield* sent).map(({ method }) => method),
        ["POST", "GET"]
      )
    })
  )

  it.scoped(
    "leeway says how long before its expiry a token is replaced, at most a tenth of its lifetime",
    () =>
      Effect.gen(function* () {
        const refreshed = (leeway: number) =>
          Effect.gen(function* () {
            const { client, sent } = yield* connectFake({ ...schemes, leeway }, (request, index) =>
              request.method === "POST" ? token(1000, index) : json({ status: "ok" })
            )
            yield* client.oAuthCCG.fetchToken()
            yield* TestClock.adjust("950 seconds")
            yield* client.authentication.oAuthClientCredentialsGrant()
            yield* TestClock.adjust("1 second")
            return (yield* sent).filter(({ method }) => method === "POST").length === 2
          })
        assert.isTrue(yield* refreshed(100_000))
        assert.isFalse(yield* refreshed(10_000))
        assert.isFalse(yield* refreshed(0))
      })
  )

  it.scoped("revocationEndpoint is told when each session ends", () =>
    Effect.gen(function* () {
      const { client, sent } = yield* connectFake(
        { ...schemes, revocationEndpoint: "http://localhost:3000/revoke" },
        (request, index) => (request.url.pathname === "/revoke" ? new Response("") : token(3600, index))
      )
      yield* client.oAuthCCG.fetchToken()
      yield* client.oAuthACG.fetchToken(Redacted.make("code"))
      yield* client.oAuthROPCG.fetchToken()
      yield* client.oAuthCCG.logout
      yield* client.oAuthACG.logout
      yield* client.oAuthROPCG.logout
      assert.strictEqual(
        (yield* sent).filter(({ url }) => url.href === "http://localhost:3000/revoke").length,
        6
      )
      for (const manager of [client.oAuthCCG, client.oAuthACG, client.oAuthROPCG]) {
        assert.isTrue(yield* manager.isTokenExpired)
      }
    })
  )
})
