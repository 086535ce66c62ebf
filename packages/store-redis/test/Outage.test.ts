import { assert, describe, it } from "@effect/vitest"
import type { TokenStorage, TokenStoreError } from "@effect-oauth/client"
import { Installation, Redis } from "@effect-oauth/loopback-servers"
import { RedisTokenStorage } from "@effect-oauth/store-redis"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { type Address, ask, clientOf, clusterOf, losingReplies, networkTo, poolOf } from "./support.js"

const timeout = Duration.millis(700)
const leaseDuration = Duration.millis(900)

type Make = (server: Address) => Effect.Effect<TokenStorage.TokenStorage, never, Scope.Scope>

const options = { timeout, leaseDuration }

const own: Make = ({ url }) => Effect.orDie(RedisTokenStorage.connect({ url, ...options }))

const onClient: Make = (server) =>
  Effect.flatMap(clientOf(server), (client) => RedisTokenStorage.make(client, options))

const makers: ReadonlyArray<{ readonly kind: string; readonly cluster: boolean; readonly make: Make }> = [
  { kind: "a client of its own", cluster: false, make: own },
  { kind: "a client", cluster: false, make: onClient },
  {
    kind: "a pool",
    cluster: false,
    make: (server) => Effect.flatMap(poolOf(server), (client) => RedisTokenStorage.make(client, options))
  },
  {
    kind: "a cluster",
    cluster: true,
    make: (server) => Effect.flatMap(clusterOf(server), (client) => RedisTokenStorage.make(client, options))
  }
]

const write = (storage: TokenStorage.TokenStorage, holder: string, text: string) =>
  storage.replace("alice", holder, Option.some(text), Option.none())

const operations = (
  storage: TokenStorage.TokenStorage
): Readonly<Record<string, Effect.Effect<unknown, TokenStoreError>>> => ({
  read: storage.read("alice"),
  acquire: storage.acquire("alice", "a"),
  renew: storage.renew("alice", "a"),
  replace: write(storage, "a", "one"),
  setAside: storage.setAside("alice", "a"),
  release: storage.release("alice", "a")
})

const stored = (storage: TokenStorage.TokenStorage) =>
  Effect.map(storage.read("alice"), Option.getOrUndefined)

/** Every operation fails typed, and soon, whether it can be interrupted or not. */
const everythingFails = (storage: TokenStorage.TokenStorage) =>
  Effect.gen(function* () {
    const failures = yield* Effect.all(
      Record.map(operations(storage), (operation) =>
        Effect.timed(Effect.flip(Effect.uninterruptible(operation)))
      ),
      { concurrency: "unbounded" }
    )
    for (const [name, [took, error]] of Object.entries(failures)) {
      assert.strictEqual(error.reason, "Unavailable", name)
      assert.isTrue(error.isTransient)
      assert.isBelow(Duration.toMillis(took), Duration.toMillis(timeout) + 1500, name)
    }
  })

const everythingWorks = (storage: TokenStorage.TokenStorage) =>
  Effect.gen(function* () {
    yield* Effect.flatten(storage.acquire("alice", "after"))
    assert.isTrue(yield* write(storage, "after", "after"))
    assert.strictEqual(yield* stored(storage), "after")
    yield* storage.release("alice", "after")
  })

/** It has to work again by itself within some seconds. */
const itHeals = (storage: TokenStorage.TokenStorage) =>
  everythingWorks(storage).pipe(
    Effect.retry(Schedule.spaced("50 millis")),
    Effect.timeoutFail({ duration: "8 seconds", onTimeout: () => new Error("it did not heal") })
  )

const signal = (server: Redis.Service, name: NodeJS.Signals) =>
  Effect.map(server.pid, (pid) => process.kill(Option.getOrThrow(pid), name))

const frozen = (server: Redis.Service) =>
  Effect.acquireRelease(signal(server, "SIGSTOP"), () => signal(server, "SIGCONT"))

