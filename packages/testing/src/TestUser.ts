/**
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"

/**
 * A person with an account at the authorization server.
 *
 * @since 0.1.0
 * @category models
 */
export interface TestUser {
  readonly username: string
  /** Tests hold it in clear; it is `Redacted` from here on. */
  readonly password: string | Redacted.Redacted<string>
}

/**
 * The user that the server knows unless it is told others: `alice`, with the password `wonderland`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const alice: TestUser = { username: "alice", password: "wonderland" }
