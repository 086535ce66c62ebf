import * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import { assert, describe, it } from "@effect/vitest"
import { Installation, PostgreSQL } from "@effect-oauth/loopback-servers"
import { SqlTokenStorage, SqlTokenStore } from "@effect-oauth/store-sql"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { onEachDatabase, pgClient, sharedServer, storageOn } from "./support.js"

const works = (sql: SqlClient.SqlClient, table: string) =>
  Effect.gen(function* () {
    const storage = yield* storageOn(sql, { table }, { migrate: false })
    yield* storage.acquire("alice", "a")
    assert.isTrue(yield* storage.replace("alice", "a", Option.some("text"), Option.none()))
    assert.strictEqual(Option.getOrUndefined(yield* storage.read("alice")), "text")
  })

onEachDatabase("the table", (kind) => {
  it.scopedLive("is made by createTable, also twice, and nothing is lost by it", () =>
    Effect.gen(function* () {
      const { connect, table } = yield* kind.database
      const sql = yield* connect()
      const createTable = Effect.provideService(
        SqlTokenStorage.createTable({ table }),
        SqlClient.SqlClient,
        sql
      )
      yield* createTable
      yield* works(sql, table)
      yield* createTable
      const storage = yield* storageOn(sql, { table })
      assert.strictEqual(Option.getOrUndefined(yield* storage.read("alice")), "text")
    })
  )

  it.scopedLive("is made once by eight that start at once", () =>
    Effect.gen(function* () {
      const { connect, table } = yield* kind.database
      const clients = yield* Effect.all(Array.from({ length: 8 }, () => connect({ connections: 1 })))
      const storages = yield* Effect.forEach(clients, (sql) => storageOn(sql, { table }), {
        concurrency: "unbounded"
      })
      const [first] = clients
      if (first !== undefined) yield* works(first, table)
      for (const storage of storages) {
        assert.strictEqual(Option.getOrUndefined(yield* storage.read("alice")), "text")
      }
    })
  )

  it.scopedLive("is made by a migration, and gone if that is rolled back", () =>
    Effect.gen(function* () {
      const { connect, table } = yield* kind.database
      const sql = yield* connect()
      const migrate = (record: Record<string, Effect.Effect<void, unknown, SqlClient.SqlClient>>) =>
        Migrator.make({})({
          loader: Migrator.fromRecord(record),
          table: `migrations_of_${table}`.slice(0, 40)
        }).pipe(Effect.provideService(SqlClient.SqlClient, sql))
      const migration = SqlTokenStorage.migration({ table })
      // MySQL commits with the table that the migration was run, whatever comes of it.
      if (!kind.isMysql) {
        yield* Effect.exit(migrate({ "0001_sessions": Effect.zipRight(migration, Effect.fail("no")) }))
        const missing = yield* Effect.flip(works(sql, table))
        assert.match(String(missing), /There is no table/)
      }
      assert.lengthOf(yield* migrate({ "0001_sessions": migration }), 1)
      yield* works(sql, table)
      assert.lengthOf(yield* migrate({ "0001_sessions": migration, "0002_again": migration }), 1)
    })
  )

  it.scopedLive("that is missing is told with what makes it", () =>
    Effect.gen(function* () {
      const { connect, table } = yield* kind.database
      const storage = yield* storageOn(yield* connect(), { table }, { migrate: false })
      for (const operation of [
        Effect.asVoid(storage.read("alice")),
        Effect.asVoid(storage.acquire("alice", "a")),
        Effect.asVoid(storage.replace("alice", "a", Option.none(), Option.none()))
      ]) {
        const error = yield* Effect.flip(operation)
        assert.strictEqual(error.reason, "Unavailable")
        assert.include(
          error.message,
          `There is no table ${table} for sessions. Make it with SqlTokenStorage.createTable`
        )
      }
    })
  )

  it.scopedLive("of somebody else is left alone", () =>
    Effect.gen(function* () {
      const { connect, table } = yield* kind.database
      const sql = yield* connect()
      yield* sql`CREATE TABLE ${sql(table)} (id INT)`
      const error = yield* Effect.flip(storageOn(sql, { table }))
      assert.include(error.message, `The table ${table} was not made for sessions: a column is missing.`)
      assert.lengthOf(yield* sql`SELECT id FROM ${sql(table)}`, 0)
    })
  )

  it.scopedLive("has the name that the configuration gives it", () =>
    Effect.gen(function* () {
      const { connect, table } = yield* kind.database
      const sql = yield* connect()
      yield* SqlTokenStore.layerConfig({
        table: Config.string("SESSION_TABLE"),
        leaseDuration: Config.duration("SESSION_LEASE"),
        migrate: Config.boolean("SESSION_MIGRATE")
      }).pipe(
        Layer.provide(Layer.succeed(SqlClient.SqlClient, sql)),
        Layer.build,
        Effect.withConfigProvider(
          ConfigProvider.fromMap(
            new Map([
              ["SESSION_TABLE", table],
              ["SESSION_LEASE", "20 seconds"],
              ["SESSION_MIGRATE", "true"]
            ])
          )
        )
      )
      yield* works(sql, table)
    })
  )
})

describe(
  ...Installation.needing("the table in a PostgreSQL with schemas and roles", PostgreSQL.installation),
  () => {
    const server = sharedServer()

    it.scopedLive("is made in the schema that its name tells", () =>
      Effect.gen(function* () {
        const sql = yield* pgClient(yield* server)
        const missing = yield* Effect.flip(storageOn(sql, { table: "auth.Sessions" }))
        assert.strictEqual(missing.message, "There is no schema for the table auth.Sessions. Make it first.")
        yield* sql`CREATE SCHEMA auth`
        yield* storageOn(sql, { table: "auth.Sessions" })
        yield* works(sql, "auth.Sessions")
        assert.lengthOf(yield* sql`SELECT * FROM auth."Sessions"`, 1)
      })
    )

    it.scopedLive("needs no right to make tables if it is there", () =>
      Effect.gen(function* () {
        const sql = yield* pgClient(yield* server)
        yield* storageOn(sql, { table: "granted" })
        yield* sql`CREATE ROLE app LOGIN`
        yield* sql`GRANT SELECT, INSERT, UPDATE, DELETE ON granted TO app`
        yield* sql`REVOKE CREATE ON SCHEMA public FROM PUBLIC`
        const { host, port } = yield* server
        const app = yield* pgClient({ url: `postgres://app@${host}:${port}/postgres` })
        yield* storageOn(app, { table: "granted" })
        yield* works(app, "granted")
        const refused = yield* Effect.flip(storageOn(app, { table: "not_granted" }))
        assert.propertyVal(refused, "reason", "Unavailable")
        assert.match(String(refused.cause), /42501/)
      })
    )

    it.scopedLive("is made in time by many at once, over and over", () =>
      Effect.gen(function* () {
        const service = yield* server
        const clients = yield* Effect.all(
          Array.from({ length: 8 }, () => pgClient(service, { connections: 1 }))
        )
        for (let round = 0; round < 10; round += 1) {
          yield* Effect.forEach(clients, (sql) => storageOn(sql, { table: `round_${round}` }), {
            concurrency: "unbounded"
          })
        }
      })
    )
  }
)
