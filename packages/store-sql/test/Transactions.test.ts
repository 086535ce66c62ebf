import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Statement from "@effect/sql/Statement"
import { assert, describe, it } from "@effect/vitest"
import { TokenEndpoint, TokenManager, TokenStore } from "@effect-oauth/client"
import { Installation, PostgreSQL } from "@effect-oauth/loopback-servers"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { accessOf, tokenOf } from "../../client/test/fixtures/tokenStoreContract.js"
import { serverOf } from "../../client/test/fixtures/world.js"
import {
  type Database,
  libsql,
  onEachDatabase,
  open,
  pgClient,
  sharedServer,
  storageOn,
  storeOf,
  whileTimePasses
} from "./support.js"

const text = Option.some("text")

const assertPassing = (error: { readonly _tag: string; readonly message: string }, words: RegExp): void => {
  assert.strictEqual(error._tag, "TokenStoreError")
  assert.propertyVal(error, "reason", "Unavailable")
  assert.propertyVal(error, "isTransient", true)
  assert.match(error.message, words)
}

describe(
  ...Installation.needing("within a transaction of the user on PostgreSQL", PostgreSQL.installation),
  () => {
    const server = sharedServer()

    it.scopedLive("a token that was refreshed stays stored when the transaction is rolled back", () =>
      Effect.gen(function* () {
        const sql = yield* pgClient(yield* server)
        const storage = yield* storageOn(sql, { table: "rolled_back" })
        const { endpoint, grant, story } = yield* serverOf()
        const manager = yield* TokenManager.make({ grant, key: "alice" }).pipe(
          Effect.provideService(TokenEndpoint.TokenEndpoint, endpoint),
          Effect.provide(TokenStore.layerStorage(Effect.succeed(storage)))
        )
        yield* sql`CREATE TABLE orders (id INT)`
        yield* manager.getToken
        const exit = yield* Effect.exit(
          sql.withTransaction(
            Effect.gen(function* () {
              yield* sql`INSERT INTO orders VALUES (1)`
              yield* manager.refreshToken()
              return yield* Effect.fail("no")
            })
          )
        )
        assert.deepStrictEqual(exit, Exit.fail("no"))
        assert.lengthOf(yield* sql`SELECT * FROM orders`, 0)
        assert.deepStrictEqual((yield* story).slice(1), ["refresh refresh-1"])
        assert.include(Option.getOrThrow(yield* storage.read("alice")), "refresh-2")
      })
    )

    it.scopedLive("a lease is seen by others at once", () =>
      Effect.gen(function* () {
        const sql = yield* pgClient(yield* server)
        const other = yield* pgClient(yield* server)
        const storage = yield* storageOn(sql, { table: "seen" })
        const others = yield* storageOn(other, { table: "seen" })
        yield* sql.withTransaction(
          Effect.gen(function* () {
            yield* storage.acquire("alice", "a")
            assert.isTrue(Option.isNone(yield* others.acquire("alice", "b")))
            assert.isTrue(yield* storage.replace("alice", "a", text, Option.none()))
            assert.strictEqual(Option.getOrUndefined(yield* others.read("alice")), "text")
          })
        )
      })
    )

    it.scopedLive("one of another database does not get the statements", () =>
      Effect.gen(function* () {
        const sql = yield* pgClient(yield* server)
        yield* sql`CREATE DATABASE elsewhere`
        const { host, port } = yield* server
        const elsewhere = yield* pgClient({ url: `postgres://postgres@${host}:${port}/elsewhere` })
        const storage = yield* storageOn(sql, { table: "only_here" })
        yield* elsewhere.withTransaction(storage.acquire("alice", "a"))
        assert.lengthOf(yield* sql`SELECT * FROM only_here`, 1)
      })
    )

    it.scopedLive("work that goes on after the transaction has ended goes on", () =>
      Effect.gen(function* () {
        const sql = yield* pgClient(yield* server, { connections: 2 })
        const storage = yield* storageOn(sql, { table: "goes_on" })
        const store = yield* storeOf(storage)
        const isOver = yield* Deferred.make<void>()
        const refreshing = yield* sql.withTransaction(
          store
            .modify("alice", () =>
              Effect.as(Deferred.await(isOver), [undefined, Option.some(tokenOf("one"))])
            )
            .pipe(Effect.forkDaemon, Effect.zipLeft(Effect.sleep("20 millis")))
        )
        yield* Deferred.succeed(isOver, undefined)
        yield* Fiber.join(refreshing)
        assert.strictEqual(accessOf((yield* store.read("alice")).token), "one")
      })
    )

    it.scoped("a transaction that has the only connection is told so in time", () =>
      Effect.gen(function* () {
        const sql = yield* pgClient(yield* server, { connections: 1 })
        const storage = yield* storageOn(sql, { table: "only_connection" })
        const error = yield* whileTimePasses(sql.withTransaction(Effect.flip(storage.acquire("alice", "a"))))
        assertPassing(error, /did not answer within 5 seconds\. If the caller is in a transaction/)
        assert.isTrue(Option.isSome(yield* storage.acquire("alice", "b")))
      })
    )

    it.scoped("is told in time, too, where nothing can be interrupted", () =>
      Effect.gen(function* () {
        const sql = yield* pgClient(yield* server, { connections: 1 })
        const storage = yield* storageOn(sql, { table: "uninterruptible" })
        const error = yield* whileTimePasses(
          sql.withTransaction(Effect.flip(Effect.uninterruptible(storage.release("alice", "a"))))
        )
        assertPassing(error, /did not answer/)
      })
    )

    it.scoped("a row that somebody has locked is not waited for for ever", () =>
      Effect.gen(function* () {
        const sql = yield* pgClient(yield* server)
        const storage = yield* storageOn(sql, { table: "locked" })
        yield* storage.acquire("alice", "a")
        yield* sql.withTransaction(
          Effect.gen(function* () {
            yield* sql`SELECT * FROM locked FOR UPDATE`
            const error = yield* whileTimePasses(
              Effect.flip(storage.replace("alice", "a", text, Option.none()))
            )
            assertPassing(error, /could not be written: the database did not answer/)
          })
        )
        assert.isTrue(yield* storage.replace("alice", "a", text, Option.none()))
      })
    )

    it.scopedLive("a strict isolation of all transactions makes no difference", () =>
      Effect.gen(function* () {
        const { host, port } = yield* server
        const url = `postgres://postgres@${host}:${port}/postgres?options=-c%20default_transaction_isolation%3Dserializable`
        const one = yield* Effect.flatMap(pgClient({ url }), (sql) => storageOn(sql, { table: "strict" }))
        const stores = yield* Effect.all([storeOf(one), storeOf(one), storeOf(one)])
        yield* Effect.forEach(
          stores,
          (store) =>
            Effect.repeatN(
              store.modify("alice", ({ token }) =>
                Effect.succeed([undefined, Option.some(tokenOf(String(Number(accessOf(token) ?? "0") + 1)))])
              ),
              9
            ),
          { concurrency: "unbounded" }
        )
        const [store] = stores
        assert.strictEqual(accessOf((yield* store.read("alice")).token), "30")
      })
    )
  }
)

