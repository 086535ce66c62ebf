/**
 * Keeps the sessions of `@effect-oauth/client` in Redis.
 *
 * @since 0.1.0
 */
export * as RedisTokenStorage from "./RedisTokenStorage.js"
export * as RedisTokenStore from "./RedisTokenStore.js"
