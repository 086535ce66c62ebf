import { tracingChannel } from "node:diagnostics_channel"
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { TokenStore, type TokenStoreError } from "@effect-oauth/client"
import { Installation, Redis } from "@effect-oauth/loopback-servers"
import { RedisTokenStorage } from "@effect-oauth/store-redis"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { put } from "../../client/test/fixtures/tokenStoreContract.js"
import { ask, clientOf, networkTo } from "./support.js"

const marker = "marker-of-a-secret"

const hashOfAlice = "2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90"
const session = `effect-oauth:{${hashOfAlice}}:session`
const lease = `effect-oauth:{${hashOfAlice}}:lease`

const ignore = (): void => undefined

const says = (failure: TokenStoreError, what: string): void => {
  const all =
    inspect(failure, { depth: 9, showHidden: true }) + JSON.stringify(failure) + String(failure.stack)
  assert.strictEqual(failure.reason, "Unavailable")
  assert.include(failure.message, `The Redis entry ${session} could not be`)
  assert.include(failure.message, what)
  assert.notInclude(all, marker)
}

const opened = Effect.gen(function* () {
  const server = yield* Redis.make()
  const client = yield* clientOf(server)
  const storage = yield* RedisTokenStorage.make(client, { timeout: "500 millis" })
  return { server, client, storage }
})

const replicaOf = (server: Redis.Service) =>
  Effect.gen(function* () {
    const replica = yield* Redis.make()
    yield* ask(server, "CONFIG", "SET", "repl-diskless-sync-delay", "0")
    yield* ask(replica, "REPLICAOF", "127.0.0.1", String(server.port))
    return replica
  })

const write = (storage: { readonly replace: RedisStorage["replace"] }, text = marker) =>
  storage.replace("alice", marker, Option.some(text), Option.some(DateTime.unsafeMake(0)))

type RedisStorage = Effect.Effect.Success<ReturnType<typeof RedisTokenStorage.make>>