describe("within a transaction of the user on libSQL", () => {
  it.scoped("is told in time that it has to end first", () =>
    Effect.gen(function* () {
      const database = yield* libsql.database
      const { sql, storage } = yield* open(database)
      for (const operation of [
        Effect.asVoid(storage.acquire("alice", "a")),
        Effect.asVoid(storage.read("alice")),
        Effect.asVoid(storage.replace("alice", "a", text, Option.none())),
        Effect.asVoid(storage.release("alice", "a"))
      ]) {
        const error = yield* whileTimePasses(sql.withTransaction(Effect.flip(operation)))
        assertPassing(error, /on SQLite the right to write, it has to end first\.$/)
      }
      assert.isTrue(Option.isSome(yield* storage.acquire("alice", "a")))
    })
  )

  /** A process that has begun to write, and ends after so many milliseconds. */
  const writer = ({ table, url = "" }: Database, milliseconds: number) =>
    Effect.acquireRelease(
      Effect.async<ChildProcess>((resume) => {
        const script = fileURLToPath(new URL("fixtures/writer.ts", import.meta.url))
        const child = spawn(process.execPath, ["--import", "tsx", script, url, table, String(milliseconds)], {
          stdio: ["ignore", "pipe", "inherit"]
        })
        child.stdout.once("data", () => resume(Effect.succeed(child)))
      }),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )

  const ended = (child: ChildProcess) =>
    Effect.async<void>((resume) => {
      if (child.exitCode !== null) return resume(Effect.void)
      child.once("exit", () => resume(Effect.void))
    })

  it.scopedLive("one of another process is waited for", () =>
    Effect.gen(function* () {
      const database = yield* libsql.database
      const { storage } = yield* open(database)
      const { sql: other } = yield* open(database)
      yield* storage.acquire("alice", "a")
      const child = yield* writer(database, 500)
      assert.isTrue(yield* storage.replace("alice", "a", text, Option.none()))
      yield* ended(child)
      const [row] = yield* other`SELECT stored, session_key FROM sessions`
      assert.deepStrictEqual({ ...row }, { stored: "text", session_key: "bob" })
    })
  )

  it.scopedLive(
    "one of another process that does not end is not waited for for ever, and what is written since is there",
    () =>
      Effect.gen(function* () {
        const database = yield* libsql.database
        const { storage } = yield* open(database)
        yield* storage.acquire("alice", "a")
        const child = yield* writer(database, 60_000)
        const write = storage.replace("alice", "a", text, Option.none())
        const error = yield* Effect.flip(write)
        assertPassing(error, /could not be written: others were in the way for too long/)
        assert.match(String(error.cause), /SQLITE_BUSY/)
        child.kill("SIGKILL")
        yield* ended(child)
        assert.isTrue(yield* write)
        const { sql: other } = yield* open(database)
        const [row] = yield* other`SELECT stored FROM sessions`
        assert.deepStrictEqual({ ...row }, { stored: "text" })
      })
  )

  it.scopedLive(
    "that crippled the connection for good is not followed by a write that nobody could see",
    () =>
      Effect.gen(function* () {
        const database = yield* libsql.database
        const client = yield* database.connect()
        // Such as a client that somebody has wrapped.
        const wrapped = new Proxy(client, { has: (target, name) => name !== "sdk" && name in target })
        const storage = yield* storageOn(wrapped, database)
        yield* storage.acquire("alice", "a")
        const child = yield* writer(database, 60_000)
        const write = storage.replace("alice", "a", text, Option.none())
        yield* Effect.flip(write)
        child.kill("SIGKILL")
        yield* ended(child)
        assertPassing(yield* Effect.flip(write), /Make a new client\.$/)
        assertPassing(yield* Effect.flip(storage.read("alice")), /Make a new client\.$/)
      })
  )
})

onEachDatabase("a transformer of the user's statements", (kind) => {
  it.scopedLive("does not see what is stored", () =>
    Effect.gen(function* () {
      const database = yield* kind.database
      const { storage } = yield* open(database)
      const seen: Array<unknown> = []
      yield* storage.acquire("alice", "a").pipe(
        Statement.withTransformer((statement) => {
          seen.push(statement.compile())
          return Effect.succeed(statement)
        })
      )
      assert.lengthOf(seen, 0)
    })
  )
})
