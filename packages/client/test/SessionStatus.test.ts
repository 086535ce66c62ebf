import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Grant, type OAuthToken, type SessionStatus, TokenManagers } from "@effect-oauth/client"
import { Fault } from "@effect-oauth/testing"
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import * as FaultyStore from "./fixtures/faultyStore.js"
import { access, foreign, grant, invalidGrant, key, refreshOf, serverOf, world } from "./fixtures/world.js"

const idle = TestClock.adjust(0)

const expiryOf = ({ expiry }: { readonly expiry: Option.Option<DateTime.Utc> }): number | undefined =>
  Option.getOrUndefined(Option.map(expiry, ({ epochMillis }) => epochMillis))

const failureOf = ({ lastFailure }: SessionStatus.SessionStatus) =>
  Option.getOrUndefined(Option.map(lastFailure, ({ at, error }) => [at.epochMillis, error._tag]))

/** The status, which asks neither server nor store. */
const statusOf = (manager: { readonly status: Effect.Effect<SessionStatus.SessionStatus> }, place: Place) =>
  Effect.gen(function* () {
    yield* idle
    const before = [yield* place.server.requests, place.store.operations()]
    const status = yield* manager.status
    yield* idle
    assert.deepStrictEqual([yield* place.server.requests, place.store.operations()], before)
    return status
  })

const place = Effect.map(world(), (made) => {
  let operations = 0
  const count = Effect.sync(() => {
    operations += 1
  })
  for (const operation of ["read", "lease", "write"] as const) made.store.before(operation, count)
  return { ...made, store: Object.assign(made.store, { operations: () => operations }) }
})

type Place = Effect.Effect.Success<typeof place>