describe(...Installation.needing("What Redis refuses", Redis.installation), () => {
  for (const [code, command] of [
    ["OOM", ["CONFIG", "SET", "maxmemory", "1"]],
    ["READONLY", ["REPLICAOF", "127.0.0.1", "1"]],
    ["NOREPLICAS", ["CONFIG", "SET", "min-replicas-to-write", "1"]]
  ] as const) {
    it.scopedLive(`is refused before a token is spent, and when it is stored: ${code}`, () =>
      Effect.gen(function* () {
        const { server, storage } = yield* opened
        yield* storage.acquire("alice", marker)
        yield* ask(server, ...command)
        says(yield* Effect.flip(write(storage)), code)
        says(yield* Effect.flip(storage.acquire("alice", marker)), code)
        assert.isTrue(Option.isNone(yield* storage.read("alice")))
      })
    )
  }

  it.scopedLive("is named for users without rights", () =>
    Effect.gen(function* () {
      const { server, client, storage } = yield* opened
      yield* storage.acquire("alice", marker)
      yield* ask(
        server,
        "ACL",
        "SETUSER",
        "app",
        "on",
        `>${marker}`,
        "~effect-oauth:*",
        "+@read",
        "+evalsha",
        "+eval"
      )
      yield* Effect.promise(() => client.sendCommand(["AUTH", "app", marker]))
      assert.isTrue(Option.isNone(yield* storage.read("alice")))
      says(yield* Effect.flip(write(storage)), "NOPERM")
    })
  )

  it.scopedLive("works with the rights that the documentation names", () =>
    Effect.gen(function* () {
      const { server, client, storage } = yield* opened
      const rights = "+eval +evalsha +get +set +del +exists +pexpire +persist +rename +wait".split(" ")
      yield* ask(server, "ACL", "SETUSER", "app", "on", `>${marker}`, "~effect-oauth:*", ...rights)
      yield* Effect.promise(() => client.sendCommand(["AUTH", "app", marker]))
      assert.isTrue(Option.isSome(yield* storage.acquire("alice", marker)))
      assert.isTrue(yield* storage.renew("alice", marker))
      assert.isTrue(yield* write(storage))
      assert.isTrue(yield* storage.replace("alice", marker, Option.some(marker), Option.none()))
      const replicated = yield* RedisTokenStorage.make(client, { replicas: 1, timeout: "200 millis" })
      says(yield* Effect.flip(write(replicated)), "only 0 of 1 replicas")
      assert.isTrue(Option.isSome(yield* storage.read("alice")))
      assert.isTrue(Option.isSome(yield* storage.setAside("alice", marker)))
      assert.isTrue(yield* storage.replace("alice", marker, Option.none(), Option.none()))
      yield* storage.release("alice", marker)
    })
  )

  it.scopedLive("is a key that holds something else: no lease is left behind", () =>
    Effect.gen(function* () {
      const { server, storage } = yield* opened
      yield* ask(server, "HSET", session, "field", marker)
      says(yield* Effect.flip(storage.read("alice")), "WRONGTYPE")
      says(yield* Effect.flip(storage.acquire("alice", marker)), "WRONGTYPE")
      assert.strictEqual(yield* ask(server, "EXISTS", lease), 0)
    })
  )

  it.scopedLive("is a closed client, at once", () =>
    Effect.gen(function* () {
      const { client, storage } = yield* opened
      client.destroy()
      const [took, failure] = yield* Effect.timed(Effect.flip(storage.read("alice")))
      says(failure, "the client is closed")
      assert.isBelow(Duration.toMillis(took), 400)
    })
  )

  it.scopedLive("is a connection to nobody", () =>
    Effect.gen(function* () {
      const { server, storage } = yield* opened
      const network = yield* networkTo(server)
      const own = yield* RedisTokenStorage.connect({
        url: network.url.replace("//", `//default:${marker}@`),
        timeout: "500 millis"
      }).pipe(Effect.exit)
      assert.notInclude(inspect(own, { depth: 9, showHidden: true }), marker)
      yield* storage.acquire("alice", marker)
      yield* server.kill
      says(yield* Effect.flip(write(storage)), "could not be written")
    })
  )

  it.scopedLive("and what it is told is not shown to what traces the client", () =>
    Effect.gen(function* () {
      const { server, client } = yield* opened
      const seen: Array<string> = []
      const look = (context: unknown): void => {
        seen.push(inspect(context, { depth: 9 }))
      }
      // Later the contexts have the replies, which nobody can keep from those who look there.
      const subscribers = { start: look, end: ignore, asyncStart: ignore, asyncEnd: ignore, error: ignore }
      const channels = ["command", "batch"].map((name) => tracingChannel(`node-redis:${name}`))
      yield* Effect.acquireRelease(
        Effect.sync(() => {
          for (const channel of channels) channel.subscribe(subscribers)
        }),
        () =>
          Effect.sync(() => {
            for (const channel of channels) channel.unsubscribe(subscribers)
          })
      )
      for (const replicas of [0, 1]) {
        const storage = yield* RedisTokenStorage.make(client, { replicas, timeout: "500 millis" })
        yield* storage.acquire("alice", "a")
        yield* Effect.ignore(storage.replace("alice", "a", Option.some(marker), Option.none()))
        yield* storage.release("alice", "a")
      }
      assert.strictEqual(yield* ask(server, "GET", session), marker)
      assert.include(seen.join(), "EVALSHA")
      assert.include(seen.join(), "SET")
      assert.notInclude(seen.join(), marker)
    })
  )

  it.scopedLive("fails a store on it with nothing in its words", () =>
    Effect.gen(function* () {
      const { server, storage } = yield* opened
      const failure = yield* put("alice", marker).pipe(
        Effect.zipRight(ask(server, "CONFIG", "SET", "maxmemory", "1")),
        Effect.zipRight(put("alice", marker)),
        Effect.provide(TokenStore.layerStorage(Effect.succeed(storage))),
        Effect.flip
      )
      says(failure, "OOM")
    })
  )
})

describe(...Installation.needing("replicas", Redis.installation), () => {
  it.scopedLive("are waited for, and are enough or not", () =>
    Effect.gen(function* () {
      const { server, client } = yield* opened
      const [one, two] = yield* Effect.all([
        RedisTokenStorage.make(client, { replicas: 1, timeout: "1 second" }),
        RedisTokenStorage.make(client, { replicas: 2, timeout: "1 second" })
      ])
      yield* one.acquire("alice", marker)
      says(yield* Effect.flip(write(one)), "only 0 of 1 replicas")
      const replica = yield* replicaOf(server)
      yield* Effect.retry(write(one), Schedule.spaced("50 millis"))
      for (const text of ["a", "b", "c"]) {
        assert.isTrue(yield* write(one, text))
        assert.strictEqual(yield* ask(replica, "GET", session), text)
      }
      says(yield* Effect.flip(write(two)), "only 1 of 2 replicas")
      assert.isFalse(yield* two.replace("alice", "another", Option.some("d"), Option.none()))
    })
  )

  it.scopedLive("that stand still are noticed", () =>
    Effect.gen(function* () {
      const { server, client } = yield* opened
      const storage = yield* RedisTokenStorage.make(client, { replicas: 1, timeout: "1 second" })
      yield* storage.acquire("alice", marker)
      const replica = yield* replicaOf(server)
      yield* Effect.retry(write(storage), Schedule.spaced("50 millis"))
      const pid = Option.getOrThrow(yield* replica.pid)
      yield* Effect.acquireRelease(
        Effect.sync(() => process.kill(pid, "SIGSTOP")),
        () => Effect.sync(() => process.kill(pid, "SIGCONT"))
      )
      says(yield* Effect.flip(write(storage)), "only 0 of 1 replicas")
    })
  )
})
