import { inspect } from "node:util"
import { FetchHttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { ClientAuthentication, Grant, TokenEndpoint, TokenRequest } from "@effect-oauth/client"
import {
  NodeOAuth2Server,
  OidcProvider,
  type RegisteredClient,
  ScriptedServer
} from "@effect-oauth/loopback-servers"
import { Effect, Redacted } from "effect"

const credentials = { clientId: "id x:y", clientSecret: Redacted.make("s:é+&%") }

const endpointOf = (tokenEndpoint: string, clientAuthentication: ClientAuthentication.ClientAuthentication) =>
  TokenEndpoint.make({ server: { tokenEndpoint }, clientAuthentication }).pipe(
    Effect.provide(FetchHttpClient.layer)
  )

const refresh = (tokenEndpoint: string, clientAuthentication: ClientAuthentication.ClientAuthentication) =>
  Effect.flatMap(endpointOf(tokenEndpoint, clientAuthentication), (endpoint) =>
    endpoint.refreshToken(Redacted.make("r"))
  )

/** The body and the Authorization header that a server gets from a client that refreshes. */
const wire = (clientAuthentication: ClientAuthentication.ClientAuthentication) =>
  Effect.gen(function* () {
    const server = yield* ScriptedServer.make([ScriptedServer.json({ access_token: "a" })])
    yield* refresh(`${server.origin}/token`, clientAuthentication)
    const [request] = yield* server.requests
    return { body: request?.rawBody, authorization: request?.headers["authorization"] }
  })

describe("client_secret_basic (RFC 6749 section 2.3.1)", () => {
  for (const [clientId, clientSecret, authorization] of [
    // base64 of: client:client-secret
    ["client", "client-secret", "Basic Y2xpZW50OmNsaWVudC1zZWNyZXQ="],
    // base64 of: id+x%3Ay:s%3A%C3%A9%2B%26%25
    ["id x:y", "s:é+&%", "Basic aWQreCUzQXk6cyUzQSVDMyVBOSUyQiUyNiUyNQ=="],
    // The example of appendix B, base64 of: +%25%26%2B%C2%A3%E2%82%AC:+%25%26%2B%C2%A3%E2%82%AC
    [" %&+£€", " %&+£€", "Basic KyUyNSUyNiUyQiVDMiVBMyVFMiU4MiVBQzorJTI1JTI2JTJCJUMyJUEzJUUyJTgyJUFD"],
    // base64 of: id:
    ["id", "", "Basic aWQ6"]
  ] as const) {
    it.scopedLive(`sends ${clientId} and ${clientSecret} form-encoded, and nothing in the form`, () =>
      Effect.gen(function* () {
        const sent = yield* wire(
          ClientAuthentication.clientSecretBasic({ clientId, clientSecret: Redacted.make(clientSecret) })
        )
        assert.deepStrictEqual(sent, { body: "grant_type=refresh_token&refresh_token=r", authorization })
      })
    )
  }
})

describe("client_secret_basic, raw (RFC 7617)", () => {
  it.scopedLive("sends identifier and secret as UTF-8, not encoded", () =>
    Effect.gen(function* () {
      const sent = yield* wire(
        ClientAuthentication.clientSecretBasicRaw({
          clientId: "id x",
          clientSecret: Redacted.make("s:é+")
        })
      )
      assert.deepStrictEqual(sent, {
        body: "grant_type=refresh_token&refresh_token=r",
        authorization: "Basic aWQgeDpzOsOpKw=="
      })
    })
  )

  it.scopedLive("refuses an identifier with a colon before anything is sent", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([])
      const error = yield* Effect.flip(
        refresh(server.origin, ClientAuthentication.clientSecretBasicRaw(credentials))
      )
      assert.strictEqual(error._tag, "AuthValidationException")
      assert.isFalse(error.isTransient)
      assert.include(error.message, "colon")
      assert.notInclude(error.message, Redacted.value(credentials.clientSecret))
      assert.isEmpty(yield* server.requests)
    })
  )
})

describe("client_secret_post (RFC 6749 section 2.3.1)", () => {
  it.scopedLive("sends both in the form, and no Authorization", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* wire(ClientAuthentication.clientSecretPost(credentials)), {
        body: "grant_type=refresh_token&refresh_token=r&client_id=id+x%3Ay&client_secret=s%3A%C3%A9%2B%26%25",
        authorization: undefined
      })
    })
  )
})

