import { assert, describe, it } from "@effect/vitest"
import { AuthorizedHttpClient } from "@effect-oauth/client"
import { Fault, Journal, TestAuthorizationServer } from "@effect-oauth/testing"
import { Effect, Fiber, TestClock } from "effect"
import { call, logIn, refresh, Server, sessionAt } from "./fixtures/asking.js"

const thousand = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.all(
    Array.from({ length: 1000 }, () => effect),
    { concurrency: "unbounded" }
  )

describe("a thousand fibers at once", () => {
  it.effect("get a token each, and no two the same", () =>
    Effect.gen(function* () {
      const replies = yield* thousand(logIn())
      assert.strictEqual(new Set(replies.map(({ body }) => body["access_token"])).size, 1000)
      assert.strictEqual(yield* (yield* Server).journal.count(), 1000)
      assert.isTrue((yield* (yield* Server).journal.entries).every(({ status }) => status === 200))
    }).pipe(Effect.provide(TestAuthorizationServer.layer()))
  )

  it.effect("spend a refresh token once", () =>
    Effect.gen(function* () {
      const server = yield* Server
      yield* logIn()
      yield* server.faults.when(Journal.isAt("token"), Fault.latency("1 seconds"))
      const refreshing = yield* Effect.fork(thousand(refresh("refresh-1")))
      yield* TestClock.adjust("2 seconds")
      const replies = yield* Fiber.join(refreshing)
      assert.lengthOf(
        replies.filter(({ status }) => status === 200),
        1
      )
      assert.strictEqual((yield* call("access-2")).status, 401)
    }).pipe(Effect.provide(TestAuthorizationServer.layer()))
  )

  it.effect("of one session cause one request for an expired token", () =>
    Effect.gen(function* () {
      const { faults, journal } = yield* Server
      const client = yield* AuthorizedHttpClient.AuthorizedHttpClient
      yield* client.get("https://api.test/")
      yield* TestClock.adjust("2 hours")
      yield* faults.next(Fault.latency("3 seconds"))
      const calling = yield* Effect.fork(thousand(client.get("https://api.test/")))
      yield* TestClock.adjust("4 seconds")
      const responses = yield* Fiber.join(calling)
      assert.isTrue(responses.every(({ status }) => status === 200))
      assert.deepStrictEqual(yield* journal.grantTypes, ["password", "refresh_token"])
    }).pipe(Effect.provide(sessionAt()))
  )

  it.effect("can all be interrupted, and the server has acted for each", () =>
    Effect.gen(function* () {
      const { faults, journal } = yield* Server
      yield* faults.when(Journal.isAt("token"), Fault.hangingReply)
      const asking = yield* Effect.fork(thousand(logIn()))
      yield* TestClock.adjust("1 seconds")
      yield* Fiber.interrupt(asking)
      assert.strictEqual(yield* journal.count(({ outcome }) => outcome === "Abandoned"), 1000)
      assert.strictEqual((yield* call("access-1000")).status, 200)
    }).pipe(Effect.provide(TestAuthorizationServer.layer()))
  )
})
