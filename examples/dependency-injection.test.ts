/**
 * Dependency injection in a test: a fake token endpoint and the test clock take the place of the server and of the
 * hour that a token lives. Nothing is patched and nobody waits.
 */
import { assert, it } from "@effect/vitest"
import { Grant, OAuthToken, TokenEndpoint, TokenManager, TokenStore } from "@effect-oauth/client"
import { Effect, Layer, Redacted, TestClock } from "effect"

const FakeEndpoint = Layer.mock(TokenEndpoint.TokenEndpoint, {
  identity: "fake",
  fetchToken: () => OAuthToken.issue({ accessToken: "first", refreshToken: "r1", expiresIn: "1 hour" }),
  refreshToken: () => OAuthToken.issue({ accessToken: "second", refreshToken: "r2", expiresIn: "1 hour" })
})

const Manager = TokenManager.layer({
  grant: Grant.password({ username: "alice", password: Redacted.make("wonderland") })
}).pipe(Layer.provide([FakeEndpoint, TokenStore.layerMemory]))

it.effect("a session outlives its access token", () =>
  Effect.gen(function* () {
    const manager = yield* TokenManager.TokenManager
    const first = yield* manager.getToken
    yield* TestClock.adjust("2 hours")
    const second = yield* manager.getToken
    assert.deepStrictEqual(
      [first, second].map((token) => Redacted.value(token.accessToken)),
      ["first", "second"]
    )
  }).pipe(Effect.provide(Manager))
)
