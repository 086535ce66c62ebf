/**
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Schedule from "effect/Schedule"
import type { APIException } from "./APIException.js"

/**
 * The endpoints of one authorization server, and how it is treated.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3
 * @example
 * ```ts
 * import type { AuthorizationServer } from "@effect-oauth/client"
 *
 * const server: AuthorizationServer.AuthorizationServer = {
 *   tokenEndpoint: "https://login.example.com/oauth2/token",
 *   revocationEndpoint: "https://login.example.com/oauth2/revoke",
 *   timeout: "10 seconds"
 * }
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthorizationServer {
  /** An absolute https URL; http is accepted to this machine only. */
  readonly tokenEndpoint: string
  /**
   * The authorization endpoint, where users are sent to by `AuthorizationRequest`: an absolute https URL; http is accepted
   * to this machine only.
   */
  readonly authorizationEndpoint?: string | undefined
  /**
   * The identifier of the server, as its metadata has it (RFC 8414 section 2). An answer to an authorization request that
   * names another one is refused (RFC 9207). Default: it is not known, and what an answer says is not checked.
   */
  readonly issuer?: string | undefined
  /** Whether the server names itself in each such answer, so that one without is refused. Default: false. */
  readonly authorizationResponseIssParameterSupported?: boolean | undefined
  /** The revocation endpoint of RFC 7009, if there is one: logging out then ends the session at the server, too. */
  readonly revocationEndpoint?: string | undefined
  /** The longest that one attempt may take, to the last byte of the reply. Default: 30 seconds. */
  readonly timeout?: Duration.DurationInput | undefined
  /** The longest reply that is read, in bytes. Default: 1 MiB. */
  readonly maxResponseBytes?: number | undefined
  /**
   * When a transient failure is tried again. Default: `defaultRetry`. A `Retry-After` is waited for on top. A grant that is
   * used once is not sent again where it may have been used.
   */
  readonly retry?: Schedule.Schedule<unknown, APIException> | undefined
  /** Plain http origins on other machines that you accept by name, knowing that secrets can be read on the way. */
  readonly insecureOrigins?: ReadonlyArray<string> | undefined
}

/**
 * The default for `retry`: three more attempts, after about 250 ms, 500 ms and one second, jittered.
 *
 * @since 0.1.0
 * @category models
 */
export const defaultRetry: Schedule.Schedule<unknown, unknown> = Schedule.exponential("250 millis").pipe(
  Schedule.jittered,
  Schedule.intersect(Schedule.recurs(3))
)
