import { assert, describe, it } from "@effect/vitest"
import { Installation, Redis } from "@effect-oauth/loopback-servers"
import { RedisTokenStorage } from "@effect-oauth/store-redis"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import * as TestServices from "effect/TestServices"
import { RESP_TYPES } from "redis"
import { tokenStorageContract } from "../../client/test/fixtures/tokenStorageContract.js"
import { ask, clientOf, clusterOf, freshPrefix, kinds, shared } from "./support.js"

const never: Option.Option<DateTime.Utc> = Option.none()

const hashOfAlice = "2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90"

/** A client to a server that removes what it was just told. */
const withoutSet = (client: RedisTokenStorage.RedisClient): RedisTokenStorage.RedisClient => ({
  withCommandOptions: (options) => {
    const commands = client.withCommandOptions(options)
    return {
      set: () => Promise.resolve("OK"),
      eval: (...args) => commands.eval(...args),
      evalSha: (...args) => commands.evalSha(...args),
      multi: () => commands.multi()
    }
  }
})

const hours = (count: number): number => Duration.toMillis(Duration.hours(count))

const isNear = (actual: unknown, expected: number): void => {
  assert.isAtMost(Number(actual), expected)
  assert.isAbove(Number(actual), expected - 5000)
}

describe(...Installation.needing("RedisTokenStorage", Redis.installation), () => {
  const single = shared()
  const cluster = shared({ cluster: true })

  const onClient = (options: RedisTokenStorage.Options = {}) =>
    Effect.gen(function* () {
      const server = yield* single
      const client = yield* clientOf(server)
      const prefix = yield* freshPrefix
      const storage = yield* RedisTokenStorage.make(client, { prefix, ...options })
      return { server, client, storage, prefix: options.prefix ?? prefix }
    })

  describe("with clients of its own", () =>
    tokenStorageContract((options) =>
      Effect.flatMap(Effect.all([single, freshPrefix]), ([{ url }, prefix]) => {
        const storage = RedisTokenStorage.connect({ url, prefix, ...options })
        return Effect.all({ one: storage, other: storage })
      })
    ))

  describe("with clients for a cluster", () =>
    tokenStorageContract((options) =>
      Effect.flatMap(Effect.all([cluster, freshPrefix]), ([server, prefix]) => {
        const storage = Effect.flatMap(clusterOf(server), (client) =>
          RedisTokenStorage.make(client, { prefix, ...options })
        )
        return Effect.all({ one: storage, other: storage })
      })
    ))

  for (const { kind, cluster: isCluster, make } of kinds) {
    it.scopedLive(`does all that it has to with ${kind}`, () =>
      Effect.gen(function* () {
        const prefix = yield* freshPrefix
        const client = yield* make(yield* isCluster ? cluster : single)
        const storage = yield* RedisTokenStorage.make(client, { prefix })
        assert.isTrue(Option.isNone(yield* storage.read("alice")))
        assert.isTrue(Option.isSome(yield* storage.acquire("alice", "a")))
        assert.isTrue(yield* storage.renew("alice", "a"))
        assert.isTrue(yield* storage.replace("alice", "a", Option.some("one"), never))
        assert.strictEqual(Option.getOrThrow(yield* storage.read("alice")), "one")
        assert.strictEqual(
          Option.getOrThrow(yield* storage.setAside("alice", "a")),
          `The Redis entry ${prefix}:{${hashOfAlice}}:unreadable-a`
        )
        assert.isTrue(Option.isNone(yield* storage.read("alice")))
        assert.isTrue(yield* storage.replace("alice", "a", Option.some("two"), never))
        assert.isTrue(yield* storage.replace("alice", "a", Option.none(), never))
        assert.isTrue(Option.isNone(yield* storage.read("alice")))
        yield* storage.release("alice", "a")
        assert.isTrue(Option.isSome(yield* storage.acquire("alice", "b")))
      })
    )
  }

  describe("keys", () => {
    it.scopedLive("are a prefix, the hash of the key, and what they hold", () =>
      Effect.gen(function* () {
        const { storage, server, prefix } = yield* onClient()
        assert.strictEqual(
          yield* storage.describe("alice"),
          `The Redis entry ${prefix}:{${hashOfAlice}}:session`
        )
        yield* storage.acquire("alice", "a")
        yield* storage.replace("alice", "a", Option.some("one"), never)
        assert.strictEqual(yield* ask(server, "GET", `${prefix}:{${hashOfAlice}}:session`), "one")
        assert.strictEqual(yield* ask(server, "GET", `${prefix}:{${hashOfAlice}}:lease`), "a")
      })
    )

    it.scopedLive("begin with effect-oauth if nobody says otherwise", () =>
      Effect.gen(function* () {
        const client = yield* clientOf(yield* single)
        const storage = yield* RedisTokenStorage.make(client)
        assert.strictEqual(
          yield* storage.describe("alice"),
          `The Redis entry effect-oauth:{${hashOfAlice}}:session`
        )
      })
    )

    for (const prefix of ["{", "}", "{}", "a{b}c", "ä:*"]) {
      it.scopedLive(`are on one node of a cluster, whatever is in them: ${prefix}`, () =>
        Effect.gen(function* () {
          const client = yield* clusterOf(yield* cluster)
          const storage = yield* RedisTokenStorage.make(client, {
            prefix: `${prefix}${yield* freshPrefix}`
          })
          const keys = ["", "{}", "{a}b{c}", "}{", "a\u0000\r\n\u{1f511}", "ü".repeat(5000), "a b", "*"]
          for (const [index, key] of keys.entries()) {
            assert.isTrue(Option.isSome(yield* storage.acquire(key, "a")))
            assert.isTrue(yield* storage.replace(key, "a", Option.some(`of ${index}`), never))
          }
          for (const [index, key] of keys.entries()) {
            assert.strictEqual(Option.getOrThrow(yield* storage.read(key)), `of ${index}`)
            assert.isTrue(Option.isSome(yield* storage.setAside(key, "a")))
            yield* storage.release(key, "a")
          }
        })
      )
    }

    it.scopedLive("are named as they are also where the client puts a prefix before them", () =>
      Effect.gen(function* () {
        const server = yield* single
        const client = yield* clientOf({ ...server, keyPrefix: "mine:" })
        const prefix = yield* freshPrefix
        const storage = yield* RedisTokenStorage.make(client, { prefix })
        yield* storage.acquire("alice", "a")
        yield* storage.replace("alice", "a", Option.some("broken"), never)
        const place = Option.getOrThrow(yield* storage.setAside("alice", "a"))
        assert.strictEqual(yield* ask(server, "GET", place.replace("The Redis entry ", "")), "broken")
      })
    )
  })

  describe("texts", () => {
    for (const [name, text] of [
      ["none at all", ""],
      ["one character", "0"],
      ["what is no ASCII", "ä\u0000\r\n\u{1f511}\u2028"],
      ["ten thousand characters", `{"a":"${"x".repeat(10_000)}"}`]
    ] as const) {
      it.scopedLive(`are kept as they are: ${name}`, () =>
        Effect.gen(function* () {
          const { storage } = yield* onClient()
          yield* storage.acquire("alice", "a")
          for (const end of [never, Option.some(DateTime.addDuration(yield* DateTime.now, "1 hour"))]) {
            assert.isTrue(yield* storage.replace("alice", "a", Option.some(text), end))
            assert.strictEqual(Option.getOrThrow(yield* storage.read("alice")), text)
          }
        })
      )
    }

    it.scopedLive("are read as texts also by a client that is told to give bytes", () =>
      Effect.gen(function* () {
        const { client, storage, prefix } = yield* onClient()
        const bytes = yield* RedisTokenStorage.make(
          client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.NUMBER]: String }),
          { prefix }
        )
        yield* bytes.acquire("alice", "a")
        assert.isTrue(yield* bytes.replace("alice", "a", Option.some("one"), never))
        assert.strictEqual(Option.getOrThrow(yield* bytes.read("alice")), "one")
        assert.strictEqual(Option.getOrThrow(yield* storage.read("alice")), "one")
      })
    )

    it.scopedLive("are read by a client of the older protocol", () =>
      Effect.gen(function* () {
        const client = yield* clientOf({ ...(yield* single), RESP: 2 })
        const storage = yield* RedisTokenStorage.make(client, { prefix: yield* freshPrefix })
        assert.isTrue(Option.isNone(yield* storage.read("alice")))
        assert.isTrue(Option.isSome(yield* storage.acquire("alice", "a")))
        assert.isTrue(Option.isNone(yield* storage.acquire("alice", "b")))
        assert.isTrue(yield* storage.replace("alice", "a", Option.some("one"), never))
        assert.strictEqual(Option.getOrThrow(yield* storage.read("alice")), "one")
        assert.isTrue(Option.isNone(yield* storage.setAside("alice", "b")))
      })
    )
  })

  it.scopedLive("leaves no key behind but the session", () =>
    Effect.gen(function* () {
      const { storage, server, prefix } = yield* onClient()
      yield* storage.acquire("alice", "a")
      yield* storage.replace("alice", "a", Option.some("one"), never)
      yield* storage.replace("alice", "a", Option.some("two"), never)
      assert.isFalse(yield* storage.replace("alice", "b", Option.some("three"), never))
      yield* storage.release("alice", "a")
      assert.deepStrictEqual(yield* ask(server, "KEYS", `${prefix}*`), [`${prefix}:{${hashOfAlice}}:session`])
    })
  )

  it.scopedLive("says so when what was to be stored is gone before it is", () =>
    Effect.gen(function* () {
      const { storage, client, prefix } = yield* onClient()
      yield* storage.acquire("alice", "a")
      yield* storage.replace("alice", "a", Option.some("one"), never)
      const evicting = yield* RedisTokenStorage.make(withoutSet(client), { prefix })
      const failure = yield* Effect.flip(evicting.replace("alice", "a", Option.some("two"), never))
      assert.strictEqual(failure.reason, "Unavailable")
      assert.include(failure.message, "its memory is so scarce")
      assert.strictEqual(Option.getOrThrow(yield* storage.read("alice")), "one")
    })
  )

  describe("time", () => {
    const lifeOf = (server: Redis.Service, prefix: string, part: string) =>
      ask(server, "PTTL", `${prefix}:{${hashOfAlice}}:${part}`)

    it.scopedLive("a lease lasts as long as it is told to, also after it was renewed", () =>
      Effect.gen(function* () {
        const { storage, server, prefix } = yield* onClient({ leaseDuration: "1 minute" })
        yield* storage.acquire("alice", "a")
        isNear(yield* lifeOf(server, prefix, "lease"), 60_000)
        yield* ask(server, "PEXPIRE", `${prefix}:{${hashOfAlice}}:lease`, "20000")
        assert.isTrue(yield* storage.renew("alice", "a"))
        isNear(yield* lifeOf(server, prefix, "lease"), 60_000)
      })
    )

    it.scopedLive("an entry stays for an hour after its session ends, and for good if it does not end", () =>
      Effect.gen(function* () {
        const { storage, server, prefix } = yield* onClient()
        const now = yield* DateTime.now
        yield* storage.acquire("alice", "a")
        const lifeUntil = (end: Option.Option<DateTime.Utc>) =>
          Effect.zipRight(
            storage.replace("alice", "a", Option.some("one"), end),
            lifeOf(server, prefix, "session")
          )
        assert.strictEqual(yield* lifeUntil(never), -1)
        isNear(yield* lifeUntil(Option.some(DateTime.add(now, { hours: 2 }))), hours(3))
        isNear(yield* lifeUntil(Option.some(DateTime.subtract(now, { days: 2 }))), hours(1))
        isNear(
          yield* lifeUntil(Option.some(DateTime.unsafeMake("9999-12-31T23:59:59Z"))),
          253402300799000 - now.epochMillis + hours(1)
        )
        assert.strictEqual(yield* lifeUntil(never), -1)
      })
    )

    it.scoped("a clock that is wrong does not shorten a session", () =>
      Effect.gen(function* () {
        const { storage, server, prefix } = yield* TestServices.provideLive(onClient())
        for (const moment of ["1980-01-01", "2080-01-01"]) {
          const now = DateTime.unsafeMake(moment)
          yield* TestClock.setTime(now.epochMillis)
          yield* storage.acquire("alice", "a")
          yield* storage.replace(
            "alice",
            "a",
            Option.some("one"),
            Option.some(DateTime.add(now, { hours: 2 }))
          )
          isNear(yield* lifeOf(server, prefix, "session"), hours(3))
        }
      })
    )
  })

  describe("a server that forgot the scripts", () => {
    it.scopedLive("is told them again", () =>
      Effect.gen(function* () {
        const { storage, server } = yield* onClient()
        const forget = ask(server, "SCRIPT", "FLUSH")
        yield* forget
        assert.isTrue(Option.isSome(yield* storage.acquire("alice", "a")))
        yield* forget
        assert.isTrue(yield* storage.renew("alice", "a"))
        yield* forget
        assert.isTrue(yield* storage.replace("alice", "a", Option.some("one"), never))
        yield* forget
        assert.strictEqual(Option.getOrThrow(yield* storage.read("alice")), "one")
        yield* forget
        assert.isTrue(Option.isSome(yield* storage.setAside("alice", "a")))
        yield* forget
        yield* storage.release("alice", "a")
        assert.isTrue(Option.isSome(yield* storage.acquire("alice", "b")))
      })
    )

    it.scopedLive("has them by their hash after that", () =>
      Effect.gen(function* () {
        const { storage, server } = yield* onClient()
        yield* storage.read("alice")
        yield* ask(server, "CONFIG", "RESETSTAT")
        yield* storage.read("alice")
        const stats = String(yield* ask(server, "INFO", "commandstats"))
        assert.include(stats, "cmdstat_evalsha:calls=1,")
        assert.notInclude(stats, "cmdstat_eval:")
      })
    )
  })
})
