import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { AuthorizationRequest, Grant, OAuthToken, type TokenEvent, TokenManager } from "@effect-oauth/client"
import { Fault, type Faults, MalformedReply, type TestAuthorizationServer } from "@effect-oauth/testing"
import * as Array from "effect/Array"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as Tracer from "effect/Tracer"
import * as FaultyStore from "./fixtures/faultyStore.js"
import {
  access,
  accessOf,
  defect,
  foreign,
  grant,
  invalidGrant,
  key,
  login,
  malformed,
  refreshOf,
  serverOf,
  world
} from "./fixtures/world.js"

/** A world in which the session has begun, and its first token has expired. */
const expiredWorld = (options?: TestAuthorizationServer.Options, managerOptions?: TokenManager.Options) =>
  Effect.gen(function* () {
    const made = yield* world(options)
    const manager = yield* made.open(managerOptions)
    yield* manager.fetchToken({ grant })
    yield* TestClock.adjust("1 hour")
    return { ...made, manager }
  })

/** Lets every fiber run until it waits for something. */
const idle = TestClock.adjust(0)

const current = (manager: TokenManager.Service) =>
  Effect.map(manager.currentToken, (token) => accessOf(Option.getOrUndefined(token)))

const get = (manager: TokenManager.Service) => Effect.map(manager.getToken, access)

const inParallel = <A, E>(count: number, effect: Effect.Effect<A, E>) =>
  Effect.all(Array.replicate(effect, count), { concurrency: "unbounded" })

const brief = (event: TokenEvent.TokenEvent): string => {
  if (event._tag === "RefreshFailed") {
    return `RefreshFailed ${event.error._tag}${event.whileValid ? " while valid" : ""}`
  }
  if (event._tag === "SessionEnded") return `SessionEnded ${event.error._tag}`
  return event._tag === "LoggedOut" ? event._tag : `${event._tag} ${access(event.token)}`
}

/** What a manager tells from now on, in short. */
const listen = (manager: TokenManager.Service) =>
  Effect.gen(function* () {
    const heard: Array<string> = []
    yield* manager.events.pipe(
      Stream.runForEach((event) => Effect.sync(() => heard.push(brief(event)))),
      Effect.forkScoped
    )
    yield* idle
    return heard
  })

/** Holds something back until it is opened. */
const makeGate = Effect.map(Deferred.make<void>(), (deferred) => ({
  pass: Deferred.await(deferred),
  open: Effect.zipRight(Deferred.succeed(deferred, undefined), idle)
}))

/** Holds the news of the next request for a token back, be it of this fault, until it is opened. */
const holdNext = ({ faults }: { readonly faults: Faults }, fault = Fault.none) =>
  Effect.tap(makeGate, ({ pass }) => faults.next(Fault.all(fault, Fault.heldUntil(pass))))

/** Forks, and lets it run until it waits for something. */
const started = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.zipLeft(Effect.fork(effect), idle)

const isDone = (fiber: Fiber.RuntimeFiber<unknown, unknown>) => Effect.map(Fiber.poll(fiber), Option.isSome)

/** What is in the window between this many seconds before the expiry of a token of an hour and the expiry. */
const untilBeforeExpiry = (seconds: number) => TestClock.setTime((3600 - seconds) * 1000)

describe("1. a refresh token is spent once", () => {
  it.scoped("each refresh sends what the last one brought", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open()
      for (const expected of ["access-1", "access-2", "access-3", "access-4"]) {
        assert.strictEqual(yield* get(manager), expected)
        yield* TestClock.adjust("1 hour")
      }
      assert.deepStrictEqual(yield* server.story, [
        login,
        "refresh refresh-1",
        "refresh refresh-2",
        "refresh refresh-3"
      ])
    })
  )

  it.scoped("after a restart, the stored one is sent", () =>
    Effect.gen(function* () {
      const { manager, open, server } = yield* expiredWorld()
      assert.strictEqual(yield* get(manager), "access-2")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* get(yield* open()), "access-3")
      assert.deepStrictEqual(yield* server.story, [login, "refresh refresh-1", "refresh refresh-2"])
    })
  )

  it.scoped("one whose fate is unknown is sent again", () =>
    Effect.gen(function* () {
      const { manager, server } = yield* expiredWorld()
      yield* server.faults.next(Fault.connectionFailure, Fault.connectionFailure)
      for (const _ of [1, 2]) assert.strictEqual((yield* Effect.flip(manager.getToken))._tag, "APIException")
      assert.strictEqual(yield* get(manager), "access-2")
      assert.deepStrictEqual(yield* server.story, [
        login,
        "refresh refresh-1",
        "refresh refresh-1",
        "refresh refresh-1"
      ])
    })
  )

  it.scoped("when the reply to a rotation was lost, the grant begins anew", () =>
    Effect.gen(function* () {
      const { manager, server } = yield* expiredWorld()
      yield* server.faults.next(Fault.lostReply)
      yield* Effect.flip(manager.getToken)
      assert.strictEqual(yield* get(manager), "access-3")
      assert.deepStrictEqual(yield* server.story, [login, "refresh refresh-1", "refresh refresh-1", login])
      assert.deepStrictEqual(yield* server.journal.sentAgain, [])
    })
  )

  it.scoped("a refused one is not sent again, not after a restart either", () =>
    Effect.gen(function* () {
      const { manager, open, server, store } = yield* expiredWorld(undefined, { grant: undefined })
      yield* server.endSession("refresh-1")
      for (const _ of [1, 2, 3]) {
        assert.strictEqual((yield* Effect.flip(manager.getToken))._tag, "OAuthProviderException")
      }
      assert.isUndefined(refreshOf(store.stored(key)))
      const restarted = yield* open({ grant: undefined })
      assert.strictEqual((yield* Effect.flip(restarted.getToken))._tag, "AuthValidationException")
      assert.strictEqual((yield* Effect.flip(restarted.refreshToken()))._tag, "AuthValidationException")
      assert.deepStrictEqual(yield* server.story, [login, "refresh refresh-1"])
    })
  )

  it.scoped("the one that a malformed reply holds is stored, and sent next", () =>
    Effect.gen(function* () {
      const { manager, open, server, store } = yield* expiredWorld(undefined, { grant: undefined })
      yield* server.faults.next(malformed)
      assert.strictEqual((yield* Effect.flip(manager.getToken))._tag, "APIException")
      assert.strictEqual(refreshOf(store.stored(key)), "refresh-2")
      const restarted = yield* open({ grant: undefined })
      assert.strictEqual(yield* get(restarted), "access-3")
      assert.deepStrictEqual(yield* server.story, [login, "refresh refresh-1", "refresh refresh-2"])
    })
  )

  it.scoped("a reply without a refresh token leaves the one that was sent", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld({ refreshTokens: "keep" })
      assert.strictEqual(yield* get(manager), "access-2")
      assert.strictEqual(refreshOf(store.stored(key)), "refresh-1")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* get(manager), "access-3")
      assert.deepStrictEqual(yield* server.story, [login, "refresh refresh-1", "refresh refresh-1"])
    })
  )

  it.scoped("a reply without a scope leaves the scope", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld({ scopes: ["api"] })
      yield* server.faults.next(MalformedReply.withMembers({ scope: undefined }))
      const token = yield* manager.getToken
      assert.strictEqual(access(token), "access-2")
      assert.strictEqual(Option.getOrUndefined(token.scope), "api")
      assert.strictEqual(Option.getOrUndefined(store.stored(key)?.scope ?? Option.none()), "api")
    })
  )

  it.scoped("a reply with the same tokens and a later expiry is stored as well", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld({ refreshTokens: "keep" })
      yield* server.faults.next(MalformedReply.withMembers({ access_token: "access-1" }))
      assert.strictEqual(yield* get(manager), "access-1")
      const expiry = Option.getOrThrow(store.stored(key)?.expiry ?? Option.none())
      assert.strictEqual(expiry.epochMillis, 7_200_000)
    })
  )

  it.scoped("one that could not be stored is not forgotten over a failed refresh", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld(undefined, { grant: undefined })
      store.fail("write", Number.POSITIVE_INFINITY)
      assert.strictEqual(yield* get(manager), "access-2")
      yield* server.faults.next(Fault.connectionFailure)
      assert.strictEqual((yield* Effect.flip(manager.refreshToken()))._tag, "APIException")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* get(manager), "access-3")
      assert.deepStrictEqual(yield* server.journal.sentAgain, [])
    })
  )

  it.scoped("one that a store died of is not forgotten", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld(undefined, { grant: undefined })
      const heard = yield* listen(manager)
      store.fail("write", 1, "die")
      assert.strictEqual(yield* get(manager), "access-2")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* get(manager), "access-3")
      assert.deepStrictEqual(yield* server.journal.sentAgain, [])
      assert.include(heard, "NotDurable access-2")
    })
  )

  it.scoped("a refused one is not sent again when the store dies of being read once more", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld()
      yield* server.endSession("refresh-1")
      const gate = yield* holdNext(server)
      const waiter = yield* started(Effect.exit(manager.getToken))
      store.fail("read", 1, "die")
      yield* gate.open
      yield* Fiber.join(waiter)
      assert.strictEqual(yield* get(manager), "access-2")
      assert.deepStrictEqual(yield* server.story, [login, "refresh refresh-1", login])
    })
  )

  it.scoped("a refused one is not sent again when the grant dies that was to begin anew", () =>
    Effect.gen(function* () {
      const { manager, server } = yield* expiredWorld()
      yield* server.faults.next(invalidGrant, defect)
      yield* Effect.exit(manager.getToken)
      assert.strictEqual(yield* get(manager), "access-2")
      assert.deepStrictEqual(yield* server.story, [login, "refresh refresh-1", login, login])
    })
  )

  it.scoped("an initial one is not forgotten over a failed refresh for an older one that is stored", () =>
    Effect.gen(function* () {
      const { manager, open, server, store } = yield* expiredWorld(undefined, { grant: undefined })
      const old = yield* manager.currentToken
      const initialToken = yield* manager.refreshToken()
      store.sibling.write(key, Option.getOrThrow(old))
      const other = yield* open({ grant: undefined, initialToken })
      yield* TestClock.adjust("1 hour")
      yield* server.faults.next(Fault.connectionFailure)
      yield* Effect.flip(other.getToken)
      assert.strictEqual(yield* get(other), "access-3")
      assert.deepStrictEqual(yield* server.journal.sentAgain, [])
    })
  )
})

