import { inspect } from "node:util"
import {
  FetchHttpClient,
  FileSystem,
  HttpClient,
  HttpClientError,
  HttpClientRequest,
  HttpClientResponse
} from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import {
  APIException,
  AuthorizationRequest,
  AuthorizedHttpClient,
  ClientAuthentication,
  Grant,
  OAuthToken,
  TokenEndpoint,
  TokenManager,
  TokenStore
} from "@effect-oauth/client"
import { type RecordedRequest, ScriptedServer } from "@effect-oauth/loopback-servers"
import { recordingLogs, recordingSpans, shown } from "@effect-oauth/loopback-servers/Evidence"
import {
  Cause,
  type Duration,
  Effect,
  Either,
  Exit,
  Fiber,
  Layer,
  Option,
  Redacted,
  Schedule,
  Schema,
  Stream
} from "effect"
import { transports } from "./fixtures/authorizedClient.js"

// Eight characters by which each secret is known again, also where it is cut short. They stand at the beginning,
// before characters that look different in a form, in JSON and in base64.
const marks = {
  password: "Pq7Zr2Kd",
  "client secret": "Cs4Wn8Jv",
  "access token": "At9Xm3Lf",
  "refresh token": "Rt6Yb5Hg",
  "ID token": "It2Vc7Ns",
  parameter: "Ap8Dk4Tw",
  "unknown field": "Uf5Gj9Bz"
} as const

// Those of a user who comes back from the authorization server.
const answerMarks = { code: "Cd9Hv5Qx", "code verifier": "Cv3Mt8Ry", state: "St6Fk2Ub" } as const

// Long enough for a message to quote only a part of them.
const long = (mark: string, odd: string): string => `${mark} "${odd}&+/=${"0123456789".repeat(4)}`

const secrets = {
  password: long(marks.password, "ä"),
  clientSecret: long(marks["client secret"], ":ü"),
  accessToken: long(marks["access token"], "\\"),
  refreshToken: long(marks["refresh token"], "ö"),
  idToken: long(marks["ID token"], "ß"),
  parameter: long(marks.parameter, "é"),
  unknownField: long(marks["unknown field"], "å")
}

/** How a mark reads within base64, wherever in the encoded text it begins. */
const inBase64 = (mark: string): ReadonlyArray<string> =>
  [0, 1, 2].map((offset) =>
    Buffer.from(`${"-".repeat(offset)}${mark}`)
      .toString("base64")
      .slice(Math.ceil((8 * offset) / 6), Math.floor((8 * (offset + mark.length)) / 6))
  )

const names = new Map(
  Object.entries({ ...marks, ...answerMarks }).flatMap(([name, mark]) =>
    [mark, ...inBase64(mark)].map((form) => [form, name] as const)
  )
)

const anyMark = new RegExp([...names.keys()].join("|"), "g")

/** What was seen, and where. */
type Evidence = ReadonlyArray<readonly [where: string, value: unknown]>

/** Each secret that shows in the evidence, with the first place. What leads to `beyond` is not followed there. */
const leaks = (evidence: Evidence, beyond: ReadonlyArray<object> = []): ReadonlyArray<string> => {
  const found = new Map<string, string>()
  for (const [where, value] of evidence) {
    for (const text of shown(value, beyond)) {
      for (const { 0: form, index } of text.matchAll(anyMark)) {
        const leak = `${where}: ${names.get(form)}`
        if (!found.has(leak))
          found.set(leak, `${leak} in …${text.slice(Math.max(0, index - 80), index + 30)}…`)
      }
    }
  }
  return [...found.values()]
}

/** Without the span that the transport of an API has opened: it writes headers and causes there as it finds them. */
const ofOurs = (evidence: Evidence): Evidence =>
  evidence.filter(([where]) => !where.startsWith("span http.client"))

type Answer = (request: RecordedRequest.IncomingRequest) => ScriptedServer.Reply

interface Setting {
  readonly transport?: Layer.Layer<HttpClient.HttpClient> | undefined
  /** What the authorization server does. Default: it issues tokens. */
  readonly token?: Answer | undefined
  /** What the API does. Default: `{}`. */
  readonly api?: Answer | undefined
  readonly tokenEndpoint?: string | undefined
  readonly apiOrigin?: string | undefined
  readonly timeout?: Duration.DurationInput | undefined
  readonly store?: Layer.Layer<TokenStore.TokenStore> | undefined
  readonly authentication?: typeof ClientAuthentication.clientSecretBasic | undefined
  readonly onTokenUpdate?: TokenManager.Options["onTokenUpdate"]
  /** Whether the session that there is at the beginning has expired. Default: true. */
  readonly isExpired?: boolean | undefined
}

const tokenReply = {
  access_token: secrets.accessToken,
  token_type: "Bearer",
  expires_in: 3600,
  refresh_token: secrets.refreshToken,
  id_token: secrets.idToken,
  internal_key: secrets.unknownField
}

/** Issues tokens, no two of them the same. */
const issuing = (): Answer => {
  let count = 0
  return () => {
    count += 1
    return ScriptedServer.json({
      ...tokenReply,
      access_token: `${secrets.accessToken}.${count}`,
      refresh_token: `${secrets.refreshToken}.${count}`
    })
  }
}

