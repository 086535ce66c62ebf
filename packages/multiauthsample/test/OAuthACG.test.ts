import { assert, describe, it } from "@effect/vitest"
import { AuthorizationRequest, AuthValidationException, Grant, OAuthToken } from "@effect-oauth/client"
import { ScriptedServer } from "@effect-oauth/loopback-servers"
import { formField } from "@effect-oauth/loopback-servers/RecordedRequest"
import { Effect, Encoding, Option, Redacted, Schedule, Schema } from "effect"
import { type ConfigurationOptions, OAuthACGCredentials, OAuthROPCGCredentials } from "multiauthsample"
import { connect, serversAt } from "./fixtures/connect.js"
import { clientAuthorization, oAuthACGCredentials, storedToken } from "./fixtures/credentials.js"

const code = Redacted.make("CODE")

const token = ScriptedServer.json({ access_token: "at", token_type: "Bearer", refresh_token: "rt" })
const invalidGrant = ScriptedServer.json({ error: "invalid_grant" }, { status: 400 })

const setUp = (script: ScriptedServer.Script = () => token, options: ConfigurationOptions = {}) =>
  Effect.gen(function* () {
    const server = yield* ScriptedServer.make(script)
    const client = yield* connect({ servers: serversAt(server.origin), oAuthACGCredentials, ...options })
    return { server, oAuthACG: client.oAuthACG }
  })

/** Where a user comes back to who was sent there. */
const back = (url: string, parameters: Readonly<Record<string, string>> = { code: "CODE" }): string => {
  const state = new URL(url).searchParams.get("state") ?? ""
  return `https://cb?${new URLSearchParams({ state, ...parameters })}`
}

const challengeOf = (url: string): string | null => new URL(url).searchParams.get("code_challenge")

const challengeFor = (verifier: string) =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))),
    (digest) => Encoding.encodeBase64Url(new Uint8Array(digest))
  )

/** The challenge of the verifier that each request for a token had. */
const challengesSent = (server: ScriptedServerLike) =>
  Effect.flatMap(server.requests, (requests) =>
    Effect.forEach(requests, (request) => {
      const verifier = formField(request, "code_verifier")
      return verifier === undefined ? Effect.succeed(null) : challengeFor(verifier)
    })
  )

type ScriptedServerLike = Effect.Effect.Success<ReturnType<typeof ScriptedServer.make>>

describe("the authorization URL", () => {
  it.scopedLive("is that of the record, mended: the redirect URI, the scopes, a state, and PKCE", () =>
    Effect.gen(function* () {
      const { oAuthACG, server } = yield* setUp()
      const url = new URL(yield* oAuthACG.getAuthorizationUrl())
      assert.strictEqual(`${url.origin}${url.pathname}`, `${server.origin}/oauth/authorize`)
      const { code_challenge = "", state = "", ...others } = Object.fromEntries(url.searchParams)
      assert.deepStrictEqual(others, {
        response_type: "code",
        client_id: "client",
        redirect_uri: "https://cb",
        scope: "file_requests.read",
        code_challenge_method: "S256"
      })
      assert.isAtLeast(state.length, 32)
      assert.lengthOf(code_challenge, 43)
      assert.notStrictEqual(challengeOf(yield* oAuthACG.getAuthorizationUrl()), code_challenge)
    })
  )

  it.scopedLive("takes a state and more, of which nothing replaces what it says itself", () =>
    Effect.gen(function* () {
      const { oAuthACG } = yield* setUp()
      const url = yield* oAuthACG.getAuthorizationUrl({
        state: "mine",
        additionalParameters: { prompt: "consent" }
      })
      assert.strictEqual(new URL(url).searchParams.get("state"), "mine")
      assert.strictEqual(new URL(url).searchParams.get("prompt"), "consent")
      const error = yield* Effect.flip(
        oAuthACG.getAuthorizationUrl({ additionalParameters: { redirect_uri: "https://elsewhere" } })
      )
      assert.include(error.message, "redirect_uri")
    })
  )

  it.scopedLive("needs credentials, and on PRODUCTION to be named", () =>
    Effect.gen(function* () {
      for (const credentials of [undefined, new OAuthACGCredentials({ oAuthToken: storedToken("at") })]) {
        const { oAuthACG } = yield* setUp([], { oAuthACGCredentials: credentials })
        for (const attempt of [
          Effect.asVoid(oAuthACG.getAuthorizationUrl()),
          Effect.asVoid(oAuthACG.authorizationRequest())
        ]) {
          const error = yield* Effect.flip(attempt)
          assert.strictEqual(error.message, "OAuthACG: oAuthClientId or oAuthRedirectUri is undefined.")
        }
      }
      const production = yield* Effect.flip(connect({ environment: "PRODUCTION", oAuthACGCredentials }))
      assert.instanceOf(production, AuthValidationException)
    })
  )
})

