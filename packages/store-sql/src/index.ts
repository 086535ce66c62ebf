/**
 * Keeps the sessions of `@effect-oauth/client` in a SQL database.
 *
 * @since 0.1.0
 */
export * as SqlTokenStorage from "./SqlTokenStorage.js"
export * as SqlTokenStore from "./SqlTokenStore.js"