describe("2. a token is stored before it is used", () => {
  it.scoped("nobody sees one that is not stored yet", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld()
      const heard = yield* listen(manager)
      const gate = yield* makeGate
      store.before("write", gate.pass)
      const waiters = yield* started(inParallel(5, get(manager)))
      const late = yield* started(get(manager))
      assert.strictEqual(yield* server.requests, 2)
      assert.isFalse(yield* isDone(waiters))
      assert.isFalse(yield* isDone(late))
      assert.strictEqual(yield* current(manager), "access-1")
      assert.isTrue(yield* manager.isTokenExpired)
      assert.deepStrictEqual(heard, [])
      yield* gate.open
      assert.deepStrictEqual(yield* Fiber.join(waiters), Array.replicate("access-2", 5))
      assert.strictEqual(yield* Fiber.join(late), "access-2")
      assert.strictEqual(accessOf(store.stored(key)), "access-2")
      assert.deepStrictEqual(heard, ["Refreshed access-2"])
    })
  )

  it.scoped("while one is being stored in the background, the good one is used", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      const manager = yield* open()
      yield* manager.getToken
      yield* untilBeforeExpiry(40)
      const gate = yield* makeGate
      store.before("write", gate.pass)
      assert.strictEqual(yield* get(manager), "access-1")
      yield* idle
      assert.strictEqual(yield* server.requests, 2)
      assert.strictEqual(yield* get(manager), "access-1")
      yield* gate.open
      assert.strictEqual(yield* get(manager), "access-2")
    })
  )

  it.scoped("one that the store refuses is used, and stored when that is possible again", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld()
      const heard = yield* listen(manager)
      store.fail("write", Number.POSITIVE_INFINITY)
      assert.strictEqual(yield* get(manager), "access-2")
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(accessOf(store.stored(key)), "access-1")
      assert.deepStrictEqual(heard, ["Refreshed access-2", "NotDurable access-2"])
      store.mend()
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(accessOf(store.stored(key)), "access-2")
      assert.deepStrictEqual(heard, ["Refreshed access-2", "NotDurable access-2", "Durable access-2"])
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  it.scoped("one that is not stored yet is refreshed with its own refresh token", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld()
      store.fail("write", Number.POSITIVE_INFINITY)
      yield* manager.getToken
      yield* TestClock.adjust("1 hour")
      store.mend()
      assert.strictEqual(yield* get(manager), "access-3")
      assert.deepStrictEqual(yield* server.story, [login, "refresh refresh-1", "refresh refresh-2"])
      assert.strictEqual(refreshOf(store.stored(key)), "refresh-3")
    })
  )

  it.scoped("of several that could not be stored, the last is", () =>
    Effect.gen(function* () {
      const { manager, store } = yield* expiredWorld()
      const heard = yield* listen(manager)
      store.fail("write", Number.POSITIVE_INFINITY)
      yield* manager.refreshToken()
      yield* manager.refreshToken()
      yield* manager.refreshToken()
      store.mend()
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(accessOf(store.stored(key)), "access-4")
      assert.deepStrictEqual(heard.slice(-2), ["NotDurable access-4", "Durable access-4"])
    })
  )

  it.scoped("storing an older one again does not come after a newer one", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld(undefined, { grant: undefined })
      store.fail("write", 2)
      yield* manager.refreshToken()
      const gate = yield* holdNext(server)
      const refreshing = yield* started(manager.refreshToken())
      // Storing is tried again now, and has to wait for the refresh.
      yield* TestClock.adjust("2 seconds")
      store.fail("write", 1)
      yield* gate.open
      assert.strictEqual(access(yield* Fiber.join(refreshing)), "access-3")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(refreshOf(store.stored(key)), "refresh-3")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* get(manager), "access-4")
      assert.deepStrictEqual(yield* server.journal.sentAgain, [])
    })
  )

  it.scoped("storing an older one again does not come while onTokenUpdate has a newer one", () =>
    Effect.gen(function* () {
      const gate = yield* makeGate
      const { manager, server, store } = yield* expiredWorld(undefined, {
        grant: undefined,
        onTokenUpdate: (token) => (access(token) === "access-3" ? gate.pass : Effect.void)
      })
      store.fail("write", 3)
      yield* manager.refreshToken()
      yield* idle
      const refreshing = yield* started(manager.refreshToken())
      // Storing access-2 is tried again now, while access-3 could not be stored, either.
      yield* TestClock.adjust("2 seconds")
      yield* gate.open
      assert.strictEqual(access(yield* Fiber.join(refreshing)), "access-3")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(refreshOf(store.stored(key)), "refresh-3")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* get(manager), "access-4")
      assert.deepStrictEqual(yield* server.journal.sentAgain, [])
    })
  )

  it.scoped("one that is stored on the occasion of a refresh that failed is said to be durable", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld()
      const heard = yield* listen(manager)
      store.fail("write", 2)
      yield* manager.getToken
      yield* idle
      yield* server.faults.next(Fault.connectionFailure)
      yield* Effect.flip(manager.refreshToken())
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(accessOf(store.stored(key)), "access-2")
      assert.include(heard, "Durable access-2")
    })
  )

  it.scoped("one that is not stored yet is stored when the scope closes", () =>
    Effect.gen(function* () {
      const { open, store } = yield* world()
      const scope = yield* Scope.make()
      const manager = yield* open().pipe(Scope.extend(scope))
      store.fail("write", 2)
      assert.strictEqual(yield* get(manager), "access-1")
      yield* idle
      assert.isUndefined(store.stored(key))
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(accessOf(store.stored(key)), "access-1")
    })
  )

  it.scoped("a store that still fails when the scope closes does not keep it open", () =>
    Effect.gen(function* () {
      const { open, store } = yield* world()
      const scope = yield* Scope.make()
      const manager = yield* open().pipe(Scope.extend(scope))
      store.fail("write", Number.POSITIVE_INFINITY)
      yield* manager.getToken
      yield* Scope.close(scope, Exit.void)
      assert.isUndefined(store.stored(key))
    })
  )

  it.scoped("a store that fails before anything was spent fails the caller, without a request", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld()
      for (const operation of ["read", "lease"] as const) {
        store.fail(operation)
        const error = yield* Effect.flip(manager.getToken)
        assert.deepInclude(error, { _tag: "TokenStoreError", reason: "Unavailable", operation })
      }
      assert.strictEqual(yield* server.requests, 1)
      assert.strictEqual(yield* get(manager), "access-2")
    })
  )

  it.scoped("a store that cannot be read does not matter while the token is good", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      const manager = yield* open()
      yield* manager.getToken
      store.fail("read", Number.POSITIVE_INFINITY)
      store.fail("lease", Number.POSITIVE_INFINITY)
      yield* untilBeforeExpiry(10)
      assert.strictEqual(yield* get(manager), "access-1")
      yield* idle
      assert.strictEqual(yield* get(manager), "access-1")
      assert.strictEqual(yield* server.requests, 1)
    })
  )
})

describe("2. onTokenUpdate", () => {
  it.scoped("runs once for each token that was obtained, after it was stored", () =>
    Effect.gen(function* () {
      const { open, store } = yield* world()
      const calls: Array<readonly [got: string, stored: string | undefined]> = []
      const onTokenUpdate = (token: OAuthToken.OAuthToken) =>
        Effect.sync(() => {
          calls.push([access(token), accessOf(store.stored(key))])
        })
      const manager = yield* open({ onTokenUpdate })
      yield* inParallel(3, manager.getToken)
      yield* TestClock.adjust("1 hour")
      yield* inParallel(3, manager.getToken)
      const other = yield* open({ onTokenUpdate })
      yield* other.getToken
      assert.deepStrictEqual(calls, [
        ["access-1", "access-1"],
        ["access-2", "access-2"]
      ])
    })
  )

  it.scoped("is awaited before those who wait get the token", () =>
    Effect.gen(function* () {
      const gate = yield* makeGate
      const { open } = yield* world()
      const manager = yield* open({ onTokenUpdate: () => gate.pass })
      const waiters = yield* started(inParallel(3, get(manager)))
      assert.isFalse(yield* isDone(waiters))
      yield* gate.open
      assert.deepStrictEqual(yield* Fiber.join(waiters), Array.replicate("access-1", 3))
    })
  )

  it.scoped("is awaited before anyone else gets the token", () =>
    Effect.gen(function* () {
      const gate = yield* makeGate
      const { open } = yield* world()
      const manager = yield* open({ onTokenUpdate: () => gate.pass })
      yield* started(manager.getToken)
      const late = yield* started(get(manager))
      assert.isFalse(yield* isDone(late))
      yield* gate.open
      assert.strictEqual(yield* Fiber.join(late), "access-1")
    })
  )

  it.scoped("can call an API with the new token, and cannot wait for itself", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const within: Array<string> = []
      const manager: TokenManager.Service = yield* open({
        onTokenUpdate: () =>
          Effect.gen(function* () {
            within.push(yield* get(manager))
            for (const request of [manager.fetchToken(), manager.refreshToken(), manager.logout]) {
              within.push((yield* Effect.flip(Effect.asVoid(request)))._tag)
            }
          }).pipe(Effect.orDie)
      })
      assert.strictEqual(yield* get(manager), "access-1")
      const refused = Array.replicate("AuthValidationException", 3)
      assert.deepStrictEqual(within, ["access-1", ...refused])
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* get(manager), "access-2")
      assert.deepStrictEqual(within, ["access-1", ...refused, "access-2", ...refused])
      assert.strictEqual(yield* server.requests, 2)
      // The token before it is still good now, and is not the one that is meant.
      yield* manager.refreshToken()
      assert.strictEqual(within[8], "access-3")
    })
  )

  it.scoped("a token that is refused while it runs is replaced by the one that it is told of", () =>
    Effect.gen(function* () {
      const gate = yield* makeGate
      const { open, server } = yield* world()
      const manager = yield* open({
        onTokenUpdate: (token) => (access(token) === "access-2" ? gate.pass : Effect.void)
      })
      const old = yield* manager.getToken
      yield* untilBeforeExpiry(40)
      yield* manager.getToken
      yield* idle
      assert.strictEqual(yield* get(manager), "access-1")
      const replacing = yield* started(manager.replaceToken(old))
      yield* gate.open
      assert.strictEqual(access(yield* Fiber.join(replacing)), "access-2")
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  it.scoped("what it leaves running has no part in it afterwards", () =>
    Effect.gen(function* () {
      const { open } = yield* world()
      const seen: Array<string> = []
      const manager: TokenManager.Service = yield* open({
        onTokenUpdate: () =>
          Effect.sleep("2 hours").pipe(
            Effect.zipRight(get(manager)),
            Effect.map((token) => seen.push(token)),
            Effect.orDie,
            Effect.forkDaemon
          )
      })
      assert.strictEqual(yield* get(manager), "access-1")
      yield* TestClock.adjust("2 hours")
      yield* idle
      assert.deepStrictEqual(seen, ["access-2"])
    })
  )

  it.scoped("is not awaited for more than 30 seconds", () =>
    Effect.gen(function* () {
      const { open } = yield* world()
      const manager = yield* open({ onTokenUpdate: () => Effect.never })
      const waiter = yield* Effect.fork(get(manager))
      yield* TestClock.adjust("29 seconds")
      assert.isFalse(yield* isDone(waiter))
      yield* TestClock.adjust("1 second")
      assert.isTrue(yield* isDone(waiter))
      assert.strictEqual(yield* get(manager), "access-1")
    }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)))
  )

  it.scoped("does not keep the scope open", () =>
    Effect.gen(function* () {
      const { open, store } = yield* world()
      const scope = yield* Scope.make()
      const manager = yield* open({ onTokenUpdate: () => Effect.never }).pipe(Scope.extend(scope))
      yield* started(manager.getToken)
      const closing = yield* started(Scope.close(scope, Exit.void))
      assert.isTrue(yield* isDone(closing))
      assert.strictEqual(accessOf(store.stored(key)), "access-1")
    })
  )

  it.scoped("may die: the token is used, and no secret is logged", () =>
    Effect.gen(function* () {
      const logged: Array<string> = []
      const logger = Logger.make(({ cause, message }) => {
        logged.push(inspect([message, cause], { depth: 10, showHidden: true }))
      })
      const { open } = yield* world()
      const manager = yield* open({
        onTokenUpdate: (token) =>
          Effect.die(
            Object.assign(
              new Error(`cannot post ${access(token)}`, { cause: new Error(`${refreshOf(token)}`) }),
              {
                code: "EPOST",
                body: access(token)
              }
            )
          )
      })
      const silent = Effect.provide(Logger.replace(Logger.defaultLogger, logger))
      assert.strictEqual(yield* get(manager).pipe(silent), "access-1")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* get(manager).pipe(silent), "access-2")
      assert.lengthOf(logged, 2)
      assert.include(logged[0], "EPOST")
      for (const text of logged) assert.notMatch(text, /access-\d|refresh-\d/)
    })
  )
})

