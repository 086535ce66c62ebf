/**
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import { nameFailure } from "./internal/secrets.js"

/**
 * The store could not do what was asked of it.
 *
 * `reason` is the decision that is left to the caller: `Unavailable` (the disk, the database or the user's function
 * failed: trying again can help), `Corrupt` (what is stored is not a token; it was left as it is), `Sealed` (what
 * is stored is encrypted, and none of the keys opens it; it was left as it is), `Occupied` (what is stored belongs to
 * another session; it was left as it is), `LeaseLost` (another holder took over; what it wrote was not overwritten),
 * `Lost` (the storage no longer has what it was given). `cause` is a description of the store's own failure, without the values it was given.
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
  readonly reason: "Unavailable" | "Corrupt" | "Sealed" | "Occupied" | "LeaseLost" | "Lost"
  readonly operation: "read" | "lease" | "write"
  /** What happened, where, and what to do, without a stored value. */
  readonly message: string
  readonly cause?: unknown
}> {
  /**
   * The storage failed: its failure is named, by its class and code, and not quoted, for nobody knows what is secret
   * in what it says.
   *
   * @since 0.1.0
   */
  static unavailable(
    operation: "read" | "lease" | "write",
    message: string,
    failure?: unknown
  ): TokenStoreError {
    return new TokenStoreError({
      reason: "Unavailable",
      operation,
      message,
      ...(failure !== undefined && { cause: nameFailure(failure) })
    })
  }

  /**
   * Whether the same operation can succeed later without a change.
   *
   * @since 0.1.0
   */
  get isTransient(): boolean {
    return this.reason === "Unavailable" || this.reason === "LeaseLost"
  }
}