describe("fetchTokenFromCallback", () => {
  it.scopedLive(
    "believes the server that the user was sent to, or the issuer that is configured, and no other",
    () =>
      Effect.gen(function* () {
        const issuer = "https://login.example.com"
        for (const options of [{}, { issuer }]) {
          const { oAuthACG, server } = yield* setUp(() => token, options)
          const answerOf = (iss: string, answer: Readonly<Record<string, string>> = { code: "CODE" }) =>
            Effect.flatMap(oAuthACG.getAuthorizationUrl(), (url) =>
              oAuthACG.fetchTokenFromCallback(back(url, { ...answer, iss }))
            )
          for (const attempt of [
            answerOf("https://evil.example.com"),
            answerOf("https://evil.example.com", { error: "access_denied" })
          ]) {
            const error = yield* Effect.flip(attempt)
            assert.strictEqual(error._tag, "AuthValidationException")
            assert.include(error.message, "another server")
          }
          assert.deepStrictEqual(yield* server.requests, [])
          yield* answerOf(options.issuer ?? server.origin)
          assert.lengthOf(yield* server.requests, 1)
        }
      })
  )

  it.scopedLive("sends the verifier of the user who came back, whoever else is away", () =>
    Effect.gen(function* () {
      const { oAuthACG, server } = yield* setUp()
      const first = yield* oAuthACG.getAuthorizationUrl()
      const second = yield* oAuthACG.getAuthorizationUrl()
      yield* oAuthACG.fetchTokenFromCallback(back(second))
      yield* oAuthACG.fetchTokenFromCallback(new URL(back(first)))
      assert.deepStrictEqual(yield* challengesSent(server), [challengeOf(second), challengeOf(first)])
      const [request] = yield* server.requests
      assert.match(
        request?.rawBody ?? "",
        /^grant_type=authorization_code&code=CODE&redirect_uri=https%3A%2F%2Fcb&code_verifier=/
      )
      const current = Option.getOrThrow(yield* oAuthACG.currentToken)
      assert.strictEqual(Redacted.value(current.accessToken), "at")
    })
  )

  it.scopedLive("believes no answer twice, and none of a stranger", () =>
    Effect.gen(function* () {
      const { oAuthACG, server } = yield* setUp()
      const answer = back(yield* oAuthACG.getAuthorizationUrl())
      yield* oAuthACG.fetchTokenFromCallback(answer)
      for (const callback of [answer, "https://cb?code=CODE&state=guessed", "https://cb?code=CODE", "/cb"]) {
        const error = yield* Effect.flip(oAuthACG.fetchTokenFromCallback(callback))
        assert.strictEqual(error._tag, "AuthValidationException")
        assert.include(
          error.message,
          "OAuthACG: The callback answers no authorization request of this client"
        )
      }
      assert.lengthOf(yield* server.requests, 1)
    })
  )

  it.scopedLive("exchanges one answer once, though it comes twice at the same time", () =>
    Effect.gen(function* () {
      const { oAuthACG, server } = yield* setUp(() => ({ ...token, delay: "50 millis" }))
      const receive = Effect.either(
        oAuthACG.fetchTokenFromCallback(back(yield* oAuthACG.getAuthorizationUrl()))
      )
      const [first, second] = yield* Effect.all([receive, receive], { concurrency: 2 })
      assert.strictEqual(first._tag, "Right")
      assert.strictEqual(second._tag === "Left" && second.left._tag, "AuthValidationException")
      assert.lengthOf(yield* server.requests, 1)
    })
  )

  it.scopedLive("fails as the user did, once", () =>
    Effect.gen(function* () {
      const { oAuthACG, server } = yield* setUp()
      const denied = back(yield* oAuthACG.getAuthorizationUrl(), { error: "access_denied" })
      const error = yield* Effect.flip(oAuthACG.fetchTokenFromCallback(denied))
      assert.strictEqual(error._tag === "OAuthProviderException" && error.error, "access_denied")
      assert.strictEqual(
        (yield* Effect.flip(oAuthACG.fetchTokenFromCallback(denied)))._tag,
        "AuthValidationException"
      )
      assert.deepStrictEqual(yield* server.requests, [])
    })
  )

  it.scopedLive("can be tried again after a failure of the network", () =>
    Effect.gen(function* () {
      const { oAuthACG, server } = yield* setUp((_, index) => (index === 0 ? { reset: true } : token), {
        tokenRetry: Schedule.stop
      })
      const url = yield* oAuthACG.getAuthorizationUrl()
      const error = yield* Effect.flip(oAuthACG.fetchTokenFromCallback(back(url)))
      assert.strictEqual(error._tag, "APIException")
      yield* oAuthACG.fetchTokenFromCallback(back(url))
      assert.deepStrictEqual(yield* challengesSent(server), [challengeOf(url), challengeOf(url)])
    })
  )

  it.scopedLive("takes a request that was kept elsewhere, by another process", () =>
    Effect.gen(function* () {
      const first = yield* setUp()
      const request = yield* first.oAuthACG.authorizationRequest({ state: "kept" })
      const text = yield* Schema.encode(AuthorizationRequest.StoredJson)(request)
      const second = yield* setUp()
      const kept = yield* Schema.decode(AuthorizationRequest.StoredJson)(text)
      yield* second.oAuthACG.fetchTokenFromCallback(back(request.url), {
        request: kept,
        additionalParameters: { audience: ["a", "b"] }
      })
      assert.deepStrictEqual(yield* challengesSent(second.server), [challengeOf(request.url)])
      assert.match((yield* second.server.requests)[0]?.rawBody ?? "", /&audience%5B0%5D=a&audience%5B1%5D=b$/)
      // It was not remembered, so a code alone is sent without it.
      yield* first.oAuthACG.fetchToken(code)
      assert.deepStrictEqual(yield* challengesSent(first.server), [null])
    })
  )
})

