import { AuthValidationException, type TokenManager } from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"

/**
 * The second session, for calls that need the first one as well. Both must have a valid token before anything is sent, and the second one is sent. Where tokens are missing, the
 * message names all of them.
 */
export const and = (first: TokenManager.Service, second: TokenManager.Service): TokenManager.Service => ({
  ...second,
  getToken: Effect.gen(function* () {
    const tokens = yield* Effect.all([Effect.either(first.getToken), Effect.either(second.getToken)], {
      concurrency: 2
    })
    const errors = tokens.flatMap((token) => (Either.isLeft(token) ? [token.left] : []))
    const invalid = errors.filter((error) => error._tag === "AuthValidationException")
    if (errors.length > 0 && invalid.length === errors.length) {
      return yield* new AuthValidationException({
        message: invalid.map((error) => `[${error.message}]`).join(" and ")
      })
    }
    yield* tokens[0]
    return yield* tokens[1]
  })
})