const session = (isExpired: boolean) =>
  OAuthToken.make({
    accessToken: secrets.accessToken,
    refreshToken: secrets.refreshToken,
    idToken: secrets.idToken,
    expiry: isExpired ? 0 : Date.now() + 3_600_000,
    additionalProperties: { internal_key: secrets.unknownField }
  })

/**
 * Does all that can be done with a session, in one setting, and logs and traces each outcome as somebody would who
 * wants to see everything. What comes out is all that was seen of it.
 */
const observe = (setting: Setting) =>
  Effect.gen(function* () {
    const logs = yield* recordingLogs
    const { layer: tracing, sdk, spans } = recordingSpans()
    const evidence: Array<readonly [string, unknown]> = []
    const tokenServer = yield* ScriptedServer.make(setting.token ?? issuing())
    const apiServer = yield* ScriptedServer.make(setting.api ?? (() => ScriptedServer.json({})))
    const apiOrigin = setting.apiOrigin ?? apiServer.origin

    const note = <A, E, R>(name: string, effect: Effect.Effect<A, E, R>) =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(effect)
        evidence.push([name, exit])
        yield* Effect.annotateCurrentSpan("exit", exit)
        const log = Exit.isFailure(exit)
          ? Effect.logError(name, exit.cause, Cause.squash(exit.cause))
          : Effect.logTrace(name, exit.value)
        yield* log.pipe(Effect.annotateLogs({ exit }), Effect.withLogSpan(name))
        return yield* exit
      }).pipe(Effect.withSpan(`test ${name}`), Effect.exit)

    const readAll = (response: HttpClientResponse.HttpClientResponse) =>
      Effect.gen(function* () {
        evidence.push(["response", response])
        yield* Effect.logDebug("response", response, response.request)
        yield* note("json", response.json)
        yield* note(
          "schema",
          HttpClientResponse.schemaBodyJson(Schema.Struct({ a: Schema.String }))(response)
        )
        yield* note("status", HttpClientResponse.filterStatusOk(response))
        yield* note("exception", Effect.flatMap(APIException.fromResponse(response), Effect.fail))
        return response
      })

    const play = Effect.gen(function* () {
      const manager = yield* TokenManager.TokenManager
      const events = yield* Effect.fork(
        Stream.runForEach(manager.events, (event) =>
          Effect.suspend(() => {
            evidence.push(["event", event])
            return Effect.logInfo(event)
          })
        )
      )
      yield* Effect.yieldNow()
      const authorized = yield* AuthorizedHttpClient.AuthorizedHttpClient
      const replaced = yield* HttpClient.HttpClient
      const additionalParameters = { tenant_key: Redacted.make(secrets.parameter) }
      const request = HttpClientRequest.post(`${apiOrigin}/user`).pipe(
        HttpClientRequest.bodyUnsafeJson({ hello: "world" })
      )
      yield* note("currentToken", manager.currentToken)
      yield* note("authorized", Effect.flatMap(authorized.execute(request), readAll))
      yield* note("replaced", replaced.execute(request))
      yield* note("refreshToken", manager.refreshToken({ additionalParameters }))
      yield* note("fetchToken", manager.fetchToken({ additionalParameters }))
      if (setting.token === undefined) {
        const password = Redacted.make(secrets.password)
        yield* note("reserved", manager.fetchToken({ additionalParameters: { password } }))
        yield* note("elsewhere", authorized.get("https://elsewhere.example.com/"))
        yield* note("getToken", manager.getToken)
        yield* note("authorized again", Effect.flatMap(authorized.execute(request), readAll))
      }
      yield* note("logout", manager.logout)
      if (setting.token === undefined) yield* note("getToken after logout", manager.getToken)
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(events)
    })

    const http = setting.transport ?? FetchHttpClient.layer
    const authentication = setting.authentication ?? ClientAuthentication.clientSecretBasic
    const tokenEndpoint = setting.tokenEndpoint ?? `${tokenServer.origin}/token`
    const Clients = Layer.mergeAll(
      AuthorizedHttpClient.layer({ origins: [apiOrigin] }),
      AuthorizedHttpClient.layerHttpClient({ origins: [apiOrigin] })
    ).pipe(
      Layer.provideMerge(
        TokenManager.layer({
          grant: Grant.password({
            username: "alice",
            password: Redacted.make(secrets.password),
            additionalParameters: { api_key: Redacted.make(secrets.parameter) }
          }),
          initialToken: session(setting.isExpired ?? true),
          onTokenUpdate: setting.onTokenUpdate
        })
      ),
      Layer.provide(
        TokenEndpoint.layer({
          server: {
            tokenEndpoint,
            revocationEndpoint: tokenEndpoint.replace("/token", "/revoke"),
            timeout: setting.timeout ?? "5 seconds",
            maxResponseBytes: 64 * 1024,
            retry: Schedule.stop
          },
          clientAuthentication: authentication({
            clientId: "client",
            clientSecret: Redacted.make(secrets.clientSecret)
          })
        })
      ),
      Layer.provide(setting.store ?? TokenStore.layerMemory),
      Layer.provide(http)
    )
    // The exporter forgets everything when the SDK shuts down.
    const traced = yield* note("whole", Effect.provide(play, Clients)).pipe(
      Effect.map(spans),
      Effect.provide(Layer.mergeAll(logs.layer, tracing))
    )
    const [tokenRequests, apiRequests] = yield* Effect.all([tokenServer.requests, apiServer.requests])
    return {
      evidence: [
        ...evidence,
        ...logs.lines.map((line) => ["log", line] as const),
        ...traced.map((span) => [`span ${span.name}`, span] as const)
      ],
      sdk,
      logs: logs.lines,
      spans: traced,
      tokenRequests,
      apiRequests
    }
  })

