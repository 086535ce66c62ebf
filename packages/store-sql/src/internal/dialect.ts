import type { SqlClient } from "@effect/sql/SqlClient"
import { AuthValidationException } from "@effect-oauth/client/AuthValidationException"
import * as Effect from "effect/Effect"

/** What the databases do not say in the same way. */
export interface Dialect {
  readonly quote: string
  /** Milliseconds since 1970 by the clock of the database. */
  readonly now: string
  readonly columns: string
  /** What follows on an insertion so that a row without a lease that is there already stays as it is. */
  readonly unlessThere: string
  /** Whether whoever finds the database in use is told so at once, unless the connection was told to wait. */
  readonly refusesAtOnce: boolean
  /** Whether a statement can tell what it changed. */
  readonly returns: boolean
}

const columns = `(
  key_hash VARCHAR(255) NOT NULL PRIMARY KEY,
  session_key TEXT NOT NULL,
  stored TEXT,
  holder VARCHAR(255),
  lease_until BIGINT,
  ends_at BIGINT
)`

const returning = {
  quote: `"`,
  columns,
  unlessThere: "ON CONFLICT (key_hash) DO NOTHING",
  returns: true
} as const

const pg: Dialect = {
  ...returning,
  refusesAtOnce: false,
  // Not the time at which the statement began, which may have waited for another since.
  now: "floor(extract(epoch from clock_timestamp()) * 1000)::bigint"
}

const sqlite: Dialect = {
  ...returning,
  refusesAtOnce: true,
  now: "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
}

const mysql: Dialect = {
  quote: "`",
  refusesAtOnce: false,
  // The time at which the statement began. A holder reckons with that: a lease lasts from when it was asked for.
  now: "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)",
  columns: `(
  key_hash VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  session_key TEXT CHARACTER SET utf8mb4 NOT NULL,
  stored MEDIUMTEXT CHARACTER SET utf8mb4,
  holder VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin,
  lease_until BIGINT,
  ends_at BIGINT
) ENGINE = InnoDB`,
  // `INSERT IGNORE` would ignore whatever else is wrong, too.
  unlessThere: "ON DUPLICATE KEY UPDATE lease_until = NULL",
  returns: false
}

const unsupported = (database: string) => () =>
  Effect.fail(
    new AuthValidationException({
      message: `Sessions are kept in PostgreSQL, SQLite, libSQL or MySQL. The SqlClient that was provided is one of ${database}.`
    })
  )

/** The dialect that a client speaks. */
export const dialectOf = (sql: SqlClient): Effect.Effect<Dialect, AuthValidationException> =>
  sql.onDialect({
    pg: () => Effect.succeed(pg),
    sqlite: () => Effect.succeed(sqlite),
    mysql: () => Effect.succeed(mysql),
    mssql: unsupported("Microsoft SQL Server"),
    clickhouse: unsupported("ClickHouse")
  })