describe("3. what a sibling has stored is adopted", () => {
  it.scoped("one manager refreshes, the other adopts without a request", () =>
    Effect.gen(function* () {
      const { manager, open, server } = yield* expiredWorld()
      const sibling = yield* open()
      const heard = yield* listen(sibling)
      yield* sibling.currentToken
      assert.strictEqual(yield* get(manager), "access-2")
      assert.strictEqual(yield* get(sibling), "access-2")
      assert.strictEqual(yield* server.requests, 2)
      assert.deepStrictEqual(heard, ["Restored access-1", "Adopted access-2"])
    })
  )

  it.scoped("who waited for the lease adopts what the winner stored", () =>
    Effect.gen(function* () {
      const { manager, open, server } = yield* expiredWorld()
      yield* server.always(Fault.latency("1 second"))
      const siblings = yield* Effect.all(Array.replicate(open(), 9))
      const all = yield* Effect.fork(
        Effect.forEach([manager, ...siblings], get, { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(all), Array.replicate("access-2", 10))
      assert.deepStrictEqual(yield* server.story, [login, "refresh refresh-1"])
    })
  )

  it.scoped("who waited for the lease need not take it to adopt what the winner stored", () =>
    Effect.gen(function* () {
      const { manager, open, server, store } = yield* expiredWorld()
      yield* server.always(Fault.latency("1 second"))
      const siblings = yield* Effect.all(Array.replicate(open(), 9))
      const heard = yield* Effect.forEach(siblings, listen)
      yield* Effect.forEach(siblings, (sibling) => sibling.currentToken)
      let leases = 0
      store.before(
        "lease",
        Effect.sync(() => {
          leases += 1
        })
      )
      const all = yield* Effect.fork(
        Effect.forEach([manager, ...siblings], get, { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(all), Array.replicate("access-2", 10))
      assert.strictEqual(leases, 1)
      assert.deepStrictEqual(heard, Array.replicate(["Restored access-1", "Adopted access-2"], 9))
      yield* server.faults.clear
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* get(manager), "access-3")
      assert.deepStrictEqual(yield* server.journal.sentAgain, [])
    })
  )

  it.scoped("what was adopted without the lease is stored again if the storage loses it", () =>
    Effect.gen(function* () {
      const { manager, open, server, store } = yield* expiredWorld()
      const sibling = yield* open()
      yield* sibling.currentToken
      const heard = yield* listen(sibling)
      const gate = yield* holdNext(server)
      const refreshing = yield* started(manager.refreshToken())
      const waiter = yield* started(get(sibling))
      const older = { token: Option.fromNullable(store.stored(key)), version: 1 }
      yield* gate.open
      yield* Fiber.join(refreshing)
      assert.strictEqual(yield* Fiber.join(waiter), "access-2")
      store.lose(key, older)
      assert.strictEqual(access(yield* sibling.refreshToken()), "access-3")
      assert.deepStrictEqual(heard, ["Adopted access-2", "NotDurable access-2", "Refreshed access-3"])
      assert.deepStrictEqual(yield* server.journal.sentAgain, [])
    })
  )

  it.scoped("who waited for the lease does not adopt what the storage had long before", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld()
      yield* manager.refreshToken()
      yield* manager.refreshToken()
      const heard = yield* listen(manager)
      const gate = yield* makeGate
      const holder = yield* started(
        store.service.modify(key, ({ token }) => Effect.as(gate.pass, [undefined, token] as const))
      )
      const refreshing = yield* started(manager.refreshToken())
      store.lose(key, { token: Option.some(yield* foreign("older")), version: 1 })
      yield* gate.open
      yield* Fiber.join(holder)
      assert.strictEqual(access(yield* Fiber.join(refreshing)), "access-4")
      assert.strictEqual(accessOf(store.stored(key)), "access-4")
      assert.deepStrictEqual(heard, ["NotDurable access-3", "Refreshed access-4"])
      assert.deepStrictEqual(yield* server.journal.sentAgain, [])
    })
  )

  it.scoped("who waited for the lease with a token that could not be stored takes the lease", () =>
    Effect.gen(function* () {
      const { manager, store } = yield* expiredWorld()
      store.fail("write", Number.POSITIVE_INFINITY)
      yield* manager.getToken
      const gate = yield* makeGate
      const theirs = yield* foreign("theirs")
      const holder = yield* started(
        store.service.modify(key, () => Effect.as(gate.pass, [undefined, Option.some(theirs)] as const))
      )
      const refreshing = yield* started(manager.refreshToken())
      let leases = 0
      store.mend()
      store.before(
        "lease",
        Effect.sync(() => {
          leases += 1
        })
      )
      yield* gate.open
      yield* Fiber.join(holder)
      assert.strictEqual(access(yield* Fiber.join(refreshing)), "theirs")
      assert.strictEqual(leases, 1)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(accessOf(store.stored(key)), "theirs")
    })
  )

  it.scoped("who would begin a session adopts one that began meanwhile", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      yield* server.always(Fault.latency("1 second"))
      const managers = yield* Effect.all(Array.replicate(open(), 10))
      const all = yield* Effect.fork(Effect.forEach(managers, get, { concurrency: "unbounded" }))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(all), Array.replicate("access-1", 10))
      assert.deepStrictEqual(yield* server.story, [login])
    })
  )

  it.scoped("who would refresh ahead adopts a token that is there already", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open()
      const sibling = yield* open()
      yield* manager.getToken
      yield* sibling.getToken
      yield* untilBeforeExpiry(40)
      yield* manager.getToken
      yield* idle
      assert.strictEqual(yield* get(sibling), "access-1")
      yield* idle
      assert.strictEqual(yield* get(sibling), "access-2")
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  it.scoped("siblings that are told to refresh at the same time do it once", () =>
    Effect.gen(function* () {
      const { manager, open, server } = yield* expiredWorld()
      yield* server.always(Fault.latency("1 second"))
      const sibling = yield* open()
      yield* sibling.currentToken
      const both = yield* Effect.fork(
        Effect.forEach([manager, sibling], (one) => one.refreshToken(), { concurrency: "unbounded" })
      )
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual((yield* Fiber.join(both)).map(access), ["access-2", "access-2"])
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  it.scoped("a stored token that is good is used, and no other asked for", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      store.sibling.write(key, yield* foreign("stored"))
      assert.strictEqual(yield* get(yield* open()), "stored")
      assert.strictEqual(yield* server.requests, 0)
    })
  )
})

describe("3. keys", () => {
  it.scoped("managers of different users, scopes or parameters never meet", () =>
    Effect.gen(function* () {
      const password = Redacted.make("secret")
      const { server, store } = yield* world({
        users: ["alice", "bob", "alice|api"].map((username) => ({ username, password })),
        scopes: ["api", "files"]
      })
      const grants = [
        Grant.password({ username: "alice", password }),
        Grant.password({ username: "bob", password }),
        Grant.password({ username: "alice", password, scope: "api" }),
        Grant.password({ username: "alice", password, scope: ["api", "files"] }),
        Grant.password({ username: "alice", password, additionalParameters: { audience: "one" } }),
        Grant.password({ username: "alice|api", password })
      ]
      const managers = yield* Effect.forEach(grants, (one) => TokenManager.make({ grant: one })).pipe(
        Effect.provide(Layer.merge(server.layer, store.layer))
      )
      const tokens = yield* Effect.forEach(managers, get)
      assert.strictEqual(new Set(tokens).size, grants.length)
      yield* TestClock.adjust("1 hour")
      const refreshed = yield* Effect.forEach(managers, get)
      assert.strictEqual(new Set([...tokens, ...refreshed]).size, 2 * grants.length)
      assert.deepStrictEqual(yield* server.journal.sentAgain, [])
    })
  )

  it.scoped("a manager of the same user at another server or client has another session", () =>
    Effect.gen(function* () {
      const store = FaultyStore.make()
      const servers = yield* Effect.all([
        serverOf(),
        serverOf({ origin: "https://other.test" }),
        serverOf({ clients: [{ clientId: "other" }] })
      ])
      for (const { layer, requests } of servers) {
        const manager = TokenManager.make({ grant }).pipe(Effect.provide(Layer.merge(layer, store.layer)))
        assert.strictEqual(yield* Effect.flatMap(manager, get), "access-1")
        assert.strictEqual(yield* requests, 1)
      }
    })
  )

  it.scoped("managers of the same user share the session", () =>
    Effect.gen(function* () {
      const { server, store } = yield* world()
      for (const password of ["wonderland", "changed since"]) {
        const manager = yield* TokenManager.make({
          grant: Grant.password({ username: "alice", password: Redacted.make(password) })
        }).pipe(Effect.provide(Layer.merge(server.layer, store.layer)))
        assert.strictEqual(yield* get(manager), "access-1")
      }
      assert.strictEqual(yield* server.requests, 1)
    })
  )
})

