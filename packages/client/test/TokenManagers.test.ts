import { assert, describe, it } from "@effect/vitest"
import { AuthorizedHttpClient, Grant, OAuthToken, TokenManagers } from "@effect-oauth/client"
import { Fault, TestTransport } from "@effect-oauth/testing"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as FaultyStore from "./fixtures/faultyStore.js"
import { access, invalidGrant, key, refreshOf, serverOf, world } from "./fixtures/world.js"

const grantOf = (username: string, scope?: string) =>
  Grant.password({ username, password: Redacted.make("A3ddj3w"), scope })

const users = ["alice", "bob", "carol"].map((username) => ({ username, password: "A3ddj3w" }))

/** Where alice, bob and carol are at home, with the stores of these tests. */
const places = Effect.map(serverOf({ users, scopes: ["reader", "writer", "more"] }), (server) => {
  const store = FaultyStore.make()
  return { server, store, layer: Layer.merge(server.layer, store.layer) }
})

const tenants = (options: Partial<TokenManagers.Options> = {}) =>
  Effect.gen(function* () {
    const { layer, server, store } = yield* places
    const managers = yield* TokenManagers.make({
      session: (key) => ({ grant: grantOf(key) }),
      ...options
    }).pipe(Effect.provide(layer))
    return { managers, server, store }
  })

