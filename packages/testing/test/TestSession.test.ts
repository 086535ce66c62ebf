import { assert, describe, it } from "@effect/vitest"
import { AuthorizedHttpClient, TokenManager } from "@effect-oauth/client"
import { Fault, TestAuthorizationServer, TestSession } from "@effect-oauth/testing"
import { Effect, Layer, Schedule } from "effect"
import { Server } from "./fixtures/asking.js"

const sessionOf = (options: TestSession.Options) =>
  Effect.provide(TestSession.layer(options).pipe(Layer.provideMerge(TestAuthorizationServer.layer())))

const call = (url = "https://api.test/user") =>
  Effect.flatMap(AuthorizedHttpClient.AuthorizedHttpClient, (client) =>
    Effect.map(client.get(url), ({ status }) => status)
  )

describe("TestSession", () => {
  it.effect("talks to the server as it is told: here it asks once", () =>
    Effect.gen(function* () {
      const { faults, journal } = yield* Server
      yield* faults.next(Fault.unavailable())
      assert.strictEqual((yield* Effect.flip(call()))._tag, "APIException")
      assert.strictEqual(yield* call(), 200)
      assert.deepStrictEqual(yield* journal.grantTypes, ["password", "password"])
    }).pipe(sessionOf({ server: { retry: Schedule.stop } }))
  )

  it.effect("calls the API as it is told", () =>
    Effect.gen(function* () {
      const { faults, journal } = yield* Server
      yield* faults.nextAt("resource", Fault.status(498))
      assert.strictEqual(yield* call(), 200)
      assert.deepStrictEqual(yield* journal.grantTypes, ["password", "refresh_token"])
      assert.strictEqual(
        (yield* Effect.flip(call("https://elsewhere.test/")))._tag,
        "AuthValidationException"
      )
    }).pipe(sessionOf({ client: { isRejected: ({ status }) => status === 498 } }))
  )

  it.effect("keeps the session as it is told", () =>
    Effect.gen(function* () {
      const manager = yield* TokenManager.TokenManager
      assert.strictEqual((yield* Effect.flip(manager.getToken))._tag, "AuthValidationException")
      assert.deepStrictEqual(yield* (yield* Server).journal.lines, [])
    }).pipe(sessionOf({ grant: undefined }))
  )
})
