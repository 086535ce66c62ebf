import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import { APIException } from "../APIException.js"
import { AuthValidationException } from "../AuthValidationException.js"
import type * as Grant from "../Grant.js"
import * as OAuthToken from "../OAuthToken.js"
import type * as TokenEndpoint from "../TokenEndpoint.js"
import type { TokenError } from "../TokenError.js"
import type * as TokenRequest from "../TokenRequest.js"
import type { TokenStoreError } from "../TokenStoreError.js"
import { nameFailure } from "./secrets.js"

/** A token that will do, and how it was come by. */
export interface Obtained {
  readonly token: OAuthToken.OAuthToken
  readonly by: "Adopted" | "Refreshed" | "Issued"
}

/** What a renewal came to, and what the session is after it, for better or worse. */
export interface Renewal {
  readonly result: Either.Either<Obtained, TokenError>
  readonly session: Option.Option<OAuthToken.OAuthToken>
}

/** What would be good enough, and what may be done to get it. */
export interface Aim {
  /** Whether a token that is there already will do. */
  readonly accepts: (token: OAuthToken.OAuthToken, now: DateTime.Utc) => boolean
  /** Whether the refresh token may be spent. */
  readonly refresh: boolean
  /** The grant that may begin a new session. */
  readonly grant: Option.Option<Grant.Grant>
  readonly additionalParameters?: TokenRequest.AdditionalParameters | undefined
  /** What is said when nothing can be done. */
  readonly impossible: string
}

const withoutRefreshToken = (token: OAuthToken.OAuthToken): OAuthToken.OAuthToken =>
  new OAuthToken.OAuthToken({ ...token, refreshToken: Option.none() })

const withRefreshToken = (
  token: OAuthToken.OAuthToken,
  refreshToken: Redacted.Redacted<string>
): OAuthToken.OAuthToken => new OAuthToken.OAuthToken({ ...token, refreshToken: Option.some(refreshToken) })

const isOver = (error: TokenError): boolean =>
  error._tag === "OAuthProviderException" && error.error === "invalid_grant"

// The client may not refresh, or not so: it may still log in. One that is not known to the server may not do that, either.
const isAboutRefreshing = (error: TokenError): boolean =>
  error._tag === "OAuthProviderException" && !error.isTransient && error.error !== "invalid_client"

/**
 * The refresh transaction, to be run under the lease: adopt what is good; else spend the refresh token; else begin a
 * new session if the grant can; else say why. `storeChange` tells what is stored by now, if that is not what was stored
 * when the lease was taken. `confirm` fails if the lease has passed to somebody else: nothing is spent then.
 */
export const renew = (
  endpoint: TokenEndpoint.Service,
  aim: Aim,
  session: Option.Option<OAuthToken.OAuthToken>,
  storeChange: Effect.Effect<Option.Option<OAuthToken.OAuthToken>>,
  confirm: Effect.Effect<void, TokenStoreError>
): Effect.Effect<Renewal, TokenStoreError> => {
  const options = { additionalParameters: aim.additionalParameters, beforeAttempt: confirm }

  const failed = (error: TokenError, after: Option.Option<OAuthToken.OAuthToken>): Renewal => ({
    result: Either.left(error),
    session: after
  })

  const begin = (
    session: Option.Option<OAuthToken.OAuthToken>,
    after: Option.Option<OAuthToken.OAuthToken>,
    otherwise: TokenError
  ): Effect.Effect<Renewal, TokenStoreError> =>
    Option.match(aim.grant, {
      onNone: () => Effect.succeed(failed(otherwise, after)),
      onSome: (grant) =>
        endpoint.fetchToken(grant, options).pipe(
          // A grant is the code of others: what is known by now of the refresh token outlives its defects.
          Effect.catchAllDefect((defect) =>
            Effect.fail(
              new APIException({
                reason: "The grant died of a defect.",
                isTransient: false,
                cause: nameFailure(defect)
              })
            )
          ),
          Effect.matchEffect({
            onFailure: (error) =>
              // What is known by now of the refresh token is not forgotten because nothing more may be sent.
              error._tag === "TokenStoreError" && session === after
                ? error
                : Effect.succeed(failed(error, after)),
            onSuccess: (token) =>
              Effect.succeed<Renewal>({
                result: Either.right({ token, by: "Issued" }),
                session: Option.some(token)
              })
          })
        )
    })

  const refresh = (
    current: Option.Option<OAuthToken.OAuthToken>,
    previous: OAuthToken.OAuthToken,
    refreshToken: Redacted.Redacted<string>,
    mayReread: boolean
  ): Effect.Effect<Renewal, TokenStoreError> =>
    endpoint.refreshToken(refreshToken, options).pipe(
      Effect.matchEffect({
        onSuccess: (reply) => {
          const token = OAuthToken.succeeding(previous, reply)
          return Effect.succeed<Renewal>({
            result: Either.right({ token, by: "Refreshed" }),
            session: Option.some(token)
          })
        },
        onFailure: (error) => {
          if (error._tag === "TokenStoreError") return error
          if (error._tag === "APIException" && error.refreshToken !== undefined) {
            return Effect.succeed(failed(error, Option.some(withRefreshToken(previous, error.refreshToken))))
          }
          if (!isOver(error)) {
            return isAboutRefreshing(error)
              ? begin(current, current, error)
              : Effect.succeed(failed(error, Option.some(previous)))
          }
          const over = begin(current, Option.some(withoutRefreshToken(previous)), error)
          if (!mayReread) return over
          // Somebody who does not hold to the lease may have spent it, and stored what came of it.
          return Effect.flatMap(storeChange, (stored) => (Option.isSome(stored) ? step(stored, false) : over))
        }
      })
    )

  const step = (
    current: Option.Option<OAuthToken.OAuthToken>,
    mayReread: boolean
  ): Effect.Effect<Renewal, TokenStoreError> =>
    Effect.flatMap(DateTime.now, (now) => {
      if (Option.isSome(current) && aim.accepts(current.value, now)) {
        return Effect.succeed<Renewal>({
          result: Either.right({ token: current.value, by: "Adopted" }),
          session: current
        })
      }
      if (aim.refresh && Option.isSome(current) && Option.isSome(current.value.refreshToken)) {
        return refresh(current, current.value, current.value.refreshToken.value, mayReread)
      }
      return begin(current, current, new AuthValidationException({ message: aim.impossible }))
    })

  return step(session, true)
}
