import type { SqlClient } from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import type { Statement } from "@effect/sql/Statement"
import type { AuthValidationException } from "@effect-oauth/client/AuthValidationException"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { dialectOf } from "./dialect.js"

/**
 * The statements on the table. Each stands alone, needs no transaction, and does no harm if it is run once more when
 * nobody knows whether it was.
 *
 * `lease_until` is `NULL` while nobody has the lease. Who replaced the text has given the lease back by it, and stays
 * named as the holder until the next one, so that the same statement, run once more, has the same answer.
 */
export interface SessionTable {
  /** To be run before each statement: lets it wait for those who write at that moment. */
  readonly prepare: Effect.Effect<void>
  /** Goes on with a connection in the place of one that was crippled: `None` where no connection ever is. */
  readonly reconnect: Option.Option<Effect.Effect<void, unknown>>
  readonly create: Effect.Effect<void, SqlError>
  /** Fails unless the table is there, with the columns that are needed. */
  readonly probe: Effect.Effect<void, SqlError>
  readonly read: (id: string) => Effect.Effect<Option.Option<string>, SqlError>
  readonly acquire: (
    id: string,
    key: string,
    holder: string
  ) => Effect.Effect<Option.Option<{ readonly text: Option.Option<string> }>, SqlError>
  readonly renew: (id: string, holder: string) => Effect.Effect<boolean, SqlError>
  readonly replace: (
    id: string,
    holder: string,
    text: string | null,
    endsAt: number | null
  ) => Effect.Effect<boolean, SqlError>
  /** Copies a text that is there into a row of its own. */
  readonly copy: (id: string, holder: string, copyId: string) => Effect.Effect<void, SqlError>
  readonly empty: (id: string, holder: string) => Effect.Effect<boolean, SqlError>
  readonly release: (id: string, holder: string) => Effect.Effect<void, SqlError>
  /** How many rows were removed. */
  readonly purge: Effect.Effect<number, SqlError>
}

/** How long a holder that was stopped, and in whose place nobody came, may take to come back and write. */
const purgeGraceMillis = 3_600_000

/** How many rows MySQL purges at once. */
const purgedAtOnce = 1000

/** How long a statement waits on SQLite, which holds up the process: what it waits for takes a moment. */
const busyMillis = 2000

/** As much of the client of libSQL as is needed here. */
interface LibsqlSdk {
  readonly transaction: (mode: "read") => Promise<{ readonly close: () => void }>
}

const isSdkOfFile = (sdk: unknown): sdk is LibsqlSdk =>
  Predicate.hasProperty(sdk, "protocol") &&
  sdk.protocol === "file" &&
  Predicate.hasProperty(sdk, "transaction") &&
  Predicate.isFunction(sdk.transaction)

/** libSQL keeps its connection to a file for the transaction that begins, and opens another for what follows. */
const reconnectionOf = (sql: SqlClient): Option.Option<Effect.Effect<void, unknown>> =>
  Option.liftPredicate(isSdkOfFile)(Predicate.hasProperty(sql, "sdk") ? sql.sdk : undefined).pipe(
    Option.map((sdk) => Effect.tryPromise(async () => (await sdk.transaction("read")).close()))
  )

const firstText = (row: ReadonlyArray<unknown>): Option.Option<string> =>
  typeof row[0] === "string" ? Option.some(row[0]) : Option.none()

/** MySQL was told not to commit each statement: what was written would be gone with the connection. */
export class UncommittedStatement extends Error {
  override readonly name = "UncommittedStatement"
}

/** As MySQL tells it with each answer: the statement is part of a transaction that has not ended. */
const inTransaction = 1

const committed = (result: unknown): Effect.Effect<unknown, SqlError> =>
  Predicate.hasProperty(result, "serverStatus") &&
  typeof result.serverStatus === "number" &&
  (result.serverStatus & inTransaction) !== 0
    ? Effect.fail(new SqlError({ cause: new UncommittedStatement() }))
    : Effect.succeed(result)

/**
 * How many rows a statement of MySQL was for. Of an update, `affectedRows` leaves out those that had these values
 * already, unless the client asked for them to be counted. The first number of `info`, in any language, does not.
 */
const affected = (result: unknown): number => {
  const matched =
    Predicate.hasProperty(result, "info") && typeof result.info === "string" ? /\d+/.exec(result.info) : null
  if (matched !== null) return Number(matched[0])
  return Predicate.hasProperty(result, "affectedRows") && typeof result.affectedRows === "number"
    ? result.affectedRows
    : 0
}