const leaksIn = (setting: Setting) =>
  Effect.map(observe(setting), ({ evidence, sdk }) => leaks(evidence, sdk))

describe("the detector", () => {
  const plants: Record<string, (secret: string) => unknown> = {
    text: (secret) => `prefix ${secret} suffix`,
    "the message of an error": (secret) => new Error(secret),
    "the cause of an error": (secret) => new Error("a", { cause: new Error("b", { cause: secret }) }),
    "the failure of an exit": (secret) => Exit.fail({ deep: [{ deeper: secret }] }),
    "a defect": (secret) => Exit.die(new Error(secret)),
    "a hidden property": (secret) => Object.defineProperty({}, "hidden", { value: secret }),
    "an inherited property": (secret) => Object.create({ inherited: secret }),
    "a property under a symbol": (secret) => ({ [Symbol("s")]: secret }),
    "the name of a property": (secret) => ({ [secret]: 1 }),
    "a getter": (secret) => ({
      get secret() {
        return secret
      }
    }),
    "a map": (secret) => new Map([[{}, new Set([secret])]]),
    bytes: (secret) => ({ body: new TextEncoder().encode(secret) }),
    "web headers": (secret) => new Headers({ "x-echo": encodeURIComponent(secret) }),
    "a URL": (secret) => new URL(`https://a.test/?key=${encodeURIComponent(secret)}`),
    "the request of an error": (secret) =>
      new HttpClientError.RequestError({
        reason: "Transport",
        request: HttpClientRequest.get("https://a.test", { headers: { authorization: `Bearer ${secret}` } })
      }),
    "a form": (secret) => new URLSearchParams({ password: secret }).toString(),
    JSON: (secret) => JSON.stringify(JSON.stringify({ secret })),
    "Basic credentials": (secret) => `Basic ${Buffer.from(`client:${secret}`).toString("base64")}`,
    "the first letters": (secret) => secret.slice(0, 8),
    "what toJSON shows": (secret) => ({ toJSON: () => secret }),
    "what inspect shows": (secret) => ({ [inspect.custom]: () => secret })
  }
  for (const [where, plant] of Object.entries(plants)) {
    it(`finds every secret in ${where}`, () => {
      for (const secret of Object.values(secrets)) assert.lengthOf(leaks([["plant", plant(secret)]]), 1)
    })
  }

  it("finds nothing in what is redacted", () => {
    const token = session(true)
    assert.deepStrictEqual(
      leaks([["token", { token, exit: Exit.fail(token), list: [new Map([[1, token]])] }]]),
      []
    )
  })

  it.scopedLive("finds what is logged and traced", () =>
    Effect.gen(function* () {
      const logs = yield* recordingLogs
      const { layer, spans } = recordingSpans()
      const { accessToken, password, unknownField } = secrets
      yield* Effect.logTrace(password).pipe(
        Effect.annotateLogs({ note: { deep: accessToken } }),
        Effect.withLogSpan(unknownField),
        Effect.provide(logs.layer)
      )
      assert.isAbove(logs.lines.length, 4)
      for (const secret of ["password", "access token", "unknown field"]) {
        assert.isTrue(
          leaks(logs.lines.map((line) => ["log", line])).some((leak) => leak.includes(secret)),
          secret
        )
      }
      let inSpans: ReadonlyArray<string> = []
      yield* Effect.fail(new Error(password)).pipe(
        Effect.withSpan("failed", { attributes: { token: accessToken } }),
        Effect.ignore,
        Effect.zipRight(Effect.withSpan(Effect.void, unknownField)),
        Effect.tap(() => {
          inSpans = leaks(spans().map((span) => ["span", span]))
        }),
        Effect.provide(layer)
      )
      for (const secret of ["password", "access token", "unknown field"]) {
        assert.isTrue(
          inSpans.some((leak) => leak.includes(secret)),
          secret
        )
      }
    })
  )
})

// What a server knows of the request, in every form in which it could say it.
const echo = ({ form, headers, rawBody }: RecordedRequest.IncomingRequest): string => {
  const authorization = headers["authorization"] ?? ""
  const decoded = Buffer.from(authorization.replace(/^Basic /, ""), "base64").toString()
  return [
    rawBody,
    authorization,
    decoded,
    /^[\w.*%+:-]*$/.test(decoded) ? decodeURIComponent(decoded.replaceAll("+", " ")) : "",
    JSON.stringify(Object.fromEntries(form)),
    ...form.map(([, value]) => value),
    ...form.map(([, value]) => encodeURIComponent(value))
  ].join(" | ")
}

const html = (text: string): string => `<!doctype html><html><body>${text}</body></html>`

const refusals: Record<string, Answer> = Object.fromEntries(
  [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "temporarily_unavailable",
    "server_error",
    "slow_down",
    "of_its_own"
  ].map((error) => [
    error,
    (request) =>
      ScriptedServer.json(
        { error, error_description: echo(request), error_uri: `https://a.test/?${request.rawBody}` },
        { status: error === "invalid_client" ? 401 : 400 }
      )
  ])
)

