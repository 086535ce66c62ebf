/**
 * @since 0.1.0
 */

import * as SqlClient from "@effect/sql/SqlClient"
import type { AuthValidationException } from "@effect-oauth/client/AuthValidationException"
import type { TokenStorage } from "@effect-oauth/client/TokenStorage"
import type { TokenStoreError } from "@effect-oauth/client/TokenStoreError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { type Asking, asking, isMissing } from "./internal/asking.js"
import * as SessionTable from "./internal/sessionTable.js"
import * as settings from "./internal/settings.js"
import { sha256 } from "./internal/sha256.js"

/**
 * Where sessions are.
 *
 * @since 0.1.0
 * @category models
 */
export interface TableOptions {
  /**
   * The name of the table, in the case in which the database has it, with its schema if need be: `auth.sessions`.
   * Default: `effect_oauth_sessions`.
   */
  readonly table?: string | undefined
}

/**
 * How sessions are kept in a SQL database.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends TableOptions {
  /** How long the lease of a process lasts that no longer renews it, because it was killed. Default: 10 seconds. */
  readonly leaseDuration?: Duration.DurationInput | undefined
  /** Whether the table is made if it is not there, as `createTable` does. Default: false. */
  readonly migrate?: boolean | undefined
}

const defaultTable = "effect_oauth_sessions"
const defaultLease = Duration.seconds(10)

/**
 * Keeps sessions in a table of the database that the `SqlClient` is connected to, each in a row: any number of
 * processes that share the database share the sessions.
 *
 * Each operation is a statement of its own, outside of any transaction that the caller is in. No connection is held
 * while the network is talked to. A lease is the name of its holder in the row; whether it has run out is told by the
 * clock of the database. A holder whose lease ran out while nobody else took it may still write.
 *
 * Fails with `AuthValidationException` if the name of the table is none, `leaseDuration` is not finite, or the database
 * is neither PostgreSQL, SQLite, libSQL nor MySQL; with `TokenStoreError` if the table was to be made and could not be.
 *
 * @example
 * ```ts
 * import { TokenStorage, TokenStore } from "@effect-oauth/client"
 * import { SqlTokenStorage } from "@effect-oauth/store-sql"
 * import { Config, Effect } from "effect"
 *
 * const Store = TokenStore.layerStorage(
 *   Effect.gen(function* () {
 *     const current = { id: "2026-11", secret: yield* Config.redacted("SESSION_KEY") }
 *     return yield* SqlTokenStorage.make({ table: "auth.sessions" }).pipe(TokenStorage.encrypted({ current }))
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options = {}
): Effect.Effect<TokenStorage, AuthValidationException | TokenStoreError, SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const { name, table, asked } = yield* tableOf(options)
    const leaseDuration = yield* leaseOf(options)
    if (options.migrate === true) yield* makeTable(table, asked)

    // Who has replaced the text has given the lease back by it.
    const done = new Set<string>()

    const describe = (id: string): string => `The row of ${name} whose key_hash is ${id}`

    return {
      describe: (key) => Effect.map(sha256(key), describe),
      marksEnd: true,
      leaseDuration,
      read: (key) => Effect.flatMap(sha256(key), (id) => asked.run("read", table.read(id))),
      acquire: (key, holder) =>
        Effect.flatMap(sha256(key), (id) => asked.run("lease", table.acquire(id, legible(key), holder))),
      renew: (key, holder) =>
        Effect.flatMap(sha256(key), (id) => asked.run("lease", table.renew(id, holder))),
      replace: (key, holder, text, endsAt) =>
        Effect.flatMap(sha256(key), (id) =>
          asked.run(
            "write",
            table.replace(
              id,
              holder,
              Option.getOrNull(text),
              Option.getOrNull(Option.map(endsAt, ({ epochMillis }) => Math.ceil(epochMillis)))
            )
          )
        ).pipe(
          Effect.tap((isHeld) => {
            if (isHeld) done.add(holder)
          })
        ),
      setAside: (key, holder) =>
        Effect.flatMap(sha256(key), (id) => {
          const copyId = `unreadable-${holder}`
          return Effect.map(
            asked.run("write", Effect.zipRight(table.copy(id, holder, copyId), table.empty(id, holder))),
            (isHeld) => (isHeld ? Option.some(describe(copyId)) : Option.none())
          )
        }),
      release: (key, holder) =>
        Effect.suspend(() =>
          done.delete(holder)
            ? Effect.void
            : Effect.flatMap(sha256(key), (id) => asked.run("lease", table.release(id, holder)))
        )
    }
  })

/**
 * Makes the table, unless it is there: with that name, and the columns that are needed. Any number of processes may
 * do so at once. A role that may not make tables needs none of that right if the table is there.
 *
 * @example
 * ```ts
 * import { SqlTokenStorage } from "@effect-oauth/store-sql"
 *
 * const program = SqlTokenStorage.createTable({ table: "auth.sessions" })
 * ```
 *
 * @since 0.1.0
 * @category migrations
 */
