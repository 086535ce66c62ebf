/**
 * @since 0.1.0
 */

import type * as SqlClient from "@effect/sql/SqlClient"
import type { AuthValidationException } from "@effect-oauth/client/AuthValidationException"
import * as TokenStore from "@effect-oauth/client/TokenStore"
import type { TokenStoreError } from "@effect-oauth/client/TokenStoreError"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as SqlTokenStorage from "./SqlTokenStorage.js"

/**
 * A store in the database that the `SqlClient` is connected to. Any number of processes share it.
 * `SqlTokenStorage.make` tells the rest.
 *
 * @example
 * ```ts
 * import { SqlTokenStore } from "@effect-oauth/store-sql"
 * import { LibsqlClient } from "@effect/sql-libsql"
 * import { Layer } from "effect"
 *
 * const Store = SqlTokenStore.layer({ migrate: true }).pipe(
 *   Layer.provide(LibsqlClient.layer({ url: "file:sessions.db" }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options?: SqlTokenStorage.Options
): Layer.Layer<TokenStore.TokenStore, AuthValidationException | TokenStoreError, SqlClient.SqlClient> =>
  TokenStore.layerStorage(SqlTokenStorage.make(options))

/**
 * A store whose table the configuration names.
 *
 * @example
 * ```ts
 * import { SqlTokenStore } from "@effect-oauth/store-sql"
 * import { PgClient } from "@effect/sql-pg"
 * import { Config, Layer } from "effect"
 *
 * const Store = SqlTokenStore.layerConfig({ table: Config.string("SESSION_TABLE") }).pipe(
 *   Layer.provide(PgClient.layerConfig({ url: Config.redacted("DATABASE_URL") }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<SqlTokenStorage.Options>
): Layer.Layer<
  TokenStore.TokenStore,
  ConfigError.ConfigError | AuthValidationException | TokenStoreError,
  SqlClient.SqlClient
> => TokenStore.layerStorage(Effect.flatMap(Config.unwrap(config), SqlTokenStorage.make))