describe("the status", () => {
  it.scoped("of a session that nobody used yet is that nothing is known", () =>
    Effect.gen(function* () {
      const here = yield* place
      const given = yield* foreign("given")
      for (const options of [{}, { initialToken: given }, { grant: undefined }]) {
        const status = yield* statusOf(yield* here.open(options), here)
        assert.strictEqual(status.state, "none")
        assert.isFalse(status.isRenewing)
        assert.isTrue(status.isDurable)
        assert.isUndefined(failureOf(status))
      }
    })
  )

  it.scoped("follows a token from its arrival to its expiry", () =>
    Effect.gen(function* () {
      const here = yield* place
      const manager = yield* here.open()
      yield* here.server.faults.next(Fault.latency("3 seconds"))
      yield* Effect.fork(manager.getToken)
      yield* idle
      const during = yield* statusOf(manager, here)
      assert.deepInclude({ ...during }, { state: "none", isRenewing: true })
      yield* TestClock.adjust("3 seconds")
      const arrived = yield* statusOf(manager, here)
      assert.deepInclude({ ...arrived }, { state: "valid", isRenewing: false, isDurable: true })
      const expiry = expiryOf(arrived) ?? 0
      assert.isAtLeast(expiry, 3_600_000)
      yield* TestClock.setTime(expiry - 61_000)
      assert.strictEqual((yield* statusOf(manager, here)).state, "valid")
      yield* TestClock.setTime(expiry - 40_000)
      assert.strictEqual((yield* statusOf(manager, here)).state, "expiring")
      yield* TestClock.setTime(expiry)
      const expired = yield* statusOf(manager, here)
      assert.strictEqual(expired.state, "expired")
      assert.strictEqual(expiryOf(expired), expiry)
      yield* manager.getToken
      assert.strictEqual((yield* statusOf(manager, here)).state, "valid")
    })
  )

  it.scoped("is that it is expired when a resource refused the token", () =>
    Effect.gen(function* () {
      const here = yield* place
      const manager = yield* here.open()
      const token = yield* manager.getToken
      yield* here.server.faults.next(Fault.latency("3 seconds"))
      yield* Effect.fork(manager.replaceToken(token))
      yield* idle
      assert.deepInclude({ ...(yield* statusOf(manager, here)) }, { state: "expired", isRenewing: true })
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual((yield* statusOf(manager, here)).state, "valid")
    })
  )

  it.scoped("has the last failure, with its time, until a token comes", () =>
    Effect.gen(function* () {
      const here = yield* place
      const manager = yield* here.open()
      const { expiry } = yield* manager.getToken
      const expiresAt = expiryOf({ expiry }) ?? 0
      yield* here.server.always(Fault.connectionFailure)
      yield* TestClock.setTime(expiresAt - 40_000)
      yield* manager.getToken
      yield* idle
      const whileValid = yield* statusOf(manager, here)
      assert.strictEqual(whileValid.state, "expiring")
      assert.deepStrictEqual(failureOf(whileValid), [expiresAt - 40_000, "APIException"])
      yield* TestClock.setTime(expiresAt + 1000)
      yield* Effect.flip(manager.getToken)
      const late = yield* statusOf(manager, here)
      assert.strictEqual(late.state, "expired")
      assert.deepStrictEqual(failureOf(late), [expiresAt + 1000, "APIException"])
      yield* here.server.faults.clear
      yield* manager.getToken
      assert.isUndefined(failureOf(yield* statusOf(manager, here)))
    })
  )

  it.scoped("has a failure until a sibling's token is taken up", () =>
    Effect.gen(function* () {
      const here = yield* place
      const manager = yield* here.open({ grant: undefined })
      yield* manager.fetchToken({ grant })
      yield* here.server.always(Fault.connectionFailure)
      yield* TestClock.adjust("2 hours")
      yield* Effect.flip(manager.getToken)
      assert.isDefined(failureOf(yield* statusOf(manager, here)))
      here.store.sibling.write(key, yield* foreign("sibling", "sibling-refresh"))
      assert.strictEqual(access(yield* manager.getToken), "sibling")
      const status = yield* statusOf(manager, here)
      assert.isUndefined(failureOf(status))
      assert.strictEqual(status.state, "valid")
    })
  )

  it.scoped(
    "is that it ended when the server refused for good, though the token is still good for a moment",
    () =>
      Effect.gen(function* () {
        const here = yield* place
        const manager = yield* here.open({ grant: undefined })
        const { expiry } = yield* manager.fetchToken({ grant })
        const expiresAt = expiryOf({ expiry }) ?? 0
        yield* here.server.always(invalidGrant)
        yield* TestClock.setTime(expiresAt - 40_000)
        yield* manager.getToken
        yield* idle
        const before = yield* statusOf(manager, here)
        assert.strictEqual(before.state, "ended")
        assert.strictEqual(access(yield* manager.getToken), "access-1")
        assert.deepStrictEqual(failureOf(before), [expiresAt - 40_000, "OAuthProviderException"])
        yield* TestClock.setTime(expiresAt)
        for (const _ of [1, 2, 3]) {
          const after = yield* statusOf(manager, here)
          assert.strictEqual(after.state, "ended")
          // What is only repeated did not happen anew.
          assert.deepStrictEqual(failureOf(after), [expiresAt - 40_000, "OAuthProviderException"])
          yield* Effect.flip(manager.getToken)
          yield* TestClock.adjust("1 minute")
        }
        yield* here.server.faults.clear
        yield* manager.fetchToken({ grant })
        assert.strictEqual((yield* statusOf(manager, here)).state, "valid")
      })
  )

  it.scoped("is that it is logged out, here and elsewhere, until a session begins", () =>
    Effect.gen(function* () {
      const here = yield* place
      const [manager, sibling] = yield* Effect.all([here.open(), here.open({ grant: undefined })])
      yield* manager.getToken
      yield* sibling.getToken
      yield* manager.logout
      const status = yield* statusOf(manager, here)
      assert.strictEqual(status.state, "loggedOut")
      assert.isUndefined(expiryOf(status))
      // Elsewhere that is not known before somebody asks.
      assert.strictEqual((yield* statusOf(sibling, here)).state, "valid")
      yield* TestClock.adjust("2 hours")
      yield* Effect.flip(sibling.getToken)
      assert.strictEqual((yield* statusOf(sibling, here)).state, "loggedOut")
      yield* manager.fetchToken()
      assert.strictEqual((yield* statusOf(manager, here)).state, "valid")
    })
  )

  it.scoped("is that it is not durable while the newest token is not stored", () =>
    Effect.gen(function* () {
      const here = yield* place
      const manager = yield* here.open()
      here.store.fail("write", 3)
      yield* manager.getToken
      const status = yield* statusOf(manager, here)
      assert.deepInclude({ ...status }, { state: "valid", isDurable: false })
      yield* TestClock.adjust("2 minutes")
      assert.isTrue((yield* statusOf(manager, here)).isDurable)
    })
  )

  it.scoped("does not fail when the store is down, and does not wait while it hangs", () =>
    Effect.gen(function* () {
      const here = yield* place
      const manager = yield* here.open()
      here.store.before("read", Effect.never)
      yield* Effect.fork(manager.getToken)
      yield* idle
      assert.deepInclude({ ...(yield* statusOf(manager, here)) }, { state: "none", isRenewing: true })
    })
  )
})

