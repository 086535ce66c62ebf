import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { AuthValidationException } from "../AuthValidationException.js"
import * as OAuthToken from "../OAuthToken.js"
import type { TokenError } from "../TokenError.js"
import { TokenEvent } from "../TokenEvent.js"
import type { Service } from "../TokenManager.js"
import { newestOf } from "./durability.js"
import { type Held, isSame, isSameSession, refreshTokenOf } from "./held.js"
import { adopt, renewUnderLease } from "./leasedRenewal.js"
import type { Aim } from "./renewal.js"
import {
  endedElsewhere,
  holdAgain,
  impossible,
  isRejected,
  isStillGood,
  noticeEnd,
  publish,
  type Session
} from "./session.js"

/** The flight of those who need a token: what is stored may do; a refusal that still stands is repeated. */
const renewSession = (self: Session, aim: Aim): Effect.Effect<OAuthToken.OAuthToken, TokenError> =>
  Effect.gen(function* () {
    const now = yield* DateTime.now
    const read = yield* Effect.either(self.store.read(self.key))
    const session = Either.isRight(read)
      ? yield* Effect.zipRight(noticeEnd(self, read.right), newestOf(self, read.right))
      : Option.map(Option.fromNullable(self.held), ({ token }) => token)
    if (Option.isSome(session) && aim.accepts(session.value, now)) return yield* adopt(self, session.value)
    if (Either.isLeft(read)) return yield* read.left
    if (self.loggedOutElsewhere) return yield* new AuthValidationException({ message: endedElsewhere(self) })
    if (self.ended !== undefined && isSameSession(self.ended.session, session)) return yield* self.ended.error
    self.ended = undefined
    if (!self.autoRefresh) return yield* new AuthValidationException({ message: impossible(self) })
    return yield* renewUnderLease(self, aim)
  })

/** A failure is an event; what is only repeated is none, nor is that there is no way to get a token. */
const reporting =
  (self: Session) =>
  (
    renewal: Effect.Effect<OAuthToken.OAuthToken, TokenError>
  ): Effect.Effect<OAuthToken.OAuthToken, TokenError> =>
    Effect.tapError(renewal, (error) => {
      if (error._tag === "AuthValidationException" || error === self.lastFailure?.error) return Effect.void
      return Effect.zipWith(DateTime.now, isStillGood(self), (at, whileValid) => {
        self.lastFailure = { at, error }
        return TokenEvent.RefreshFailed({ key: self.key, error, whileValid })
      }).pipe(Effect.flatMap((event) => publish(self, event)))
    })

/** What whoever needs a token waits for. */
export const needed = (self: Session): Effect.Effect<OAuthToken.OAuthToken, TokenError> =>
  Effect.suspend(() =>
    renewSession(self, {
      accepts: (token, now) => !OAuthToken.isExpiredAt(token, now) && !isRejected(self, token),
      refresh: true,
      grant: self.grant,
      impossible: impossible(self)
    }).pipe(
      reporting(self),
      // There is no other token, so the refused one is the one to use for as long as it lasts.
      Effect.tapErrorTag("AuthValidationException", () => {
        if (self.held === undefined || !isRejected(self, self.held.token)) return Effect.void
        self.rejected = undefined
        return holdAgain(self)
      })
    )
  )

/** Replaces a token before anybody needs another; when that fails, the next try is some way off. */
export const refreshAhead = (
  self: Session,
  { token: current }: Held
): Effect.Effect<OAuthToken.OAuthToken, TokenError> =>
  Effect.zipRight(
    Effect.map(Clock.currentTimeMillis, (now) => {
      // What does not expire, was refused, or had expired before, is not replaced while it was good.
      if (self.held !== undefined && now < self.held.usableUntil && Option.isSome(current.expiry))
        self.ahead = current
    }),
    renewSession(self, {
      accepts: (token, now) => !isSame(token, current) && !OAuthToken.isExpiredAt(token, now),
      refresh: true,
      grant: self.grant,
      impossible: impossible(self)
    })
  ).pipe(
    reporting(self),
    Effect.tapErrorCause((cause) =>
      Effect.flatMap(isStillGood(self), (isGood) =>
        self.pace.failed(
          Duration.toMillis(OAuthToken.effectiveLeeway(current, self.leeway)),
          isGood,
          Option.getOrUndefined(Cause.failureOption(cause))
        )
      )
    )
  )

/** A flight that somebody asked for; those who ask for the same at the same time share it. */
const onRequest = (
  self: Session,
  name: string | undefined,
  renewal: Effect.Effect<OAuthToken.OAuthToken, TokenError>
) =>
  self.flight
    .next(
      name,
      Effect.suspend(() => {
        self.ended = undefined
        return renewal
      }).pipe(reporting(self))
    )
    .pipe(self.update.unlessWithin)

export const fetchToken =
  (self: Session): Service["fetchToken"] =>
  (request) =>
    Effect.suspend(() => {
      const logoutsBefore = self.logouts
      return onRequest(
        self,
        request === undefined ? "fetch" : undefined,
        renewUnderLease(
          self,
          {
            accepts: () => false,
            refresh: false,
            grant: Option.orElse(Option.fromNullable(request?.grant), () => self.grant),
            additionalParameters: request?.additionalParameters,
            impossible: `${self.name}: there is no grant to begin a session with.`
          },
          // What is refused to other parameters, or while there is a session, says nothing of what comes next.
          (session) => request === undefined && Option.isNone(refreshTokenOf(session))
        ).pipe(
          Effect.tap(() => {
            // Who logs out meanwhile means the session that begins here.
            if (!self.loggedOut || self.logouts !== logoutsBefore) return Effect.void
            self.loggedOut = false
            return holdAgain(self)
          })
        )
      )
    })

export const refreshToken =
  (self: Session): Service["refreshToken"] =>
  (request) =>
    Effect.suspend(() => {
      const before = self.held?.token
      return onRequest(
        self,
        request === undefined ? "refresh" : undefined,
        renewUnderLease(
          self,
          {
            accepts: (token, now) =>
              before !== undefined && !isSame(token, before) && !OAuthToken.isExpiredAt(token, now),
            refresh: true,
            grant: Option.none(),
            additionalParameters: request?.additionalParameters,
            impossible: `${self.name}: there is no refresh token.`
          },
          (session) =>
            request === undefined && (Option.isNone(self.grant) || Option.isSome(refreshTokenOf(session)))
        )
      )
    })
