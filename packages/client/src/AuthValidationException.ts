/**
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * What was asked for cannot be sent: there is no valid token and no way to get one, or the configuration is not
 * safe or not complete. It is raised before a byte of the call leaves. Trying again does not help; the message says
 * what to change.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { AuthValidationException } from "@effect-oauth/client"
 *
 * declare const call: Effect.Effect<string, AuthValidationException>
 *
 * const program = call.pipe(
 *   Effect.catchTag("AuthValidationException", (error) => Effect.succeed(`log in first: ${error.message}`))
 * )
 * ```
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthValidationException extends Data.TaggedError("AuthValidationException")<{
  readonly message: string
}> {
  /**
   * Whether the same call can succeed later without a change: never.
   *
   * @since 0.1.0
   */
  readonly isTransient = false
}