const replies: Record<string, Answer> = {
  ...refusals,
  "an error in a 200": (request) =>
    ScriptedServer.json({ error: "invalid_grant", error_description: echo(request) }),
  "an error that is the echo": (request) => ScriptedServer.json({ error: echo(request) }, { status: 400 }),
  "an error with more in it": (request) =>
    ScriptedServer.json({ error: { message: echo(request) }, request: echo(request) }, { status: 400 }),
  "an HTML page": (request) => ({ body: html(echo(request)), headers: { "content-type": "text/html" } }),
  "an HTML page with 403": (request) => ({ status: 403, body: html(echo(request)) }),
  "an HTML page with 500": (request) => ({ status: 500, body: html(echo(request)) }),
  "429 that says when": (request) => ({
    status: 429,
    body: echo(request),
    headers: { "retry-after": request.rawBody }
  }),
  "503": (request) =>
    ScriptedServer.json({ error: "down", error_description: echo(request) }, { status: 503 }),
  "text that begins with the secret": ({ form }) => ({ body: form.map(([, value]) => value).join(" ") }),
  "a JSON text": (request) => ScriptedServer.json(echo(request)),
  "a JSON array": (request) => ScriptedServer.json([echo(request)]),
  "JSON with 400": (request) => ScriptedServer.json({ message: echo(request) }, { status: 400 }),
  "broken JSON": () => ({ body: JSON.stringify(tokenReply).slice(0, -20) }),
  "half a body": () => ({ truncated: JSON.stringify(tokenReply) }),
  "no access token": () => ScriptedServer.json({ ...tokenReply, access_token: undefined }),
  "an access token that is no text": () =>
    ScriptedServer.json({ ...tokenReply, access_token: [secrets.accessToken] }),
  "an access token that no header can carry": () =>
    ScriptedServer.json({ ...tokenReply, access_token: `${secrets.accessToken}\n` }),
  "a token of another type": () => ScriptedServer.json({ ...tokenReply, token_type: secrets.unknownField }),
  "a lifetime that is no number": () =>
    ScriptedServer.json({ ...tokenReply, expires_in: secrets.unknownField }),
  "a negative lifetime": () => ScriptedServer.json({ ...tokenReply, expires_in: -1 }),
  "a huge body": () => ({ hugeBytes: 1024 * 1024 }),
  "an empty body": () => ({ status: 204 }),
  "a redirect": (request) => ({ redirect: `https://elsewhere.example.com/?${request.rawBody}`, status: 307 }),
  "a content type that is the echo": (request) => ({
    body: "no",
    headers: { "content-type": request.rawBody }
  }),
  "cookies that are the echo": (request) => ({
    status: 400,
    body: '{"error":"invalid_request"}',
    headers: { "set-cookie": `sid=${request.rawBody}` }
  })
}

describe("no secret shows when the authorization server", () => {
  it.scopedLive("issues and refreshes, and all of them were on the way", () =>
    Effect.gen(function* () {
      const { apiRequests, evidence, sdk, tokenRequests } = yield* observe({})
      assert.deepStrictEqual(leaks(evidence, sdk), [])
      const seen = leaks([["wire", [tokenRequests, apiRequests]]]).map((leak) => leak.split(" in …")[0])
      assert.sameMembers(
        seen,
        Object.keys(marks).map((name) => `wire: ${name}`)
      )
    })
  )

  for (const [kind, token] of Object.entries(replies)) {
    it.scopedLive(`answers with ${kind}`, () =>
      Effect.gen(function* () {
        const { evidence, sdk, tokenRequests } = yield* observe({ token })
        assert.isAtLeast(tokenRequests.length, 4)
        assert.deepStrictEqual(leaks(evidence, sdk), [])
      })
    )
  }

  it.scopedLive("is told the client secret in the form", () =>
    Effect.gen(function* () {
      const authentication = ClientAuthentication.clientSecretPost
      assert.deepStrictEqual(yield* leaksIn({ authentication, token: refusals["invalid_client"] }), [])
      assert.deepStrictEqual(yield* leaksIn({ authentication, token: replies["an HTML page"] }), [])
    })
  )

  it.scopedLive("is told the client secret in raw Basic credentials", () =>
    Effect.gen(function* () {
      const authentication = ClientAuthentication.clientSecretBasicRaw
      assert.deepStrictEqual(yield* leaksIn({ authentication, token: refusals["invalid_client"] }), [])
    })
  )

  it.scopedLive("echoes a secret that begins as another does", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make(() =>
        ScriptedServer.json(
          { error: "invalid_grant", error_description: `${secrets.password}, ${marks.password}` },
          { status: 400 }
        )
      )
      const endpoint = yield* TokenEndpoint.make({
        server: { tokenEndpoint: server.origin },
        clientAuthentication: ClientAuthentication.clientSecretPost({
          clientId: "client",
          clientSecret: Redacted.make(secrets.password)
        })
      })
      const grant = Grant.password({ username: "alice", password: Redacted.make(marks.password) })
      const error = yield* Effect.flip(endpoint.fetchToken(grant))
      assert.include(error.message, "(<redacted>, <redacted>)")
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )
})

const breakdowns: Record<string, Answer> = {
  "cuts the connection": () => ({ reset: true }),
  "breaks off within the body": (request) => ({ truncated: html(echo(request)) }),
  "speaks no HTTP": (request) => ({ raw: `${echo(request)}\r\n\r\n` }),
  "speaks broken HTTP": ({ headers, rawBody }) => ({
    raw: `HTTP/1.1 200 OK\r\n${headers["authorization"]} ${rawBody}\r\n\r\n`
  })
}
const nobody = "http://127.0.0.1:1"