describe(...Installation.needing("A lost Redis", Redis.installation), () => {
  for (const { kind, cluster, make } of makers) {
    it.scopedLive(`fails in bounded time and heals by itself: stopped, with ${kind}`, () =>
      Effect.gen(function* () {
        const server = yield* Redis.make({ cluster })
        const storage = yield* make(server)
        yield* everythingWorks(storage)
        yield* server.stop
        yield* everythingFails(storage)
        yield* server.start
        yield* itHeals(storage)
      })
    )

    it.scopedLive(`fails in bounded time and heals by itself: standing still, with ${kind}`, () =>
      Effect.gen(function* () {
        const server = yield* Redis.make({ cluster })
        const storage = yield* make(server)
        yield* everythingWorks(storage)
        yield* Effect.scoped(Effect.zipRight(frozen(server), everythingFails(storage)))
        yield* itHeals(storage)
      })
    )
  }

  for (const { kind, make } of makers.filter(({ cluster }) => !cluster)) {
    it.scopedLive(`a connection that is lost under a command is made anew for it: ${kind}`, () =>
      Effect.gen(function* () {
        const network = yield* networkTo(yield* Redis.make())
        const storage = yield* make(network)
        yield* storage.acquire("alice", "a")
        yield* network.hold()
        const writing = yield* Effect.fork(write(storage, "a", "one"))
        yield* Effect.sleep("30 millis")
        yield* network.cut
        yield* network.pass
        assert.isTrue(yield* Fiber.join(writing))
        assert.strictEqual(yield* stored(storage), "one")
      })
    )
  }

  it.scopedLive("what was done and whose reply was lost is not taken for lost, nor done twice", () =>
    Effect.gen(function* () {
      const server = yield* Redis.make()
      const client = yield* clientOf(server)
      const [storage, other] = yield* Effect.all([
        RedisTokenStorage.make(losingReplies(client), options),
        RedisTokenStorage.make(client, options)
      ])
      // The server is told all scripts.
      for (const operation of Object.values(operations(other))) yield* operation
      assert.isTrue(
        yield* Effect.zipRight(
          other.acquire("alice", "a"),
          other.replace("alice", "a", Option.none(), Option.none())
        )
      )
      yield* other.release("alice", "a")
      assert.isTrue(Option.isSome(yield* storage.acquire("alice", "a")))
      assert.isTrue(yield* storage.renew("alice", "a"))
      assert.isTrue(yield* write(storage, "a", "one"))
      assert.strictEqual(yield* stored(storage), "one")
      const place = Option.getOrThrow(yield* storage.setAside("alice", "a"))
      assert.strictEqual(yield* ask(server, "GET", place.replace("The Redis entry ", "")), "one")
      assert.isTrue(yield* write(storage, "a", "two"))
      assert.isTrue(yield* storage.replace("alice", "a", Option.none(), Option.none()))
      yield* storage.release("alice", "a")
      assert.isTrue(Option.isSome(yield* other.acquire("alice", "b")))
    })
  )

  it.scopedLive("a connection of its own that is dead and open is replaced", () =>
    Effect.gen(function* () {
      const network = yield* networkTo(yield* Redis.make())
      const storage = yield* own(network)
      yield* everythingWorks(storage)
      yield* network.swallow
      const [took] = yield* Effect.timed(itHeals(storage))
      assert.isBelow(Duration.toMillis(took), 5 * Duration.toMillis(timeout))
      assert.strictEqual(yield* network.connections, 1)
    })
  )

  it.scopedLive("a command that is under way when its connection is replaced is sent again", () =>
    Effect.gen(function* () {
      const network = yield* networkTo(yield* Redis.make())
      const storage = yield* own(network)
      yield* everythingWorks(storage)
      yield* network.swallow
      const first = yield* Effect.fork(Effect.flip(storage.read("alice")))
      yield* Effect.sleep(Duration.times(timeout, 0.5))
      const second = yield* Effect.fork(stored(storage))
      assert.strictEqual((yield* Fiber.join(first)).reason, "Unavailable")
      assert.strictEqual(yield* Fiber.join(second), "after")
    })
  )

  for (const { kind, make } of makers.filter(({ cluster }) => !cluster)) {
    describe(`what was given up and is done late, with ${kind}`, () => {
      it.scopedLive("a write does not hit who has the lease by then", () =>
        Effect.gen(function* () {
          const server = yield* Redis.make()
          const network = yield* networkTo(server)
          const [one, other] = yield* Effect.all([make(network), make(server)])
          yield* one.acquire("alice", "a")
          yield* write(one, "a", "early")
          // What is held is the script: the draft before it gets there.
          yield* network.hold(1)
          assert.strictEqual((yield* Effect.flip(write(one, "a", "late"))).reason, "Unavailable")
          yield* Effect.flatten(other.acquire("alice", "b")).pipe(Effect.retry(Schedule.spaced("20 millis")))
          assert.isTrue(yield* write(other, "b", "of b"))
          yield* network.pass
          yield* Effect.sleep("100 millis")
          assert.strictEqual(yield* stored(other), "of b")
          assert.isTrue(yield* other.renew("alice", "b"))
        })
      )

      it.scopedLive("a write does not come when the connection is back", () =>
        Effect.gen(function* () {
          const server = yield* Redis.make()
          const [one, other] = yield* Effect.all([make(server), own(server)])
          yield* one.acquire("alice", "a")
          yield* server.stop
          assert.strictEqual((yield* Effect.flip(write(one, "a", "late"))).reason, "Unavailable")
          yield* server.start
          // Were it sent now, this holder would have the lease to write.
          yield* Effect.retry(ask(server, "SET", leaseOfAlice, "a"), Schedule.spaced("20 millis"))
          yield* Effect.retry(one.read("bob"), Schedule.spaced("20 millis"))
          yield* Effect.sleep("100 millis")
          assert.isUndefined(yield* Effect.retry(stored(other), Schedule.spaced("20 millis")))
        })
      )

      it.scopedLive("a lease ends by itself", () =>
        Effect.gen(function* () {
          const server = yield* Redis.make()
          const network = yield* networkTo(server)
          const [one, other] = yield* Effect.all([make(network), make(server)])
          yield* network.hold()
          assert.strictEqual((yield* Effect.flip(one.acquire("alice", "a"))).reason, "Unavailable")
          yield* network.pass
          yield* Effect.flatten(other.acquire("alice", "b")).pipe(
            Effect.retry(Schedule.spaced("20 millis")),
            Effect.timeout("2 seconds")
          )
        })
      )
    })
  }

  it.scopedLive(
    "a write that waits for replicas and was given up does not hit who has the lease by then",
    () =>
      Effect.gen(function* () {
        const server = yield* Redis.make()
        const client = yield* clientOf(server)
        const network = yield* networkTo(server)
        const one = yield* Effect.flatMap(clientOf(network), (late) =>
          RedisTokenStorage.make(late, { ...options, replicas: 1 })
        )
        const other = yield* RedisTokenStorage.make(client, options)
        yield* one.acquire("alice", "a")
        yield* network.hold()
        assert.strictEqual((yield* Effect.flip(write(one, "a", "late"))).reason, "Unavailable")
        yield* Effect.flatten(other.acquire("alice", "b")).pipe(Effect.retry(Schedule.spaced("20 millis")))
        yield* write(other, "b", "of b")
        yield* network.pass
        yield* Effect.sleep("100 millis")
        assert.strictEqual(yield* stored(other), "of b")
      })
  )

  for (const lost of [false, true]) {
    it.scopedLive(
      `is left when the scope closes, and not connected to again${lost ? ", when it is back" : ""}`,
      () =>
        Effect.gen(function* () {
          const server = yield* Redis.make()
          const network = yield* networkTo(server)
          const scope = yield* Scope.make()
          const storage = yield* Scope.extend(own(network), scope)
          yield* everythingWorks(storage)
          assert.strictEqual(yield* network.connections, 1)
          if (lost) yield* server.stop
          yield* Scope.close(scope, Exit.void)
          if (lost) yield* server.start
          yield* Effect.sleep("700 millis")
          assert.strictEqual(yield* network.connections, 0)
          assert.include((yield* Effect.flip(storage.read("alice"))).message, "the client is closed")
        })
    )
  }

  for (const how of ["stop", "kill", "freeze"] as const) {
    it.scopedLive(`does not keep a scope from closing: ${how}`, () =>
      Effect.gen(function* () {
        const server = yield* Redis.make()
        const scope = yield* Scope.make()
        const storage = yield* Scope.extend(own(server), scope)
        yield* everythingWorks(storage)
        yield* how === "freeze" ? frozen(server) : server[how]
        const reading = yield* Effect.fork(Effect.exit(storage.read("alice")))
        yield* Effect.sleep("20 millis")
        const [took] = yield* Effect.timed(Scope.close(scope, Exit.void))
        assert.isBelow(Duration.toMillis(took), 500)
        assert.isTrue(Exit.isFailure(yield* Fiber.join(reading)))
        assert.strictEqual((yield* Effect.flip(storage.read("alice"))).reason, "Unavailable")
      })
    )
  }
})

const leaseOfAlice = "effect-oauth:{2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90}:lease"
