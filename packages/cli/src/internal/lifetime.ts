import type * as OAuthToken from "@effect-oauth/client/OAuthToken"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { inWords } from "./duration.js"

/** When a token expires, and how many seconds it has left: `null` if nobody knows. */
export interface Lifetime {
  readonly expiresAt: string | null
  readonly expiresIn: number | null
}

/** When a token expires, for programs. */
export const lifetimeOf = (token: OAuthToken.OAuthToken): Effect.Effect<Lifetime> =>
  Effect.map(DateTime.now, (now) =>
    Option.match(token.expiry, {
      onNone: () => ({ expiresAt: null, expiresIn: null }),
      onSome: (expiry) => ({
        expiresAt: DateTime.formatIso(expiry),
        expiresIn: Math.floor(Math.max(0, expiry.epochMillis - now.epochMillis) / 1000)
      })
    })
  )

/** How long a token has left, for people. */
export const left = ({ expiresIn }: Lifetime): string =>
  expiresIn === null ? "until it is refused" : `for ${inWords(Duration.seconds(expiresIn))}`