describe("4. what a sibling has stored is never clobbered", () => {
  it.scoped("refused, a manager adopts the good pair that a sibling stored meanwhile", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld()
      const gate = yield* holdNext(server, invalidGrant)
      const waiter = yield* started(get(manager))
      store.sibling.write(key, yield* foreign("sibling", "sibling-refresh"))
      yield* gate.open
      assert.strictEqual(yield* Fiber.join(waiter), "sibling")
      assert.strictEqual(refreshOf(store.stored(key)), "sibling-refresh")
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  it.scoped("refused, a manager spends the refresh token of the pair that a sibling stored meanwhile", () =>
    Effect.gen(function* () {
      const { manager, open, server, store } = yield* expiredWorld({ lifetimes: { accessToken: "1 hour" } })
      const other = yield* open({ key: "elsewhere" })
      const theirs = yield* other.fetchToken()
      yield* TestClock.adjust("1 hour")
      const gate = yield* holdNext(server, invalidGrant)
      const waiter = yield* started(get(manager))
      store.sibling.write(key, theirs)
      yield* gate.open
      assert.strictEqual(yield* Fiber.join(waiter), "access-3")
      assert.deepStrictEqual((yield* server.story).slice(2), ["refresh refresh-1", "refresh refresh-2"])
    })
  )

  it.scoped("refused, a manager adopts an access token without a refresh token, too", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld()
      const gate = yield* holdNext(server, invalidGrant)
      const waiter = yield* started(get(manager))
      store.sibling.write(key, yield* foreign("sibling"))
      yield* gate.open
      assert.strictEqual(yield* Fiber.join(waiter), "sibling")
      assert.strictEqual(accessOf(store.stored(key)), "sibling")
      assert.deepStrictEqual(yield* server.story, [login, "refresh refresh-1"])
    })
  )

  it.scoped("refused again with what the sibling stored, it does not go round in circles", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld(undefined, { grant: undefined })
      const gate = yield* makeGate
      yield* server.faults.next(Fault.all(invalidGrant, Fault.heldUntil(gate.pass)), invalidGrant)
      const waiter = yield* started(Effect.flip(manager.getToken))
      store.sibling.write(
        key,
        OAuthToken.make({ accessToken: "theirs", refreshToken: "theirs-1", expiry: 0 })
      )
      yield* gate.open
      assert.strictEqual((yield* Fiber.join(waiter))._tag, "OAuthProviderException")
      assert.deepStrictEqual((yield* server.story).slice(1), ["refresh refresh-1", "refresh theirs-1"])
    })
  )

  it.scoped("refused with a pair that is not stored yet, a manager does not go back to the stored one", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld(undefined, { grant: undefined })
      store.fail("write", Number.POSITIVE_INFINITY)
      yield* manager.refreshToken()
      yield* server.endSession("refresh-2")
      yield* Effect.flip(manager.refreshToken())
      assert.deepStrictEqual((yield* server.story).slice(1), ["refresh refresh-1", "refresh refresh-2"])
    })
  )

  it.scoped("a lease that was lost: the sibling's pair stays and is adopted", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld()
      const heard = yield* listen(manager)
      const gate = yield* makeGate
      store.before("write", gate.pass)
      const waiters = yield* started(inParallel(3, get(manager)))
      store.sibling.write(key, yield* foreign("sibling", "sibling-refresh"))
      yield* gate.open
      assert.deepStrictEqual(yield* Fiber.join(waiters), Array.replicate("sibling", 3))
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(refreshOf(store.stored(key)), "sibling-refresh")
      assert.strictEqual(yield* get(manager), "sibling")
      assert.deepStrictEqual(heard, ["Adopted sibling"])
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  it.scoped("a lease that was lost to a pair of no use: the new one is stored after all", () =>
    Effect.gen(function* () {
      const { manager, store } = yield* expiredWorld()
      const gate = yield* makeGate
      store.before("write", gate.pass)
      const waiter = yield* started(get(manager))
      store.sibling.write(key, OAuthToken.make({ accessToken: "sibling", expiry: 0 }))
      yield* gate.open
      assert.strictEqual(yield* Fiber.join(waiter), "access-2")
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(accessOf(store.stored(key)), "access-2")
    })
  )

  it.scoped("storing again what could not be stored gives way to what a sibling stored meanwhile", () =>
    Effect.gen(function* () {
      const { manager, store } = yield* expiredWorld()
      const heard = yield* listen(manager)
      store.fail("write", 2)
      yield* manager.getToken
      yield* idle
      store.sibling.write(key, yield* foreign("sibling", "sibling-refresh"))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(accessOf(store.stored(key)), "sibling")
      assert.notInclude(heard, "Durable access-2")
    })
  )

  it.scoped("a refresh that fails for now changes nothing in the store", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld()
      const before = store.writes
      yield* server.faults.next(
        Fault.connectionFailure,
        Fault.refuse("temporarily_unavailable"),
        Fault.refuse("invalid_client")
      )
      for (const _ of [1, 2, 3]) yield* Effect.flip(manager.getToken)
      assert.strictEqual(yield* server.requests, 4)
      assert.strictEqual(store.writes, before)
      assert.strictEqual(refreshOf(store.stored(key)), "refresh-1")
    })
  )
})

describe("5. one flight", () => {
  it.scoped("10,000 fibers and an expired token: one request", () =>
    Effect.gen(function* () {
      const { manager, server } = yield* expiredWorld()
      yield* server.always(Fault.latency("1 second"))
      const fibers = yield* Effect.fork(inParallel(10_000, get(manager)))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([...new Set(yield* Fiber.join(fibers))], ["access-2"])
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  it.scoped("10,000 fibers and no token: one request", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      yield* server.always(Fault.latency("1 second"))
      const manager = yield* open()
      const fibers = yield* Effect.fork(inParallel(10_000, get(manager)))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([...new Set(yield* Fiber.join(fibers))], ["access-1"])
      assert.strictEqual(yield* server.requests, 1)
    })
  )

  it.scoped("a waiter that is interrupted or times out disturbs nobody", () =>
    Effect.gen(function* () {
      const { manager, server } = yield* expiredWorld()
      yield* server.always(Fault.latency("10 seconds"))
      const staying = yield* started(inParallel(3, get(manager)))
      const interrupted = yield* Effect.fork(get(manager))
      const impatient = yield* Effect.fork(Effect.timeoutOption(get(manager), "1 second"))
      yield* TestClock.adjust("1 second")
      assert.isTrue(Option.isNone(yield* Fiber.join(impatient)))
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(interrupted)))
      yield* TestClock.adjust("9 seconds")
      assert.deepStrictEqual(yield* Fiber.join(staying), Array.replicate("access-2", 3))
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  it.scoped("the fiber that started it can go: the others get the token, and it is stored", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld()
      yield* server.always(Fault.latency("10 seconds"))
      const first = yield* started(get(manager))
      const second = yield* started(get(manager))
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(first)))
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* Fiber.join(second), "access-2")
      assert.strictEqual(accessOf(store.stored(key)), "access-2")
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  it.scoped("when all have gone it lands all the same", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld()
      yield* server.always(Fault.latency("10 seconds"))
      assert.deepStrictEqual(
        yield* Effect.fork(Effect.timeoutOption(manager.getToken, "1 second")).pipe(
          Effect.zipLeft(TestClock.adjust("1 second")),
          Effect.flatMap(Fiber.join)
        ),
        Option.none()
      )
      yield* TestClock.adjust("9 seconds")
      assert.strictEqual(accessOf(store.stored(key)), "access-2")
      assert.strictEqual(yield* get(manager), "access-2")
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  for (const { name, request } of [
    { name: "fetchToken", request: (manager: TokenManager.Service) => manager.fetchToken() },
    { name: "refreshToken", request: (manager: TokenManager.Service) => manager.refreshToken() }
  ]) {
    it.scoped(`those who call ${name} at the same time share a request`, () =>
      Effect.gen(function* () {
        const { manager, server } = yield* expiredWorld()
        const gate = yield* holdNext(server)
        const fibers = yield* started(inParallel(10, request(manager)))
        yield* gate.open
        assert.deepStrictEqual((yield* Fiber.join(fibers)).map(access), Array.replicate("access-2", 10))
        assert.strictEqual(yield* server.requests, 2)
      })
    )

    it.scoped(`those who call ${name} while it is under way share its request`, () =>
      Effect.gen(function* () {
        const { manager, server } = yield* expiredWorld()
        const gate = yield* holdNext(server)
        const first = yield* started(request(manager))
        const others = yield* started(inParallel(10, request(manager)))
        yield* gate.open
        assert.strictEqual(access(yield* Fiber.join(first)), "access-2")
        assert.deepStrictEqual((yield* Fiber.join(others)).map(access), Array.replicate("access-2", 10))
        assert.strictEqual(yield* server.requests, 2)
      })
    )

    it.scoped(`those who call ${name} while another flight is under way share the next request`, () =>
      Effect.gen(function* () {
        const { manager, server } = yield* expiredWorld()
        const gate = yield* holdNext(server, Fault.connectionFailure)
        const needing = yield* started(Effect.flip(manager.getToken))
        const others = yield* started(inParallel(10, request(manager)))
        yield* gate.open
        assert.strictEqual((yield* Fiber.join(needing))._tag, "APIException")
        assert.deepStrictEqual((yield* Fiber.join(others)).map(access), Array.replicate("access-2", 10))
        assert.strictEqual(yield* server.requests, 3)
      })
    )
  }

  it.scoped("a request with options is not shared", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      yield* server.always(Fault.latency("1 second"))
      const manager = yield* open()
      const audiences = ["one", "two"]
      const fibers = yield* Effect.fork(
        Effect.forEach(audiences, (audience) => manager.fetchToken({ additionalParameters: { audience } }), {
          concurrency: "unbounded"
        })
      )
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual((yield* Fiber.join(fibers)).map(access), ["access-1", "access-2"])
      assert.deepStrictEqual(
        (yield* server.journal.tokenRequests).map(({ parameters }) => parameters["audience"]),
        audiences
      )
      assert.strictEqual(yield* server.journal.mostAtOnce(), 1)
    })
  )

  it.scoped("those who need a token take part in a fetch that is under way", () =>
    Effect.gen(function* () {
      const { manager, server } = yield* expiredWorld()
      yield* server.always(Fault.latency("1 second"))
      const fetching = yield* started(manager.fetchToken())
      const needing = yield* Effect.fork(get(manager))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(access(yield* Fiber.join(fetching)), "access-2")
      assert.strictEqual(yield* Fiber.join(needing), "access-2")
      assert.deepStrictEqual(yield* server.story, [login, login])
    })
  )
})