export const createTable = (
  options: TableOptions = {}
): Effect.Effect<void, AuthValidationException | TokenStoreError, SqlClient.SqlClient> =>
  Effect.flatMap(tableOf(options), ({ table, asked }) => makeTable(table, asked))

/**
 * Makes the table as one of your migrations, in the transaction of the `Migrator` that runs it, which on MySQL undoes no
 * table. Nothing happens if the table is there.
 *
 * @example
 * ```ts
 * import { SqlTokenStorage } from "@effect-oauth/store-sql"
 * import { Migrator } from "@effect/sql"
 *
 * const loader = Migrator.fromRecord({
 *   "0001_sessions": SqlTokenStorage.migration()
 * })
 * ```
 *
 * @since 0.1.0
 * @category migrations
 */
export const migration = (
  options: TableOptions = {}
): Effect.Effect<void, AuthValidationException | TokenStoreError, SqlClient.SqlClient> =>
  Effect.flatMap(tableOf(options), ({ table, asked }) =>
    Effect.mapError(table.create, (error) => asked.failed("write", error))
  )

/**
 * Removes the rows that nobody needs: of sessions that have ended, and of those that were never begun. It tells how
 * many there were. A row with a lease stays, also for an hour after that has run out, and so does what was set aside
 * because it could not be read. Run it every now and then, in one process or in all of them.
 *
 * @example
 * ```ts
 * import { SqlTokenStorage } from "@effect-oauth/store-sql"
 * import { Effect, Schedule } from "effect"
 *
 * const purging = SqlTokenStorage.purge().pipe(
 *   Effect.catchTag("TokenStoreError", (error) => Effect.logWarning(error.message)),
 *   Effect.schedule(Schedule.spaced("1 day"))
 * )
 * ```
 *
 * @since 0.1.0
 * @category maintenance
 */
export const purge = (
  options: TableOptions = {}
): Effect.Effect<number, AuthValidationException | TokenStoreError, SqlClient.SqlClient> =>
  Effect.flatMap(tableOf(options), ({ table, asked }) => asked.run("write", table.purge))

const leaseOf = ({
  leaseDuration = defaultLease
}: Options): Effect.Effect<Duration.Duration, AuthValidationException> =>
  settings.leaseDuration(leaseDuration)

const tableOf = (
  options: Options
): Effect.Effect<
  { readonly name: string; readonly table: SessionTable.SessionTable; readonly asked: Asking },
  AuthValidationException,
  SqlClient.SqlClient
> =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const name = options.table ?? defaultTable
    const parts = yield* settings.tableName(name)
    const leaseMillis = Math.ceil(Duration.toMillis(yield* leaseOf(options)))
    const table = yield* SessionTable.make(sql, parts, leaseMillis)
    return { name, table, asked: asking(name, table) }
  })

// Of those who make the same table at once, PostgreSQL lets all but one fail.
const untilMade = Schedule.exponential("10 millis").pipe(
  Schedule.jittered,
  Schedule.intersect(Schedule.recurs(5))
)

const makeTable = (table: SessionTable.SessionTable, asked: Asking): Effect.Effect<void, TokenStoreError> =>
  asked.run(
    "write",
    Effect.catchIf(table.probe, isMissing, () => Effect.retry(table.create, untilMade))
  )

/** What people see of a key in the table: nothing goes by it. */
const legible = (key: string): string => key.slice(0, 500).replace(/[\0\p{Cs}]/gu, "\ufffd")
