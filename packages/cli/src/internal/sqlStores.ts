import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlTokenStore from "@effect-oauth/store-sql/SqlTokenStore"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

/** The drivers of the databases: loaded when a store is in one, as they take longer to load than all the rest. */
export const libsql = (url: Redacted.Redacted<string>, options: { readonly migrate: boolean }) =>
  Layer.provide(SqlTokenStore.layer(options), LibsqlClient.layer({ url: Redacted.value(url) }))

export const postgres = (url: Redacted.Redacted<string>, options: { readonly migrate: boolean }) =>
  Layer.provide(
    SqlTokenStore.layer(options),
    PgClient.layer({ url, applicationName: "effect-oauth", maxConnections: 2 })
  )
