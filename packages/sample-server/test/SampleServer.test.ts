import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import { AccessLog, type RecordedRequest, SampleServer } from "@effect-oauth/sample-server"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { MultiauthsampleApi } from "multiauthsample"
import {
  ask,
  basic,
  basicAuth,
  bearer,
  client,
  dial,
  keyQuery,
  keys,
  known,
  post,
  tokenBy
} from "./support.js"

/** A server whose end is up to the test. */
const closable = (options?: SampleServer.Options) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    yield* Effect.addFinalizer((exit) => Scope.close(scope, exit))
    const server = yield* Scope.extend(SampleServer.make(options), scope)
    return { ...server, close: Scope.close(scope, Exit.void) }
  })

describe("SampleServer", () => {
  it.scopedLive("answers what the declaration says, to a client that is made of the same", () =>
    Effect.gen(function* () {
      const server = yield* SampleServer.make()
      const tokens = yield* Effect.all({
        ccg: tokenBy("client_credentials"),
        ropcg: tokenBy("password")
      }).pipe(Effect.provideService(SampleServer.SampleServer, server))
      const http = (headers: Readonly<Record<string, string>>) =>
        HttpClient.mapRequest(HttpClientRequest.setHeaders(headers))
      const { authentication } = yield* HttpApiClient.make(MultiauthsampleApi, {
        baseUrl: server.servers.DEFAULT,
        transformClient: http({ ...bearer(known.bearerToken), ...keys })
      })
      const withToken = (token: string) =>
        HttpApiClient.make(MultiauthsampleApi, {
          baseUrl: server.servers.DEFAULT,
          transformClient: http(bearer(token))
        })
      const withBasic = yield* HttpApiClient.make(MultiauthsampleApi, {
        baseUrl: server.servers.DEFAULT,
        transformClient: (client) =>
          HttpClient.mapRequest(http({ ...basicAuth, ...keys })(client), HttpClientRequest.setUrlParams(keys))
      })
      const passed = "You've passed the test!"
      assert.strictEqual(yield* authentication.oAuthBearerToken(), passed)
      assert.strictEqual(yield* authentication.customAuthentication(), passed)
      assert.strictEqual(yield* authentication.customQueryOrHeaderAuthentication(), passed)
      assert.strictEqual(yield* authentication.oAuthGrantTypesOrCombinations(), passed)
      assert.strictEqual(yield* authentication.noAuth({ urlParams: { array: "true" } }), passed)
      assert.strictEqual(yield* authentication.multipleAuthCombination(), passed)
      assert.strictEqual(yield* withBasic.authentication.basicAuthAndApiHeaderAuth(), passed)
      const status = yield* (yield* withToken(
        tokens.ccg.access_token
      )).authentication.oAuthClientCredentialsGrant()
      assert.strictEqual(status.status, "OK")
      const user = yield* (yield* withToken(
        tokens.ropcg.access_token
      )).authentication.oAuthAuthorizationGrant()
      assert.include(user, { id: 1, name: "alice", createdAt: "2024-02-15T08:00:00Z" })

      const requestToken = yield* HttpApiClient.endpoint(MultiauthsampleApi, {
        group: "oAuthAuthorization",
        endpoint: "requestTokenOAuthCCG",
        baseUrl: server.servers.AUTH,
        httpClient: yield* HttpClient.HttpClient
      })
      const authorization = Redacted.make(client.authorization)
      const form = { grantType: "client_credentials" } as const
      const reply = yield* requestToken({ headers: { authorization }, payload: form })
      assert.strictEqual(reply.tokenType, "Bearer")
      const refusal = yield* Effect.flip(
        requestToken({ headers: { authorization: Redacted.make("Basic eDp5") }, payload: form })
      )
      assert.include(refusal, { error: "invalid_client" })
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )

  it.scopedLive("is at both addresses of localhost, on a port of its own unless it is told one", () =>
    Effect.gen(function* () {
      const { origin, servers } = yield* SampleServer.make()
      const { port } = new URL(origin)
      assert.deepStrictEqual(servers, { DEFAULT: origin, AUTH: `${origin}/oauth2/auth-server` })
      for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
        assert.strictEqual((yield* ask(`http://${host}:${port}/auth/customAuthentication`)).status, 200)
      }
      const other = yield* closable()
      yield* other.close
      const again = yield* SampleServer.make({ port: Number(new URL(other.origin).port) })
      assert.strictEqual(again.origin, other.origin)
    })
  )

  it.scopedLive("listens where it is told", () =>
    Effect.gen(function* () {
      const everywhere = yield* SampleServer.make({ host: "0.0.0.0" })
      assert.match(everywhere.origin, /^http:\/\/localhost:\d+$/)
      const six = yield* SampleServer.make({ host: "::1" })
      assert.match(six.origin, /^http:\/\/\[::1\]:\d+$/)
      for (const { origin } of [everywhere, six]) {
        assert.strictEqual((yield* ask(`${origin}/auth/customAuthentication`)).status, 200)
      }
    })
  )

  it.scopedLive("says why it cannot start", () =>
    Effect.gen(function* () {
      const port = Number(new URL((yield* SampleServer.make()).origin).port)
      const inUse = yield* Effect.flip(SampleServer.make({ port }))
      assert.strictEqual(inUse.reason, "PortInUse")
      assert.include(inUse.message, `Port ${port} is in use`)
      const six = yield* SampleServer.make({ host: "::1" })
      const half = yield* Effect.flip(SampleServer.make({ port: Number(new URL(six.origin).port) }))
      assert.strictEqual(half.reason, "PortInUse")
      for (const port of [-1, 65_536, 1.5, Number.NaN]) {
        assert.strictEqual((yield* Effect.flip(SampleServer.make({ port }))).reason, "CannotListen")
      }
      const nowhere = yield* Effect.flip(SampleServer.make({ host: "192.0.2.1" }))
      assert.strictEqual(nowhere.reason, "CannotListen")
      assert.include(nowhere.message, "192.0.2.1 (EADDRNOTAVAIL)")
    })
  )

  it.scopedLive("takes the fixtures that it is told, and not the defaults in their place", () =>
    Effect.gen(function* () {
      const { origin } = yield* SampleServer.make({
        fixtures: {
          bearerToken: Redacted.make("other-token"),
          basicUsername: "other-user",
          basicPassword: Redacted.make("other:password"),
          token: Redacted.make("other token"),
          apiKey: Redacted.make("öther")
        }
      })
      const status = (path: string, headers: Readonly<Record<string, string>>) =>
        Effect.map(ask(origin + path, { headers }), ({ status }) => status)
      assert.strictEqual(yield* status("/auth/oauth2", bearer("other-token")), 200)
      assert.strictEqual(yield* status("/auth/oauth2", bearer(known.bearerToken)), 401)
      const query = `?${new URLSearchParams({ token: "other token", "api-key": "öther" })}`
      assert.strictEqual(yield* status(`/auth/customQueryOrHeaderParam${query}`, {}), 200)
      assert.strictEqual(yield* status(`/auth/customQueryOrHeaderParam${keyQuery}`, {}), 401)
      const all = "/auth/basicAndApiKeyAndApiHeader"
      const wrongHeaders = { ...basic("other-user", "other:password"), ...keys }
      const { body } = yield* ask(`${origin}${all}${query}`, { headers: wrongHeaders })
      assert.notInclude(body, "basicAuth: ")
      assert.notInclude(body, '"scheme":"basicAuth"')
      assert.include(body, '"scheme":"apiHeader"')
    })
  )

  it.scoped("lives in real time, also in a test that stands still", () =>
    Effect.gen(function* () {
      const before = Date.now()
      const server = yield* closable()
      const { expires_in } = yield* Effect.provideService(
        tokenBy("password"),
        SampleServer.SampleServer,
        server
      )
      assert.strictEqual(expires_in, 3600)
      const [request] = yield* server.requests
      assert.isAtLeast(request?.at ?? 0, before)
      assert.isAbove(Duration.toMillis(request?.duration ?? 0), 0)
      yield* server.close
    })
  )

  describe("remembers", () => {
    it.scopedLive("requests as they were sent, and what came of them", () =>
      Effect.gen(function* () {
        const told: Array<RecordedRequest> = []
        const server = yield* SampleServer.make({
          onAnswered: (request) => Effect.sync(() => told.push(request))
        })
        yield* Effect.provideService(
          post("/oauth2/non-auth-server/token", "grant_type=password&username=us+er&password=p%26w%3D"),
          SampleServer.SampleServer,
          server
        )
        yield* ask(`${server.origin}/auth/oauth2?a=1&a=2&b`, {
          headers: { ...bearer("wrong"), "X-Other": "Öther" }
        })
        const requests = yield* server.requests
        assert.deepStrictEqual(requests, told)
        const [first, second] = requests
        assert.deepInclude(first, {
          method: "POST",
          path: "/oauth2/non-auth-server/token",
          query: [],
          body: "grant_type=password&username=us+er&password=p%26w%3D",
          form: [
            ["grant_type", "password"],
            ["username", "us er"],
            ["password", "p&w="]
          ],
          status: 400,
          outcome: "invalid_grant"
        })
        assert.strictEqual(first?.headers["authorization"], client.authorization)
        assert.deepInclude(second, {
          method: "GET",
          path: "/auth/oauth2",
          query: [
            ["a", "1"],
            ["a", "2"],
            ["b", ""]
          ],
          body: "",
          form: [],
          status: 401,
          outcome: "refused, OAuthBearerToken: the bearer token is unknown"
        })
      })
    )

    it.scopedLive("no more of them than it is told", () =>
      Effect.gen(function* () {
        const two = yield* SampleServer.make({ remembered: 2 })
        const none = yield* SampleServer.make({ remembered: 0 })
        for (const path of ["/1", "/2", "/3"]) {
          yield* ask(two.origin + path)
          yield* ask(none.origin + path)
        }
        assert.deepStrictEqual(
          (yield* two.requests).map(({ path }) => path),
          ["/2", "/3"]
        )
        assert.deepStrictEqual(yield* none.requests, [])
      })
    )
  })

  it.scopedLive("has no secret in a line of its log, wherever that was sent", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const server = yield* SampleServer.make({
        onAnswered: (request) => Effect.sync(() => lines.push(AccessLog.line(request)))
      })
      const secrets = { ...known, wrong: "marker-wrong-secret" }
      const values = Object.values(secrets)
      const { access_token, refresh_token = "" } = yield* Effect.provideService(
        tokenBy("password"),
        SampleServer.SampleServer,
        server
      )
      const everything = new URLSearchParams(
        [...values, access_token, refresh_token].flatMap((value) => [
          ["token", value],
          ["api-key", value],
          [value, value]
        ])
      )
      const headers = (value: string) => ({
        token: value,
        "api-key": value,
        accesstoken: value,
        cookie: value
      })
      const sent: Array<Effect.Effect<unknown>> = []
      for (const value of values) {
        for (const authorization of [`Bearer ${value}`, basic(value, value).authorization, value]) {
          const all = { headers: { ...headers(value), authorization } }
          for (const path of [
            "/auth/oauth2",
            "/auth/multipleAuthCombination",
            "/oauth2/non-auth-server/user",
            "/no"
          ]) {
            sent.push(ask(`${server.origin}${path}?${everything}`, all))
          }
          for (const grant_type of ["password", "authorization_code", "refresh_token", value]) {
            const form = {
              grant_type,
              username: value,
              password: value,
              code: value,
              refresh_token: value,
              scope: value
            }
            for (const path of [
              "/oauth2/non-auth-server/token",
              "/oauth2/auth-server/request_token",
              "/oauth/authorize"
            ]) {
              const post = { method: "POST", body: new URLSearchParams(form) }
              sent.push(ask(`${server.origin}${path}?${everything}`, { ...all, ...post }))
            }
          }
        }
      }
      yield* Effect.all(sent, { concurrency: 8 })
      assert.strictEqual(lines.length, sent.length + 1)
      const log = lines.join("\n")
      for (const secret of [...values, access_token, refresh_token]) assert.notInclude(log, secret)
      for (const line of lines) {
        assert.match(line, /^\d\d:\d\d:\d\d\.\d{3} {2}(GET |POST) {2}\/\S+ +\d{3} +\d+ ms {2}\S.*$/)
      }
    })
  )

  describe("when its scope closes", () => {
    it.scopedLive("answers what is under way, lets nobody else in, and cuts idle connections", () =>
      Effect.gen(function* () {
        const server = yield* closable()
        const silent = yield* dial(server.origin)
        const kept = yield* dial(server.origin)
        kept.socket.write("GET /auth/customAuthentication HTTP/1.1\r\nHost: localhost\r\n\r\n")
        const slow = yield* dial(server.origin)
        const body = "grant_type=client_credentials"
        yield* slow.begin(
          [
            "POST /oauth2/auth-server/request_token HTTP/1.1",
            "Host: localhost",
            "Expect: 100-continue",
            `Authorization: ${client.authorization}`,
            "Content-Type: application/x-www-form-urlencoded",
            `Content-Length: ${body.length}`,
            "",
            body.slice(0, 10)
          ].join("\r\n")
        )
        const closing = yield* Effect.fork(server.close)
        assert.strictEqual(yield* silent.end, "")
        assert.include(yield* kept.end, "You've passed the test!")
        const refused = yield* Effect.exit(ask(`${server.origin}/auth/customAuthentication`))
        assert.isTrue(Exit.isFailure(refused))
        assert.isTrue(closing.unsafePoll() === null)
        slow.socket.write(body.slice(10))
        const [duration, answer] = yield* Effect.timed(slow.end)
        assert.match(answer, /^HTTP\/1\.1 200 OK[\s\S]*"access_token":/)
        assert.isBelow(Duration.toMillis(duration), 2000)
        yield* closing.await
      })
    )

    it.scopedLive("waits for no caller longer than five seconds", () =>
      Effect.gen(function* () {
        const server = yield* closable()
        const slow = yield* dial(server.origin)
        yield* slow.begin(
          "POST /oauth2/auth-server/request_token HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n" +
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\n"
        )
        const [duration] = yield* Effect.timed(server.close)
        assert.approximately(Duration.toMillis(duration), 5000, 500)
        assert.strictEqual(yield* slow.end, "")
      })
    )
  })
})
