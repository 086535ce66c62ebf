/**
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type * as OAuthToken from "./OAuthToken.js"
import type { TokenError } from "./TokenError.js"
import type { TokenStoreError } from "./TokenStoreError.js"

/**
 * What happened to a session. `key` is the key under which the session is stored. The metric `oauth.session.events` counts
 * each of these, whether anybody listens or not.
 *
 * - `Restored`: a stored token was taken up.
 * - `Issued`: the grant began a session.
 * - `Refreshed`: the refresh token brought a new token.
 * - `Adopted`: somebody else who shares the store had refreshed already.
 * - `Rejected`: a resource refused the current token.
 * - `NotDurable`: the token is in use but could not be stored, or the storage has lost it (`Lost`); storing is tried
 *   again until it succeeds, or until a newer token takes its place.
 * - `Durable`: it is stored now.
 * - `RefreshFailed`: no new token came. With `whileValid`, the current one is still good and in use. A refusal that is
 *   only repeated to the next who asks is told once.
 * - `SessionEnded`: the server refused for good; it is not asked again until something changes.
 * - `LoggedOut`: the session was ended on purpose, here or by somebody else who shares it.
 *
 * @since 0.1.0
 * @category models
 */
export type TokenEvent = Data.TaggedEnum<{
  Restored: { readonly key: string; readonly token: OAuthToken.OAuthToken }
  Issued: { readonly key: string; readonly token: OAuthToken.OAuthToken }
  Refreshed: { readonly key: string; readonly token: OAuthToken.OAuthToken }
  Adopted: { readonly key: string; readonly token: OAuthToken.OAuthToken }
  Rejected: { readonly key: string; readonly token: OAuthToken.OAuthToken }
  NotDurable: { readonly key: string; readonly token: OAuthToken.OAuthToken; readonly error: TokenStoreError }
  Durable: { readonly key: string; readonly token: OAuthToken.OAuthToken }
  RefreshFailed: { readonly key: string; readonly error: TokenError; readonly whileValid: boolean }
  SessionEnded: { readonly key: string; readonly error: TokenError }
  LoggedOut: { readonly key: string }
}>

/**
 * Constructors, `$is` and `$match` for the events.
 *
 * @example
 * ```ts
 * import { TokenEvent, TokenManager } from "@effect-oauth/client"
 * import { Console, Stream } from "effect"
 *
 * const print = (manager: TokenManager.Service) =>
 *   manager.events.pipe(
 *     Stream.filter(TokenEvent.TokenEvent.$is("NotDurable")),
 *     Stream.runForEach((event) => Console.error(`${event.key} is not durable: ${event.error.message}`))
 *   )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const TokenEvent = Data.taggedEnum<TokenEvent>()