for (const [name, transport] of transports) {
  describe(`no secret shows over ${name} when`, () => {
    for (const [kind, answer] of Object.entries(breakdowns)) {
      it.scopedLive(`the authorization server and the API ${kind}`, () =>
        Effect.gen(function* () {
          const seen = yield* observe({ transport, token: answer, api: answer, isExpired: false })
          assert.isAtLeast(Math.min(seen.tokenRequests.length, seen.apiRequests.length), 2)
          assert.deepStrictEqual(leaks(seen.evidence, seen.sdk), [])
        })
      )
    }

    it.scopedLive("the authorization server never answers, or never ends", () =>
      Effect.gen(function* () {
        const token: Answer = ({ form }) =>
          form.some(([, grantType]) => grantType === "refresh_token")
            ? { hang: true }
            : { body: JSON.stringify(tokenReply).slice(0, -1), neverEnds: true }
        assert.deepStrictEqual(yield* leaksIn({ transport, token, timeout: "30 millis" }), [])
      })
    )

    it.scopedLive("nobody is there", () =>
      Effect.gen(function* () {
        const setting = { transport, tokenEndpoint: `${nobody}/token`, apiOrigin: nobody, isExpired: false }
        assert.deepStrictEqual(yield* leaksIn(setting), [])
      })
    )
  })
}

/** All that a transport was given, as one that fails may hold on to it. */
const given = (request: HttpClientRequest.HttpClientRequest) => {
  const body = request.body._tag === "Uint8Array" ? Buffer.from(request.body.body).toString() : ""
  return { headers: { ...request.headers }, body, text: `${request.headers["authorization"]} ${body}` }
}

class AxiosError extends Error {
  readonly config: unknown
  readonly request: unknown
  readonly response: unknown
  readonly code = "ERR_BAD_RESPONSE"
  constructor(request: HttpClientRequest.HttpClientRequest) {
    super("Request failed with status code 500")
    const { body, headers, text } = given(request)
    this.config = { headers, data: body }
    this.request = { _header: text, _currentRequest: Buffer.from(text) }
    this.response = { config: this.config, data: { echo: text }, headers }
  }
  toJSON() {
    return { config: this.config, message: this.message }
  }
}

type Failure = (
  request: HttpClientRequest.HttpClientRequest
) => Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

const transportError = (
  request: HttpClientRequest.HttpClientRequest,
  cause: unknown,
  description?: string
): ReturnType<Failure> =>
  Effect.fail(
    new HttpClientError.RequestError({
      request,
      reason: "Transport",
      cause,
      ...(description !== undefined && { description })
    })
  )

const failures: Record<string, Failure> = {
  "an error of axios as its cause": (request) => transportError(request, new AxiosError(request)),
  "the request in its message": (request) =>
    transportError(request, new Error(`cannot send ${given(request).text}`)),
  "the request in a cause of its cause": (request) =>
    transportError(
      request,
      new TypeError("fetch failed", {
        cause: new Error(given(request).text, { cause: new Error("deep", { cause: given(request) }) })
      })
    ),
  "the request in its code, name and stack": (request) => {
    const cause = new Error("failed")
    Object.assign(cause, { code: given(request).text, name: given(request).text, stack: given(request).text })
    return transportError(request, cause)
  },
  "several errors in one": (request) =>
    transportError(request, new AggregateError([new AxiosError(request)], "all failed")),
  "a text as its cause": (request) => transportError(request, given(request).text),
  "an object as its cause": (request) => transportError(request, given(request)),
  "a tagged object as its cause": (request) =>
    transportError(request, { _tag: given(request).text, ...given(request) }),
  "the request in its description": (request) =>
    transportError(request, undefined, `sending ${given(request).text}`),
  "a response that cannot be read": (request) =>
    Effect.fail(
      new HttpClientError.ResponseError({
        request,
        response: HttpClientResponse.fromWeb(request, new Response(given(request).text)),
        reason: "Decode",
        cause: new AxiosError(request)
      })
    ),
  "a response, and the request in its description": (request) =>
    Effect.fail(
      new HttpClientError.ResponseError({
        request,
        response: HttpClientResponse.fromWeb(request, new Response()),
        reason: "StatusCode",
        description: given(request).text
      })
    ),
  "a defect": (request) => Effect.die(new AxiosError(request)),
  "the request in the message of a defect": (request) => Effect.die(new Error(given(request).text))
}

describe("no secret shows when the transport fails with", () => {
  for (const [kind, failure] of Object.entries(failures)) {
    // One that opens no span: what a transport writes into its own span is its own affair.
    const client: HttpClient.HttpClient = HttpClient.makeWith(
      (request: Effect.Effect<HttpClientRequest.HttpClientRequest>) => Effect.flatMap(request, failure),
      Effect.succeed
    )
    const transport = Layer.succeed(HttpClient.HttpClient, client)

    it.scopedLive(`${kind}, at the authorization server`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* leaksIn({ transport }), [])
      })
    )

    it.scopedLive(`${kind}, at the API`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* leaksIn({ transport, isExpired: false }), [])
      })
    )
  }

  it.scopedLive("the request attached to what fetch throws", () =>
    Effect.gen(function* () {
      const fetch: typeof globalThis.fetch = (url, init) =>
        Promise.reject(
          Object.assign(new TypeError("fetch failed", { cause: { init } }), {
            request: new Request(url, { ...init, body: String(init?.body) }),
            init
          })
        )
      const transport = FetchHttpClient.layer.pipe(Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch)))
      assert.deepStrictEqual(yield* leaksIn({ transport }), [])
      const { evidence, sdk } = yield* observe({ transport, isExpired: false })
      assert.deepStrictEqual(leaks(ofOurs(evidence), sdk), [])
    })
  )
})

