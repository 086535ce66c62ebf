import { FetchHttpClient, FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { OAuthToken, type TokenRequest, TokenStore } from "@effect-oauth/client"
import {
  NodeOAuth2Server,
  OidcProvider,
  ResourceServer,
  ScriptedServer
} from "@effect-oauth/loopback-servers"
import { formField } from "@effect-oauth/loopback-servers/RecordedRequest"
import {
  Clock,
  Config,
  ConfigProvider,
  Context,
  Duration,
  Effect,
  Layer,
  Option,
  Redacted,
  Schedule
} from "effect"
import {
  Configuration,
  type ConfigurationOptions,
  Environment,
  MultiauthsampleClient,
  OAuthACGCredentials,
  OAuthROPCGCredentials
} from "multiauthsample"

const alice = new OAuthROPCGCredentials({
  oAuthClientId: "client",
  oAuthClientSecret: Redacted.make("client-secret"),
  oAuthUsername: "alice",
  oAuthPassword: Redacted.make("wonderland")
})

const acg = new OAuthACGCredentials({ oAuthToken: OAuthToken.make({ accessToken: "acg-token" }) })

const connect = (options: ConfigurationOptions) =>
  MultiauthsampleClient.layer(options).pipe(
    Layer.provide([TokenStore.layerMemory, FetchHttpClient.layer]),
    Layer.build,
    Effect.map(Context.get(MultiauthsampleClient.MultiauthsampleClient))
  )

const token = (fields: Record<string, unknown> = {}) =>
  ScriptedServer.json({
    access_token: "at1",
    token_type: "Bearer",
    expires_in: 3600,
    refresh_token: "rt1",
    ...fields
  })

const user = ScriptedServer.json({ id: 7, name: "Alice", created_at: "2024-02-15", nick: "Al" })

describe("the wire, as the record has it", () => {
  it.scopedLive("fetchToken", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([token()])
      const client = yield* connect({
        servers: { DEFAULT: server.origin },
        oAuthROPCGCredentials: alice.cloneWith({
          oAuthUsername: "us er",
          oAuthPassword: Redacted.make("p&w=")
        })
      })
      yield* client.oAuthROPCG.fetchToken()
      const [request] = yield* server.requests
      assert.strictEqual(request?.method, "POST")
      assert.strictEqual(request?.path, "/oauth2/non-auth-server/token")
      assert.strictEqual(request?.rawBody, "grant_type=password&username=us+er&password=p%26w%3D")
      assert.strictEqual(request?.headers["authorization"], "Basic Y2xpZW50OmNsaWVudC1zZWNyZXQ=")
      assert.strictEqual(request?.headers["content-type"], "application/x-www-form-urlencoded")
      assert.strictEqual(request?.headers["accept"], "application/json")
      assert.strictEqual(request?.headers["user-agent"], "APIMATIC 3.0")
      assert.isUndefined(request?.headers["accesstoken"])
    })
  )

  it.scopedLive("refreshToken", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([
        token(),
        token({ access_token: "at2", refresh_token: undefined })
      ])
      const client = yield* connect({ servers: { DEFAULT: server.origin }, oAuthROPCGCredentials: alice })
      yield* client.oAuthROPCG.fetchToken()
      const refreshed = yield* client.oAuthROPCG.refreshToken()
      assert.strictEqual((yield* server.requests)[1]?.rawBody, "grant_type=refresh_token&refresh_token=rt1")
      // The record loses the old refresh token here.
      assert.strictEqual(Redacted.value(Option.getOrThrow(refreshed.refreshToken)), "rt1")
    })
  )

  it.scopedLive(
    "additional parameters: lists are indexed, booleans in lower case, scope is one of them",
    () =>
      Effect.gen(function* () {
        const server = yield* ScriptedServer.make([token()])
        const client = yield* connect({ servers: { DEFAULT: server.origin }, oAuthROPCGCredentials: alice })
        yield* client.oAuthROPCG.fetchToken({ scope: "a b", name: ["x", "y"], flag: true, none: undefined })
        assert.strictEqual(
          (yield* server.requests)[0]?.rawBody,
          "grant_type=password&username=alice&password=wonderland&scope=a+b&name%5B0%5D=x&name%5B1%5D=y&flag=true"
        )
      })
  )

  it.scopedLive("additional parameters cannot take the place of the grant's or the client's", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([])
      const client = yield* connect({ servers: { DEFAULT: server.origin }, oAuthROPCGCredentials: alice })
      for (const name of ["grant_type", "username", "password", "client_id", "client_secret"]) {
        const parameters: TokenRequest.AdditionalParameters = { [name]: "mine" }
        const error = yield* Effect.flip(client.oAuthROPCG.fetchToken(parameters))
        assert.strictEqual(error._tag, "AuthValidationException")
        assert.include(error.message, name)
      }
      assert.deepStrictEqual(yield* server.requests, [])
    })
  )

  it.scopedLive("raw Basic credentials where the server wants them", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([token(), token()])
      const credentials = alice.cloneWith({ oAuthClientId: "id x", oAuthClientSecret: Redacted.make("s:é+") })
      for (const basicCredentials of ["raw", "form"] as const) {
        const client = yield* connect({
          servers: { DEFAULT: server.origin },
          oAuthROPCGCredentials: credentials,
          basicCredentials
        })
        yield* client.oAuthROPCG.fetchToken()
      }
      assert.deepStrictEqual(
        (yield* server.requests).map((request) => request.headers["authorization"]),
        ["Basic aWQgeDpzOsOpKw==", `Basic ${btoa("id+x:s%3A%C3%A9%2B")}`]
      )
    })
  )

  it.scopedLive("oAuthAuthorizationGrant sends the token of OAuthROPCG, and keeps unknown fields", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([token(), user])
      const client = yield* connect({
        servers: { DEFAULT: server.origin },
        oAuthROPCGCredentials: alice,
        oAuthACGCredentials: acg
      })
      const result = yield* client.authentication.oAuthAuthorizationGrant()
      assert.deepStrictEqual(result, { id: 7, name: "Alice", createdAt: "2024-02-15", nick: "Al" })
      const request = (yield* server.requests)[1]
      assert.strictEqual(request?.method, "GET")
      assert.strictEqual(request?.path, "/oauth2/non-auth-server/user")
      assert.strictEqual(request?.headers["authorization"], "Bearer at1")
      assert.strictEqual(request?.headers["accept"], "application/json")
      assert.strictEqual(request?.headers["user-agent"], "APIMATIC 3.0")
    })
  )
})

