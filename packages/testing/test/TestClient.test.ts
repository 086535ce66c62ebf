import { assert, describe, it } from "@effect/vitest"
import { ClientAuthentication, Grant, TokenEndpoint } from "@effect-oauth/client"
import { TestAuthorizationServer, TestClient } from "@effect-oauth/testing"
import { Effect, FastCheck as fc, Layer, Option, Redacted, Schedule } from "effect"
import { basic, logIn, Server, shown, token } from "./fixtures/asking.js"

const methods: ReadonlyArray<TestClient.AuthenticationMethod> = [
  "client_secret_basic",
  "client_secret_basic_raw",
  "client_secret_post",
  "none"
]

const authenticated = (
  registered: TestClient.TestClient,
  clientAuthentication: ClientAuthentication.ClientAuthentication
) =>
  Effect.gen(function* () {
    const { grant } = yield* Server
    const endpoint = yield* TokenEndpoint.TokenEndpoint
    return yield* Effect.match(endpoint.fetchToken(grant), { onSuccess: () => "token", onFailure: shown })
  }).pipe(
    Effect.provide(
      TokenEndpoint.layer({
        server: { ...TestAuthorizationServer.endpoints, retry: Schedule.stop },
        clientAuthentication
      }).pipe(Layer.provideMerge(TestAuthorizationServer.layer({ clients: [registered] })))
    )
  )

// What servers and forms could trip over.
const text = fc.string({ unit: fc.constantFrom(...'ab:%+& =é€😀"/?#'), minLength: 1, maxLength: 8 })

describe("client authentication", () => {
  for (const method of methods) {
    it.effect.prop(`${method} proves any client`, [text, text], ([clientId, secret]) => {
      const isRaw = method === "client_secret_basic_raw"
      const client: TestClient.TestClient = {
        clientId: isRaw ? clientId.replaceAll(":", "-") : clientId,
        clientSecret: method === "none" ? undefined : secret,
        authenticationMethods: [method]
      }
      return Effect.gen(function* () {
        assert.strictEqual(yield* authenticated(client, TestClient.authentication(client)), "token")
        if (method !== "none") {
          const wrong = TestClient.authentication({ ...client, clientSecret: `${secret}x` })
          assert.strictEqual(yield* authenticated(client, wrong), "OAuthProviderException invalid_client")
        }
      })
    })

    for (const other of methods) {
      if (other === method) continue
      it.effect(`${other} is not taken from a client that is to use ${method}`, () =>
        Effect.gen(function* () {
          // As text, these differ when they are form-encoded.
          const credentials = { clientId: "cli ent", clientSecret: method === "none" ? undefined : "sec+ret" }
          const registered = { ...credentials, authenticationMethods: [method] }
          const sent = TestClient.authentication({
            clientId: credentials.clientId,
            clientSecret: other === "none" ? undefined : "sec+ret",
            authenticationMethods: [other]
          })
          assert.strictEqual(yield* authenticated(registered, sent), "OAuthProviderException invalid_client")
        })
      )
    }
  }

  it.effect("takes Basic and post from a client with a secret, unless it is told otherwise", () =>
    Effect.gen(function* () {
      const credentials = { clientId: "client", clientSecret: Redacted.make("client-secret") }
      for (const authentication of [
        ClientAuthentication.clientSecretBasic(credentials),
        ClientAuthentication.clientSecretPost(credentials)
      ]) {
        assert.strictEqual(yield* authenticated(TestClient.confidential, authentication), "token")
      }
      const nobody = ClientAuthentication.none({ clientId: "client" })
      assert.strictEqual(
        yield* authenticated(TestClient.confidential, nobody),
        "OAuthProviderException invalid_client"
      )
    })
  )

  it.effect("does not take one client's word for another's", () =>
    Effect.gen(function* () {
      const { body, status } = yield* logIn({ client_id: "native" })
      assert.deepStrictEqual([status, body["error"]], [400, "invalid_request"])
      assert.strictEqual((yield* logIn({ client_id: "client" })).status, 200)
    }).pipe(Effect.provide(TestAuthorizationServer.layer()))
  )

  for (const header of ["Basic", "Basic !", `Basic ${btoa("no colon")}`, "Bearer access-1", ""]) {
    it.effect(`refuses the header "${header}"`, () =>
      Effect.gen(function* () {
        const { body, headers, status } = yield* logIn({}, { authorization: header })
        assert.deepStrictEqual([status, body["error"]], [401, "invalid_client"])
        assert.match(headers["www-authenticate"] ?? "", /^Basic realm=/)
      }).pipe(Effect.provide(TestAuthorizationServer.layer()))
    )
  }
})

describe("what a client may do", () => {
  const clients: ReadonlyArray<TestClient.TestClient> = [
    { clientId: "narrow", clientSecret: "s", grantTypes: ["password"], scopes: ["api"] },
    { clientId: "native" }
  ]
  const Limited = TestAuthorizationServer.layer({ clients })

  it.effect("is limited to its grants and scopes", () =>
    Effect.gen(function* () {
      const narrow = basic("narrow", "s")
      const { body } = yield* logIn({}, narrow)
      assert.strictEqual(body["scope"], "api")
      assert.notProperty(body, "refresh_token")
      const wide = yield* logIn({ scope: "api profile" }, narrow)
      assert.deepStrictEqual([wide.status, wide.body["error"]], [400, "invalid_scope"])
      const other = yield* token({ grant_type: "client_credentials" }, narrow)
      assert.deepStrictEqual([other.status, other.body["error"]], [400, "unauthorized_client"])
    }).pipe(Effect.provide(Limited))
  )

  it.effect("is no client credentials for a public client, whatever it is allowed", () =>
    Effect.gen(function* () {
      const { body } = yield* token({ grant_type: "client_credentials", client_id: "bold" }, {})
      assert.strictEqual(body["error"], "unauthorized_client")
    }).pipe(
      Effect.provide(
        TestAuthorizationServer.layer({ clients: [{ clientId: "bold", grantTypes: ["client_credentials"] }] })
      )
    )
  )

  it.effect("begins with the grant of the client itself", () =>
    Effect.gen(function* () {
      const endpoint = yield* TokenEndpoint.TokenEndpoint
      const { scope } = yield* endpoint.fetchToken(Grant.clientCredentials({ scope: ["api"] }))
      assert.strictEqual(Option.getOrUndefined(scope), "api")
      const known = yield* (yield* Server).introspect("access-1")
      assert.deepInclude(known, { active: true, client_id: "client", sub: "client", username: undefined })
    }).pipe(
      Effect.provide(
        TokenEndpoint.layer({
          server: TestAuthorizationServer.endpoints,
          clientAuthentication: TestClient.authentication(TestClient.confidential)
        }).pipe(Layer.provideMerge(TestAuthorizationServer.layer()))
      )
    )
  )
})
