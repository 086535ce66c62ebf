import { HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { AuthorizationRequest, TokenManager } from "@effect-oauth/client"
import { TestAuthorizationServer } from "@effect-oauth/testing"
import { Effect, Redacted, TestClock } from "effect"
import { ask, call, Server, sessionAt, token } from "./fixtures/asking.js"

const requested = (clientId = "client") =>
  AuthorizationRequest.make({
    server: TestAuthorizationServer.endpoints,
    clientId,
    redirectUri: "https://app.test/callback",
    scope: ["api"]
  })

const at = (options?: TestAuthorizationServer.Options) =>
  Effect.provide(TestAuthorizationServer.layer(options))

describe("the authorization code grant", () => {
  it.effect("goes from the request to the token", () =>
    Effect.gen(function* () {
      const server = yield* Server
      const manager = yield* TokenManager.TokenManager
      const request = yield* requested()
      const grant = yield* AuthorizationRequest.receive(request, yield* server.authorize(request.url))
      const { accessToken } = yield* manager.fetchToken({ grant })
      assert.deepInclude(yield* server.introspect(accessToken), {
        active: true,
        username: "alice",
        scope: "api"
      })
      assert.deepStrictEqual(yield* server.journal.lines, [
        "authorization 302",
        "token authorization_code 200"
      ])
    }).pipe(Effect.provide(sessionAt()))
  )

  it.effect("acts for the user that the test names, or the request hints at", () =>
    Effect.gen(function* () {
      const server = yield* Server
      const redeemed = (url: string) => {
        const code = new URL(url).searchParams.get("code") ?? ""
        return token({ grant_type: "authorization_code", code, redirect_uri: "https://app.test/callback" })
      }
      const url =
        "https://auth.test/authorize?response_type=code&client_id=client&redirect_uri=https://app.test/callback"
      const who = Effect.fnUntraced(function* (callback: string) {
        const { body } = yield* redeemed(callback)
        return (yield* call(body["access_token"])).body["username"]
      })
      assert.strictEqual(yield* who(yield* server.authorize(url)), "alice")
      assert.strictEqual(yield* who(yield* server.authorize(url, { username: "bob" })), "bob")
      assert.strictEqual(yield* who(yield* server.authorize(`${url}&login_hint=bob`)), "bob")
      const nobody = new URL(yield* server.authorize(url, { username: "mallory" }))
      assert.strictEqual(nobody.searchParams.get("error"), "access_denied")
    }).pipe(
      at({
        users: [
          { username: "alice", password: "wonderland" },
          { username: "bob", password: "builder" }
        ]
      })
    )
  )

  it.effect("can be refused by the user", () =>
    Effect.gen(function* () {
      const { authorize } = yield* Server
      const request = yield* requested()
      const refusal = yield* Effect.flip(
        AuthorizationRequest.receive(request, yield* authorize(request.url, { approve: false }))
      )
      assert.deepInclude(refusal, { _tag: "OAuthProviderException", error: "access_denied" })
    }).pipe(at())
  )

  it.effect("can be refused by a fault", () =>
    Effect.gen(function* () {
      const server = yield* Server
      const request = yield* requested()
      yield* server.goDown
      const error = yield* Effect.flip(server.authorize(request.url))
      assert.strictEqual(error._tag, "UserNotReturned")
      assert.isUndefined(error.status)
    }).pipe(at())
  )

  it.effect("sends nobody back to who is not known", () =>
    Effect.gen(function* () {
      const { authorize } = yield* Server
      const stranger = yield* Effect.flip(authorize((yield* requested("stranger")).url))
      assert.deepInclude(stranger, { _tag: "UserNotReturned", status: 400 })
      assert.include(stranger.message, "client_id")
      const nonsense = yield* Effect.flip(authorize("nonsense"))
      assert.include(nonsense.message, "not an absolute URL")
      const elsewhere = yield* Effect.flip(authorize("https://auth.test/elsewhere"))
      assert.deepInclude(elsewhere, { status: 404 })
    }).pipe(at())
  )

  it.effect("ends a code after its time", () =>
    Effect.gen(function* () {
      const { authorize } = yield* Server
      const request = yield* requested()
      const code = new URL(yield* authorize(request.url)).searchParams.get("code") ?? ""
      const form = {
        grant_type: "authorization_code",
        code,
        redirect_uri: request.redirectUri,
        code_verifier: Redacted.value(request.codeVerifier)
      }
      yield* TestClock.adjust("60 seconds")
      const { body, status } = yield* token(form)
      assert.deepStrictEqual([status, body["error"]], [400, "invalid_grant"])
    }).pipe(at())
  )

  it.effect("wants a challenge of everybody, or of nobody, as it is told", () =>
    Effect.gen(function* () {
      const url = (client: string) =>
        `https://auth.test/authorize?response_type=code&client_id=${client}&redirect_uri=https://app.test/callback`
      const errorOf = (client: string, options: TestAuthorizationServer.Options) =>
        Effect.gen(function* () {
          const callback = yield* (yield* Server).authorize(url(client))
          return new URL(callback).searchParams.get("error")
        }).pipe(at(options))
      assert.strictEqual(yield* errorOf("client", { proofKeys: "required" }), "invalid_request")
      assert.strictEqual(yield* errorOf("native", { proofKeys: "optional" }), null)
      assert.strictEqual(yield* errorOf("client", {}), null)
      assert.strictEqual(yield* errorOf("native", {}), "invalid_request")
    })
  )

  it.effect("takes the method plain, if it is told to", () =>
    Effect.gen(function* () {
      const { authorize } = yield* Server
      const callback = yield* authorize(
        "https://auth.test/authorize?response_type=code&client_id=client&code_challenge=very-secret" +
          "&redirect_uri=https://app.test/callback"
      )
      const form = {
        grant_type: "authorization_code",
        code: new URL(callback).searchParams.get("code") ?? "",
        redirect_uri: "https://app.test/callback"
      }
      assert.strictEqual((yield* token({ ...form, code_verifier: "other" })).status, 400)
      assert.strictEqual((yield* token({ ...form, code_verifier: "very-secret" })).status, 200)
    }).pipe(at({ plainProofKeys: true }))
  )

  it.effect("needs no redirect URI of a client that has one", () =>
    Effect.gen(function* () {
      const { authorize } = yield* Server
      const url = "https://auth.test/authorize?response_type=code&client_id=web"
      const callback = new URL(yield* authorize(url))
      assert.strictEqual(callback.origin + callback.pathname, "https://web.test/back")
      assert.strictEqual(callback.searchParams.get("kept"), "1")
      const code = callback.searchParams.get("code") ?? ""
      const headers = { authorization: `Basic ${btoa("web:s")}` }
      assert.strictEqual((yield* token({ grant_type: "authorization_code", code }, headers)).status, 200)
    }).pipe(
      at({
        clients: [{ clientId: "web", clientSecret: "s", redirectUris: ["https://web.test/back?kept=1"] }]
      })
    )
  )

  it.effect("takes other paths, and says so", () =>
    Effect.gen(function* () {
      const { endpoints, metadataUrl, origin } = yield* Server
      assert.deepInclude(endpoints, {
        tokenEndpoint: "https://login.example.com/oauth2/token",
        authorizationEndpoint: "https://login.example.com/authorize",
        issuer: origin
      })
      const { body } = yield* ask(HttpClientRequest.get(metadataUrl))
      assert.strictEqual(body["token_endpoint"], "https://login.example.com/oauth2/token")
    }).pipe(at({ origin: "https://login.example.com", paths: { token: "/oauth2/token" } }))
  )
})
