import { assert, describe, it } from "@effect/vitest"
import { TestAuthorizationServer } from "@effect-oauth/testing"
import { Effect, TestClock } from "effect"
import { call, logIn, refresh, Server } from "./fixtures/asking.js"

const outcome = (reply: { readonly status: number; readonly body: Readonly<Record<string, unknown>> }) =>
  `${reply.status} ${reply.body["error"] ?? reply.body["refresh_token"] ?? "no refresh token"}`

const at = (options?: TestAuthorizationServer.Options) =>
  Effect.provide(TestAuthorizationServer.layer(options))

describe("refresh tokens", () => {
  it.effect("rotate, and one that is used again ends the session", () =>
    Effect.gen(function* () {
      yield* logIn()
      assert.strictEqual(outcome(yield* refresh("refresh-1")), "200 refresh-2")
      assert.strictEqual((yield* call("access-2")).status, 200)
      assert.strictEqual(outcome(yield* refresh("refresh-1")), "400 invalid_grant")
      assert.strictEqual(outcome(yield* refresh("refresh-2")), "400 invalid_grant")
      assert.strictEqual((yield* call("access-2")).status, 401)
      assert.strictEqual((yield* call("access-1")).status, 401)
    }).pipe(at())
  )

  it.effect("end their own session alone", () =>
    Effect.gen(function* () {
      yield* logIn()
      yield* logIn()
      yield* refresh("refresh-1")
      yield* refresh("refresh-1")
      assert.strictEqual(outcome(yield* refresh("refresh-2")), "200 refresh-4")
    }).pipe(at())
  )

  it.effect("are refused and nothing else, if the server is told so", () =>
    Effect.gen(function* () {
      yield* logIn()
      yield* refresh("refresh-1")
      assert.strictEqual(outcome(yield* refresh("refresh-1")), "400 invalid_grant")
      assert.strictEqual(outcome(yield* refresh("refresh-2")), "200 refresh-3")
    }).pipe(at({ onReuse: "refuse" }))
  )

  it.effect("are good for a grace period after they were used", () =>
    Effect.gen(function* () {
      yield* logIn()
      yield* refresh("refresh-1")
      yield* TestClock.adjust("9 seconds")
      assert.strictEqual(outcome(yield* refresh("refresh-1")), "200 refresh-3")
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual(outcome(yield* refresh("refresh-1")), "400 invalid_grant")
      assert.strictEqual(outcome(yield* refresh("refresh-3")), "400 invalid_grant")
    }).pipe(at({ reuseGrace: "10 seconds" }))
  )

  it.effect("stay, if the server keeps them", () =>
    Effect.gen(function* () {
      yield* logIn()
      for (const _ of [1, 2, 3]) {
        assert.strictEqual(outcome(yield* refresh("refresh-1")), "200 no refresh token")
      }
    }).pipe(at({ refreshTokens: "keep" }))
  )

  it.effect("are none, if the server has none", () =>
    Effect.gen(function* () {
      assert.strictEqual(outcome(yield* logIn()), "200 no refresh token")
    }).pipe(at({ refreshTokens: "none" }))
  )
})

describe("time", () => {
  it.effect("ends an access token at the very millisecond", () =>
    Effect.gen(function* () {
      const { body } = yield* logIn()
      assert.strictEqual(body["expires_in"], 300)
      yield* TestClock.adjust("299999 millis")
      assert.strictEqual((yield* call("access-1")).status, 200)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* call("access-1")).status, 401)
      assert.strictEqual(outcome(yield* refresh("refresh-1")), "200 refresh-2")
    }).pipe(at({ lifetimes: { accessToken: "5 minutes" } }))
  )

  it.effect("ends a refresh token, unless it was rotated", () =>
    Effect.gen(function* () {
      yield* logIn()
      yield* TestClock.adjust("50 minutes")
      yield* refresh("refresh-1")
      yield* TestClock.adjust("50 minutes")
      assert.strictEqual(outcome(yield* refresh("refresh-2")), "200 refresh-3")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(outcome(yield* refresh("refresh-3")), "400 invalid_grant")
    }).pipe(at({ lifetimes: { refreshToken: "1 hour" } }))
  )

  it.effect("ends a session, however often it was refreshed", () =>
    Effect.gen(function* () {
      yield* logIn()
      yield* TestClock.adjust("50 minutes")
      yield* refresh("refresh-1")
      assert.strictEqual((yield* call("access-2")).status, 200)
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* call("access-2")).status, 401)
      assert.strictEqual(outcome(yield* refresh("refresh-2")), "400 invalid_grant")
    }).pipe(at({ lifetimes: { session: "1 hour" } }))
  )

  it.effect("is told in replies, and can be wrong", () =>
    Effect.gen(function* () {
      const { skewClock } = yield* Server
      yield* TestClock.adjust("1 hours")
      assert.strictEqual((yield* logIn()).headers["date"], "Thu, 01 Jan 1970 01:00:00 GMT")
      yield* skewClock({ ahead: "10 minutes" })
      assert.strictEqual((yield* logIn()).headers["date"], "Thu, 01 Jan 1970 01:10:00 GMT")
      yield* skewClock({ behind: "10 minutes" })
      assert.strictEqual((yield* logIn()).headers["date"], "Thu, 01 Jan 1970 00:50:00 GMT")
    }).pipe(at())
  )

  it.effect("has access tokens end early, when the clock of the server jumps ahead", () =>
    Effect.gen(function* () {
      yield* logIn()
      yield* (yield* Server).skewClock({ ahead: "1 hours" })
      assert.strictEqual((yield* call("access-1")).status, 401)
    }).pipe(at())
  )
})