class DriverError extends Error {
  readonly query = "INSERT INTO sessions (token) VALUES ($1)"
  readonly parameters: ReadonlyArray<unknown>
  constructor(token: unknown) {
    super(`cannot store ${JSON.stringify(token)}`)
    this.parameters = [token, JSON.stringify(token)]
  }
}

const stored = OAuthToken.toStored(session(true))

const stores: Record<string, Layer.Layer<TokenStore.TokenStore>> = {
  "cannot save": TokenStore.fromFunctions({
    load: () => Effect.succeedNone,
    save: (_, token) => Effect.fail(new DriverError(Option.map(token, OAuthToken.toStored)))
  }),
  "cannot save, and the driver rejects": TokenStore.fromFunctions({
    load: () => Effect.succeedNone,
    save: (_, token) =>
      Effect.promise(() => Promise.reject(new DriverError(Option.map(token, OAuthToken.toStored))))
  }),
  "cannot load": TokenStore.fromFunctions({
    load: () => Effect.fail(new DriverError(stored)),
    save: () => Effect.void
  }),
  "cannot load, and the driver rejects": TokenStore.fromFunctions({
    load: () => Effect.promise(() => Promise.reject(new DriverError(stored))),
    save: () => Effect.void
  }),
  "cannot read what it loads as JSON": TokenStore.fromFunctions({
    load: () =>
      Effect.flatMap(
        Effect.try(() => JSON.parse(secrets.accessToken)),
        OAuthToken.fromStored
      ),
    save: () => Effect.void
  }),
  "loads what is no token": TokenStore.fromFunctions({
    load: () => OAuthToken.fromStored({ ...stored, access_token: [secrets.accessToken] }),
    save: () => Effect.void
  })
}

const files: Record<string, string> = {
  "is cut off": JSON.stringify(stored).slice(0, -20),
  "is no JSON": secrets.accessToken,
  "is a text": JSON.stringify(secrets.refreshToken),
  "has no access token": JSON.stringify({ ...stored, access_token: undefined }),
  "has a token of another type": JSON.stringify({ ...stored, token_type: secrets.unknownField }),
  "has an expiry that is none": JSON.stringify({ ...stored, expiry: secrets.unknownField }),
  "belongs to another": JSON.stringify({ ...stored, effect_oauth: { key: secrets.unknownField, version: 1 } })
}

describe("no secret shows when", () => {
  it("a stored text cannot be decoded, in what the error says", () => {
    const { "belongs to another": _, ...broken } = files
    for (const text of Object.values(broken)) {
      const error = Either.flip(Schema.decodeUnknownEither(OAuthToken.StoredJson)(text)).pipe(
        Either.getOrThrow
      )
      // Whoever takes the error apart finds the text all the same: every error of a transformation holds its input.
      const said = [
        String(error),
        error.stack,
        inspect(error),
        JSON.stringify(error),
        Cause.pretty(Cause.fail(error))
      ]
      assert.deepStrictEqual(leaks(said.map((line) => ["error", line])), [])
    }
  })

  for (const [kind, store] of Object.entries(stores)) {
    it.scopedLive(`the store ${kind}`, () =>
      Effect.gen(function* () {
        const { evidence, sdk } = yield* observe({ store })
        const events = evidence.flatMap(([where, value]) => (where === "event" ? [inspect(value)] : []))
        assert.isTrue(
          events.some((event) => event.includes("TokenStoreError")),
          "the failure of the store is an event"
        )
        assert.deepStrictEqual(leaks(evidence, sdk), [])
      })
    )
  }

  for (const [kind, content] of Object.entries(files)) {
    it.scopedLive(`the session file ${kind}`, () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const folder = yield* fs.makeTempDirectoryScoped()
        const file = `${folder}/session.json`
        yield* fs.writeFileString(file, content)
        const store = TokenStore.layerFile(file).pipe(Layer.provide(NodeContext.layer))
        assert.deepStrictEqual(yield* leaksIn({ store }), [])
        // Logging in on purpose sets aside what nobody can read; nothing else is done to it.
        const names = yield* fs.readDirectory(folder)
        const aside = names.find((name) => name.includes("unreadable")) ?? "session.json"
        assert.strictEqual(yield* fs.readFileString(`${folder}/${aside}`), content)
      }).pipe(Effect.provide(NodeContext.layer))
    )
  }

  const callbacks: Record<string, (error: unknown) => Effect.Effect<void>> = {
    dies: Effect.die,
    rejects: (error) => Effect.promise(() => Promise.reject(error))
  }
  for (const [how, fail] of Object.entries(callbacks)) {
    it.scopedLive(`onTokenUpdate ${how} with the token in its message`, () =>
      Effect.gen(function* () {
        const { evidence, logs, sdk } = yield* observe({
          onTokenUpdate: (token) => fail(new DriverError(OAuthToken.toStored(token)))
        })
        assert.isTrue(logs.some((line) => String(line).includes("onTokenUpdate failed")))
        assert.deepStrictEqual(leaks(evidence, sdk), [])
      })
    )
  }
})

