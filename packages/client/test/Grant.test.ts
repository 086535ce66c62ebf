import { inspect } from "node:util"
import { FetchHttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import {
  ClientAuthentication,
  Grant,
  TokenEndpoint,
  TokenManager,
  type TokenRequest,
  TokenStore
} from "@effect-oauth/client"
import { NodeOAuth2Server, OidcProvider, ScriptedServer } from "@effect-oauth/loopback-servers"
import { Effect, Layer, Option, Redacted, Ref, Schedule, TestClock } from "effect"
import { transports } from "./fixtures/authorizedClient.js"

const user = { username: "us er", password: Redacted.make("p&w=") }
const userForm = "grant_type=password&username=us+er&password=p%26w%3D"

const setUp = Effect.gen(function* () {
  const server = yield* ScriptedServer.make(() => ScriptedServer.json({ access_token: "a" }))
  const endpoint = yield* TokenEndpoint.make({
    server: { tokenEndpoint: server.origin },
    clientAuthentication: ClientAuthentication.clientSecretBasic({
      clientId: "client",
      clientSecret: Redacted.make("client-secret")
    })
  }).pipe(Effect.provide(FetchHttpClient.layer))
  return { server, endpoint }
})

/** The bodies that a server gets for a request. */
const bodiesOf = <A, E>(request: (endpoint: TokenEndpoint.Service) => Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const { endpoint, server } = yield* setUp
    const result = yield* Effect.either(request(endpoint))
    return { result, bodies: (yield* server.requests).map(({ rawBody }) => rawBody) }
  })

const passwordBody = (
  options: Partial<Grant.PasswordOptions>,
  additionalParameters?: TokenRequest.AdditionalParameters
) =>
  Effect.map(
    bodiesOf((endpoint) =>
      endpoint.fetchToken(Grant.password({ ...user, ...options }), { additionalParameters })
    ),
    ({ bodies }) => bodies.join("\n")
  )

describe("Grant.password (RFC 6749 section 4.3.2)", () => {
  for (const [what, options, body] of [
    ["name and password, and no scope that nobody asked for", {}, userForm],
    ["a scope as it is", { scope: "api file" }, `${userForm}&scope=api+file`],
    ["a list of scopes joined by spaces", { scope: ["api", "file"] }, `${userForm}&scope=api+file`],
    ["no scope for an empty one", { scope: "" }, userForm],
    ["no scope for an empty list", { scope: [] }, userForm]
  ] as const) {
    it.scopedLive(`sends ${what}`, () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* passwordBody(options), body)
      })
    )
  }

  it.scopedLive("posts a form, in which every character has its encoding (appendix B)", () =>
    Effect.gen(function* () {
      const { endpoint, server } = yield* setUp
      yield* endpoint.fetchToken(Grant.password({ username: " %&+£€", password: Redacted.make("é=\n") }))
      const [request] = yield* server.requests
      assert.strictEqual(request?.method, "POST")
      assert.strictEqual(request?.headers["content-type"], "application/x-www-form-urlencoded")
      assert.strictEqual(request?.headers["accept"], "application/json")
      assert.strictEqual(
        request?.rawBody,
        "grant_type=password&username=+%25%26%2B%C2%A3%E2%82%AC&password=%C3%A9%3D%0A"
      )
    })
  )
})

