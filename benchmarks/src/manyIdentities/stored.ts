import { OAuthToken } from "@effect-oauth/client"
import * as Effect from "effect/Effect"

/** The stored form of a session, as long as those of oidc-provider are: opaque tokens of 43 characters. */
export interface Stored {
  readonly access_token: string
  readonly token_type: string
  readonly expires_in: number
  readonly expiry: number
  readonly refresh_token: string
  readonly scope: string
}

export const keyOf = (index: number): string => `user-${index}`

const expiry = Math.floor(Date.now() / 1000) + 3600

/** Parsed from a text, as what comes from a store is, so that no two sessions share a string. */
export const storedOf = (key: string): Stored =>
  JSON.parse(
    JSON.stringify({
      access_token: key.padStart(43, "ohS8aHq7V2Jt0wqk4rXc"),
      token_type: "Bearer",
      expires_in: 3600,
      expiry,
      refresh_token: key.padStart(43, "QzN5bYp1dVx9MfGsLe3u"),
      scope: "offline_access api"
    })
  )

export const tokenOf = (key: string): Effect.Effect<OAuthToken.OAuthToken> =>
  Effect.orDie(Effect.flatMap(OAuthToken.fromStored(storedOf(key)), (token) => token))
