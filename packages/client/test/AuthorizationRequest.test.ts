import { inspect } from "node:util"
import { FetchHttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import {
  AuthorizationRequest,
  ClientAuthentication,
  Grant,
  TokenEndpoint,
  type TokenError,
  TokenManager,
  TokenStore
} from "@effect-oauth/client"
import {
  NodeOAuth2Server,
  OidcProvider,
  type RegisteredClient,
  SignIn,
  type TokenServer
} from "@effect-oauth/loopback-servers"
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

  it.effect(
    "a challenge as these tests know it, which is that of the RFC's example (RFC 7636 appendix B)",
    () =>
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

  it.effect("the query of the endpoint as it is written, but nothing twice", () =>
    Effect.gen(function* () {
      const endpoint = "https://login.example.com/authorize?p=a%20b+c&&flag&scope=all&%73tate=theirs&q=%zz"
      const at = { ...server, authorizationEndpoint: endpoint }
      const { url } = yield* make({ server: at, state: "mine", additionalParameters: { flag: true } })
      assert.match(url, /authorize\?p=a%20b\+c&scope=all&q=%zz&response_type=code&/)
      assert.deepStrictEqual(new URL(url).searchParams.getAll("state"), ["mine"])
      assert.deepStrictEqual(new URL(url).searchParams.getAll("flag"), ["true"])
      const scoped = yield* make({ server: at, scope: "api" })
      assert.deepStrictEqual(new URL(scoped.url).searchParams.getAll("scope"), ["api"])
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
      assert.include(yield* at("https://login.example.com/authorize#here"), "fragment")
      assert.include(yield* at("https://me:pw@login.example.com/authorize"), "user name")
      assert.include(yield* message({ redirectUri: "/callback" }), "not an absolute URI")
      assert.include(yield* message({ redirectUri: "https://app.example.com/#cb" }), "fragment")
      assert.include(yield* message({ clientId: "" }), "client id")
      for (const name of [
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "code_challenge",
        "code_challenge_method",
        "request",
        "request_uri"
      ]) {
        assert.include(yield* message({ additionalParameters: { [name]: "mine" } }), `"${name}"`)
      }
      assert.isString((yield* make({ redirectUri: "com.example.app:/callback" })).url)
      const elsewhere = { ...server, authorizationEndpoint: "http://login.test/authorize" }
      assert.include(yield* message({ server: elsewhere }), `insecureOrigins: ["http://login.test"]`)
      const accepted = { ...elsewhere, insecureOrigins: ["http://login.test"] }
      assert.isString((yield* make({ server: accepted })).url)
      assert.isString(
        (yield* make({ server: { ...server, authorizationEndpoint: "http://localhost/a" } })).url
      )
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
      const unknown = { ...server, issuer: undefined, authorizationResponseIssParameterSupported: true }
      const required = yield* make({ server: unknown })
      const again = yield* Schema.encode(AuthorizationRequest.StoredJson)(required).pipe(
        Effect.flatMap(Schema.decode(AuthorizationRequest.StoredJson))
      )
      assert.deepInclude(again, { isIssuerRequired: true, state: required.state })
    })
  )

  for (const [text, message] of [
    ["Cv7Kp2Ws", "it is not JSON"],
    ['"Cv7Kp2Ws"', "it is no object"],
    ['{"url":"Cv7Kp2Ws"}', "state is missing or wrong"],
    [
      '{"url":"u","state":"s","codeVerifier":{"Cv7Kp2Ws":"Cv7Kp2Ws"},"redirectUri":"r","isIssuerRequired":false}',
      "codeVerifier is missing or wrong"
    ]
  ] as const) {
    it.effect(`is not read from ${text}, which is not repeated`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Schema.decode(AuthorizationRequest.StoredJson)(text))
        assert.include(error.message, `not a stored authorization request: ${message}`)
        assert.notInclude(error.message + JSON.stringify(error) + inspect(error), "Cv7Kp2Ws")
      })
    )
  }
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
      assert.include(yield* refused(`${answer({ state: "xyz", iss: "i" })}&iss=j`), "more than one iss")
      assert.include(yield* refused(`${answer({ state: "xyz", error: "a" })}&error=b`), "more than one error")
      assert.include(
        yield* refused(`${answer({ state: "abc", code: "c" })}&code=d`),
        "state of another request"
      )
      const others = `${answer({ state: "xyz", code: "c" })}&from=elsewhere&session_state=1&session_state=2`
      assert.isObject(yield* AuthorizationRequest.receive(yield* make({ state: "xyz" }), others))
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

  it.effect("a refusal beside anything, of any length", () =>
    Effect.gen(function* () {
      const request = yield* make({ state: "xyz" })
      const code = "Cd7Xk2Qm".repeat(20_000)
      const callback = answer({ state: "xyz", error: "access_denied", error_description: code, code })
      const error = yield* Effect.flip(AuthorizationRequest.receive(request, callback))
      assert.strictEqual(error._tag, "OAuthProviderException")
      assert.notInclude(error.message, "Cd7Xk2Qm")
    })
  )

  const code = "Cd7Xk2Qm"
  const parameter = FastCheck.tuple(
    FastCheck.constantFrom("state", "state", "iss", "error", "error_description", "code", "code", "from"),
    FastCheck.oneof(
      { weight: 5, arbitrary: FastCheck.constantFrom("xyz", server.issuer, code, `about ${code}`, "") },
      FastCheck.string({ unit: "binary" })
    )
  )

  it.effect.prop(
    "any parameters at all: what the rules say of them, and the code shows nowhere",
    [FastCheck.array(parameter, { maxLength: 5 })],
    ([given]) =>
      Effect.gen(function* () {
        const parameters = new URLSearchParams(given)
        const first = (name: string) => given.find(([other]) => other === name)?.[1]
        const isRepeated = given.some(
          ([name], index) => name !== "from" && given.findIndex(([other]) => other === name) < index
        )
        const expected =
          first("state") !== "xyz" || isRepeated || (first("iss") ?? server.issuer) !== server.issuer
            ? "AuthValidationException"
            : first("error")
              ? "OAuthProviderException"
              : first("code")
                ? "grant"
                : "AuthValidationException"
        const request = yield* make({ state: "xyz" })
        for (const callback of [
          parameters,
          `/callback?${parameters}`,
          `https://app.example.com/callback?${parameters}#state=xyz&code=theirs`,
          new URL(`/?${parameters}`, "https://app.example.com")
        ]) {
          const result = yield* Effect.either(AuthorizationRequest.receive(request, callback))
          if (result._tag === "Right") {
            assert.strictEqual(expected, "grant")
            assert.deepInclude(yield* parametersOf(result.right), ["code", first("code")])
          } else {
            assert.strictEqual(result.left._tag, expected)
            if (first("code") === code) assert.notInclude(inspect(result.left), code)
          }
        }
      }),
    { fastCheck: { numRuns: 500 } }
  )

  it.effect.prop(
    "any text at all: a typed refusal, as no state is in it",
    [FastCheck.oneof(FastCheck.string({ unit: "binary" }), FastCheck.webUrl({ withQueryParameters: true }))],
    ([text]) =>
      Effect.gen(function* () {
        assert.match(yield* refused(text), /^The answer has (no state|the state of another request)/)
      })
  )
})

