import type { OAuthToken } from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

/** Tells the session of a token from those of others, and shows nothing of it. */
export const tokenDigest = ({ accessToken, refreshToken }: OAuthToken.OAuthToken): Effect.Effect<string> => {
  const secret = Redacted.value(Option.getOrElse(refreshToken, () => accessToken))
  return Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret))),
    (digest) => Encoding.encodeBase64Url(new Uint8Array(digest))
  )
}
