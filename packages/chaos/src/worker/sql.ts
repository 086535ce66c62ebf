import * as LibsqlClient from "@effect/sql-libsql/LibsqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import { SqlTokenStorage } from "@effect-oauth/store-sql"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

interface Options {
  readonly leaseDuration: number
}

export const sqlite = (url: string, options: Options) =>
  Effect.flatMap(Layer.build(LibsqlClient.layer({ url })), (context) =>
    Effect.provide(SqlTokenStorage.make({ ...options, migrate: true }), context)
  )

export const postgres = (url: string, options: Options) =>
  Effect.flatMap(Layer.build(PgClient.layer({ url: Redacted.make(url), maxConnections: 4 })), (context) =>
    Effect.provide(SqlTokenStorage.make({ ...options, migrate: true }), context)
  )