describe("what is needed before a call", () => {
  it.scopedLive("both schemes, or nothing is sent and the message names what is missing", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([])
      const missing = (options: ConfigurationOptions) =>
        connect({ servers: { DEFAULT: server.origin }, ...options }).pipe(
          Effect.flatMap((client) => Effect.flip(client.authentication.oAuthAuthorizationGrant())),
          Effect.tap((error) => assert.strictEqual(error._tag, "AuthValidationException")),
          Effect.map((error) => error.message)
        )
      const stored = new OAuthROPCGCredentials({ oAuthToken: OAuthToken.make({ accessToken: "stored" }) })
      const none = (name: string) => `[${name}: OAuthToken is undefined or expired.]`
      assert.strictEqual(yield* missing({}), `${none("OAuthACG")} and ${none("OAuthROPCG")}`)
      assert.strictEqual(yield* missing({ oAuthACGCredentials: acg }), none("OAuthROPCG"))
      assert.strictEqual(yield* missing({ oAuthROPCGCredentials: stored }), none("OAuthACG"))
      assert.strictEqual(
        yield* missing({ oAuthROPCGCredentials: alice, oAuthACGCredentials: acg, autoRefresh: false }),
        none("OAuthROPCG")
      )
      // The password could bring one token, but without the other it is not sent.
      assert.strictEqual(yield* missing({ oAuthROPCGCredentials: alice }), none("OAuthACG"))
      assert.deepStrictEqual(yield* server.requests, [])
    })
  )

  it.scopedLive("a stored token alone is enough until it expires", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([user])
      const now = yield* Clock.currentTimeMillis
      const call = (expiry: number) =>
        connect({
          servers: { DEFAULT: server.origin },
          oAuthACGCredentials: acg,
          oAuthROPCGCredentials: new OAuthROPCGCredentials({
            oAuthToken: OAuthToken.make({ accessToken: "stored", refreshToken: "useless alone", expiry })
          })
        }).pipe(Effect.flatMap((client) => client.authentication.oAuthAuthorizationGrant()))
      assert.strictEqual((yield* call(now + 3_600_000)).name, "Alice")
      const error = yield* Effect.flip(call(now - 1))
      assert.strictEqual(error._tag, "AuthValidationException")
      assert.lengthOf(yield* server.requests, 1)
    })
  )

  it.scopedLive("isTokenExpired: without a token, with one, with an expired one", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([token(), token({ expires_in: 0 })])
      const client = yield* connect({ servers: { DEFAULT: server.origin }, oAuthROPCGCredentials: alice })
      assert.isTrue(yield* client.oAuthROPCG.isTokenExpired)
      yield* client.oAuthROPCG.fetchToken()
      assert.isFalse(yield* client.oAuthROPCG.isTokenExpired)
      yield* client.oAuthROPCG.fetchToken()
      assert.isTrue(yield* client.oAuthROPCG.isTokenExpired)
    })
  )
})

