/**
 * Typed dependency injection in a test. A program says in its type what it needs; a test provides it from servers in
 * memory, and the compiler knows what is missing. Nothing is patched, nothing listens on a port, and the hours that a
 * token lives pass in milliseconds.
 */
import { HttpClientResponse, HttpServerResponse } from "@effect/platform"
import { assert, it } from "@effect/vitest"
import { AuthorizedHttpClient } from "@effect-oauth/client"
import { Disclosure, TestAuthorizationServer, TestSession } from "@effect-oauth/testing"
import { Effect, Layer, Schema, TestClock } from "effect"

const Account = Schema.Struct({ owner: Schema.String, balance: Schema.Number })

/** The program: an `Effect` that requires an `AuthorizedHttpClient`, wherever that comes from. */
const account = Effect.gen(function* () {
  const client = yield* AuthorizedHttpClient.AuthorizedHttpClient
  const response = yield* client.get("https://api.test/account")
  return yield* HttpClientResponse.schemaBodyJson(Account)(response)
})

/** What a deployment provides by fetch, a database and its configuration. */
const Test = TestSession.layer().pipe(
  Layer.provideMerge(
    TestAuthorizationServer.layer({
      lifetimes: { accessToken: "1 hour" },
      resource: { handler: ({ username }) => HttpServerResponse.unsafeJson({ owner: username, balance: 42 }) }
    })
  )
)

it.effect("a session outlives its access token, and a revocation", () =>
  Effect.gen(function* () {
    const { journal, revokeAccessTokens } = yield* TestAuthorizationServer.TestAuthorizationServer
    assert.deepStrictEqual(yield* account, { owner: "alice", balance: 42 })
    yield* TestClock.adjust("2 hours")
    yield* account
    yield* revokeAccessTokens
    yield* account
    assert.deepStrictEqual(yield* journal.lines, [
      "token password 200",
      "GET /account 200",
      "token refresh_token 200",
      "GET /account 200",
      "GET /account 401 invalid_token",
      "token refresh_token 200",
      "GET /account 200"
    ])
  }).pipe(Effect.provide(Test))
)

it.effect("who cannot log in any more is told so by a failure that has a type", () =>
  Effect.gen(function* () {
    const { setPassword } = yield* TestAuthorizationServer.TestAuthorizationServer
    yield* setPassword("alice", "changed")
    const outcome = yield* account.pipe(
      Effect.as("an account"),
      Effect.catchTag("OAuthProviderException", ({ error }) => Effect.succeed(error))
    )
    assert.strictEqual(outcome, "invalid_grant")
  }).pipe(Effect.provide(Test))
)

it.effect("no log, span or failure shows a secret", () =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* Disclosure.of(account), [])
  }).pipe(Effect.provide(Test))
)