describe("additional parameters", () => {
  for (const [what, parameters, sent] of [
    ["come after those of the grant", { audience: "a b" }, "&audience=a+b"],
    ["repeat for a list (RFC 8707)", { resource: ["x", "y"] }, "&resource=x&resource=y"],
    [
      "write booleans and numbers",
      { prompt: false, force: true, max_age: 0 },
      "&prompt=false&force=true&max_age=0"
    ],
    ["unwrap what is Redacted", { otp: Redacted.make("1&2") }, "&otp=1%262"],
    ["unwrap what is Redacted in a list", { otp: [Redacted.make("1"), "2"] }, "&otp=1&otp=2"],
    [
      "send an empty value, and nothing for undefined or an empty list",
      { a: "", b: undefined, c: [] },
      "&a="
    ],
    ["may be the scope, where the grant has none", { scope: "api" }, "&scope=api"]
  ] as const) {
    it.scopedLive(`${what}: ${sent}`, () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* passwordBody({ additionalParameters: parameters }), userForm + sent)
        assert.strictEqual(yield* passwordBody({}, parameters), userForm + sent)
        const { bodies } = yield* bodiesOf((endpoint) =>
          endpoint.refreshToken(Redacted.make("r"), { additionalParameters: parameters })
        )
        assert.deepStrictEqual(bodies, [`grant_type=refresh_token&refresh_token=r${sent}`])
      })
    )
  }

  it.scopedLive("of one request come after those of the grant, and do not stay", () =>
    Effect.gen(function* () {
      const grant = Grant.password({ ...user, additionalParameters: { audience: "x" } })
      const { bodies } = yield* bodiesOf((endpoint) =>
        Effect.zipRight(
          endpoint.fetchToken(grant, { additionalParameters: { otp: "1" } }),
          endpoint.fetchToken(grant)
        )
      )
      assert.deepStrictEqual(bodies, [`${userForm}&audience=x&otp=1`, `${userForm}&audience=x`])
    })
  )

  const reserved = [
    "grant_type",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "username",
    "password",
    "refresh_token",
    "code",
    "code_verifier",
    "redirect_uri",
    "assertion",
    "device_code"
  ]

  for (const name of reserved) {
    it.scopedLive(`cannot replace ${name}, and nothing is sent`, () =>
      Effect.gen(function* () {
        const additionalParameters = { [name]: "marker" }
        const { endpoint, server } = yield* setUp
        for (const request of [
          endpoint.fetchToken(Grant.password({ ...user, additionalParameters })),
          endpoint.fetchToken(Grant.password(user), { additionalParameters }),
          endpoint.refreshToken(Redacted.make("r"), { additionalParameters })
        ]) {
          const error = yield* Effect.flip(request)
          assert.strictEqual(error._tag, "AuthValidationException")
          assert.include(error.message, `"${name}"`)
          assert.notInclude(error.message, "marker")
        }
        assert.isEmpty(yield* server.requests)
      })
    )
  }

  it.scopedLive("cannot replace what is set already, and nothing is sent", () =>
    Effect.gen(function* () {
      const { endpoint, server } = yield* setUp
      const withScope = { additionalParameters: { scope: "more" } }
      const withAudience = { additionalParameters: { audience: "y" } }
      for (const request of [
        endpoint.fetchToken(Grant.password({ ...user, scope: "api", ...withScope })),
        endpoint.fetchToken(Grant.password({ ...user, scope: "api" }), withScope),
        endpoint.fetchToken(Grant.password({ ...user, ...withAudience }), withAudience),
        endpoint.refreshToken(Redacted.make("r"), { scope: "api", ...withScope })
      ]) {
        assert.strictEqual((yield* Effect.flip(request))._tag, "AuthValidationException")
      }
      assert.isEmpty(yield* server.requests)
    })
  )
})

