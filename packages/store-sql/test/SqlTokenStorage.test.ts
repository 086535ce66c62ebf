import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import type { TokenStore } from "@effect-oauth/client"
import { SqlTokenStorage, SqlTokenStore } from "@effect-oauth/store-sql"
import * as Array from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { tokenStorageContract } from "../../client/test/fixtures/tokenStorageContract.js"
import { accessOf, tokenOf, tokenStoreContract } from "../../client/test/fixtures/tokenStoreContract.js"
import { type Database, onEachDatabase, open, storageOn, storeOf } from "./support.js"

const never: Option.Option<DateTime.Utc> = Option.none()

const hashOfAlice = "2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90"

onEachDatabase("SqlTokenStorage", (kind) => {
  describe("as any storage", () =>
    tokenStorageContract((options) =>
      Effect.gen(function* () {
        const database = yield* kind.database
        const { storage: one } = yield* open(database, options)
        const { storage: other } = yield* open(database, options)
        return { one, other }
      })
    ))

  describe("as any store", () =>
    tokenStoreContract(
      () =>
        Layer.unwrapScoped(
          Effect.gen(function* () {
            const database = yield* kind.database
            const client = yield* database.connect()
            return SqlTokenStore.layer({ table: database.table, migrate: true }).pipe(
              Layer.provide(Layer.succeed(SqlClient.SqlClient, client))
            )
          })
        ),
      { many: true }
    ))

  interface Row {
    readonly key_hash: string
    readonly session_key: string
    readonly stored: string | null
    readonly holder: string | null
    readonly lease_until: number | string | null
    readonly ends_at: number | string | null
  }

  const rows = (sql: SqlClient.SqlClient, { table }: Database) => sql<Row>`SELECT * FROM ${sql(table)}`

  const rowOf = (sql: SqlClient.SqlClient, { table }: Database, hash: string) =>
    Effect.flatMap(sql<Row>`SELECT * FROM ${sql(table)} WHERE key_hash = ${hash}`, Array.head)

  it.scopedLive("keeps a session in a row that people can find and read", () =>
    Effect.gen(function* () {
      const database = yield* kind.database
      const { sql, storage } = yield* open(database, { leaseDuration: "3 seconds" })
      yield* storage.acquire("alice", "a")
      const held = yield* rowOf(sql, database, hashOfAlice)
      assert.strictEqual(held.key_hash, hashOfAlice)
      assert.strictEqual(held.session_key, "alice")
      assert.isNull(held.stored)
      assert.strictEqual(held.holder, "a")
      const rest = Number(held.lease_until) - Date.now()
      assert.isAtMost(rest, 3_050)
      assert.isAbove(rest, 500)
      const endsAt = DateTime.addDuration(DateTime.unsafeMake(1_893_456_000_000), "400 micros")
      assert.isTrue(yield* storage.replace("alice", "a", Option.some("text"), Option.some(endsAt)))
      const row = yield* rowOf(sql, database, hashOfAlice)
      assert.strictEqual(row.stored, "text")
      assert.isNull(row.lease_until)
      assert.strictEqual(Number(row.ends_at), 1_893_456_000_001)
      assert.strictEqual(
        yield* storage.describe("alice"),
        `The row of ${database.table} whose key_hash is ${hashOfAlice}`
      )
      assert.isTrue(storage.marksEnd)
    })
  )

  it.scopedLive("a session without an end has none, and one that is removed leaves no text", () =>
    Effect.gen(function* () {
      const database = yield* kind.database
      const { sql, storage } = yield* open(database)
      yield* storage.acquire("alice", "a")
      yield* storage.replace("alice", "a", Option.some("text"), Option.some(DateTime.unsafeMake(5)))
      yield* storage.acquire("alice", "b")
      yield* storage.replace("alice", "b", Option.some("next"), never)
      assert.isNull((yield* rowOf(sql, database, hashOfAlice)).ends_at)
      yield* storage.acquire("alice", "c")
      yield* storage.replace("alice", "c", Option.none(), never)
      assert.isTrue(Option.isNone(yield* storage.read("alice")))
    })
  )

  it.scopedLive("what is done once more because its answer got lost has the same answer", () =>
    Effect.gen(function* () {
      const database = yield* kind.database
      const { storage: one } = yield* open(database)
      const { storage: other } = yield* open(database)
      assert.isTrue(Option.isSome(yield* one.acquire("alice", "a")))
      assert.isTrue(Option.isSome(yield* other.acquire("alice", "a")))
      assert.isTrue(yield* one.replace("alice", "a", Option.some("text"), never))
      assert.isTrue(yield* other.replace("alice", "a", Option.some("text"), never))
      assert.isTrue(Option.isSome(yield* one.acquire("alice", "b")))
      assert.isFalse(yield* other.replace("alice", "a", Option.some("too late"), never))
      assert.isTrue(Option.isSome(yield* one.setAside("alice", "b")))
      assert.isTrue(Option.isSome(yield* other.setAside("alice", "b")))
    })
  )

  it.scopedLive(
    "who has given the lease back without a word can neither write nor take it back by renewing",
    () =>
      Effect.gen(function* () {
        const database = yield* kind.database
        const { storage } = yield* open(database)
        yield* storage.acquire("alice", "a")
        yield* storage.release("alice", "a")
        assert.isFalse(yield* storage.renew("alice", "a"))
        assert.isFalse(yield* storage.replace("alice", "a", Option.some("too late"), never))
        assert.isTrue(Option.isNone(yield* storage.read("alice")))
      })
  )

  it.scopedLive("a copy that was made before its maker was stopped is not in the way of another try", () =>
    Effect.gen(function* () {
      const database = yield* kind.database
      const { sql, storage } = yield* open(database)
      yield* storage.acquire("alice", "a")
      yield* storage.replace("alice", "a", Option.some("illegible"), never)
      yield* storage.acquire("alice", "b")
      yield* sql`INSERT INTO ${sql(database.table)} (key_hash, session_key, stored) VALUES ('unreadable-b', 'alice', 'illegible')`
      assert.isTrue(Option.isSome(yield* storage.setAside("alice", "b")))
      assert.isTrue(Option.isNone(yield* storage.read("alice")))
    })
  )

  it.scopedLive(
    "the lease ends with the text that replaces the old one, and a late renewal does not take it back",
    () =>
      Effect.gen(function* () {
        const database = yield* kind.database
        const { storage } = yield* open(database)
        yield* storage.acquire("alice", "a")
        yield* storage.replace("alice", "a", Option.some("text"), never)
        assert.isFalse(yield* storage.renew("alice", "a"))
        assert.isTrue(Option.isSome(yield* storage.acquire("alice", "b")))
        yield* storage.release("alice", "a")
        assert.isTrue(Option.isNone(yield* storage.acquire("alice", "c")))
      })
  )

  it.scopedLive("a holder that comes back late may write if nobody came meanwhile", () =>
    Effect.gen(function* () {
      const database = yield* kind.database
      const { storage } = yield* open(database, { leaseDuration: "100 millis" })
      yield* storage.acquire("alice", "a")
      yield* Effect.sleep("150 millis")
      assert.isTrue(yield* storage.renew("alice", "a"))
      yield* Effect.sleep("150 millis")
      assert.isTrue(yield* storage.replace("alice", "a", Option.some("late"), never))
      assert.strictEqual(Option.getOrUndefined(yield* storage.read("alice")), "late")
    })
  )

  it.scoped("whether a lease has run out is told by the clock of the database", () =>
    Effect.gen(function* () {
      const database = yield* kind.database
      const { sql, storage } = yield* open(database)
      yield* storage.acquire("alice", "a")
      yield* TestClock.adjust("100 days")
      assert.isTrue(Option.isNone(yield* storage.acquire("alice", "b")))
      yield* sql`UPDATE ${sql(database.table)} SET lease_until = lease_until - 10001`
      assert.isTrue(Option.isSome(yield* storage.acquire("alice", "b")))
    })
  )

  it.scopedLive("sets aside what cannot be read, whole and once", () =>
    Effect.gen(function* () {
      const database = yield* kind.database
      const { sql, storage } = yield* open(database)
      assert.isTrue(Option.isNone(yield* storage.setAside("alice", "a")))
      yield* storage.acquire("alice", "a")
      assert.strictEqual(
        Option.getOrUndefined(yield* storage.setAside("alice", "a")),
        `The row of ${database.table} whose key_hash is unreadable-a`
      )
      assert.lengthOf(yield* rows(sql, database), 1)
      yield* storage.replace("alice", "a", Option.some("illegible"), never)
      yield* storage.acquire("alice", "b")
      yield* storage.setAside("alice", "b")
      assert.isTrue(Option.isNone(yield* storage.read("alice")))
      assert.isTrue(yield* storage.replace("alice", "b", Option.some("legible"), never))
      assert.strictEqual((yield* rowOf(sql, database, hashOfAlice)).stored, "legible")
      const aside = yield* rowOf(sql, database, "unreadable-b")
      assert.strictEqual(aside.stored, "illegible")
      assert.strictEqual(aside.session_key, "alice")
      assert.isNull(aside.lease_until)
    })
  )

  it.scopedLive("keeps long texts of any characters under long keys of any characters", () =>
    Effect.gen(function* () {
      const database = yield* kind.database
      const { sql, storage } = yield* open(database)
      const keys = [
        "",
        "'; --",
        "\u0000",
        "\ud800",
        "\u{1f511}".repeat(300),
        `a${"\u{1f511}".repeat(300)}`,
        "k".repeat(100_000),
        "%_\\"
      ]
      for (const [index, key] of keys.entries()) {
        const text = `${index} "'\\\u{1f511}ä\n`.repeat(1_000)
        yield* storage.acquire(key, "a")
        assert.isTrue(yield* storage.replace(key, "a", Option.some(text), never))
        assert.strictEqual(Option.getOrUndefined(yield* storage.read(key)), text)
      }
      const written = yield* rows(sql, database)
      assert.lengthOf(written, keys.length)
      for (const { session_key } of written) {
        assert.isAtMost(session_key.length, 500)
        assert.notMatch(session_key, /[\0\p{Cs}]/u)
      }
    })
  )

  it.scopedLive("purges what has ended and what never began, and nothing that somebody needs", () =>
    Effect.gen(function* () {
      const database = yield* kind.database
      const { sql, storage } = yield* open(database)
      const purge = SqlTokenStorage.purge({ table: database.table }).pipe(
        Effect.provideService(SqlClient.SqlClient, sql)
      )
      const past = Option.some(DateTime.unsafeMake(Date.now() - 60_000))
      const future = Option.some(DateTime.unsafeMake(Date.now() + 60_000))
      const put = (key: string, text: Option.Option<string>, endsAt: Option.Option<DateTime.Utc>) =>
        Effect.zipRight(storage.acquire(key, `of ${key}`), storage.replace(key, `of ${key}`, text, endsAt))
      const some = Option.some("text")
      yield* put("ended", some, past)
      yield* put("lasting", some, future)
      yield* put("endless", some, never)
      yield* put("ended, in use", some, past)
      yield* storage.acquire("ended, in use", "h")
      yield* storage.acquire("begun, in use", "h")
      yield* storage.acquire("begun, given up", "h")
      yield* storage.release("begun, given up", "h")
      yield* put("ended, its holder is late", some, past)
      yield* storage.acquire("ended, its holder is late", "h")
      yield* put("ended, its holder is dead", some, past)
      yield* storage.acquire("ended, its holder is dead", "h")
      const since = (key: string, millis: number) =>
        sql`UPDATE ${sql(database.table)} SET lease_until = lease_until - ${millis} WHERE session_key = ${key}`
      yield* since("ended, its holder is late", 60_000)
      yield* since("ended, its holder is dead", 3_700_000)
      yield* put("unreadable", some, past)
      yield* storage.acquire("unreadable", "x")
      yield* storage.setAside("unreadable", "x")
      yield* storage.release("unreadable", "x")
      assert.strictEqual(yield* purge, 4)
      assert.strictEqual(yield* purge, 0)
      const left = yield* rows(sql, database)
      assert.sameMembers(
        left.map(({ key_hash, session_key }) => (key_hash === "unreadable-x" ? key_hash : session_key)),
        ["lasting", "endless", "ended, in use", "begun, in use", "ended, its holder is late", "unreadable-x"]
      )
    })
  )

  it.scopedLive("two clients lose nothing among a hundred, whatever the order", () =>
    Effect.gen(function* () {
      const database = yield* kind.database
      const increment = (store: TokenStore.Service) =>
        store.modify("alice", ({ token }) =>
          Effect.as(Effect.yieldNow(), [
            undefined,
            Option.some(tokenOf(String(Number(accessOf(token) ?? "0") + 1)))
          ] as const)
        )
      // Many stores, each with a line of its own, so that all of them meet in the database.
      const clients = [(yield* open(database)).sql, (yield* open(database)).sql]
      const stores = yield* Effect.forEach(
        [...clients, ...clients, ...clients, ...clients, ...clients],
        (client) => Effect.flatMap(storageOn(client, database), storeOf)
      )
      yield* Effect.forEach(stores, (store) => Effect.repeatN(increment(store), 9), {
        concurrency: "unbounded"
      })
      const { storage } = yield* open(database)
      const store = yield* storeOf(storage)
      assert.strictEqual(accessOf((yield* store.read("alice")).token), "100")
    })
  )

  it.scopedLive("holds no connection while the function of a modify runs", () =>
    Effect.gen(function* () {
      const database = yield* kind.database
      const { sql, storage } = yield* open(database, {}, { connections: 1 })
      const store = yield* storeOf(storage)
      const holder = yield* store.modify("alice", () =>
        Effect.map(sql`SELECT holder FROM ${sql(database.table)}`.values, ([row]) => [
          row?.[0],
          Option.some(tokenOf("one"))
        ])
      )
      assert.isString(holder)
    })
  )

  it.scopedLive("a client that renames tables, columns and rows leaves these alone", () =>
    Effect.gen(function* () {
      const database = yield* kind.database
      const { sql } = yield* open(database)
      const { storage } = yield* open(database, {}, { renames: true })
      yield* storage.acquire("alice", "a")
      assert.isTrue(yield* storage.replace("alice", "a", Option.some("text"), never))
      assert.strictEqual(Option.getOrUndefined(yield* storage.read("alice")), "text")
      assert.strictEqual((yield* rowOf(sql, database, hashOfAlice)).stored, "text")
    })
  )
})