describe("failures", () => {
  const outcome = (reply: ScriptedServer.Reply) =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([token(), reply])
      const client = yield* connect({
        servers: { DEFAULT: server.origin },
        oAuthROPCGCredentials: alice,
        oAuthACGCredentials: acg,
        timeout: "2 seconds"
      })
      return yield* Effect.flip(client.authentication.oAuthAuthorizationGrant())
    })

  const cases: ReadonlyArray<readonly [string, ScriptedServer.Reply, number | undefined, boolean, RegExp]> = [
    ["404", { status: 404, body: "no" }, 404, false, /^HTTP response not OK\.$/],
    [
      "503",
      { status: 503, body: "later", headers: { "retry-after": "7" } },
      503,
      true,
      /^HTTP response not OK\.$/
    ],
    ["a redirect", { redirect: "http://127.0.0.1:1/" }, 302, false, /^HTTP response not OK\.$/],
    [
      "HTML",
      { status: 200, headers: { "content-type": "text/html" }, body: "<p>hello" },
      200,
      false,
      /not JSON/
    ],
    ["another shape", ScriptedServer.json({ id: "seven" }), undefined, false, /at id/],
    ["a reset", { reset: true }, undefined, true, /could not be reached/],
    ["silence", { hang: true }, undefined, true, /within 2s/],
    ["half a body", { neverEnds: true, body: '{"id":1,' }, undefined, true, /within 2s/]
  ]

  for (const [name, reply, status, isTransient, reason] of cases) {
    it.scopedLive(`${name} is an APIException`, () =>
      Effect.gen(function* () {
        const error = yield* outcome(reply)
        if (error._tag !== "APIException") return assert.fail(error._tag)
        assert.strictEqual(error.responseCode, status)
        assert.strictEqual(error.isTransient, isTransient)
        assert.match(error.reason, reason)
      })
    )
  }

  it.scopedLive("a response keeps its body, out of sight", () =>
    Effect.gen(function* () {
      const error = yield* outcome({ status: 418, body: "a teapot" })
      if (error._tag !== "APIException" || error.response === undefined) return assert.fail(error._tag)
      assert.strictEqual(Redacted.value(error.response.body), "a teapot")
      assert.notInclude(JSON.stringify(error), "teapot")
    })
  )

  it.scopedLive("a wrong password is told apart from a server that is not there", () =>
    Effect.gen(function* () {
      const server = yield* OidcProvider.make()
      const gone = yield* Effect.scoped(Effect.map(ScriptedServer.make([]), ({ origin }) => origin))
      const wrong = alice.cloneWith({ oAuthPassword: Redacted.make("queen of hearts") })
      const tagOf = (origin: string) =>
        connect({ servers: { DEFAULT: origin }, oAuthROPCGCredentials: wrong }).pipe(
          Effect.flatMap((client) => Effect.flip(client.oAuthROPCG.fetchToken())),
          Effect.map((error) => error._tag)
        )
      assert.deepStrictEqual(
        [yield* tagOf(server.origin), yield* tagOf(gone)],
        ["OAuthProviderException", "APIException"]
      )
    })
  )
})