const apiReplies: Record<string, Answer> = {
  "a 200 that is no JSON": (request) => ({ body: html(echo(request)) }),
  "a 200 that is the token": ({ headers }) => ({ body: headers["authorization"]?.slice("Bearer ".length) }),
  "a 401": (request) => ({ status: 401, body: html(echo(request)) }),
  "a 403": (request) => ({ status: 403, body: html(echo(request)) }),
  "a 500": (request) => ({ status: 500, body: html(echo(request)) }),
  "a 204": () => ({ status: 204 })
}

describe("no secret shows when the API answers with", () => {
  for (const [kind, api] of Object.entries(apiReplies)) {
    it.scopedLive(kind, () =>
      Effect.gen(function* () {
        const { apiRequests, evidence, sdk } = yield* observe({ api, isExpired: false })
        assert.isAtLeast(apiRequests.length, 2)
        assert.deepStrictEqual(leaks(evidence, sdk), [])
      })
    )
  }

  it.scopedLive("the token in a header", () =>
    Effect.gen(function* () {
      const { evidence, sdk } = yield* observe({
        api: ({ headers }) => ({
          status: 500,
          body: "no",
          headers: { "x-echo": `${headers["authorization"]}` }
        }),
        isExpired: false
      })
      assert.deepStrictEqual(leaks(ofOurs(evidence), sdk), [])
    })
  )
})

const issuer = "https://login.example.com"

const answerSecrets = {
  code: long(answerMarks.code, "ë"),
  codeVerifier: long(answerMarks["code verifier"], "ø"),
  state: long(answerMarks.state, "ñ")
}

const asked: AuthorizationRequest.AuthorizationRequest = {
  url: `${issuer}/authorize`,
  state: answerSecrets.state,
  codeVerifier: Redacted.make(answerSecrets.codeVerifier),
  redirectUri: "https://app.example.com/callback",
  issuer,
  isIssuerRequired: true
}

const callbackWith = (parameters: Readonly<Record<string, string>>, more = ""): string =>
  `/callback?${new URLSearchParams({ code: answerSecrets.code, state: answerSecrets.state, iss: issuer, ...parameters })}${more}`

/** Logs in with an answer, logs and traces it, and gives all that was seen of it. */
const observeLogin = (callback: AuthorizationRequest.Callback, token: Answer) =>
  Effect.gen(function* () {
    const logs = yield* recordingLogs
    const { layer: tracing, sdk, spans } = recordingSpans()
    const server = yield* ScriptedServer.make(token)
    const grants: Array<Grant.Grant> = []
    const login = Effect.gen(function* () {
      const manager = yield* TokenManager.TokenManager
      const grant = yield* AuthorizationRequest.receive(asked, callback)
      grants.push(grant)
      yield* Effect.logInfo(grant)
      return yield* manager.fetchToken({ grant })
    }).pipe(
      Effect.tapErrorCause((cause) => Effect.logError("login", cause)),
      Effect.withSpan("login"),
      Effect.provide(
        TokenManager.layer().pipe(
          Layer.provide(
            TokenEndpoint.layer({
              server: { tokenEndpoint: server.origin, retry: Schedule.stop, maxResponseBytes: 64 * 1024 },
              clientAuthentication: ClientAuthentication.none({ clientId: "client" })
            })
          ),
          Layer.provide(Layer.fresh(TokenStore.layerMemory)),
          Layer.provide(FetchHttpClient.layer)
        )
      )
    )
    const { exit, traced } = yield* Effect.all({ exit: Effect.exit(login), traced: Effect.sync(spans) }).pipe(
      Effect.provide(Layer.mergeAll(logs.layer, tracing))
    )
    const evidence: Evidence = [
      ["exit", exit],
      ["grants", grants],
      ["log", logs.lines],
      ["spans", traced]
    ]
    return { exit, evidence, sdk, traced, tokenRequests: yield* server.requests }
  })

