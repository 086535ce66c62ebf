/**
 * @since 0.1.0
 */
import type * as Headers from "@effect/platform/Headers"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"

/**
 * The authorization server refused, in its own words: the error response of RFC 6749 section 5.2. What it said is
 * kept as it said it, except that secrets of the request are taken out should the server have echoed them.
 *
 * `error` is one of `invalid_request`, `invalid_client`, `invalid_grant` (a wrong password, a spent or revoked
 * refresh token), `unauthorized_client`, `unsupported_grant_type`, `invalid_scope`, or a word of the server's. From the
 * authorization endpoint (RFC 6749 section 4.1.2.1) it is `access_denied` as a rule: the user said no.
 * Trying again does not help unless `isTransient` says so.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { TokenManager } from "@effect-oauth/client"
 *
 * const login = TokenManager.TokenManager.pipe(
 *   Effect.flatMap((manager) => manager.fetchToken()),
 *   Effect.catchTag("OAuthProviderException", (refusal) =>
 *     Effect.fail(refusal.error === "invalid_grant" ? "wrong user name or password" : refusal.message)
 *   )
 * )
 * ```
 *
 * @since 0.1.0
 * @category errors
 */
export class OAuthProviderException extends Data.TaggedError("OAuthProviderException")<{
  readonly error: string
  readonly errorDescription?: string | undefined
  readonly errorUri?: string | undefined
  /** The status of the reply: 400 or 401 from most servers. Absent where the user came back with the refusal. */
  readonly responseCode?: number | undefined
  /** The headers of the reply, without those that set cookies. */
  readonly headers: Headers.Headers
  /** How long the server asked to wait (`Retry-After`). */
  readonly retryAfter?: Duration.Duration | undefined
}> {
  /**
   * Whether the same request can succeed later: only for `temporarily_unavailable`, `server_error` and `slow_down`.
   *
   * @since 0.1.0
   */
  get isTransient(): boolean {
    return (
      this.error === "temporarily_unavailable" || this.error === "server_error" || this.error === "slow_down"
    )
  }

  /**
   * One line for people.
   *
   * @since 0.1.0
   */
  override get message(): string {
    const refusal =
      this.responseCode === 401
        ? "OAuth 2 provider says client authentication failed"
        : "OAuth 2 provider returned an error"
    const description = this.errorDescription === undefined ? "" : ` (${this.errorDescription})`
    return `${refusal}: ${this.error}${description}.`
  }
}