describe("levers", () => {
  it.effect("revoke and expire one token", () =>
    Effect.gen(function* () {
      const server = yield* Server
      yield* logIn()
      yield* logIn()
      yield* server.revoke("access-1")
      assert.strictEqual((yield* call("access-1")).status, 401)
      assert.strictEqual((yield* call("access-2")).status, 200)
      yield* server.expire("access-2")
      assert.strictEqual((yield* call("access-2")).status, 401)
      assert.strictEqual(outcome(yield* refresh("refresh-1")), "200 refresh-3")
      yield* server.expire("refresh-3")
      assert.strictEqual(outcome(yield* refresh("refresh-3")), "400 invalid_grant")
      yield* server.revoke("refresh-2")
      assert.strictEqual(outcome(yield* refresh("refresh-2")), "400 invalid_grant")
      yield* Effect.all([server.revoke("unknown"), server.expire("unknown"), server.endSession("unknown")])
    }).pipe(at())
  )

  it.effect("expire what there is, and nothing that comes", () =>
    Effect.gen(function* () {
      const server = yield* Server
      yield* logIn()
      yield* server.expireAccessTokens
      assert.strictEqual((yield* call("access-1")).status, 401)
      yield* refresh("refresh-1")
      assert.strictEqual((yield* call("access-2")).status, 200)
      yield* server.expireRefreshTokens
      assert.strictEqual(outcome(yield* refresh("refresh-2")), "400 invalid_grant")
      assert.strictEqual((yield* call("access-2")).status, 200)
    }).pipe(at())
  )

  it.effect("do not give an expired token a second life", () =>
    Effect.gen(function* () {
      const server = yield* Server
      yield* logIn()
      yield* TestClock.adjust("2 hours")
      yield* server.expireAccessTokens
      yield* server.skewClock({ behind: "30 minutes" })
      assert.isFalse((yield* server.introspect("access-1")).active)
    }).pipe(at())
  )

  it.effect("end a session by any of its tokens, or all sessions", () =>
    Effect.gen(function* () {
      const server = yield* Server
      yield* logIn()
      yield* logIn()
      yield* logIn()
      yield* server.endSession("access-1")
      assert.strictEqual(outcome(yield* refresh("refresh-1")), "400 invalid_grant")
      yield* server.endSession("refresh-2")
      assert.strictEqual((yield* call("access-2")).status, 401)
      assert.strictEqual((yield* call("access-3")).status, 200)
      yield* server.endSessions
      assert.strictEqual((yield* call("access-3")).status, 401)
    }).pipe(at())
  )

  it.effect("change passwords and secrets, and sessions go on", () =>
    Effect.gen(function* () {
      const server = yield* Server
      yield* logIn()
      yield* server.setPassword("alice", "jabberwocky")
      assert.strictEqual(outcome(yield* logIn()), "400 invalid_grant")
      assert.strictEqual((yield* logIn({ password: "jabberwocky" })).status, 200)
      yield* server.setPassword("bob", "builder")
      assert.strictEqual((yield* logIn({ username: "bob", password: "builder" })).status, 200)
      assert.strictEqual((yield* refresh("refresh-1")).status, 200)
      yield* server.setClientSecret("client", "another")
      assert.strictEqual(outcome(yield* refresh("refresh-4")), "401 invalid_client")
      const headers = { authorization: `Basic ${btoa("client:another")}` }
      assert.strictEqual((yield* refresh("refresh-4", {}, headers)).status, 200)
    }).pipe(at())
  )

  it.effect("take the server down, and bring it back as it was", () =>
    Effect.gen(function* () {
      const server = yield* Server
      yield* logIn()
      yield* server.goDown
      const error = yield* Effect.flip(logIn())
      assert.deepInclude(error, { _tag: "RequestError", reason: "Transport" })
      assert.strictEqual((yield* call("access-1")).status, 200)
      yield* server.comeBack
      assert.strictEqual((yield* refresh("refresh-1")).status, 200)
    }).pipe(at())
  )

  it.effect("name tokens as a test wants them", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* logIn()).body["access_token"], "the access token of request 1")
    }).pipe(at({ tokenText: (kind, number) => `the ${kind} token of request ${number}` }))
  )
})
