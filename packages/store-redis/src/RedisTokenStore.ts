/**
 * @since 0.1.0
 */
import type { AuthValidationException } from "@effect-oauth/client/AuthValidationException"
import * as TokenStore from "@effect-oauth/client/TokenStore"
import type { TokenStoreError } from "@effect-oauth/client/TokenStoreError"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RedisTokenStorage from "./RedisTokenStorage.js"

const connected = <E>(
  options: Effect.Effect<RedisTokenStorage.ConnectOptions, E>
): Layer.Layer<TokenStore.TokenStore, E | AuthValidationException | TokenStoreError> =>
  options.pipe(
    Effect.flatMap(RedisTokenStorage.connect),
    Effect.map((storage) => TokenStore.layerStorage(Effect.succeed(storage))),
    Layer.unwrapScoped
  )

/**
 * A store in Redis, on a client that is made for it and closed with the layer. Any number of processes share it.
 * `RedisTokenStorage.connect` tells when it fails, and what it does when the connection is lost.
 *
 * @example
 * ```ts
 * import { RedisTokenStore } from "@effect-oauth/store-redis"
 * import { Redacted } from "effect"
 *
 * const Store = RedisTokenStore.layer({ url: Redacted.make("rediss://app:secret@redis.example.com:6379") })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: RedisTokenStorage.ConnectOptions
): Layer.Layer<TokenStore.TokenStore, AuthValidationException | TokenStoreError> =>
  connected(Effect.succeed(options))

/**
 * A store in the Redis that the configuration names.
 *
 * @example
 * ```ts
 * import { RedisTokenStore } from "@effect-oauth/store-redis"
 * import { Config } from "effect"
 *
 * const Store = RedisTokenStore.layerConfig({ url: Config.redacted("REDIS_URL") })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<RedisTokenStorage.ConnectOptions>
): Layer.Layer<TokenStore.TokenStore, ConfigError.ConfigError | AuthValidationException | TokenStoreError> =>
  connected(Config.unwrap(config))

/**
 * A store in Redis on a client of yours, which you connect and close, and to whose `error` event you listen.
 *
 * @example
 * ```ts
 * import { RedisTokenStore } from "@effect-oauth/store-redis"
 * import { createClient } from "redis"
 *
 * const client = createClient({ url: "redis://127.0.0.1:6379" }).on("error", () => undefined)
 *
 * const Store = RedisTokenStore.layerClient(client, { prefix: "my-service" })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerClient = (
  client: RedisTokenStorage.RedisClient,
  options?: RedisTokenStorage.Options
): Layer.Layer<TokenStore.TokenStore> => TokenStore.layerStorage(RedisTokenStorage.make(client, options))
