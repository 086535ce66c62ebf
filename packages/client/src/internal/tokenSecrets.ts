import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as OAuthToken from "../OAuthToken.js"

const textsIn = (value: unknown): ReadonlyArray<string> =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null
      ? Object.values(value).flatMap(textsIn)
      : []

/** The secrets of a token, in clear, to be taken out of texts that others wrote. */
export const tokenSecrets = (token: Option.Option<OAuthToken.OAuthToken>): ReadonlyArray<string> =>
  Option.match(token, {
    onNone: () => [],
    onSome: ({ accessToken, additionalProperties, idToken, refreshToken }) => [
      ...[Option.some(accessToken), refreshToken, idToken].flatMap((secret) =>
        Option.isSome(secret) ? [Redacted.value(secret.value)] : []
      ),
      ...textsIn(Redacted.value(additionalProperties))
    ]
  })
