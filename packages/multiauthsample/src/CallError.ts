/**
 * @since 0.1.0
 */
import type { TokenError } from "@effect-oauth/client"

/**
 * Why a call failed: what the provider said, what the transport or an unexpected reply was, what could not be sent
 * for want of credentials, what the store could not do.
 *
 * @since 0.1.0
 * @category errors
 */
export type CallError = TokenError
