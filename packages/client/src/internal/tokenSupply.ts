import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { AuthValidationException } from "../AuthValidationException.js"
import * as OAuthToken from "../OAuthToken.js"
import type { TokenError } from "../TokenError.js"
import { TokenEvent } from "../TokenEvent.js"
import type { Service } from "../TokenManager.js"
import { newestOf } from "./durability.js"
import { expiryMillis, type Held, unusable } from "./held.js"
import {
  canRenew,
  impossible,
  isCurrent,
  isRejected,
  isSameAccess,
  publish,
  type Session,
  takeUp
} from "./session.js"
import { needed, refreshAhead } from "./sessionRenewal.js"

const getTokenSlowly = (self: Session, now: number): Effect.Effect<OAuthToken.OAuthToken, TokenError> => {
  if (self.loggedOut) {
    return new AuthValidationException({
      message: `${self.name}: logged out; fetchToken begins a new session.`
    })
  }
  return Effect.flatMap(self.update.underWay, (token) =>
    token === undefined ? getTokenOf(self, self.held, now) : Effect.succeed(token)
  )
}

const getTokenOf = (
  self: Session,
  current: Held | undefined,
  now: number
): Effect.Effect<OAuthToken.OAuthToken, TokenError> => {
  if (current === undefined || now >= current.usableUntil) return self.flight.join(needed(self))
  if (self.ended !== undefined || self.flight.isFlying()) return current.result
  return Effect.flatMap(self.pace.wait, (millis) =>
    millis > 0
      ? current.result
      : Effect.zipRight(self.flight.launch(refreshAhead(self, current)), current.result)
  )
}

export const getToken = (self: Session): Service["getToken"] =>
  Effect.clockWith((clock) => {
    const now = clock.unsafeCurrentTimeMillis()
    return self.held !== undefined && now < self.held.freshUntil
      ? self.held.result
      : getTokenSlowly(self, now)
  })

const afterUpdate = (self: Session) =>
  Effect.flatMap(self.update.underWay, (token) =>
    token === undefined ? Effect.zipRight(self.flight.settled, getToken(self)) : Effect.succeed(token)
  )

export const currentToken = (self: Session): Service["currentToken"] =>
  Effect.suspend(() => {
    if (self.loggedOut) return Effect.succeedNone
    if (self.restored) return Effect.succeed(self.held === undefined ? Option.none() : self.held.shown)
    const logoutsBefore = self.logouts
    return self.store.read(self.key).pipe(
      Effect.flatMap((stored) => {
        if (self.loggedOut) return Effect.succeedNone
        // A logout that began meanwhile may have ended what was read, or have failed.
        if (self.logouts !== logoutsBefore) return currentToken(self)
        return Effect.flatMap(newestOf(self, stored), (session) =>
          Effect.transposeMapOption(session, (token) => takeUp(self, token))
        )
      })
    )
  })

export const replaceToken =
  (self: Session): Service["replaceToken"] =>
  (refused) =>
    Effect.suspend(() => {
      const current = self.held
      if (self.loggedOut) return getToken(self)
      if (current === undefined) {
        // What was refused may be what is stored, which nobody has looked at since this manager was made.
        return self.restored
          ? getToken(self)
          : Effect.flatMap(currentToken(self), (token) =>
              Option.isSome(token) ? replaceToken(self)(refused) : getToken(self)
            )
      }
      if (!isCurrent(self, refused)) {
        // While onTokenUpdate runs the token before the current one is handed out, which is of no use here.
        return isSameAccess(current.shown, refused) ? afterUpdate(self) : getToken(self)
      }
      if (!self.autoRefresh) return new AuthValidationException({ message: impossible(self) })
      if (isRejected(self, current.token)) return self.flight.join(needed(self))
      self.rejected = refused.accessToken
      self.held = unusable(current)
      return publish(self, TokenEvent.Rejected({ key: self.key, token: refused })).pipe(
        // A flight from before the refusal may end with the refused token.
        Effect.zipRight(self.flight.settled),
        Effect.zipRight(
          Effect.suspend(() =>
            isCurrent(self, refused) && !self.loggedOut ? self.flight.join(needed(self)) : getToken(self)
          )
        )
      )
    })

export const isObtainable = (self: Session): Service["isObtainable"] =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    if (self.held !== undefined && now < self.held.usableUntil) return Effect.succeed(true)
    if (self.loggedOut || self.loggedOutElsewhere) return Effect.succeed(false)
    if (self.autoRefresh && Option.isSome(self.grant)) return Effect.succeed(true)
    return Effect.map(currentToken(self), (token) =>
      Option.exists(
        token,
        (one) => canRenew(self, one) || (expiryMillis(one) > now && !isRejected(self, one))
      )
    )
  })

export const isTokenExpired = (self: Session): Service["isTokenExpired"] =>
  Effect.flatMap(currentToken(self), (token) =>
    Option.isNone(token) || isRejected(self, token.value)
      ? Effect.succeed(true)
      : OAuthToken.isExpired(token.value)
  )
