import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as OAuthToken from "../OAuthToken.js"

/** The secrets of a token, in clear, to be taken out of texts that others wrote. */
export const tokenSecrets = (token: Option.Option<OAuthToken.OAuthToken>): ReadonlyArray<string> =>
  Option.match(token, {
    onNone: () => [],
    onSome: ({ accessToken, idToken, refreshToken }) =>
      [Option.some(accessToken), refreshToken, idToken].flatMap((secret) =>
        Option.isSome(secret) ? [Redacted.value(secret.value)] : []
      )
  })
