import { FetchHttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import {
  AuthorizationRequest,
  ClientAuthentication,
  type Grant,
  TokenEndpoint,
  TokenManager,
  TokenStore
} from "@effect-oauth/client"
import { OidcProvider, RegisteredClient, SignIn } from "@effect-oauth/loopback-servers"
import { Effect, FastCheck, Layer, Option, Redacted, Schema } from "effect"

const server = {
  issuer: "https://login.example.com",
  authorizationEndpoint: "https://login.example.com/authorize?tenant=a%20b",
  tokenEndpoint: "https://login.example.com/token"
}
const redirectUri = "https://app.example.com/callback?from=login"

const make = (options: Partial<AuthorizationRequest.Options> = {}) =>
  AuthorizationRequest.make({ server, clientId: "client", redirectUri, ...options })

const queryOf = (url: string) => [...new URL(url).searchParams]

const challengeOf = (verifier: Redacted.Redacted<string>) =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(Redacted.value(verifier)))),
    (digest) => Buffer.from(digest).toString("base64url")
  )

describe("what is asked", () => {
  it.effect("the parameters of the RFC, after those of the endpoint, with a challenge by S256", () =>
    Effect.gen(function* () {
      const request = yield* make({ scope: ["api", "file_requests.read"], state: "xyz" })
      assert.strictEqual(
        new URL(request.url).origin + new URL(request.url).pathname,
        "https://login.example.com/authorize"
      )
      assert.deepStrictEqual(queryOf(request.url), [
        ["tenant", "a b"],
        ["response_type", "code"],
        ["client_id", "client"],
        ["redirect_uri", redirectUri],
        ["scope", "api file_requests.read"],
        ["state", "xyz"],
        ["code_challenge", yield* challengeOf(request.codeVerifier)],
        ["code_challenge_method", "S256"]
      ])
      assert.strictEqual(request.state, "xyz")
      assert.match(Redacted.value(request.codeVerifier), /^[\w-]{43}$/)
    })
  )

  it.effect("the challenge of the RFC's example (RFC 7636 appendix B)", () =>
    Effect.gen(function* () {
      const verifier = Redacted.make("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
      assert.strictEqual(yield* challengeOf(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    })
  )

  it.effect("a state and a verifier that are never the same again", () =>
    Effect.gen(function* () {
      const requests = yield* Effect.all(Array.from({ length: 100 }, () => make({ state: "" })))
      assert.strictEqual(new Set(requests.map(({ state }) => state)).size, 100)
      assert.strictEqual(new Set(requests.map(({ codeVerifier }) => Redacted.value(codeVerifier))).size, 100)
      for (const { state } of requests) assert.match(state, /^[\w-]{43}$/)
    })
  )

  it.effect("no scope where none is asked for", () =>
    Effect.gen(function* () {
      for (const scope of [undefined, "", []]) {
        const { url } = yield* make({ scope })
        assert.isFalse(new URL(url).searchParams.has("scope"))
      }
    })
  )

  it.effect("additional parameters, lists as several, and in the place of those of the endpoint", () =>
    Effect.gen(function* () {
      const { url } = yield* make({
        additionalParameters: {
          prompt: "consent",
          resource: ["a", "b"],
          max_age: 60,
          tenant: "mine",
          none: undefined
        }
      })
      assert.deepStrictEqual(
        queryOf(url).filter(([name]) => ["prompt", "resource", "max_age", "tenant", "none"].includes(name)),
        [
          ["prompt", "consent"],
          ["resource", "a"],
          ["resource", "b"],
          ["max_age", "60"],
          ["tenant", "mine"]
        ]
      )
    })
  )

  it.effect("nothing, where it would not be safe or not be right", () =>
    Effect.gen(function* () {
      const message = (options: Partial<AuthorizationRequest.Options>) =>
        Effect.map(Effect.flip(make(options)), (error) => error.message)
      const at = (authorizationEndpoint: string | undefined) =>
        message({ server: { tokenEndpoint: server.tokenEndpoint, authorizationEndpoint } })
      assert.include(yield* at(undefined), "no authorizationEndpoint")
      assert.include(yield* at("http://login.example.com/authorize"), "plain http")
      assert.include(yield* at("javascript:alert(1)"), "https")
      assert.include(yield* at("/authorize"), "not an absolute URL")
      assert.include(yield* message({ redirectUri: "/callback" }), "not an absolute URI")
      assert.include(yield* message({ redirectUri: "https://app.example.com/#cb" }), "fragment")
      assert.include(yield* message({ clientId: "" }), "client id")
      for (const name of ["state", "client_id", "redirect_uri", "code_challenge", "response_type", "scope"]) {
        assert.include(yield* message({ additionalParameters: { [name]: "mine" } }), `"${name}"`)
      }
      assert.isString((yield* make({ redirectUri: "com.example.app:/callback" })).url)
    })
  )

  it.effect("survives being kept as a text, and shows no verifier otherwise", () =>
    Effect.gen(function* () {
      const request = yield* make()
      const text = yield* Schema.encode(AuthorizationRequest.StoredJson)(request)
      const restored = yield* Schema.decode(AuthorizationRequest.StoredJson)(text)
      assert.deepStrictEqual(
        { ...restored, codeVerifier: Redacted.value(restored.codeVerifier) },
        { ...request, codeVerifier: Redacted.value(request.codeVerifier) }
      )
      assert.notInclude(JSON.stringify(request) + String(request), Redacted.value(request.codeVerifier))
    })
  )
})

const parametersOf = (grant: Grant.Grant) =>
  Effect.map(grant.request, ({ parameters }) =>
    parameters.map(([name, value]) => [name, Redacted.isRedacted(value) ? Redacted.value(value) : value])
  )

describe("what comes back", () => {
  const answer = (parameters: Record<string, string>) =>
    `/callback?from=login&${new URLSearchParams(parameters)}`

  const refused = (
    callback: AuthorizationRequest.Callback,
    options: Partial<AuthorizationRequest.Options> = { state: "xyz" }
  ) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(AuthorizationRequest.receive(yield* make(options), callback))
      return error._tag === "AuthValidationException" ? error.message : assert.fail(error._tag)
    })

  it.effect("a code, in every form that a callback has", () =>
    Effect.gen(function* () {
      const request = yield* make({ state: "x y+z" })
      const path = answer({ code: "c&d", state: "x y+z", iss: server.issuer })
      for (const callback of [
        path,
        `https://app.example.com${path}`,
        `https://app.example.com${path}#fragment`,
        new URL(path, "https://app.example.com"),
        new URLSearchParams(path.slice("/callback?".length))
      ]) {
        assert.strictEqual(Option.getOrThrow(AuthorizationRequest.stateOf(callback)), "x y+z")
        assert.deepStrictEqual(yield* parametersOf(yield* AuthorizationRequest.receive(request, callback)), [
          ["grant_type", "authorization_code"],
          ["code", "c&d"],
          ["redirect_uri", redirectUri],
          ["code_verifier", Redacted.value(request.codeVerifier)]
        ])
      }
      const grant = yield* AuthorizationRequest.receive(path)(request)
      assert.strictEqual(grant.grantType, "authorization_code")
    })
  )

  it.effect("nothing that is not an answer to this request", () =>
    Effect.gen(function* () {
      assert.include(yield* refused(answer({ code: "c" })), "no state")
      assert.include(yield* refused(answer({ code: "c", state: "XYZ" })), "state of another request")
      assert.include(yield* refused(answer({ code: "c", state: "" })), "state of another request")
      assert.include(
        yield* refused(answer({ error: "access_denied", state: "abc" })),
        "state of another request"
      )
      assert.include(yield* refused("/callback"), "no state")
      assert.include(yield* refused(""), "no state")
      assert.include(yield* refused(answer({ state: "xyz" })), "neither a code nor an error")
      assert.include(yield* refused(answer({ state: "xyz", code: "" })), "neither a code nor an error")
      assert.include(yield* refused(`${answer({ state: "xyz", code: "c" })}&code=d`), "more than one code")
      assert.include(
        yield* refused(`${answer({ state: "xyz", code: "c" })}&state=xyz`),
        "more than one state"
      )
    })
  )

  it.effect("nothing that another server says (RFC 9207), be it a code or an error", () =>
    Effect.gen(function* () {
      const iss = "https://evil.example.com"
      assert.include(yield* refused(answer({ state: "xyz", code: "c", iss })), "another server")
      assert.include(yield* refused(answer({ state: "xyz", error: "access_denied", iss })), "another server")
      // Letter by letter: no normalization.
      const slash = `${server.issuer}/`
      assert.include(yield* refused(answer({ state: "xyz", code: "c", iss: slash })), "another server")
      const always = { ...server, authorizationResponseIssParameterSupported: true }
      const options = { state: "xyz", server: always }
      assert.include(
        yield* refused(answer({ state: "xyz", code: "c" }), options),
        "does not say which server"
      )
      assert.include(
        yield* refused(answer({ state: "xyz", error: "access_denied" }), options),
        "does not say which server"
      )
      const unknown = yield* make({ state: "xyz", server: { ...server, issuer: undefined } })
      assert.isObject(yield* AuthorizationRequest.receive(unknown, answer({ state: "xyz", code: "c", iss })))
    })
  )

  it.effect("a refusal in the server's words, without what is secret", () =>
    Effect.gen(function* () {
      const request = yield* make({ state: "xyz" })
      const verifier = Redacted.value(request.codeVerifier)
      const callback = answer({
        state: "xyz",
        iss: server.issuer,
        error: "access_denied",
        error_description: `Alice said no to ${verifier}`,
        error_uri: "https://login.example.com/help"
      })
      const error = yield* Effect.flip(AuthorizationRequest.receive(request, callback))
      if (error._tag !== "OAuthProviderException") return assert.fail(error._tag)
      assert.strictEqual(error.error, "access_denied")
      assert.strictEqual(error.errorDescription, "Alice said no to <redacted>")
      assert.strictEqual(error.errorUri, "https://login.example.com/help")
      assert.isUndefined(error.responseCode)
      assert.isFalse(error.isTransient)
      assert.strictEqual(
        error.message,
        "OAuth 2 provider returned an error: access_denied (Alice said no to <redacted>)."
      )
    })
  )

  const someText = FastCheck.oneof(
    FastCheck.string({ unit: "binary" }),
    FastCheck.webUrl({ withQueryParameters: true })
  )

  it.effect.prop(
    "any text at all: a grant or a typed refusal, and no message has the code",
    [someText, FastCheck.string()],
    ([text, code]) =>
      Effect.gen(function* () {
        const request = yield* make({ state: "xyz" })
        const secret = `Cd7Xk2-${code}`
        for (const callback of [
          text,
          `${text}&state=xyz&code=${encodeURIComponent(secret)}`,
          `/?state=abc&code=${encodeURIComponent(secret)}${text}`
        ]) {
          const result = yield* Effect.either(AuthorizationRequest.receive(request, callback))
          if (result._tag === "Left") assert.notInclude(result.left.message, "Cd7Xk2-")
        }
      })
  )
})

describe("a whole authorization at a certified server", () => {
  const web: RegisteredClient.RegisteredClient = {
    clientId: "web",
    clientSecret: "web-secret",
    authenticationMethod: "client_secret_basic",
    redirectUris: [redirectUri]
  }

  const setting = Effect.gen(function* () {
    const provider = yield* OidcProvider.make({
      clients: [web, RegisteredClient.native],
      accessTokenLifetime: "1 hour"
    })
    const { authorizationEndpoint, issuer, revocationEndpoint, tokenEndpoint } = provider
    const described = {
      authorizationEndpoint,
      issuer,
      tokenEndpoint,
      revocationEndpoint,
      authorizationResponseIssParameterSupported: true
    }
    const manager = yield* TokenManager.make({ key: "session" }).pipe(
      Effect.provide(
        TokenEndpoint.layer({
          server: described,
          clientAuthentication: ClientAuthentication.clientSecretBasic({
            clientId: "web",
            clientSecret: Redacted.make("web-secret")
          })
        })
      ),
      Effect.provide(Layer.fresh(TokenStore.layerMemory))
    )
    const request = yield* AuthorizationRequest.make({
      server: described,
      clientId: "web",
      redirectUri,
      scope: ["api"]
    })
    return { provider, manager, request, described }
  }).pipe(Effect.provide(FetchHttpClient.layer))

  const login = Effect.gen(function* () {
    const all = yield* setting
    const callback = yield* SignIn.signIn(all.request.url)
    return { ...all, callback }
  })

  it.scopedLive("login and consent, code, token, refresh, logout", () =>
    Effect.gen(function* () {
      const { callback, manager, provider, request } = yield* login
      assert.strictEqual(new URL(callback).searchParams.get("iss"), provider.issuer)
      const token = yield* manager.fetchToken({
        grant: yield* AuthorizationRequest.receive(request, callback)
      })
      const who = yield* provider.introspect(Redacted.value(token.accessToken))
      assert.deepStrictEqual([who.active, who.active && who.username], [true, "alice"])
      const next = yield* manager.refreshToken()
      assert.notStrictEqual(Redacted.value(next.accessToken), Redacted.value(token.accessToken))
      yield* manager.logout
      assert.isFalse((yield* provider.introspect(Redacted.value(next.accessToken))).active)
      assert.strictEqual((yield* Effect.flip(manager.getToken))._tag, "AuthValidationException")
    })
  )

  it.scopedLive("the user says no", () =>
    Effect.gen(function* () {
      const { request } = yield* setting
      const callback = yield* SignIn.signIn(request.url, { consent: false })
      const error = yield* Effect.flip(AuthorizationRequest.receive(request, callback))
      if (error._tag !== "OAuthProviderException") return assert.fail(error._tag)
      assert.strictEqual(error.error, "access_denied")
    })
  )

  it.scopedLive("a code is good once, and the session that it began ends when it is used again", () =>
    Effect.gen(function* () {
      const { callback, manager, provider, request } = yield* login
      const grant = yield* AuthorizationRequest.receive(request, callback)
      const token = yield* manager.fetchToken({ grant })
      const error = yield* Effect.flip(manager.fetchToken({ grant }))
      assert.strictEqual(error._tag === "OAuthProviderException" && error.error, "invalid_grant")
      assert.isFalse((yield* provider.introspect(Redacted.value(token.accessToken))).active)
    })
  )

  it.scopedLive("a code that was intercepted is of no use without the verifier, or with another", () =>
    Effect.gen(function* () {
      const { callback, described, manager, request } = yield* login
      const other = yield* AuthorizationRequest.make({
        server: described,
        clientId: "web",
        redirectUri,
        state: request.state
      })
      const error = yield* Effect.flip(
        Effect.flatMap(AuthorizationRequest.receive(other, callback), (grant) =>
          manager.fetchToken({ grant })
        )
      )
      assert.strictEqual(error._tag === "OAuthProviderException" && error.error, "invalid_grant")
    })
  )

  it.scopedLive("another redirect URI is refused by the server", () =>
    Effect.gen(function* () {
      const { callback, manager, request } = yield* login
      const moved = { ...request, redirectUri: "https://app.example.com/other" }
      const error = yield* Effect.flip(
        Effect.flatMap(AuthorizationRequest.receive(moved, callback), (grant) =>
          manager.fetchToken({ grant })
        )
      )
      assert.strictEqual(error._tag === "OAuthProviderException" && error.error, "invalid_grant")
    })
  )
})
