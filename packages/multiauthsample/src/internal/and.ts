import {
  AuthValidationException,
  type OAuthToken,
  type TokenError,
  type TokenManager
} from "@effect-oauth/client"
import * as Effect from "effect/Effect"

const missing = (errors: ReadonlyArray<AuthValidationException>): AuthValidationException =>
  new AuthValidationException({ message: errors.map(({ message }) => `[${message}]`).join(" and ") })

/**
 * The tokens of the second source, for calls that need one of the first as well. Both must have a valid token before
 * anything is sent, and the second one is sent. Where tokens are missing, the message names all of them; a source that
 * `canAsk` a server is not asked for the sake of the message.
 */
export const and = (
  first: TokenManager.TokenSource,
  second: TokenManager.TokenSource,
  canAsk: boolean
): TokenManager.TokenSource => {
  const alsoMissing = canAsk
    ? Effect.succeed<ReadonlyArray<AuthValidationException>>([])
    : Effect.match(second.getToken, {
        onFailure: (error) => (error._tag === "AuthValidationException" ? [error] : []),
        onSuccess: () => []
      })
  return {
    getToken: Effect.matchEffect(first.getToken, {
      onFailure: (error): Effect.Effect<OAuthToken.OAuthToken, TokenError> =>
        error._tag === "AuthValidationException"
          ? Effect.flatMap(alsoMissing, (others) => Effect.fail(missing([error, ...others])))
          : Effect.fail(error),
      onSuccess: () =>
        Effect.mapError(second.getToken, (error) =>
          error._tag === "AuthValidationException" ? missing([error]) : error
        )
    }),
    replaceToken: second.replaceToken
  }
}