describe("Grant.identity", () => {
  const identify = (options: Partial<Grant.PasswordOptions> = {}) =>
    Grant.password({ ...user, ...options }).identity

  it("differs by user, scope and parameters", () => {
    const identities = [
      identify(),
      identify({ username: "another" }),
      identify({ scope: "api" }),
      identify({ scope: ["api", "file"] }),
      identify({ additionalParameters: { audience: "x" } }),
      identify({ additionalParameters: { audience: "y" } }),
      identify({ additionalParameters: { resource: "x" } }),
      identify({ additionalParameters: { audience: ["x", "y"] } }),
      identify({ username: "us er|api" })
    ]
    assert.strictEqual(new Set(identities).size, identities.length)
  })

  for (const [what, one, other] of [
    [
      "a value that looks like two parameters",
      { additionalParameters: { audience: "x&resource=y" } },
      { additionalParameters: { audience: "x", resource: "y" } }
    ],
    [
      "a value that looks like a list",
      { additionalParameters: { audience: "x,y" } },
      { additionalParameters: { audience: ["x", "y"] } }
    ],
    [
      "a scope that looks like a parameter",
      { scope: "audience=x" },
      { additionalParameters: { audience: "x" } }
    ],
    [
      "a value that looks like a hidden one",
      { additionalParameters: { otp: "" } },
      { additionalParameters: { otp: Redacted.make("1") } }
    ]
  ] as const) {
    it(`differs for ${what}`, () => {
      assert.notStrictEqual(identify(one), identify(other))
    })
  }

  it("is the same whatever the order of the parameters, and the form of the scope", () => {
    assert.strictEqual(
      identify({ additionalParameters: { a: "1", b: "2" } }),
      identify({ additionalParameters: { b: "2", a: "1" } })
    )
    assert.strictEqual(identify({ scope: "api file" }), identify({ scope: ["api", "file"] }))
  })

  it("is the same for requests that are the same: without a parameter, or with one that is not sent", () => {
    assert.strictEqual(identify({ additionalParameters: {} }), identify())
    assert.strictEqual(identify({ additionalParameters: { audience: undefined } }), identify())
    assert.strictEqual(identify({ scope: "" }), identify())
  })

  it("does not depend on the password, and shows neither it nor what is Redacted", () => {
    const secrets = { password: Redacted.make("marker-password") }
    const grant = Grant.password({
      ...user,
      ...secrets,
      additionalParameters: { otp: Redacted.make("marker-otp"), list: [Redacted.make("marker-list")] }
    })
    assert.notInclude(grant.identity + inspect(grant, { depth: 9 }) + JSON.stringify(grant), "marker")
    assert.strictEqual(identify(secrets), identify())
  })

  it("is one also for a name that is no well-formed text", () => {
    assert.isString(identify({ username: "\ud800" }))
  })
})

describe("Grant.clientCredentials (RFC 6749 section 4.4.2)", () => {
  for (const [what, options, body] of [
    ["nothing else", undefined, "grant_type=client_credentials"],
    ["a scope", { scope: ["api", "file"] }, "grant_type=client_credentials&scope=api+file"],
    ["no scope for an empty one", { scope: "" }, "grant_type=client_credentials"],
    [
      "additional parameters, last",
      { scope: "api", additionalParameters: { audience: "https://a.example" } },
      "grant_type=client_credentials&scope=api&audience=https%3A%2F%2Fa.example"
    ]
  ] as const) {
    it.scopedLive(`sends the grant type and ${what}`, () =>
      Effect.gen(function* () {
        const { bodies } = yield* bodiesOf((endpoint) =>
          endpoint.fetchToken(Grant.clientCredentials(options))
        )
        assert.deepStrictEqual(bodies, [body])
      })
    )
  }

  it("shares its session with what asks for the same, and with nothing else", () => {
    const identify = (options?: Grant.ClientCredentialsOptions) => Grant.clientCredentials(options).identity
    assert.strictEqual(identify({ scope: "a b" }), identify({ scope: ["a", "b"] }))
    assert.notStrictEqual(identify({ scope: "a" }), identify())
    assert.notStrictEqual(identify({ additionalParameters: { audience: "x" } }), identify())
  })

  for (const [name, start] of [
    ["oidc-provider", OidcProvider.make({ accessTokenLifetime: "1 hour" })],
    ["@node-oauth/oauth2-server", NodeOAuth2Server.make({ accessTokenLifetime: "1 hour" })]
  ] as const) {
    it.scoped(`is asked for again when its token expires, at ${name}`, () =>
      Effect.gen(function* () {
        const server = yield* start
        const manager = yield* TokenManager.make({ grant: Grant.clientCredentials({ scope: "api" }) }).pipe(
          Effect.provide(
            TokenEndpoint.layer({
              server: { tokenEndpoint: server.tokenEndpoint },
              clientAuthentication: ClientAuthentication.clientSecretBasic({
                clientId: "client",
                clientSecret: Redacted.make("client-secret")
              })
            })
          ),
          Effect.provide(Layer.fresh(TokenStore.layerMemory))
        )
        const first = yield* manager.getToken
        const claims = yield* server.introspect(Redacted.value(first.accessToken))
        assert.deepInclude(claims, { active: true, clientId: "client", scope: "api", username: undefined })
        assert.isTrue(Option.isNone(first.refreshToken))
        assert.strictEqual(
          Redacted.value((yield* manager.getToken).accessToken),
          Redacted.value(first.accessToken)
        )
        yield* TestClock.adjust("1 hour")
        const second = yield* manager.getToken
        assert.notStrictEqual(Redacted.value(second.accessToken), Redacted.value(first.accessToken))
        assert.deepStrictEqual(
          (yield* server.tokenRequests).map(({ rawBody }) => rawBody),
          Array.from({ length: 2 }, () => "grant_type=client_credentials&scope=api")
        )
      }).pipe(Effect.provide(FetchHttpClient.layer))
    )
  }
})