describe("none (RFC 6749 section 3.2.1)", () => {
  it.scopedLive("sends the identifier alone", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* wire(ClientAuthentication.none({ clientId: "id x:y" })), {
        body: "grant_type=refresh_token&refresh_token=r&client_id=id+x%3Ay",
        authorization: undefined
      })
    })
  )
})

describe("ClientAuthentication of one's own", () => {
  it.scopedLive("puts what it wants into the form and the headers", () =>
    Effect.gen(function* () {
      const sent = yield* wire({
        method: "private_key_jwt",
        clientId: "client",
        authenticate: (request) =>
          Effect.succeed(
            TokenRequest.setHeader(
              TokenRequest.append(request, [["client_assertion", Redacted.make("e30.e30.x")]]),
              "authorization",
              Redacted.make("Custom 1")
            )
          )
      })
      assert.deepStrictEqual(sent, {
        body: "grant_type=refresh_token&refresh_token=r&client_assertion=e30.e30.x",
        authorization: "Custom 1"
      })
    })
  )
})

describe("ClientAuthentication, secrets", () => {
  for (const make of [
    ClientAuthentication.clientSecretBasic,
    ClientAuthentication.clientSecretBasicRaw,
    ClientAuthentication.clientSecretPost
  ]) {
    it.effect(`${make.name} shows no secret before the request is sent`, () =>
      Effect.gen(function* () {
        const authentication = make({ clientId: "client", clientSecret: Redacted.make("marker-secret") })
        const request = yield* authentication.authenticate(TokenRequest.make({ grant_type: "x" }))
        for (const value of [authentication, request]) {
          const printed = inspect(value, { depth: Number.POSITIVE_INFINITY }) + JSON.stringify(value)
          assert.notInclude(printed, "marker-secret")
          assert.notInclude(printed, Buffer.from("client:marker-secret").toString("base64"))
        }
      })
    )
  }
})

describe("ClientAuthentication at real servers", () => {
  const odd = { clientId: "a b:c", clientSecret: "s:+&%/=" } as const
  const oddCredentials = { ...odd, clientSecret: Redacted.make(odd.clientSecret) }
  const grant = Grant.password({ username: "alice", password: Redacted.make("wonderland") })

  const logIn = (
    server: { readonly tokenEndpoint: string },
    clientAuthentication: ClientAuthentication.ClientAuthentication
  ) =>
    Effect.flatMap(endpointOf(server.tokenEndpoint, clientAuthentication), (endpoint) =>
      endpoint.fetchToken(grant)
    )

  const methods: ReadonlyArray<
    readonly [RegisteredClient.RegisteredClient, ClientAuthentication.ClientAuthentication]
  > = [
    [
      { ...odd, authenticationMethod: "client_secret_basic" },
      ClientAuthentication.clientSecretBasic(oddCredentials)
    ],
    [
      { ...odd, authenticationMethod: "client_secret_post" },
      ClientAuthentication.clientSecretPost(oddCredentials)
    ],
    [{ clientId: odd.clientId, authenticationMethod: "none" }, ClientAuthentication.none(odd)]
  ]

  for (const [client, clientAuthentication] of methods) {
    it.scopedLive(`oidc-provider takes ${clientAuthentication.method}`, () =>
      Effect.gen(function* () {
        const server = yield* OidcProvider.make({ clients: [client] })
        const token = yield* logIn(server, clientAuthentication)
        const { active, clientId } = yield* server.introspect(Redacted.value(token.accessToken))
        assert.deepStrictEqual({ active, clientId }, { active: true, clientId: odd.clientId })
      })
    )
  }

  it.scopedLive("oauth2-server takes raw Basic, and not the encoded one", () =>
    Effect.gen(function* () {
      const clientId = "a b"
      const server = yield* NodeOAuth2Server.make({
        clients: [{ ...odd, clientId, authenticationMethod: "client_secret_basic" }]
      })
      const raw = ClientAuthentication.clientSecretBasicRaw({ ...oddCredentials, clientId })
      const token = yield* logIn(server, raw)
      assert.isTrue((yield* server.introspect(Redacted.value(token.accessToken))).active)
      const encoded = ClientAuthentication.clientSecretBasic({ ...oddCredentials, clientId })
      const error = yield* Effect.flip(logIn(server, encoded))
      assert.strictEqual(error._tag === "OAuthProviderException" && error.error, "invalid_client")
    })
  )
})
