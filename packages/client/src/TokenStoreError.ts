/**
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * The store could not do what was asked of it.
 *
 * `reason` is the decision that is left to the caller: `Unavailable` (the disk, the database or the user's function
 * failed: trying again can help), `Corrupt` (what is stored is not a token; it was left as it is), `Occupied` (what
 * is stored belongs to another session; it was left as it is), `LeaseLost` (another holder took over; what it wrote
 * was not overwritten). `cause` is a description of the store's own failure, without the values it was given.
 *
 * @example
 * ```ts
 * import { Effect, Option } from "effect"
 * import { TokenStore } from "@effect-oauth/client"
 *
 * const stored = TokenStore.TokenStore.pipe(
 *   Effect.flatMap((store) => store.read("alice")),
 *   Effect.catchTag("TokenStoreError", (error) =>
 *     error.isTransient ? Effect.succeed(Option.none()) : Effect.fail(error)
 *   )
 * )
 * ```
 *
 * @since 0.1.0
 * @category errors
 */
export class TokenStoreError extends Data.TaggedError("TokenStoreError")<{
  readonly reason: "Unavailable" | "Corrupt" | "Occupied" | "LeaseLost"
  readonly operation: "read" | "lease" | "write"
  /** What happened, where, and what to do, without a stored value. */
  readonly message: string
  readonly cause?: unknown
}> {
  /**
   * Whether the same operation can succeed later without a change.
   *
   * @since 0.1.0
   */
  get isTransient(): boolean {
    return this.reason === "Unavailable" || this.reason === "LeaseLost"
  }
}