describe("a status as JSON", () => {
  it.scoped(
    "is fit for whoever sees a health endpoint: no secret, no user, no key, no word of the server",
    () =>
      Effect.gen(function* () {
        const { open, server } = yield* world()
        const manager = yield* open({ grant: undefined })
        const token: OAuthToken.OAuthToken = yield* manager.fetchToken({ grant })
        assert.deepStrictEqual(JSON.parse(JSON.stringify(yield* manager.status)), {
          state: "valid",
          expiry: "1970-01-01T01:00:00.000Z",
          isRenewing: false,
          isDurable: true,
          lastFailure: null
        })
        yield* server.faults.next(Fault.refuse("invalid_grant", { description: "alice was let go" }))
        yield* TestClock.adjust("2 hours")
        yield* Effect.flip(manager.getToken)
        const status = yield* manager.status
        assert.deepStrictEqual(JSON.parse(JSON.stringify(status)), {
          state: "ended",
          expiry: "1970-01-01T01:00:00.000Z",
          isRenewing: false,
          isDurable: true,
          lastFailure: { at: "1970-01-01T02:00:00.000Z", type: "invalid_grant", isTransient: false }
        })
        for (const secret of [access(token), refreshOf(token) ?? "", "wonderland"]) {
          assert.notInclude(inspect(status, { depth: null }), secret)
        }
      })
  )

  it.scoped("says null of what there is not", () =>
    Effect.gen(function* () {
      const { open } = yield* world()
      const manager = yield* open()
      assert.strictEqual(
        JSON.stringify(yield* manager.status),
        '{"state":"none","expiry":null,"isRenewing":false,"isDurable":true,"lastFailure":null}'
      )
    })
  )
})

describe("the status by key", () => {
  it.scoped("starts nothing for a key that nobody uses, and keeps nothing for being asked", () =>
    Effect.gen(function* () {
      const server = yield* serverOf({ users: [{ username: "alice", password: "wonderland" }] })
      const store = FaultyStore.make()
      let made = 0
      const managers = yield* TokenManagers.make({
        session: (username) => {
          made += 1
          return { grant: Grant.password({ username, password: Redacted.make("wonderland") }) }
        },
        idleTimeToLive: "5 minutes"
      }).pipe(Effect.provide(Layer.merge(server.layer, store.layer)))
      assert.strictEqual((yield* managers.status("alice")).state, "none")
      assert.strictEqual(made, 0)
      yield* managers.getToken("alice")
      for (let minute = 0; minute < 4; minute++) {
        assert.strictEqual((yield* managers.status("alice")).state, "valid")
        assert.strictEqual((yield* managers.status("bob")).state, "none")
        yield* TestClock.adjust(Duration.minutes(1))
      }
      yield* TestClock.adjust(Duration.minutes(1))
      assert.strictEqual((yield* managers.status("alice")).state, "none")
      assert.strictEqual(made, 1)
      assert.strictEqual(yield* server.requests, 1)
      yield* managers.getToken("alice")
      assert.strictEqual((yield* managers.status("alice")).state, "valid")
      assert.strictEqual(made, 2)
    })
  )
})