it.scopedLive("a scheme without credentials leaves the stored session of another alone", () =>
  Effect.gen(function* () {
    const server = yield* ScriptedServer.make([token()])
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped()
    const client = yield* MultiauthsampleClient.layer({
      servers: { DEFAULT: server.origin },
      oAuthROPCGCredentials: alice
    }).pipe(
      Layer.provide([TokenStore.layerFile(`${folder}/session.json`), FetchHttpClient.layer]),
      Layer.build,
      Effect.map(Context.get(MultiauthsampleClient.MultiauthsampleClient))
    )
    yield* client.oAuthROPCG.fetchToken()
    const error = yield* Effect.flip(client.authentication.oAuthAuthorizationGrant())
    assert.strictEqual(error.message, "[OAuthACG: OAuthToken is undefined or expired.]")
  }).pipe(Effect.provide(NodeContext.layer))
)

describe("a session on real servers", () => {
  for (const [name, start] of [
    ["oidc-provider", OidcProvider.make],
    ["@node-oauth/oauth2-server", NodeOAuth2Server.make]
  ] as const) {
    it.scopedLive(`outlives its access token on ${name}`, () =>
      Effect.gen(function* () {
        const server = yield* start({ accessTokenLifetime: "1 second", resource: ResourceServer.user })
        const updates: Array<OAuthToken.OAuthToken> = []
        const client = yield* connect({
          servers: { DEFAULT: server.origin },
          oAuthROPCGCredentials: alice,
          oAuthACGCredentials: acg,
          onTokenUpdate: (token) => Effect.sync(() => void updates.push(token))
        })
        const call = client.authentication.oAuthAuthorizationGrant()
        assert.strictEqual((yield* call).name, "Alice")
        const expired = client.oAuthROPCG.isTokenExpired.pipe(
          Effect.filterOrFail((isExpired) => isExpired),
          Effect.retry({ times: 100, schedule: Schedule.spaced("20 millis") })
        )
        yield* expired
        assert.strictEqual((yield* call).name, "Alice")
        assert.deepStrictEqual(
          (yield* server.tokenRequests).map((request) => formField(request, "grant_type")),
          ["password", "refresh_token"]
        )
        assert.lengthOf(updates, 2)
      })
    )
  }

  it.scopedLive("logout revokes, and a call after it is not sent", () =>
    Effect.gen(function* () {
      const server = yield* OidcProvider.make({
        resource: ResourceServer.user,
        accessTokenLifetime: "1 minute"
      })
      const client = yield* connect({
        servers: { DEFAULT: server.origin },
        revocationEndpoint: server.revocationEndpoint,
        oAuthROPCGCredentials: alice,
        oAuthACGCredentials: acg
      })
      const issued = yield* client.oAuthROPCG.fetchToken()
      yield* client.oAuthROPCG.logout
      assert.isFalse((yield* server.introspect(Redacted.value(issued.accessToken))).active)
      const error = yield* Effect.flip(client.authentication.oAuthAuthorizationGrant())
      assert.strictEqual(error._tag, "AuthValidationException")
    })
  )
})