describe("TokenManagers", () => {
  it.scoped("have a session and a flight for each key", () =>
    Effect.gen(function* () {
      const { managers, server } = yield* tenants()
      const keys = Array.from({ length: 300 }, (_, index) => ["alice", "bob", "carol"][index % 3] ?? "")
      const tokens = yield* Effect.forEach(keys, (key) => Effect.map(managers.getToken(key), access), {
        concurrency: "unbounded"
      })
      assert.strictEqual(yield* server.requests, 3)
      assert.strictEqual(new Set(tokens).size, 3)
      for (const [index, token] of tokens.entries()) assert.strictEqual(token, tokens[index % 3])
    })
  )

  it.scoped("never give a key the token of another, though their users are one", () =>
    Effect.gen(function* () {
      const { managers, server } = yield* tenants({
        session: (key) => ({
          key: "one name for all",
          grant: key === "reader" || key === "writer" ? grantOf("alice", key) : grantOf("alice")
        })
      })
      const get = (key: string) => Effect.map(managers.getToken(key), access)
      const tokens = yield* Effect.forEach(["reader", "writer", "one", "two", ""], get)
      assert.strictEqual(new Set(tokens).size, 5)
      assert.strictEqual(yield* server.requests, 5)
    })
  )

  it.scoped("find the session of a key again whose grant has not changed, and no other", () =>
    Effect.gen(function* () {
      const { layer, server } = yield* places
      const get = (session: TokenManagers.Options["session"]) =>
        TokenManagers.make({ session }).pipe(
          Effect.flatMap((managers) => managers.getToken("tenant")),
          Effect.provide(layer),
          Effect.scoped,
          Effect.map(access)
        )
      const first = yield* get(() => ({ grant: grantOf("alice") }))
      assert.strictEqual(yield* get(() => ({ grant: grantOf("alice") })), first)
      assert.notStrictEqual(yield* get(() => ({ grant: grantOf("alice", "more") })), first)
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  it.scoped("let go of a manager that nobody uses, and of none in use", () =>
    Effect.gen(function* () {
      let made = 0
      const { managers, server } = yield* tenants({
        session: (key) => {
          made += 1
          return { grant: grantOf(key) }
        },
        idleTimeToLive: "1 minute"
      })
      const get = managers.getToken("alice")
      yield* get
      yield* TestClock.adjust("50 seconds")
      yield* get
      assert.strictEqual(made, 1)
      const using = yield* Effect.fork(managers.use("alice", () => Effect.never))
      yield* TestClock.adjust("10 minutes")
      yield* get
      assert.strictEqual(made, 1)
      yield* using.interruptAsFork(yield* Effect.fiberId)
      yield* TestClock.adjust("2 minutes")
      yield* get
      // A new one, which found the session in the store.
      assert.strictEqual(made, 2)
      assert.strictEqual(yield* server.requests, 1)
    })
  )

  it.scoped("fail each key for itself", () =>
    Effect.gen(function* () {
      const { managers, server } = yield* tenants()
      yield* server.faults.next(invalidGrant)
      const refused = yield* Effect.flip(managers.getToken("alice"))
      assert.strictEqual(refused._tag, "OAuthProviderException")
      yield* managers.getToken("bob")
      assert.strictEqual((yield* Effect.flip(managers.getToken("alice")))._tag, "OAuthProviderException")
      assert.strictEqual(yield* server.requests, 2)
    })
  )

  it.scoped("authorize the requests of many users with one client", () =>
    Effect.gen(function* () {
      const { managers } = yield* tenants()
      const api = yield* TestTransport.make(() => new Response("{}"))
      const options = { origins: ["https://api.example.com"] }
      for (const user of ["alice", "bob", "alice"]) {
        const authorized = AuthorizedHttpClient.authorize(api.client, managers.source(user), options)
        yield* authorized.get("https://api.example.com/me")
      }
      const sent = yield* api.sent
      assert.deepStrictEqual(
        sent.map(({ authorization }) => authorization),
        ["Bearer access-1", "Bearer access-2", "Bearer access-1"]
      )
    })
  )

  it.scoped("talk to the server and the store they were made with, whoever asks first", () =>
    Effect.gen(function* () {
      const { managers, server, store } = yield* tenants()
      const others = yield* places
      yield* managers.getToken("alice").pipe(Effect.provide(others.layer))
      assert.strictEqual(yield* server.requests, 1)
      assert.strictEqual(yield* others.server.requests, 0)
      assert.isTrue(store.hasStored("access-1"))
      assert.isFalse(others.store.hasStored("access-1"))
    })
  )

  it.scoped("keep a manager that nobody uses for as long as nobody else has its newest token", () =>
    Effect.gen(function* () {
      const { managers, server, store } = yield* tenants({ idleTimeToLive: "1 minute" })
      yield* managers.getToken("alice")
      yield* TestClock.adjust("1 hour")
      store.fail("write", 1000)
      yield* managers.getToken("alice")
      yield* TestClock.adjust("20 minutes")
      store.mend()
      yield* TestClock.adjust("1 hour")
      yield* managers.getToken("alice")
      assert.deepStrictEqual((yield* server.story).slice(1), ["refresh refresh-1", "refresh refresh-2"])
      assert.deepStrictEqual(yield* server.journal.sentAgain, [])
    })
  )

  it.scoped("end with their scope, and store what was on its way", () =>
    Effect.gen(function* () {
      const { layer, store } = yield* places
      const scope = yield* Scope.make()
      const managers = yield* TokenManagers.make({ session: (key) => ({ grant: grantOf(key) }) }).pipe(
        Effect.provide(layer),
        Scope.extend(scope)
      )
      store.fail("write")
      yield* managers.getToken("alice")
      assert.isFalse(store.hasStored("access-1"))
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(store.hasStored("access-1"))
    })
  )
})

describe("a storage that", () => {
  const open = Effect.gen(function* () {
    const { open, ...rest } = yield* world()
    const manager = yield* open()
    yield* manager.getToken
    return { ...rest, manager }
  })

  it.scoped("has lost everything does not end the session: it goes on, and is stored again", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* open
      store.lose(key)
      yield* TestClock.adjust("1 hour")
      yield* manager.getToken
      assert.deepStrictEqual((yield* server.story).slice(1), ["refresh refresh-1"])
      assert.strictEqual(refreshOf(store.stored(key)), "refresh-2")
    })
  )

  it.scoped("has lost a token that is still good is given it again", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* open
      const heard: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach(manager.events, ({ _tag }) => Effect.sync(() => heard.push(_tag)))
      )
      yield* TestClock.adjust(0)
      store.lose(key)
      // Within the leeway the store is asked.
      yield* TestClock.adjust(Duration.minutes(59.5))
      yield* server.faults.next(Fault.connectionFailure)
      yield* manager.getToken
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(refreshOf(store.stored(key)), "refresh-1")
      assert.includeMembers(heard, ["NotDurable", "Durable"])
    })
  )

  it.scoped("went back to an older state does not bring a spent refresh token back", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* open
      const older = { token: Option.fromNullable(store.stored(key)), version: 1 }
      yield* TestClock.adjust("1 hour")
      yield* manager.getToken
      store.lose(key, older)
      yield* TestClock.adjust("1 hour")
      yield* manager.getToken
      assert.deepStrictEqual((yield* server.story).slice(1), ["refresh refresh-1", "refresh refresh-2"])
      assert.deepStrictEqual(yield* server.journal.sentAgain, [])
      assert.strictEqual(refreshOf(store.stored(key)), "refresh-3")
    })
  )

  it.scoped("may forget what is of no use any more, without a word", () =>
    Effect.gen(function* () {
      const { open, store } = yield* world({ refreshTokens: "none" })
      const manager = yield* open()
      const heard: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach(manager.events, ({ _tag }) => Effect.sync(() => heard.push(_tag)))
      )
      yield* TestClock.adjust(0)
      for (let round = 0; round < 3; round++) {
        yield* manager.getToken
        yield* TestClock.adjust("1 hour")
        store.lose(key)
      }
      assert.deepStrictEqual(heard, ["Issued", "Issued", "Issued"])
    })
  )

  it.scoped("has lost a session that is ended: it is revoked all the same, and marked as ended", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* open
      store.lose(key)
      yield* manager.logout
      assert.deepStrictEqual((yield* server.story).slice(1), ["revoke refresh-1", "revoke access-1"])
      const session = yield* store.service.read(key)
      assert.isTrue(session.isEnded)
    })
  )

  const sibling = (expiresIn: Duration.DurationInput) =>
    OAuthToken.issue({ accessToken: "sibling", refreshToken: "sibling-refresh", expiresIn })

  const meanwhile = {
    "a good token": (store: FaultyStore.FaultyStore) =>
      Effect.map(sibling("1 hour"), (token) => store.sibling.write(key, token)),
    "a token that has run out": (store: FaultyStore.FaultyStore) =>
      Effect.map(sibling("1 second"), (token) => store.sibling.write(key, token)),
    "an end": (store: FaultyStore.FaultyStore) => Effect.sync(() => store.sibling.remove(key))
  }

  for (const [what, write] of Object.entries(meanwhile)) {
    it.scoped(`was given ${what} while a holder was stopped keeps it when that one comes back`, () =>
      Effect.gen(function* () {
        const { manager, server, store } = yield* open
        yield* TestClock.adjust("1 hour")
        // The reply comes after all of that.
        yield* server.faults.next(Fault.latency("5 seconds"))
        const waiter = yield* Effect.fork(Effect.exit(manager.getToken))
        yield* TestClock.adjust("1 second")
        yield* write(store)
        yield* TestClock.adjust("10 seconds")
        const exit = yield* Fiber.join(waiter)
        yield* TestClock.adjust("2 minutes")
        const stored = refreshOf(store.stored(key))
        if (what === "an end") {
          assert.isTrue(Exit.isFailure(exit))
          assert.isUndefined(stored)
          assert.strictEqual((yield* Effect.flip(manager.getToken))._tag, "AuthValidationException")
        } else if (what === "a good token") {
          assert.strictEqual(stored, "sibling-refresh")
          assert.strictEqual(Exit.isSuccess(exit) && access(exit.value), "sibling")
        } else {
          // It is refreshed, and not replaced by what the stopped one had got.
          assert.include(yield* server.story, "refresh sibling-refresh")
          assert.notStrictEqual(stored, "refresh-2")
        }
      })
    )
  }

  it.scoped("was given what a refused sibling had left does not lose the live token in memory", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* open
      const first = Option.getOrThrow(Option.fromNullable(store.stored(key)))
      yield* TestClock.adjust("1 hour")
      store.fail("write", 3)
      yield* manager.getToken
      store.sibling.write(key, new OAuthToken.OAuthToken({ ...first, refreshToken: Option.none() }))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(refreshOf(store.stored(key)), "refresh-2")
      yield* TestClock.adjust("1 hour")
      yield* manager.getToken
      assert.deepStrictEqual((yield* server.story).slice(1), ["refresh refresh-1", "refresh refresh-2"])
    })
  )

  it.scoped("is down does not keep a good token from being used", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* open
      for (const operation of ["read", "lease", "write"] as const) store.fail(operation, 1000)
      yield* TestClock.adjust(Duration.minutes(59.9))
      for (let call = 0; call < 20; call++) yield* manager.getToken
      assert.strictEqual(yield* server.requests, 1)
      yield* TestClock.adjust("1 minute")
      const error = yield* Effect.flip(manager.getToken)
      assert.strictEqual(error._tag, "TokenStoreError")
      const failures = yield* Metric.value(
        Metric.counter("oauth.token_store.failures", {
          description: "What the token store could not do.",
          incremental: true
        }).pipe(
          Metric.tagged("unit", "{failure}"),
          Metric.tagged("oauth.store.operation", "read"),
          Metric.tagged("error.type", "Unavailable")
        )
      )
      assert.isAtLeast(failures.count, 2)
      store.mend()
      yield* manager.getToken
      assert.deepStrictEqual(yield* server.journal.sentAgain, [])
    })
  )

  it.scoped("gave the lease to another before anything was spent: its token is adopted", () =>
    Effect.gen(function* () {
      const { manager, server, store } = yield* open
      yield* TestClock.adjust("1 hour")
      const token = yield* sibling("1 hour")
      let asked = 0
      store.before(
        "confirm",
        Effect.sync(() => {
          asked += 1
          if (asked === 1) store.sibling.write(key, token)
        })
      )
      assert.strictEqual(access(yield* manager.getToken), "sibling")
      assert.strictEqual(yield* server.requests, 1)
    })
  )
})
