import type * as Effect from "effect/Effect"

/**
 * What an authorization server says about an access token.
 *
 * @see RFC 7662, section 2.2
 */
export interface Introspection {
  /** False for a token that is unknown, expired or revoked; then nothing else is known. */
  readonly active: boolean
  readonly clientId?: string | undefined
  readonly scope?: string | undefined
  readonly username?: string | undefined
  /** Whom the token stands for; absent for a client that acts for itself. */
  readonly profile?: Profile | undefined
}

/** What a resource may show of a user. `id` is the user's place in the server's list, from 1. */
export interface Profile {
  readonly id: number
  readonly name: string
  readonly email: string
}

/** Asks about one access token. */
export type Introspect = (accessToken: string) => Effect.Effect<Introspection>

/** The answer about a token that is good for nothing. */
export const inactive: Introspection = { active: false }
