import { assert, it } from "@effect/vitest"
import { AuthorizedHttpClient } from "@effect-oauth/client"
import { TestAuthorizationServer, TestSession } from "@effect-oauth/testing"
import { Effect, Layer, TestClock } from "effect"

const Test = TestSession.layer().pipe(Layer.provideMerge(TestAuthorizationServer.layer()))

// The service that is tested.
const balance = Effect.flatMap(AuthorizedHttpClient.AuthorizedHttpClient, (client) =>
  Effect.map(client.get("https://api.test/balance"), ({ status }) => status)
)

it.effect("my service keeps working across an expiry and a revoked token", () =>
  Effect.gen(function* () {
    const server = yield* TestAuthorizationServer.TestAuthorizationServer
    assert.strictEqual(yield* balance, 200)
    yield* TestClock.adjust("2 hours")
    assert.strictEqual(yield* balance, 200)
    yield* server.revokeAccessTokens
    assert.strictEqual(yield* balance, 200)
    assert.deepStrictEqual(yield* server.journal.grantTypes, ["password", "refresh_token", "refresh_token"])
  }).pipe(Effect.provide(Test))
)