describe("Grant.authorizationCode (RFC 6749 section 4.1.3, RFC 7636 section 4.5)", () => {
  const code = { code: Redacted.make("Sp&l x"), redirectUri: "https://app.example.com/cb" }
  const form = "grant_type=authorization_code&code=Sp%26l+x&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb"

  for (const [what, options, body] of [
    ["code and redirect URI", {}, form],
    ["the verifier", { codeVerifier: Redacted.make("dBjftJeZ4CVP") }, `${form}&code_verifier=dBjftJeZ4CVP`],
    [
      "additional parameters",
      { additionalParameters: { resource: ["a", "b"] } },
      `${form}&resource=a&resource=b`
    ]
  ] as const) {
    it.scopedLive(`sends ${what}`, () =>
      Effect.gen(function* () {
        const { bodies } = yield* bodiesOf((endpoint) =>
          endpoint.fetchToken(Grant.authorizationCode({ ...code, ...options }))
        )
        assert.deepStrictEqual(bodies, [body])
      })
    )
  }

  /** How many attempts there are to send a request that fails. */
  const attemptsOf = (grant: Grant.Grant, tokenEndpoint: string) =>
    Effect.gen(function* () {
      const endpoint = yield* TokenEndpoint.make({
        server: { tokenEndpoint, retry: Schedule.recurs(2), timeout: "200 millis" },
        clientAuthentication: ClientAuthentication.none({ clientId: "client" })
      })
      const attempts = yield* Ref.make(0)
      const beforeAttempt = Ref.update(attempts, (count) => count + 1)
      const error = yield* Effect.flip(endpoint.fetchToken(grant, { beforeAttempt }))
      assert.isTrue(error._tag === "APIException" && error.isTransient)
      return yield* attempts
    })

  const used = Grant.authorizationCode(code)

  for (const [what, reply, attempts] of [
    ["503, which may be a gateway's", { status: 503 }, 1],
    ["500", { status: 500 }, 1],
    ["408", { status: 408 }, 3],
    ["425", { status: 425 }, 3],
    ["429", { status: 429 }, 3],
    ["a connection that is cut before the answer", { reset: true }, 1],
    ["an answer that is cut off", { truncated: '{"access_token":"a"}' }, 1],
    ["no answer", { hang: true }, 1]
  ] as const) {
    it.scopedLive(`is sent ${attempts === 1 ? "once" : "again"}: ${what}`, () =>
      Effect.gen(function* () {
        const server = yield* ScriptedServer.make(() => reply)
        assert.strictEqual(yield* attemptsOf(used, server.origin), attempts)
        assert.strictEqual(yield* attemptsOf(Grant.password(user), server.origin), 3)
      }).pipe(Effect.provide(FetchHttpClient.layer))
    )
  }

  for (const [transport, http] of transports) {
    it.live(`is sent again where nobody listens, by ${transport}`, () =>
      Effect.gen(function* () {
        // A port that no other test is given meanwhile.
        for (const origin of ["http://127.0.0.1:2", "http://localhost:2"]) {
          assert.strictEqual(yield* attemptsOf(used, origin), 3)
        }
      }).pipe(Effect.provide(http))
    )
  }

  it("shares its session with nobody, and shows neither code nor verifier", () => {
    const options = { ...code, code: Redacted.make("marker-c"), codeVerifier: Redacted.make("marker-v") }
    const grants = [Grant.authorizationCode(options), Grant.authorizationCode(options)]
    assert.notStrictEqual(grants[0]?.identity, grants[1]?.identity)
    assert.notInclude(inspect(grants, { depth: 9 }) + JSON.stringify(grants), "marker")
  })
})