describe("6. no poison", () => {
  it.scoped("a flight that failed fails its waiters once, and the next call starts afresh", () =>
    Effect.gen(function* () {
      const { manager, server } = yield* expiredWorld()
      yield* server.always(Fault.latency("1 second"))
      yield* server.faults.next(Fault.connectionFailure)
      const fibers = yield* Effect.fork(inParallel(5, Effect.flip(manager.getToken)))
      yield* TestClock.adjust("1 second")
      const errors = yield* Fiber.join(fibers)
      assert.deepStrictEqual(
        errors.map((error): string => error._tag),
        Array.replicate("APIException", 5)
      )
      const next = yield* Effect.fork(get(manager))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(next), "access-2")
      assert.strictEqual(yield* server.requests, 3)
    })
  )

  for (const refusal of ["invalid_grant", "invalid_client", "unauthorized_client", "invalid_scope"]) {
    it.scoped(`${refusal} to a login is repeated without a request until fetchToken asks again`, () =>
      Effect.gen(function* () {
        const { open, server } = yield* world()
        const manager = yield* open()
        const heard = yield* listen(manager)
        yield* server.always(Fault.refuse(refusal))
        for (const _ of [1, 2, 3]) {
          const error = yield* Effect.flip(manager.getToken)
          assert.deepInclude(error, { _tag: "OAuthProviderException", error: refusal })
        }
        yield* TestClock.adjust("10 days")
        yield* Effect.flip(manager.getToken)
        assert.strictEqual(yield* server.requests, 1)
        assert.lengthOf(
          heard.filter((event) => event === "SessionEnded OAuthProviderException"),
          1
        )
        yield* Effect.flip(manager.fetchToken())
        yield* Effect.flip(manager.getToken)
        assert.strictEqual(yield* server.requests, 2)
        yield* server.faults.clear
        assert.strictEqual(access(yield* manager.fetchToken()), "access-1")
        assert.strictEqual(yield* get(manager), "access-1")
      })
    )
  }

  it.scoped("invalid_client to a refresh is repeated without a request, and keeps the refresh token", () =>
    Effect.gen(function* () {
      const { manager, server } = yield* expiredWorld()
      yield* server.faults.next(Fault.refuse("invalid_client"))
      for (const _ of [1, 2, 3]) {
        assert.deepInclude(yield* Effect.flip(manager.getToken), { error: "invalid_client" })
      }
      assert.strictEqual(yield* server.requests, 2)
      assert.strictEqual(access(yield* manager.refreshToken()), "access-2")
      assert.strictEqual((yield* server.story).at(-1), "refresh refresh-1")
    })
  )

  it.scoped("a refusal is forgotten when the stored session changes", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      const manager = yield* open()
      yield* server.always(invalidGrant)
      yield* Effect.flip(manager.getToken)
      store.sibling.write(key, yield* foreign("sibling"))
      assert.strictEqual(yield* get(manager), "sibling")
      assert.strictEqual(yield* server.requests, 1)
      yield* TestClock.adjust("1 hour")
      yield* Effect.flip(manager.getToken)
      yield* Effect.flip(manager.getToken)
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  it.scoped("a wrong password is not sent again by many callers", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      yield* server.always(Fault.latency("1 second"))
      const manager = yield* open()
      yield* server.always(invalidGrant)
      const fibers = yield* Effect.fork(inParallel(1000, Effect.flip(manager.getToken)))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fibers)
      yield* inParallel(1000, Effect.flip(manager.getToken))
      assert.strictEqual(yield* server.requests, 1)
    })
  )

  it.scoped("what may pass is asked again", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open()
      yield* server.faults.next(
        Fault.connectionFailure,
        Fault.refuse("temporarily_unavailable"),
        Fault.refuse("slow_down"),
        malformed
      )
      for (const _ of [1, 2, 3, 4]) yield* Effect.flip(manager.getToken)
      assert.strictEqual(yield* get(manager), "access-2")
      assert.strictEqual(yield* server.requests, 5)
    })
  )

  it.scoped("a fetch that was refused leaves a session that can be refreshed as it was", () =>
    Effect.gen(function* () {
      const { manager, server } = yield* expiredWorld()
      yield* server.faults.next(invalidGrant)
      const mistyped = Grant.password({ username: "alice", password: Redacted.make("wonderlnad") })
      yield* Effect.flip(manager.fetchToken({ grant: mistyped }))
      assert.strictEqual(yield* get(manager), "access-2")
      assert.deepStrictEqual(yield* server.story, [login, login, "refresh refresh-1"])
    })
  )

  for (const error of [
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_request",
    "something_else"
  ]) {
    it.scoped(`a refresh that is refused with ${error} leaves it to the grant to begin anew`, () =>
      Effect.gen(function* () {
        const { manager, server } = yield* expiredWorld()
        yield* server.faults.next(Fault.refuse(error))
        assert.strictEqual(yield* get(manager), "access-2")
        assert.deepStrictEqual(yield* server.story, [login, "refresh refresh-1", login])
      })
    )
  }

  it.scoped("a refresh by name that was refused leaves it to the grant to begin anew", () =>
    Effect.gen(function* () {
      const { manager, server } = yield* expiredWorld()
      yield* server.endSession("refresh-1")
      assert.deepInclude(yield* Effect.flip(manager.refreshToken()), { error: "invalid_grant" })
      assert.strictEqual(yield* get(manager), "access-2")
      assert.deepStrictEqual(yield* server.story, [login, "refresh refresh-1", login])
    })
  )

  it.scoped("a defect in the token endpoint wedges nothing", () =>
    Effect.gen(function* () {
      const { manager, server } = yield* expiredWorld()
      yield* server.faults.next(defect, defect, defect)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(manager.getToken)))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(manager.refreshToken())))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(manager.fetchToken())))
      assert.strictEqual(yield* get(manager), "access-2")
    })
  )

  it.scoped("a defect in the store wedges nothing", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld()
      for (const operation of ["read", "lease"] as const) {
        store.fail(operation, 1, "die")
        assert.isTrue(Exit.isFailure(yield* Effect.exit(manager.getToken)))
      }
      assert.strictEqual(yield* server.requests, 1)
      assert.strictEqual(yield* get(manager), "access-2")
    })
  )
})

describe("7. leases heal", () => {
  it.scoped("a manager whose scope closes while it waits for the lease leaves it to the others", () =>
    Effect.gen(function* () {
      const { manager, open, server } = yield* expiredWorld()
      const gate = yield* holdNext(server)
      const scope = yield* Scope.make()
      const sibling = yield* open().pipe(Scope.extend(scope))
      const winner = yield* started(get(manager))
      const waiter = yield* started(get(sibling))
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(Exit.isFailure(yield* Fiber.await(waiter)))
      yield* gate.open
      assert.strictEqual(yield* Fiber.join(winner), "access-2")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* get(manager), "access-3")
    })
  )

  it.scoped("when the scope closes, a reply that is on its way is stored", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* expiredWorld()
      const gate = yield* holdNext(server)
      const scope = yield* Scope.make()
      const manager = yield* open().pipe(Scope.extend(scope))
      const waiter = yield* started(get(manager))
      const closing = yield* started(Scope.close(scope, Exit.void))
      assert.isFalse(yield* isDone(closing))
      yield* gate.open
      yield* Fiber.join(closing)
      assert.strictEqual(refreshOf(store.stored(key)), "refresh-2")
      assert.isTrue(yield* isDone(waiter))
    })
  )

  for (const isSecondTime of [false, true]) {
    const when = isSecondTime ? "and somebody insists, " : ""
    it.scoped(`when the scope closes while a token is being stored, ${when}it is stored`, () =>
      Effect.gen(function* () {
        const { open, server, store } = yield* expiredWorld()
        const gate = yield* makeGate
        const scope = yield* Scope.make()
        const manager = yield* open().pipe(Scope.extend(scope))
        yield* server.faults.next(Fault.none)
        store.before("write", gate.pass)
        yield* started(get(manager))
        const closing = yield* started(Scope.close(scope, Exit.void))
        if (isSecondTime) yield* Fiber.interruptFork(closing)
        yield* idle
        yield* gate.open
        yield* Fiber.await(closing)
        assert.strictEqual(refreshOf(store.stored(key)), "refresh-2")
        assert.strictEqual(store.writes, 2)
      })
    )
  }

  it.scoped("a lease that is lost between two attempts lets nothing more be sent", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld()
      const sibling = yield* foreign("sibling", "sibling-refresh")
      yield* server.faults.next(invalidGrant)
      let confirmed = 0
      store.before(
        "confirm",
        Effect.sync(() => {
          confirmed += 1
          // The refresh token was refused, and before the login somebody takes over.
          if (confirmed === 2) store.sibling.write(key, sibling)
        })
      )
      assert.strictEqual(yield* get(manager), "sibling")
      assert.deepStrictEqual((yield* server.story).slice(1), ["refresh refresh-1"])
    })
  )

  it.scoped("when the scope closes, a reply that could not be stored is stored then", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* expiredWorld()
      const gate = yield* holdNext(server)
      const scope = yield* Scope.make()
      const manager = yield* open().pipe(Scope.extend(scope))
      yield* started(get(manager))
      const closing = yield* started(Scope.close(scope, Exit.void))
      store.fail("write")
      yield* gate.open
      yield* Fiber.join(closing)
      assert.strictEqual(refreshOf(store.stored(key)), "refresh-2")
    })
  )

  it.scoped("when the scope closes, an endpoint that hangs keeps it open for 3 seconds of real time", () =>
    Effect.gen(function* () {
      const { manager, open, server } = yield* expiredWorld()
      yield* server.faults.next(Fault.hang)
      const scope = yield* Scope.make()
      const hanging = yield* open().pipe(Scope.extend(scope))
      const waiter = yield* started(get(hanging))
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(Exit.isFailure(yield* Fiber.await(waiter)))
      // The lease is free, and the refresh token, whose fate nobody knows, is there to be sent again.
      assert.strictEqual(yield* get(manager), "access-2")
    })
  )

  it.scoped("after the scope has closed nobody waits for ever", () =>
    Effect.gen(function* () {
      const { open, server } = yield* expiredWorld()
      const scope = yield* Scope.make()
      const manager = yield* open().pipe(Scope.extend(scope))
      yield* Scope.close(scope, Exit.void)
      for (const call of [manager.getToken, manager.fetchToken(), manager.refreshToken()]) {
        assert.isTrue(Exit.isFailure(yield* Effect.exit(call)))
      }
      assert.strictEqual(yield* server.requests, 1)
    })
  )
})

