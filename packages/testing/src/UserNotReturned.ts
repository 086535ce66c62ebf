/**
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * The server did not send the user back: it does not know the client or the redirect URI, or was not reached.
 *
 * @since 0.1.0
 * @category errors
 */
export class UserNotReturned extends Data.TaggedError("UserNotReturned")<{
  readonly message: string
  /** The status of the page that the user is left with. Absent when there was none. */
  readonly status?: number | undefined
}> {}