describe("fetchToken, of a code alone", () => {
  it.scopedLive("sends no verifier where nobody is away, as the record", () =>
    Effect.gen(function* () {
      const { oAuthACG, server } = yield* setUp()
      yield* oAuthACG.fetchToken(code)
      assert.strictEqual(
        (yield* server.requests)[0]?.rawBody,
        "grant_type=authorization_code&code=CODE&redirect_uri=https%3A%2F%2Fcb"
      )
    })
  )

  it.scopedLive("sends that of the one who is", () =>
    Effect.gen(function* () {
      const { oAuthACG, server } = yield* setUp()
      const url = yield* oAuthACG.getAuthorizationUrl()
      yield* oAuthACG.fetchToken(code)
      yield* oAuthACG.fetchToken(code)
      assert.deepStrictEqual(yield* challengesSent(server), [challengeOf(url), null])
    })
  )

  it.scopedLive("fails where several are, and says what to do", () =>
    Effect.gen(function* () {
      const { oAuthACG, server } = yield* setUp()
      const urls = [yield* oAuthACG.getAuthorizationUrl(), yield* oAuthACG.getAuthorizationUrl()]
      const error = yield* Effect.flip(oAuthACG.fetchToken(code))
      assert.strictEqual(error._tag, "AuthValidationException")
      assert.include(error.message, "Use fetchTokenFromCallback")
      assert.deepStrictEqual(yield* server.requests, [])
      const request = yield* oAuthACG.authorizationRequest()
      yield* oAuthACG.fetchToken(code, { request })
      assert.deepStrictEqual(yield* challengesSent(server), [challengeOf(request.url)])
      assert.lengthOf(urls, 2)
    })
  )

  it.scopedLive("forgets who was refused", () =>
    Effect.gen(function* () {
      const { oAuthACG, server } = yield* setUp((_, index) => (index === 0 ? invalidGrant : token))
      yield* oAuthACG.getAuthorizationUrl()
      assert.strictEqual((yield* Effect.flip(oAuthACG.fetchToken(code)))._tag, "OAuthProviderException")
      const again = yield* oAuthACG.getAuthorizationUrl()
      yield* oAuthACG.fetchToken(code)
      assert.strictEqual((yield* challengesSent(server))[1], challengeOf(again))
    })
  )

  it.scopedLive("needs a redirect URI", () =>
    Effect.gen(function* () {
      const { oAuthACG, server } = yield* setUp([], {
        oAuthACGCredentials: oAuthACGCredentials.cloneWith({ oAuthRedirectUri: undefined })
      })
      const error = yield* Effect.flip(oAuthACG.fetchToken(code))
      assert.strictEqual(error.message, "OAuthACG: oAuthRedirectUri is undefined.")
      assert.deepStrictEqual(yield* server.requests, [])
    })
  )
})