describe("8. no loops", () => {
  it.scoped("tokens that are expired when they are issued: one request for each call, none without one", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world({ lifetimes: { accessToken: 0 } })
      const manager = yield* open()
      for (const expected of ["access-1", "access-2", "access-3"]) {
        assert.strictEqual(yield* get(manager), expected)
      }
      yield* TestClock.adjust("10 days")
      assert.strictEqual(yield* server.requests, 3)
      assert.deepStrictEqual([...new Set(yield* inParallel(1000, get(manager)))], ["access-4"])
      assert.strictEqual(yield* server.requests, 4)
    })
  )

  it.scoped("a lifetime of 30 seconds under a leeway of a minute: one request in 28 seconds", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world({ lifetimes: { accessToken: "30 seconds" } })
      const manager = yield* open({ leeway: "60 seconds" })
      for (let second = 0; second < 280; second++) {
        yield* manager.getToken
        yield* TestClock.adjust("1 second")
      }
      assert.deepStrictEqual(
        (yield* server.journal.tokenRequests).map(({ at }) => at / 1000),
        Array.makeBy(10, (index) => index * 28)
      )
    }).pipe(Effect.withRandom(Random.fixed([0.5])))
  )

  it.scoped("a leeway that is not capped by a tenth of the lifetime is kept in full", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open({ leeway: "5 minutes" })
      yield* manager.getToken
      yield* untilBeforeExpiry(301)
      yield* manager.getToken
      yield* idle
      assert.strictEqual(yield* server.requests, 1)
      yield* untilBeforeExpiry(300)
      yield* manager.getToken
      yield* idle
      assert.strictEqual(yield* server.requests, 2)
    }).pipe(Effect.withRandom(Random.fixed([0])))
  )

  it.scoped("a token of unknown lifetime is used until it is refused", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      store.sibling.write(key, OAuthToken.make({ accessToken: "eternal", refreshToken: "gone" }))
      const manager = yield* open()
      assert.strictEqual(yield* get(manager), "eternal")
      yield* TestClock.adjust("3650 days")
      assert.strictEqual(yield* get(manager), "eternal")
      assert.strictEqual(yield* server.requests, 0)
      assert.strictEqual(access(yield* manager.replaceToken(yield* manager.getToken)), "access-1")
      assert.deepStrictEqual(yield* server.story, ["refresh gone", login])
    })
  )

  it.scoped("a token of unknown lifetime is fresh however long the leeway", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      store.sibling.write(key, OAuthToken.make({ accessToken: "eternal", refreshToken: "gone" }))
      const manager = yield* open({ leeway: Duration.infinity })
      for (const _ of [1, 2]) {
        assert.strictEqual(yield* get(manager), "eternal")
        yield* TestClock.adjust("3650 days")
      }
      assert.strictEqual((yield* manager.status).state, "valid")
      assert.strictEqual(yield* server.requests, 0)
    })
  )

  it.scoped("a lifetime of 30 days causes no request before it ends", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world({ lifetimes: { accessToken: "30 days" } })
      const manager = yield* open()
      for (let day = 0; day < 29; day++) {
        yield* manager.getToken
        yield* TestClock.adjust("1 day")
      }
      assert.strictEqual(yield* server.requests, 1)
    })
  )

  it.scoped("a clock that jumps: each way past an expiry costs one request, the way back none", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open()
      const at = (hours: number) =>
        Effect.gen(function* () {
          yield* TestClock.setTime(hours * 3_600_000)
          yield* inParallel(10, manager.getToken)
          yield* idle
          return yield* server.requests
        })
      assert.strictEqual(yield* at(100), 1)
      assert.strictEqual(yield* at(100 + 24 * 10), 2)
      assert.strictEqual(yield* at(100), 2)
      assert.strictEqual(yield* at(0), 2)
      assert.strictEqual(yield* at(100 + 24 * 10), 2)
      assert.strictEqual(yield* at(101 + 24 * 10), 3)
      assert.strictEqual(yield* at(50), 3)
      assert.strictEqual(yield* at(100 + 24 * 365), 4)
      assert.deepStrictEqual(yield* server.journal.sentAgain, [])
    })
  )

  it.scoped(
    "a clock that jumps back after a failure ahead of expiry does not stop the refresh at expiry",
    () =>
      Effect.gen(function* () {
        const { open, server } = yield* world()
        const manager = yield* open()
        yield* manager.getToken
        yield* untilBeforeExpiry(10)
        yield* server.faults.next(Fault.connectionFailure)
        yield* manager.getToken
        yield* TestClock.setTime(0)
        assert.strictEqual(yield* get(manager), "access-1")
        yield* TestClock.setTime(3_600_000)
        assert.strictEqual(yield* get(manager), "access-2")
        assert.strictEqual(yield* server.requests, 3)
      })
  )

  it.scoped("an API that refuses every token costs one request for each call", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open()
      const call = Effect.gen(function* () {
        const first = yield* manager.getToken
        return yield* manager.replaceToken(first)
      })
      for (const _ of Array.range(1, 5)) yield* call
      assert.strictEqual(yield* server.requests, 6)
      const last = yield* manager.getToken
      yield* inParallel(100, manager.replaceToken(last))
      assert.strictEqual(yield* server.requests, 7)
    })
  )
})

describe("9. no waiting when it can be avoided", () => {
  it.scoped("in the window before expiry the good token is returned at once while one refresh runs", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open()
      yield* manager.getToken
      yield* untilBeforeExpiry(61)
      yield* inParallel(10, manager.getToken)
      yield* idle
      assert.strictEqual(yield* server.requests, 1)
      yield* untilBeforeExpiry(47)
      const gate = yield* holdNext(server)
      const tokens = yield* inParallel(1000, get(manager))
      assert.deepStrictEqual([...new Set(tokens)], ["access-1"])
      yield* TestClock.adjust("20 seconds")
      assert.strictEqual(yield* get(manager), "access-1")
      yield* gate.open
      assert.strictEqual(yield* get(manager), "access-2")
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  it.scoped("a token endpoint that is down is not noticed before expiry, and not asked without measure", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open()
      yield* manager.getToken
      const heard = yield* listen(manager)
      yield* server.always(Fault.connectionFailure)
      for (let left = 100; left > 0; left--) {
        yield* untilBeforeExpiry(left)
        assert.deepStrictEqual([...new Set(yield* inParallel(10, get(manager)))], ["access-1"])
      }
      yield* idle
      // From 54 seconds before expiry on, and then a tenth of that later, on the next full second.
      assert.deepStrictEqual(
        (yield* server.journal.tokenRequests).slice(1).map(({ at }) => 3600 - at / 1000),
        [54, 48, 42, 36, 30, 24, 18, 12, 6]
      )
      assert.deepStrictEqual(heard, Array.replicate("RefreshFailed APIException while valid", 9))
      yield* untilBeforeExpiry(0)
      assert.strictEqual((yield* Effect.flip(manager.getToken))._tag, "APIException")
      yield* idle
      assert.strictEqual(heard.at(-1), "RefreshFailed APIException")
      yield* server.faults.clear
      assert.strictEqual(yield* get(manager), "access-2")
    }).pipe(Effect.withRandom(Random.fixed([0.5])))
  )

  it.scoped(
    "a refusal for good in the window ends the session at expiry, not before, and is asked once",
    () =>
      Effect.gen(function* () {
        const { open, server } = yield* world()
        const manager = yield* open({ grant: undefined })
        yield* manager.fetchToken({ grant })
        const heard = yield* listen(manager)
        yield* server.always(invalidGrant)
        for (let left = 47; left > 0; left--) {
          yield* untilBeforeExpiry(left)
          assert.strictEqual(yield* get(manager), "access-1")
        }
        yield* untilBeforeExpiry(0)
        assert.deepInclude(yield* Effect.flip(manager.getToken), { error: "invalid_grant" })
        yield* idle
        assert.strictEqual(yield* server.requests, 2)
        assert.strictEqual(heard[0], "SessionEnded OAuthProviderException")
      })
  )

  it.scoped("instances start at different moments, between four fifths of the leeway and all of it", () =>
    Effect.gen(function* () {
      const worlds = yield* Effect.all(Array.replicate(world(), 30))
      const managers = yield* Effect.forEach(worlds, ({ open }, index) =>
        open().pipe(
          Effect.tap((manager) => manager.getToken),
          Effect.withRandom(Random.make(index))
        )
      )
      for (let left = 61; left > 47; left -= 0.5) {
        yield* untilBeforeExpiry(left)
        yield* Effect.forEach(managers, (manager) => manager.getToken)
        yield* idle
      }
      const asked = yield* Effect.forEach(worlds, ({ server }) => server.journal.tokenRequests)
      const starts = asked.map(([, refresh]) => 3600 - (refresh?.at ?? 0) / 1000)
      for (const start of starts) assert.isTrue(start <= 60 && start >= 47.5, `${start}`)
      assert.isAbove(new Set(starts).size, 5)
    })
  )

  it.scoped("a token that cannot be renewed is used to its very end without a request", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      store.sibling.write(key, yield* foreign("stored"))
      const manager = yield* open({ grant: undefined })
      yield* untilBeforeExpiry(1)
      assert.strictEqual(yield* get(manager), "stored")
      yield* untilBeforeExpiry(0)
      assert.strictEqual((yield* Effect.flip(manager.getToken))._tag, "AuthValidationException")
      assert.strictEqual(yield* server.requests, 0)
    })
  )
})