describe("no secret of a user who comes back shows when", () => {
  it.scopedLive("they are let in, and code and verifier were on the way", () =>
    Effect.gen(function* () {
      const seen = yield* observeLogin(callbackWith({}), issuing())
      assert.isTrue(Exit.isSuccess(seen.exit))
      assert.sameMembers(
        seen.traced.map(({ name }) => name),
        ["login", "oauth.token.fetch", "oauth.token.renew", "oauth.token.wait", "oauth.token.wait"]
      )
      assert.deepStrictEqual(leaks(seen.evidence, seen.sdk), [])
      assert.sameMembers(
        leaks([["wire", seen.tokenRequests.map(({ rawBody }) => rawBody)]]).map(
          (leak) => leak.split(" in …")[0]
        ),
        ["wire: code", "wire: code verifier"]
      )
    })
  )

  for (const [kind, token] of Object.entries(replies)) {
    it.scopedLive(`the token endpoint answers with ${kind}`, () =>
      Effect.gen(function* () {
        const { evidence, exit, sdk, tokenRequests } = yield* observeLogin(callbackWith({}), token)
        assert.isTrue(Exit.isFailure(exit))
        assert.lengthOf(tokenRequests, 1)
        assert.deepStrictEqual(leaks(evidence, sdk), [])
      })
    )
  }

  const everything = Object.values(answerSecrets).join(" | ")
  const answers: Record<string, string> = {
    "has another state": callbackWith({ state: `${answerSecrets.state}!` }),
    "has no state": callbackWith({}).replace("state=", "estate="),
    "is of another server": callbackWith({ iss: `https://${answerSecrets.code}` }),
    "says of no server": callbackWith({}).replace("iss=", "miss="),
    "has two codes": callbackWith({}, `&code=${answerMarks.code}`),
    "has no code": callbackWith({ code: "", error_description: everything }),
    "is a refusal": callbackWith({
      error: "access_denied",
      error_description: everything,
      error_uri: `https://a.test/?${new URLSearchParams(answerSecrets)}`
    }),
    "is a refusal that is the echo": callbackWith({ error: everything })
  }
  for (const [kind, callback] of Object.entries(answers)) {
    it.scopedLive(`the answer ${kind}`, () =>
      Effect.gen(function* () {
        const { evidence, exit, sdk, tokenRequests } = yield* observeLogin(callback, issuing())
        assert.isTrue(Exit.isFailure(exit))
        assert.isEmpty(tokenRequests)
        assert.deepStrictEqual(leaks(evidence, sdk), [])
      })
    )
  }

  it.effect("a stored request cannot be read, in what the error says", () =>
    Effect.gen(function* () {
      const text = yield* Schema.encode(AuthorizationRequest.StoredJson)(asked)
      assert.lengthOf(leaks([["stored", text]]), 2)
      for (const broken of [text.slice(0, -2), `[${text}]`, text.replace("redirectUri", "uri")]) {
        const error = yield* Effect.flip(Schema.decode(AuthorizationRequest.StoredJson)(broken))
        const said = [String(error), error.stack, inspect(error), JSON.stringify(error)]
        assert.deepStrictEqual(leaks(said.map((line) => ["error", line])), [])
      }
    })
  )
})

describe("on the wire", () => {
  const refusesTheFirst: Answer = (() => {
    let count = 0
    return () => (count++ === 0 ? { status: 401, body: "no" } : ScriptedServer.json({}))
  })()

  it.scopedLive("an API gets the token in its Authorization header, and no secret anywhere else", () =>
    Effect.gen(function* () {
      const { apiRequests } = yield* observe({ api: refusesTheFirst, isExpired: false })
      assert.isAtLeast(apiRequests.length, 4)
      for (const { headers, ...request } of apiRequests) {
        const { authorization, ...others } = headers
        assert.isTrue(authorization?.startsWith(`Bearer ${secrets.accessToken}`))
        assert.deepStrictEqual(leaks([["request", { ...request, others }]]), [])
        assert.property(others, "traceparent")
      }
    })
  )

  it.scopedLive(
    "the authorization server gets secrets in the form and in Basic credentials, and no trace",
    () =>
      Effect.gen(function* () {
        const { tokenRequests } = yield* observe({})
        assert.isAtLeast(tokenRequests.length, 5)
        for (const { form: _, headers, rawBody: __, body: ___, ...request } of tokenRequests) {
          const { authorization, ...others } = headers
          assert.match(authorization ?? "", /^Basic /)
          assert.deepStrictEqual(leaks([["request", { ...request, others }]]), [])
          assert.sameMembers(
            Object.keys(others).filter((name) => /trace|baggage|^b3$|^x-b3/.test(name)),
            []
          )
        }
      })
  )
})

describe("the spans", () => {
  it.scopedLive("of a session whose token was refused tell what happened, and to whom", () =>
    Effect.gen(function* () {
      let count = 0
      const { spans } = yield* observe({
        api: () => (count++ === 0 ? { status: 401, body: "no" } : ScriptedServer.json({})),
        isExpired: false
      })
      const ours = spans.filter(({ name }) => name.startsWith("oauth."))
      assert.includeMembers(
        ours.map(({ name }) => name),
        ["oauth.token.fetch", "oauth.token.refresh", "oauth.token.wait", "oauth.token.revoke", "oauth.replay"]
      )
      for (const name of ["oauth.token.fetch", "oauth.token.refresh", "oauth.token.revoke"]) {
        const statuses = ours.flatMap((span) =>
          span.name === name ? [span.attributes["http.response.status_code"]] : []
        )
        assert.include(statuses, 200, name)
      }
      for (const { attributes, name } of ours) {
        const { "code.stacktrace": _, "http.response.status_code": status, ...own } = attributes
        // The one request that was refused before it was sent has no answer.
        assert.include([200, undefined], status, name)
        if (name === "oauth.replay") continue
        if (name === "oauth.token.renew" || name === "oauth.token.wait") {
          const known = ["oauth.background", "oauth.outcome", "oauth.wait.for", "error.type"]
          assert.deepStrictEqual(
            Object.keys(own).filter((key) => !known.includes(key)),
            []
          )
          continue
        }
        const { "error.type": __, "server.port": port, ...said } = own
        assert.isNumber(port)
        assert.deepStrictEqual(said, {
          "http.request.method": "POST",
          "oauth.client_id": "client",
          "server.address": "127.0.0.1",
          ...(name === "oauth.token.revoke"
            ? { "oauth.token_type_hint": own["oauth.token_type_hint"] }
            : { "oauth.grant_type": name === "oauth.token.fetch" ? "password" : "refresh_token" })
        })
      }
    })
  )
})
