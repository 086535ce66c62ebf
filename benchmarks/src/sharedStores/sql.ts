import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import { SqlTokenStorage } from "@effect-oauth/store-sql"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

export const sqlite = (url: string) =>
  Effect.flatMap(Layer.build(LibsqlClient.layer({ url })), (context) =>
    Effect.provide(SqlTokenStorage.make({ migrate: true }), context)
  )

export const postgres = (url: string) =>
  Effect.flatMap(Layer.build(PgClient.layer({ url: Redacted.make(url), maxConnections: 2 })), (context) =>
    Effect.provide(SqlTokenStorage.make({ migrate: true }), context)
  )