describe("10. a token that a resource refused", () => {
  it.scoped("the current one is refreshed, good or not", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open()
      const heard = yield* listen(manager)
      const refused = yield* manager.getToken
      assert.strictEqual(access(yield* manager.replaceToken(refused)), "access-2")
      assert.strictEqual(yield* get(manager), "access-2")
      yield* idle
      assert.deepStrictEqual(yield* server.story, [login, "refresh refresh-1"])
      assert.deepStrictEqual(heard, ["Issued access-1", "Rejected access-1", "Refreshed access-2"])
    })
  )

  it.scoped("one that is not current any more is replaced by the current one without a request", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open()
      const old = yield* manager.getToken
      yield* manager.refreshToken()
      const heard = yield* listen(manager)
      for (const _ of [1, 2, 3]) assert.strictEqual(access(yield* manager.replaceToken(old)), "access-2")
      yield* idle
      assert.deepStrictEqual(heard, [])
      assert.strictEqual(yield* get(manager), "access-2")
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  it.scoped("one that is stored is replaced by a manager that has not looked yet, too", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const refused = yield* Effect.flatMap(open(), (manager) => manager.getToken)
      const restarted = yield* open()
      assert.strictEqual(access(yield* restarted.replaceToken(refused)), "access-2")
      assert.deepStrictEqual(yield* server.story, [login, "refresh refresh-1"])
    })
  )

  it.scoped("100 callers whose same token was refused cause one refresh", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open()
      const refused = yield* manager.getToken
      const gate = yield* holdNext(server)
      const early = yield* started(inParallel(50, manager.replaceToken(refused)))
      const late = yield* started(inParallel(50, manager.replaceToken(refused)))
      yield* gate.open
      const tokens = [...(yield* Fiber.join(early)), ...(yield* Fiber.join(late))]
      assert.deepStrictEqual(tokens.map(access), Array.replicate("access-2", 100))
      assert.strictEqual(access(yield* manager.replaceToken(refused)), "access-2")
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  it.scoped("nobody is given the refused one while it is being replaced", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      yield* server.always(Fault.latency("1 second"))
      const manager = yield* open()
      const getting = yield* Effect.fork(manager.getToken)
      yield* TestClock.adjust("1 second")
      const refused = yield* Fiber.join(getting)
      yield* started(manager.replaceToken(refused))
      assert.isTrue(yield* manager.isTokenExpired)
      const other = yield* Effect.fork(get(manager))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(other), "access-2")
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  it.scoped("a sibling's newer token is adopted instead of a refresh", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open()
      const sibling = yield* open()
      const refused = yield* manager.getToken
      yield* sibling.getToken
      yield* sibling.refreshToken()
      assert.strictEqual(access(yield* manager.replaceToken(refused)), "access-2")
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  it.scoped("a refresh ahead of expiry that is under way is awaited, and not followed by another", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open()
      const refused = yield* manager.getToken
      yield* untilBeforeExpiry(40)
      const gate = yield* holdNext(server)
      yield* manager.getToken
      const replacing = yield* started(manager.replaceToken(refused))
      yield* gate.open
      assert.strictEqual(access(yield* Fiber.join(replacing)), "access-2")
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  it.scoped("when nothing can be done the caller is told so, and the token is used on", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      store.sibling.write(key, yield* foreign("stored"))
      const manager = yield* open({ grant: undefined })
      const refused = yield* manager.getToken
      for (const _ of [1, 2, 3]) {
        const error = yield* Effect.flip(manager.replaceToken(refused))
        assert.strictEqual(error._tag, "AuthValidationException")
        assert.strictEqual(yield* get(manager), "stored")
        assert.isFalse(yield* manager.isTokenExpired)
      }
      assert.strictEqual(yield* server.requests, 0)
    })
  )

  it.scoped("when nothing can be done and the caller has gone, the token is used on", () =>
    Effect.gen(function* () {
      const { open, store } = yield* world()
      store.sibling.write(key, yield* foreign("stored"))
      const manager = yield* open({ grant: undefined })
      const refused = yield* manager.getToken
      const gate = yield* makeGate
      store.before("read", gate.pass)
      const replacing = yield* started(manager.replaceToken(refused))
      yield* Fiber.interrupt(replacing)
      yield* gate.open
      assert.strictEqual(yield* get(manager), "stored")
    })
  )

  it.scoped(
    "when the server cannot be reached, the refused one is not used, and the next call asks again",
    () =>
      Effect.gen(function* () {
        const { open, server } = yield* world()
        const manager = yield* open()
        const refused = yield* manager.getToken
        yield* server.faults.next(Fault.connectionFailure)
        assert.strictEqual((yield* Effect.flip(manager.replaceToken(refused)))._tag, "APIException")
        assert.strictEqual(yield* get(manager), "access-2")
        assert.strictEqual(yield* server.requests, 3)
      })
  )
})

describe("autoRefresh: false", () => {
  it.scoped("who needs a token is told so, without a request", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open({ autoRefresh: false, name: "Petstore" })
      const error = yield* Effect.flip(manager.getToken)
      assert.strictEqual(error._tag, "AuthValidationException")
      assert.include(error.message, "Petstore")
      assert.strictEqual(yield* server.requests, 0)
      assert.strictEqual(access(yield* manager.fetchToken()), "access-1")
      yield* untilBeforeExpiry(1)
      assert.strictEqual(yield* get(manager), "access-1")
      yield* idle
      yield* untilBeforeExpiry(0)
      assert.strictEqual((yield* Effect.flip(manager.getToken))._tag, "AuthValidationException")
      assert.strictEqual(yield* server.requests, 1)
      assert.strictEqual(access(yield* manager.refreshToken()), "access-2")
    })
  )

  it.scoped("a refused token stays, without a request", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open({ autoRefresh: false })
      const refused = yield* manager.fetchToken()
      assert.strictEqual((yield* Effect.flip(manager.replaceToken(refused)))._tag, "AuthValidationException")
      assert.strictEqual(yield* get(manager), "access-1")
      assert.strictEqual(yield* server.requests, 1)
    })
  )

  it.scoped("a sibling's token is taken up", () =>
    Effect.gen(function* () {
      const { open, store } = yield* world()
      const manager = yield* open({ autoRefresh: false })
      yield* manager.fetchToken()
      yield* TestClock.adjust("1 hour")
      store.sibling.write(key, yield* foreign("sibling"))
      assert.strictEqual(yield* get(manager), "sibling")
    })
  )
})

describe("initialToken", () => {
  it.scoped("is enough until it expires", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open({ grant: undefined, initialToken: yield* foreign("given") })
      assert.strictEqual(yield* get(manager), "given")
      yield* untilBeforeExpiry(1)
      assert.strictEqual(yield* get(manager), "given")
      yield* untilBeforeExpiry(0)
      assert.strictEqual((yield* Effect.flip(manager.getToken))._tag, "AuthValidationException")
      assert.isTrue(yield* manager.isTokenExpired)
      assert.strictEqual(yield* server.requests, 0)
    })
  )

  it.scoped("is refreshed like any other, and what comes of it is stored", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      const initialToken = yield* Effect.flatMap(open({ key: "elsewhere" }), (one) => one.getToken)
      const manager = yield* open({ grant: undefined, initialToken })
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* get(manager), "access-2")
      assert.strictEqual(accessOf(store.stored(key)), "access-2")
      assert.deepStrictEqual(yield* server.story, [login, "refresh refresh-1"])
    })
  )

  it.scoped("of it and the stored one, the one that expires later is used", () =>
    Effect.gen(function* () {
      const { open, store } = yield* world()
      const earlier = yield* foreign("earlier")
      yield* TestClock.adjust("1 minute")
      const later = yield* foreign("later")
      store.sibling.write(key, later)
      assert.strictEqual(yield* get(yield* open({ initialToken: earlier })), "later")
      store.sibling.write(key, earlier)
      assert.strictEqual(yield* get(yield* open({ initialToken: later })), "later")
    })
  )

  it.scoped("is not used unseen when the store cannot be read", () =>
    Effect.gen(function* () {
      const { open, store } = yield* world()
      const manager = yield* open({ initialToken: yield* foreign("given") })
      store.fail("read")
      assert.strictEqual((yield* Effect.either(get(manager)))._tag, "Right")
      store.fail("read")
      assert.strictEqual(yield* current(manager), "given")
    })
  )
})

describe("fetchToken and refreshToken", () => {
  it.scoped("fetchToken begins a new session, whatever there is", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      const manager = yield* open()
      yield* manager.getToken
      assert.strictEqual(access(yield* manager.fetchToken()), "access-2")
      assert.strictEqual(yield* get(manager), "access-2")
      assert.strictEqual(refreshOf(store.stored(key)), "refresh-2")
      assert.deepStrictEqual(yield* server.story, [login, login])
    })
  )

  it.scoped("fetchToken takes a grant for this once, and parameters", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open({ grant: undefined })
      assert.strictEqual((yield* Effect.flip(manager.fetchToken()))._tag, "AuthValidationException")
      const request = yield* AuthorizationRequest.make({
        server: server.endpoints,
        clientId: "client",
        redirectUri: "https://app.test/callback"
      })
      const once = yield* AuthorizationRequest.receive(request, yield* server.authorize(request.url))
      const token = yield* manager.fetchToken({ grant: once, additionalParameters: { audience: "api" } })
      const [asked] = yield* server.journal.tokenRequests
      assert.deepInclude(asked?.parameters, { grant_type: "authorization_code", audience: "api" })
      yield* TestClock.adjust("1 hour")
      assert.notStrictEqual(yield* get(manager), access(token))
      assert.deepStrictEqual(yield* server.journal.grantTypes, ["authorization_code", "refresh_token"])
    })
  )

  it.scoped("refreshToken without a refresh token fails, and does not log in", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      const manager = yield* open()
      assert.strictEqual((yield* Effect.flip(manager.refreshToken()))._tag, "AuthValidationException")
      store.sibling.write(key, yield* foreign("stored"))
      assert.strictEqual((yield* Effect.flip(manager.refreshToken()))._tag, "AuthValidationException")
      assert.strictEqual(yield* server.requests, 0)
      assert.strictEqual(yield* get(manager), "stored")
    })
  )

  it.scoped("refreshToken takes parameters, and needs no expiry", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open()
      yield* manager.getToken
      yield* manager.refreshToken({ additionalParameters: { audience: "api" } })
      const [, asked] = yield* server.journal.tokenRequests
      assert.deepInclude(asked?.parameters, { grant_type: "refresh_token", audience: "api" })
      assert.strictEqual(yield* get(manager), "access-2")
    })
  )

  it.scoped("currentToken and isTokenExpired ask no server", () =>
    Effect.gen(function* () {
      const { manager, open, server, store } = yield* expiredWorld()
      const before = yield* server.requests
      assert.strictEqual(yield* current(manager), "access-1")
      assert.isTrue(yield* manager.isTokenExpired)
      const restarted = yield* open()
      assert.strictEqual(yield* current(restarted), "access-1")
      store.sibling.write("empty", yield* foreign("other"))
      const empty = yield* open({ key: "nothing here" })
      assert.isUndefined(yield* current(empty))
      assert.isTrue(yield* empty.isTokenExpired)
      assert.strictEqual(yield* server.requests, before)
    })
  )
})