it.scopedLive("fetchTokenFromGrant takes a grant that was made elsewhere, whoever is away", () =>
  Effect.gen(function* () {
    const { oAuthACG, server } = yield* setUp()
    const url = yield* oAuthACG.getAuthorizationUrl()
    const grant = Grant.authorizationCode({
      code,
      redirectUri: "http://127.0.0.1:1/callback",
      codeVerifier: Redacted.make("verifier")
    })
    yield* oAuthACG.fetchTokenFromGrant(grant, { audience: ["a"] })
    assert.strictEqual(
      (yield* server.requests)[0]?.rawBody,
      "grant_type=authorization_code&code=CODE&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcallback" +
        "&code_verifier=verifier&audience%5B0%5D=a"
    )
    const current = Option.getOrThrow(yield* oAuthACG.currentToken)
    assert.strictEqual(Redacted.value(current.accessToken), "at")
    yield* oAuthACG.fetchTokenFromCallback(back(url))
    assert.strictEqual((yield* challengesSent(server))[1], challengeOf(url))
  })
)

it.scopedLive("a hundred users can be away; the one who left first is forgotten", () =>
  Effect.gen(function* () {
    const { oAuthACG } = yield* setUp()
    const urls = yield* Effect.replicateEffect(oAuthACG.getAuthorizationUrl(), 101)
    const [first = "", second = ""] = urls
    const error = yield* Effect.flip(oAuthACG.fetchTokenFromCallback(back(first)))
    assert.strictEqual(error._tag, "AuthValidationException")
    yield* oAuthACG.fetchTokenFromCallback(back(second))
  })
)

it.scopedLive("a refresh is for the scopes that are configured, also one that nobody asked for", () =>
  Effect.gen(function* () {
    const { oAuthACG, server } = yield* setUp()
    yield* oAuthACG.fetchToken(code)
    yield* oAuthACG.refreshToken({ more: 1 })
    assert.strictEqual(
      (yield* server.requests)[1]?.rawBody,
      "grant_type=refresh_token&refresh_token=rt&scope=file_requests.read&more=1"
    )
    const unscoped = yield* setUp(() => token, {
      oAuthACGCredentials: oAuthACGCredentials.cloneWith({
        oAuthScopes: [],
        oAuthToken: storedToken("at", "rt")
      })
    })
    yield* unscoped.oAuthACG.refreshToken()
    assert.strictEqual(
      (yield* unscoped.server.requests)[0]?.rawBody,
      "grant_type=refresh_token&refresh_token=rt"
    )
    const api = yield* ScriptedServer.make([token, ScriptedServer.json({ id: 1 })])
    const expired = OAuthToken.make({ accessToken: "old", refreshToken: "rt", expiry: 1 })
    const client = yield* connect({
      servers: serversAt(api.origin),
      oAuthACGCredentials: oAuthACGCredentials.cloneWith({ oAuthToken: expired }),
      oAuthROPCGCredentials: new OAuthROPCGCredentials({ oAuthToken: storedToken("ropcg") })
    })
    assert.deepStrictEqual(yield* client.authentication.oAuthAuthorizationGrant(), { id: 1 })
    assert.deepStrictEqual(
      (yield* api.requests).map(({ headers, rawBody }) => [headers["authorization"], rawBody]),
      [
        [clientAuthorization, "grant_type=refresh_token&refresh_token=rt&scope=file_requests.read"],
        ["Bearer ropcg", ""]
      ]
    )
  })
)
