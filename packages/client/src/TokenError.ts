/**
 * @since 0.1.0
 */
import type { APIException } from "./APIException.js"
import type { AuthValidationException } from "./AuthValidationException.js"
import type { OAuthProviderException } from "./OAuthProviderException.js"
import type { TokenStoreError } from "./TokenStoreError.js"

/**
 * Why there is no token to use: `OAuthProviderException` (what the server said), `APIException` (what the transport
 * or an unexpected reply was), `AuthValidationException` (what cannot be sent), `TokenStoreError` (what the store
 * could not do). Each has `isTransient`.
 *
 * @since 0.1.0
 * @category errors
 */
export type TokenError = OAuthProviderException | APIException | AuthValidationException | TokenStoreError
