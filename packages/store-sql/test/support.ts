import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as SqlClient from "@effect/sql/SqlClient"
import { LibsqlClient } from "@effect/sql-libsql"
import { PgClient } from "@effect/sql-pg"
import { afterAll, beforeAll, describe } from "@effect/vitest"
import { type TokenStorage, TokenStore } from "@effect-oauth/client"
import { Installation, PostgreSQL } from "@effect-oauth/loopback-servers"
import { SqlTokenStorage } from "@effect-oauth/store-sql"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as TestServices from "effect/TestServices"
import * as Tracer from "effect/Tracer"

export interface ConnectOptions {
  /** How many connections a client has at most, where it can have more than one. */
  readonly connections?: number
  /** Whether the client writes names as in `camelCase` and makes `snake_case` of them, and back. */
  readonly renames?: boolean
}

/** A table of its own, and clients for the database that it is in, each with connections of its own. */
export interface Database {
  readonly table: string
  /** Of a file. */
  readonly url?: string
  readonly connect: (options?: ConnectOptions) => Effect.Effect<SqlClient.SqlClient, unknown, Scope.Scope>
}

export interface Kind {
  readonly name: string
  /** Of MySQL, what is made of a table is not undone with a transaction, and no statement returns what it changed. */
  readonly isMysql: boolean
  readonly database: Effect.Effect<Database, unknown, Scope.Scope>
}

const sqlClientOf = <A, E>(layer: Layer.Layer<A | SqlClient.SqlClient, E>) =>
  Effect.map(Layer.build(layer), (context) => Context.get(context, SqlClient.SqlClient))

const renaming = ({ renames = false }: ConnectOptions) =>
  renames
    ? {
        transformQueryNames: (name: string) => `${name}_renamed`,
        transformResultNames: (name: string) => `${name}_renamed`
      }
    : {}

export const libsql: Kind = {
  name: "libSQL",
  isMysql: false,
  database: Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "store-sql-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
    ),
    (folder): Database => {
      const url = `file:${join(folder, "sessions.db")}`
      return {
        table: "sessions",
        url,
        connect: (options = {}) => sqlClientOf(LibsqlClient.layer({ url, ...renaming(options) }))
      }
    }
  )
}

/** A server for all tests of a suite, which is started before the first of them. */
export const sharedServer = (options: PostgreSQL.Options = {}): Effect.Effect<PostgreSQL.Service> => {
  const scope = Effect.runSync(Scope.make())
  let server: PostgreSQL.Service
  beforeAll(async () => {
    server = await Effect.runPromise(Scope.extend(PostgreSQL.make(options), scope))
  })
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return Effect.sync(() => server)
}

export const pgClient = ({ url }: { readonly url: string }, options: ConnectOptions = {}) =>
  sqlClientOf(
    PgClient.layer({
      url: Redacted.make(url),
      maxConnections: options.connections ?? 10,
      ...renaming(options)
    })
  )

/** The URL of a MySQL or MariaDB, if there is one to try, and `@effect/sql-mysql2` with it: no test needs either. */
export const mysqlUrl = process.env["EFFECT_OAUTH_MYSQL_URL"]

interface MysqlModule {
  readonly MysqlClient: {
    readonly layer: (config: object) => Layer.Layer<SqlClient.SqlClient, unknown>
  }
}

export const mysqlClient = (url: string, options: ConnectOptions = {}) =>
  Effect.gen(function* () {
    const name = "@effect/sql-mysql2"
    const { MysqlClient }: MysqlModule = yield* Effect.promise(() => import(/* @vite-ignore */ name))
    return yield* sqlClientOf(
      MysqlClient.layer({
        url: Redacted.make(url),
        maxConnections: options.connections ?? 10,
        ...renaming(options)
      })
    )
  })

const tableOfItsOwn = () => `sessions_${globalThis.crypto.randomUUID().replaceAll("-", "")}`

const mysql = (url: string): Kind => ({
  name: "MySQL",
  isMysql: true,
  database: Effect.sync(
    (): Database => ({
      table: tableOfItsOwn(),
      connect: (options) => mysqlClient(url, options)
    })
  )
})

/** What a suite is run with, on each kind of database. */
export const onEachDatabase = (name: string, suite: (kind: Kind) => void): void => {
  describe(`${name} on libSQL`, () => suite(libsql))
  describe(...Installation.needing(`${name} on PostgreSQL`, PostgreSQL.installation), () => {
    const server = sharedServer()
    suite({
      name: "PostgreSQL",
      isMysql: false,
      database: Effect.map(server, (service): Database => {
        return { table: tableOfItsOwn(), connect: (options) => pgClient(service, options) }
      })
    })
  })
  if (mysqlUrl !== undefined) describe(`${name} on MySQL`, () => suite(mysql(mysqlUrl)))
}

/** The storage of a client, whose table is made if need be. */
export const storageOn = (
  client: SqlClient.SqlClient,
  { table }: Pick<Database, "table">,
  options: SqlTokenStorage.Options = {}
) =>
  Effect.provideService(
    SqlTokenStorage.make({ table, migrate: true, ...options }),
    SqlClient.SqlClient,
    client
  )

/** A client, and its storage. */
export const open = (
  database: Database,
  options: SqlTokenStorage.Options = {},
  connectOptions: ConnectOptions = {}
) =>
  Effect.gen(function* () {
    const sql = yield* database.connect(connectOptions)
    return { sql, storage: yield* storageOn(sql, database, options) }
  })

/** The store of a storage. */
export const storeOf = (storage: TokenStorage.TokenStorage) =>
  Effect.provide(TokenStore.TokenStore, TokenStore.layerStorage(Effect.succeed(storage)))

/** Lets time pass on the test clock until the effect, which talks to a real database, has ended. */
export const whileTimePasses = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(effect)
    yield* TestClock.adjust("100 millis").pipe(
      Effect.zipRight(TestServices.provideLive(Effect.sleep("5 millis"))),
      Effect.zipRight(fiber.poll),
      Effect.repeat({ until: Option.isSome })
    )
    return yield* Fiber.join(fiber)
  })

/** Keeps all spans of what it is asked to trace. */
export const recorder = Effect.map(Effect.tracer, (native) => {
  const spans: Array<Tracer.Span> = []
  return {
    spans,
    /** The texts of the statements. */
    statements: () =>
      spans
        .filter(({ name }) => name === "sql.execute")
        .map((span) => String(span.attributes.get("db.query.text")))
        // Settings of the connection, which is on this machine.
        .filter((text) => !text.startsWith("PRAGMA")),
    trace: Effect.withTracer(
      Tracer.make({
        span: (...args) => {
          const span = native.span(...args)
          spans.push(span)
          return span
        },
        context: (run, fiber) => native.context(run, fiber)
      })
    )
  }
})