describe("logout", () => {
  it.scoped("revokes the refresh token, then the access token, and removes both from the store", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      const manager = yield* open()
      yield* manager.getToken
      yield* manager.logout
      assert.deepStrictEqual(yield* server.story, [login, "revoke refresh-1", "revoke access-1"])
      assert.isUndefined(store.stored(key))
      assert.isUndefined(yield* current(manager))
    })
  )

  it.scoped("until fetchToken begins anew, whoever needs a token is told so, without a request", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open()
      const old = yield* manager.getToken
      yield* manager.logout
      for (const call of [manager.getToken, manager.replaceToken(old), manager.refreshToken()]) {
        assert.strictEqual((yield* Effect.flip(call))._tag, "AuthValidationException")
      }
      assert.strictEqual(yield* server.requests, 1)
      assert.strictEqual(access(yield* manager.fetchToken()), "access-2")
      assert.strictEqual(yield* get(manager), "access-2")
    })
  )

  it.scoped("when the server cannot be told, the session is kept", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      const manager = yield* open()
      yield* manager.getToken
      yield* server.nextRevocations(Fault.connectionFailure)
      assert.strictEqual((yield* Effect.flip(manager.logout))._tag, "APIException")
      assert.strictEqual(accessOf(store.stored(key)), "access-1")
      assert.strictEqual(yield* get(manager), "access-1")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* get(manager), "access-2")
      yield* manager.logout
      assert.isUndefined(store.stored(key))
    })
  )

  it.scoped("a server that does not revoke access tokens does not matter", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      const manager = yield* open()
      yield* manager.getToken
      yield* server.nextRevocations(Fault.none, Fault.refuse("unsupported_token_type"))
      yield* manager.logout
      assert.isUndefined(store.stored(key))
    })
  )

  it.scoped("when it is interrupted, the session is kept", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      const manager = yield* open()
      yield* manager.getToken
      yield* server.nextRevocations(Fault.hang)
      const leaving = yield* started(manager.logout)
      yield* Fiber.interrupt(leaving)
      assert.strictEqual(accessOf(store.stored(key)), "access-1")
      assert.strictEqual(yield* current(manager), "access-1")
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(yield* get(manager), "access-2")
    })
  )

  it.scoped("waits for a refresh that is under way, and ends what that brings", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld()
      const gate = yield* holdNext(server)
      yield* started(manager.getToken)
      const leaving = yield* started(manager.logout)
      yield* gate.open
      yield* Fiber.join(leaving)
      assert.deepStrictEqual((yield* server.story).slice(1), [
        "refresh refresh-1",
        "revoke refresh-2",
        "revoke access-2"
      ])
      assert.isUndefined(store.stored(key))
    })
  )

  it.scoped("a call that is refused on account of it does not begin a new session", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      const manager = yield* open()
      const token = yield* manager.getToken
      const gate = yield* makeGate
      yield* server.nextRevocations(Fault.none, Fault.heldUntil(gate.pass))
      const leaving = yield* started(manager.logout)
      const replacing = yield* started(Effect.flip(manager.replaceToken(token)))
      yield* gate.open
      yield* Fiber.join(leaving)
      assert.strictEqual((yield* Fiber.join(replacing))._tag, "AuthValidationException")
      assert.isUndefined(store.stored(key))
      assert.strictEqual((yield* Effect.flip(manager.getToken))._tag, "AuthValidationException")
      assert.strictEqual(yield* server.requests, 1)
    })
  )

  it.scoped("a call that waits to replace a refused token does not begin a new session after it", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      const manager = yield* open()
      const token = yield* manager.getToken
      yield* untilBeforeExpiry(40)
      const gate = yield* holdNext(server, Fault.connectionFailure)
      yield* manager.getToken
      yield* idle
      const replacing = yield* started(Effect.either(manager.replaceToken(token)))
      const leaving = yield* started(manager.logout)
      yield* gate.open
      yield* Fiber.join(leaving)
      yield* Fiber.join(replacing)
      yield* idle
      assert.isUndefined(store.stored(key))
      assert.strictEqual((yield* Effect.flip(manager.getToken))._tag, "AuthValidationException")
      assert.notInclude((yield* server.story).slice(1), login)
    })
  )

  it.scoped("and a fetchToken that waits at the same time leave one story", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* expiredWorld()
      const gate = yield* holdNext(server)
      yield* started(manager.getToken)
      const fetching = yield* started(Effect.exit(manager.fetchToken()))
      const leaving = yield* started(manager.logout)
      yield* gate.open
      yield* Fiber.await(leaving)
      yield* Fiber.join(fetching)
      yield* idle
      const got = yield* Effect.option(get(manager))
      assert.strictEqual(yield* current(manager), Option.getOrUndefined(got))
      assert.strictEqual(accessOf(store.stored(key)), Option.getOrUndefined(got))
    })
  )

  it.scoped("holds over a login that was refused, and ends with one that is not", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open()
      yield* manager.getToken
      yield* manager.logout
      yield* server.faults.next(invalidGrant)
      yield* Effect.flip(manager.fetchToken())
      assert.strictEqual((yield* Effect.flip(manager.getToken))._tag, "AuthValidationException")
      const token = yield* manager.fetchToken()
      assert.strictEqual(yield* get(manager), access(token))
    })
  )

  it.scoped("nobody is given a token while it is under way", () =>
    Effect.gen(function* () {
      const { manager, server } = yield* expiredWorld()
      const refresh = yield* makeGate
      const revocation = yield* makeGate
      yield* server.faults.next(Fault.heldUntil(refresh.pass))
      yield* server.nextRevocations(Fault.heldUntil(revocation.pass))
      yield* started(manager.getToken)
      const leaving = yield* started(manager.logout)
      yield* refresh.open
      assert.strictEqual((yield* Effect.flip(manager.getToken))._tag, "AuthValidationException")
      yield* revocation.open
      yield* Fiber.join(leaving)
    })
  )

  it.scoped("nobody who was reading the stored token when it began is given it", () =>
    Effect.gen(function* () {
      const { open, store } = yield* world()
      yield* Effect.flatMap(open(), (manager) => manager.getToken)
      const restarted = yield* open()
      const gate = yield* makeGate
      store.before("read", gate.pass)
      const reading = yield* started(current(restarted))
      const leaving = yield* started(restarted.logout)
      yield* gate.open
      assert.isUndefined(yield* Fiber.join(reading))
      yield* Fiber.join(leaving)
      assert.isUndefined(store.stored(key))
    })
  )

  it.scoped("is not undone by a token that had still to be stored", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      const manager = yield* open()
      store.fail("write", 2)
      yield* manager.getToken
      const gate = yield* makeGate
      yield* server.nextRevocations(Fault.heldUntil(gate.pass))
      const leaving = yield* Effect.fork(manager.logout)
      // Storing is tried again now, and has to wait for the logout.
      yield* TestClock.adjust("2 seconds")
      yield* gate.open
      yield* Fiber.join(leaving)
      yield* TestClock.adjust("1 minute")
      assert.isUndefined(store.stored(key))
    })
  )

  it.scoped("of nothing asks no server", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const manager = yield* open()
      yield* manager.logout
      assert.deepStrictEqual(yield* server.story, [])
      assert.strictEqual((yield* Effect.flip(manager.getToken))._tag, "AuthValidationException")
    })
  )

  it.scoped("by a sibling ends the session here, too, until somebody begins a new one", () =>
    Effect.gen(function* () {
      const { manager, open, server } = yield* expiredWorld()
      const sibling = yield* open()
      assert.strictEqual(yield* get(sibling), "access-2")
      yield* sibling.logout
      const before = (yield* server.story).length
      for (const _ of [1, 2]) {
        assert.strictEqual((yield* Effect.flip(get(manager)))._tag, "AuthValidationException")
      }
      assert.strictEqual((yield* server.story).length, before)
      assert.deepStrictEqual(yield* server.journal.sentAgain, [])
    })
  )

  it.scoped("after a restart ends the stored session", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* expiredWorld()
      yield* Effect.flatMap(open(), (restarted) => restarted.logout)
      assert.deepStrictEqual((yield* server.story).slice(1), ["revoke refresh-1", "revoke access-1"])
      assert.isUndefined(store.stored(key))
    })
  )
})

describe("the span of a renewal", () => {
  it.scoped("is nobody's child, linked to the call that started it, and has the request for its child", () =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const spans: Array<Tracer.Span> = []
      const { context, span: begin } = yield* Effect.tracer
      const watched = Fault.make("watched", ({ act }) =>
        Effect.zipRight(
          Effect.map(Effect.orDie(Effect.currentSpan), (span) => spans.push(span)),
          act
        )
      )
      yield* server.faults.next(watched)
      const manager = yield* open()
      yield* Effect.all([get(manager), get(manager)], { concurrency: 2 }).pipe(
        Effect.withSpan("caller"),
        // The spans of those who wait are made where they can be seen, which those of the tracer of the runtime cannot.
        Effect.withTracer(Tracer.make({ context, span: begin }))
      )
      assert.strictEqual(spans.length, 1)
      const parent = Option.getOrUndefined(spans[0]?.parent ?? Option.none())
      const span = parent?._tag === "Span" && parent.name === "oauth.token.renew" ? parent : undefined
      assert.isTrue(span !== undefined && Option.isNone(span.parent))
      const linked = span?.links.map((link) => link.span)[0]
      assert.isTrue(linked?._tag === "Span" && linked.name === "oauth.token.wait")
      const above = linked?._tag === "Span" ? Option.getOrUndefined(linked.parent) : undefined
      assert.isTrue(above?._tag === "Span" && above.name === "caller")
    })
  )
})

describe("events", () => {
  it.scoped("tell a whole life in order", () =>
    Effect.gen(function* () {
      const { open, server, store } = yield* world()
      const manager = yield* open()
      const heard = yield* listen(manager)
      yield* manager.getToken
      yield* TestClock.adjust("1 hour")
      yield* manager.getToken
      const refused = yield* manager.getToken
      store.fail("write")
      yield* manager.replaceToken(refused)
      yield* idle
      yield* TestClock.adjust("1 minute")
      yield* TestClock.adjust("1 hour")
      yield* server.faults.next(Fault.connectionFailure)
      yield* Effect.flip(manager.getToken)
      store.sibling.write(key, yield* foreign("sibling", "spent"))
      yield* manager.getToken
      yield* TestClock.adjust("1 hour")
      yield* server.faults.next(invalidGrant, invalidGrant)
      yield* Effect.flip(manager.getToken)
      yield* manager.fetchToken()
      yield* manager.logout
      yield* idle
      assert.deepStrictEqual(heard, [
        "Issued access-1",
        "Refreshed access-2",
        "Rejected access-2",
        "Refreshed access-3",
        "NotDurable access-3",
        "Durable access-3",
        "RefreshFailed APIException",
        "Adopted sibling",
        "SessionEnded OAuthProviderException",
        "RefreshFailed OAuthProviderException",
        "Issued access-4",
        "LoggedOut"
      ])
    })
  )

  it.scoped("name the key, and show no secret", () =>
    Effect.gen(function* () {
      const { open } = yield* world()
      const manager = yield* open()
      const events = yield* started(Stream.runCollect(Stream.take(manager.events, 2)))
      yield* manager.getToken
      yield* manager.refreshToken()
      const heard = [...(yield* Fiber.join(events))]
      assert.deepStrictEqual(
        heard.map((event) => event.key),
        [key, key]
      )
      assert.notMatch(inspect(heard, { depth: 10 }) + JSON.stringify(heard), /access-\d|refresh-\d/)
    })
  )

  it.scoped("end when the scope closes", () =>
    Effect.gen(function* () {
      const { open } = yield* world()
      const scope = yield* Scope.make()
      const manager = yield* open().pipe(Scope.extend(scope))
      const listening = yield* started(Stream.runDrain(manager.events))
      yield* Scope.close(scope, Exit.void)
      yield* idle
      assert.isTrue(yield* isDone(listening))
    })
  )
})