/** The table of this name in the dialect of the client. */
export const make = (
  sql: SqlClient,
  name: ReadonlyArray<string>,
  leaseMillis: number
): Effect.Effect<SessionTable, AuthValidationException> =>
  Effect.map(dialectOf(sql), (dialect) => {
    // Names are written out, so that a client which renames what it is given leaves them alone.
    const table = sql.literal(name.map((part) => dialect.quote + part + dialect.quote).join("."))
    const now = sql.literal(dialect.now)
    const later = sql.literal(`${dialect.now} + ${leaseMillis}`)
    const unlessThere = sql.literal(dialect.unlessThere)

    const isHeldBy = (id: string, holder: string) => sql`key_hash = ${id} AND holder = ${holder}`

    const write = (statement: Statement<unknown>): Effect.Effect<unknown, SqlError> =>
      Effect.flatMap(statement.raw, committed)

    const count = (statement: Statement<unknown>): Effect.Effect<number, SqlError> =>
      dialect.returns
        ? Effect.map(sql`${statement} RETURNING 1`.values, (rows) => rows.length)
        : Effect.map(write(statement), affected)

    const isDone = (statement: Statement<unknown>): Effect.Effect<boolean, SqlError> =>
      Effect.map(count(statement), (rows) => rows > 0)

    const textUnderLease = (rows: ReadonlyArray<ReadonlyArray<unknown>>) =>
      Option.map(Option.fromNullable(rows[0]), (row) => ({ text: firstText(row) }))

    const acquireReturning: SessionTable["acquire"] = (id, key, holder) =>
      Effect.map(
        sql`INSERT INTO ${table} AS session (key_hash, session_key, holder, lease_until)
VALUES (${id}, ${key}, ${holder}, ${later})
ON CONFLICT (key_hash) DO UPDATE SET holder = excluded.holder, lease_until = ${later}
WHERE session.lease_until IS NULL OR session.lease_until <= ${now} OR session.holder = excluded.holder
RETURNING stored`.values,
        textUnderLease
      )

    // The second assignment sees what the first has assigned, except in some modes of MariaDB: it is right in both.
    const acquireThenRead: SessionTable["acquire"] = (id, key, holder) => {
      const isFree = sql`lease_until IS NULL OR lease_until <= ${now} OR holder = ${holder}`
      return Effect.zipRight(
        write(sql`INSERT INTO ${table} (key_hash, session_key, holder, lease_until)
VALUES (${id}, ${key}, ${holder}, ${later})
ON DUPLICATE KEY UPDATE
holder = IF(${isFree}, ${holder}, holder),
lease_until = IF(${isFree}, ${later}, lease_until)`),
        Effect.map(sql`SELECT stored FROM ${table} WHERE ${isHeldBy(id, holder)}`.values, textUnderLease)
      )
    }

    const isPurged = sql`(stored IS NULL OR ends_at <= ${now})
AND (lease_until IS NULL OR lease_until <= ${now} - ${sql.literal(String(purgeGraceMillis))})`

    // On MySQL a deletion that goes through the table locks each row that it sees, until it has seen all.
    const purgeFound: Effect.Effect<number, SqlError> = Effect.gen(function* () {
      const limit = sql.literal(String(purgedAtOnce))
      const found = yield* sql`SELECT key_hash FROM ${table} WHERE ${isPurged} LIMIT ${limit}`.values
      if (found.length === 0) return 0
      const purged = yield* count(
        sql`DELETE FROM ${table} WHERE key_hash IN ${sql.in(found.map(([id]) => id))} AND ${isPurged}`
      )
      return purged === 0 || found.length < purgedAtOnce ? purged : purged + (yield* purgeFound)
    })

    // It is a setting of the connection, and clients come to have other connections. A greater one is the user's.
    const prepare = sql`PRAGMA busy_timeout`.values.pipe(
      Effect.flatMap(([row]) =>
        Number(row?.[0]) >= busyMillis
          ? Effect.void
          : sql`PRAGMA busy_timeout = ${sql.literal(String(busyMillis))}`.raw
      ),
      // A database that is not on this machine knows no such setting, and needs none.
      Effect.ignore
    )

    return {
      prepare: dialect.refusesAtOnce ? prepare : Effect.void,
      reconnect: reconnectionOf(sql),
      create: Effect.asVoid(sql`CREATE TABLE IF NOT EXISTS ${table} ${sql.literal(dialect.columns)}`.raw),
      probe: Effect.asVoid(
        sql`SELECT key_hash, session_key, stored, holder, lease_until, ends_at FROM ${table} WHERE 1 = 0`.raw
      ),
      read: (id) =>
        Effect.map(sql`SELECT stored FROM ${table} WHERE key_hash = ${id}`.values, (rows) =>
          Option.flatMap(Option.fromNullable(rows[0]), firstText)
        ),
      acquire: dialect.returns ? acquireReturning : acquireThenRead,
      renew: (id, holder) =>
        isDone(
          sql`UPDATE ${table} SET lease_until = ${later} WHERE ${isHeldBy(id, holder)} AND lease_until IS NOT NULL`
        ),
      replace: (id, holder, text, endsAt) =>
        isDone(
          sql`UPDATE ${table} SET stored = ${text}, ends_at = ${endsAt}, lease_until = NULL WHERE ${isHeldBy(id, holder)}`
        ),
      copy: (id, holder, copyId) =>
        Effect.asVoid(
          write(sql`INSERT INTO ${table} (key_hash, session_key, stored)
SELECT ${copyId}, session_key, stored FROM ${table} WHERE ${isHeldBy(id, holder)} AND stored IS NOT NULL
${unlessThere}`)
        ),
      empty: (id, holder) => isDone(sql`UPDATE ${table} SET stored = NULL WHERE ${isHeldBy(id, holder)}`),
      release: (id, holder) =>
        Effect.asVoid(
          write(sql`UPDATE ${table} SET holder = NULL, lease_until = NULL WHERE ${isHeldBy(id, holder)}`)
        ),
      purge: dialect.returns ? count(sql`DELETE FROM ${table} WHERE ${isPurged}`) : purgeFound
    }
  })