describe("environments and servers", () => {
  it("have the URLs of the record", () => {
    const urls = (["PRODUCTION", "TESTING"] as const).flatMap((environment) =>
      (["DEFAULT", "AUTH"] as const).map((server) =>
        Environment.baseUrl(environment, server, Environment.SuiteCode.HEARTS)
      )
    )
    assert.deepStrictEqual(urls, [
      "http://apimatic.hopto.org:1",
      "http://apimaticauth.hopto.org:3000",
      "http://localhost:3000",
      "http://localhost:3000/oauth2/auth-server"
    ])
    assert.strictEqual(
      Environment.baseUrl("PRODUCTION", "DEFAULT", Environment.SuiteCode.DIAMONDS),
      "http://apimatic.hopto.org:4"
    )
  })

  it.scoped("production is refused, since it is plain http, unless it is named", () =>
    Effect.gen(function* () {
      const production = { environment: "PRODUCTION", oAuthROPCGCredentials: alice } as const
      const error = yield* Effect.flip(connect(production))
      assert.include(error.message, "http://apimatic.hopto.org:1")
      assert.notInclude(error.message, "client-secret")
      yield* connect({ ...production, insecureOrigins: ["http://apimatic.hopto.org:1"] })
    })
  )
})

describe("configuration", () => {
  it.scopedLive("everything can come from Config", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([token()])
      const provider = ConfigProvider.fromMap(
        new Map([
          ["API_URL", server.origin],
          ["API_OAUTH_CLIENT_ID", "client"],
          ["API_OAUTH_CLIENT_SECRET", "client-secret"],
          ["API_OAUTH_USERNAME", "alice"],
          ["API_OAUTH_PASSWORD", "wonderland"],
          ["API_TIMEOUT", "5 seconds"]
        ])
      )
      const client = yield* MultiauthsampleClient.layerConfig({
        servers: { DEFAULT: Config.string("API_URL") },
        timeout: Config.duration("API_TIMEOUT"),
        oAuthROPCGCredentials: OAuthROPCGCredentials.config("API")
      }).pipe(
        Layer.provide([TokenStore.layerMemory, FetchHttpClient.layer]),
        Layer.build,
        Effect.map(Context.get(MultiauthsampleClient.MultiauthsampleClient)),
        Effect.withConfigProvider(provider)
      )
      yield* client.oAuthROPCG.fetchToken()
      assert.strictEqual(
        (yield* server.requests)[0]?.headers["authorization"],
        "Basic Y2xpZW50OmNsaWVudC1zZWNyZXQ="
      )
    })
  )

  it.scopedLive("and everything at once", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([{ body: "in" }])
      const provider = ConfigProvider.fromMap(
        new Map([
          ["API_SERVER_DEFAULT", server.origin],
          ["API_BEARER_ACCESS_TOKEN", "bearer-token"]
        ])
      )
      const client = yield* MultiauthsampleClient.layerConfig(Configuration.config("API")).pipe(
        Layer.provide([TokenStore.layerMemory, FetchHttpClient.layer]),
        Layer.build,
        Effect.map(Context.get(MultiauthsampleClient.MultiauthsampleClient)),
        Effect.withConfigProvider(provider)
      )
      assert.strictEqual(yield* client.authentication.oAuthBearerToken(), "in")
      assert.strictEqual((yield* server.requests)[0]?.headers["authorization"], "Bearer bearer-token")
    })
  )

  it.scoped("an empty credential fails the layer, and names the field", () =>
    Effect.gen(function* () {
      for (const credentials of [
        alice.cloneWith({ oAuthClientId: "" }),
        alice.cloneWith({ oAuthPassword: Redacted.make("") })
      ]) {
        const error = yield* Effect.flip(connect({ oAuthROPCGCredentials: credentials }))
        assert.match(error.message, /^OAuthROPCG: oAuth(ClientId|Password) is empty\.$/)
      }
    })
  )

  it("cloneWith replaces what is given and keeps the rest", () => {
    const token = OAuthToken.make({ accessToken: "at", expiresIn: Duration.hours(1) })
    const clone = alice.cloneWith({ oAuthUsername: "", oAuthToken: token })
    assert.strictEqual(clone.oAuthUsername, "")
    assert.strictEqual(clone.oAuthToken, token)
    assert.strictEqual(clone.oAuthClientId, "client")
    assert.strictEqual(clone.oAuthPassword, alice.oAuthPassword)
    assert.isUndefined(alice.oAuthToken)
  })
})