const callbackUri = "https://app.example.com/callback"

const web: RegisteredClient.RegisteredClient = {
  clientId: "client",
  clientSecret: "client-secret",
  authenticationMethod: "client_secret_basic",
  redirectUris: [callbackUri, `${callbackUri}2`]
}

const options = { clients: [web], accessTokenLifetime: "1 hour" } as const

const servers = [
  {
    name: "oidc-provider",
    start: Effect.map(OidcProvider.make(options), (started) => ({
      started,
      described: {
        issuer: started.issuer,
        authorizationResponseIssParameterSupported: true,
        authorizationEndpoint: started.authorizationEndpoint,
        tokenEndpoint: started.tokenEndpoint,
        revocationEndpoint: started.revocationEndpoint
      }
    })),
    toAnotherUri: "invalid_grant",
    isEndedByReuse: true
  },
  {
    name: "@node-oauth/oauth2-server",
    start: Effect.map(NodeOAuth2Server.make(options), (started) => ({
      started,
      described: {
        authorizationEndpoint: started.authorizationEndpoint,
        tokenEndpoint: started.tokenEndpoint
      }
    })),
    toAnotherUri: "invalid_request",
    isEndedByReuse: false
  }
] as const

for (const { isEndedByReuse, name, start, toAnotherUri } of servers) {
  describe(`a whole authorization at ${name}`, () => {
    const begin = Effect.gen(function* () {
      const { described, started } = yield* start
      const manager = yield* TokenManager.make().pipe(
        Effect.provide(
          TokenEndpoint.layer({
            server: described,
            clientAuthentication: ClientAuthentication.clientSecretBasic({
              clientId: "client",
              clientSecret: Redacted.make("client-secret")
            })
          })
        ),
        Effect.provide(Layer.fresh(TokenStore.layerMemory))
      )
      const asked = { server: described, clientId: "client", redirectUri: callbackUri, scope: ["api"] }
      const request = yield* AuthorizationRequest.make(asked)
      return { started, manager, request, asked }
    }).pipe(Effect.provide(FetchHttpClient.layer))

    /** A user who has logged in and let the client in. */
    const comeBack = Effect.gen(function* () {
      const begun = yield* begin
      return { ...begun, callback: yield* SignIn.signIn(begun.request.url) }
    })

    const tokensAt = ({ tokenRequests }: TokenServer.TokenServer) =>
      Effect.map(tokenRequests, (requests) => requests.length)

    const refusalOf = <A, R>(login: Effect.Effect<A, TokenError, R>) =>
      Effect.map(Effect.flip(login), (error) =>
        error._tag === "OAuthProviderException" ? error.error : assert.fail(error._tag)
      )

    it.scopedLive("login and consent, code, token, refresh, and the end", () =>
      Effect.gen(function* () {
        const { callback, manager, request, started } = yield* comeBack
        const kept = yield* Schema.encode(AuthorizationRequest.StoredJson)(request)
        const restored = yield* Schema.decode(AuthorizationRequest.StoredJson)(kept)
        const token = yield* manager.fetchToken({
          grant: yield* AuthorizationRequest.receive(restored, callback)
        })
        assert.deepInclude(yield* started.introspect(Redacted.value(token.accessToken)), {
          active: true,
          clientId: "client",
          username: "alice",
          scope: "api"
        })
        const [sent] = yield* started.tokenRequests
        assert.deepStrictEqual(
          sent?.form.map(([name]) => name),
          ["grant_type", "code", "redirect_uri", "code_verifier"]
        )
        const next = yield* manager.refreshToken()
        assert.notStrictEqual(Redacted.value(next.accessToken), Redacted.value(token.accessToken))
        assert.strictEqual(
          Redacted.value((yield* manager.getToken).accessToken),
          Redacted.value(next.accessToken)
        )
        yield* started.revokeSession(Redacted.value(Option.getOrThrow(next.refreshToken)))
        assert.strictEqual(yield* refusalOf(manager.refreshToken()), "invalid_grant")
        yield* manager.logout
        assert.strictEqual((yield* Effect.flip(manager.getToken))._tag, "AuthValidationException")
      })
    )

    it.scopedLive("the user says no", () =>
      Effect.gen(function* () {
        const { request, started } = yield* begin
        const callback = yield* SignIn.signIn(request.url, { consent: false })
        assert.strictEqual(yield* refusalOf(AuthorizationRequest.receive(request, callback)), "access_denied")
        assert.strictEqual(yield* tokensAt(started), 0)
      })
    )

    it.scopedLive("a code is good once", () =>
      Effect.gen(function* () {
        const { callback, manager, request, started } = yield* comeBack
        const grant = yield* AuthorizationRequest.receive(request, callback)
        const token = yield* manager.fetchToken({ grant })
        assert.strictEqual(yield* refusalOf(manager.fetchToken({ grant })), "invalid_grant")
        assert.strictEqual(yield* tokensAt(started), 2)
        const { active } = yield* started.introspect(Redacted.value(token.accessToken))
        assert.strictEqual(active, !isEndedByReuse)
      })
    )

    it.scopedLive("a code that was intercepted is of no use without the verifier", () =>
      Effect.gen(function* () {
        const { asked, callback, manager } = yield* comeBack
        const code = Redacted.make(new URL(callback).searchParams.get("code") ?? "")
        const grant = Grant.authorizationCode({ code, redirectUri: asked.redirectUri })
        assert.strictEqual(yield* refusalOf(manager.fetchToken({ grant })), "invalid_grant")
      })
    )

    it.scopedLive("a code that is put into another request is of no use there", () =>
      Effect.gen(function* () {
        const { asked, callback, manager, request } = yield* comeBack
        const other = yield* AuthorizationRequest.make({ ...asked, state: request.state })
        const grant = yield* AuthorizationRequest.receive(other, callback)
        assert.strictEqual(yield* refusalOf(manager.fetchToken({ grant })), "invalid_grant")
      })
    )

    it.scopedLive("a code is for the redirect URI that it was asked for", () =>
      Effect.gen(function* () {
        const { callback, manager, request } = yield* comeBack
        const moved = { ...request, redirectUri: `${callbackUri}2` }
        const grant = yield* AuthorizationRequest.receive(moved, callback)
        assert.strictEqual(yield* refusalOf(manager.fetchToken({ grant })), toAnotherUri)
      })
    )

    it.scopedLive("an answer to somebody else is not taken, and no code is spent", () =>
      Effect.gen(function* () {
        const { asked, callback, started } = yield* comeBack
        const other = yield* AuthorizationRequest.make(asked)
        const error = yield* Effect.flip(AuthorizationRequest.receive(other, callback))
        assert.strictEqual(error._tag, "AuthValidationException")
        assert.include(error.message, "state of another request")
        assert.strictEqual(yield* tokensAt(started), 0)
      })
    )

    it.scopedLive("an answer of another server than the user was sent to is not taken", () =>
      Effect.gen(function* () {
        const { asked, callback, request } = yield* comeBack
        const elsewhere = {
          ...asked.server,
          issuer: "https://honest.example.com",
          authorizationResponseIssParameterSupported: true
        }
        const other = yield* AuthorizationRequest.make({
          ...asked,
          server: elsewhere,
          state: request.state
        })
        const error = yield* Effect.flip(AuthorizationRequest.receive(other, callback))
        assert.strictEqual(error._tag, "AuthValidationException")
        assert.match(error.message, /RFC 9207/)
      })
    )
  })
}
