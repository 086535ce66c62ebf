import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import { constTrue } from "effect/Function"
import * as Option from "effect/Option"
import { AuthValidationException } from "../AuthValidationException.js"
import * as OAuthToken from "../OAuthToken.js"
import type { TokenError } from "../TokenError.js"
import { TokenEvent } from "../TokenEvent.js"
import type { StoredSession } from "../TokenStore.js"
import { TokenStoreError } from "../TokenStoreError.js"
import { countedIn, keepSaving, newestOf, reread } from "./durability.js"
import { isLost, isRemains, isSame, isSameSession, reconcile } from "./held.js"
import { landed } from "./landed.js"
import { type Aim, type Renewal, renew } from "./renewal.js"
import {
  endedByOthers,
  endedElsewhere,
  hold,
  isRejected,
  modify,
  noticeEnd,
  publish,
  type Session,
  succeeded,
  takeOver,
  takeUp
} from "./session.js"
import { storeErrorOf } from "./storeErrorOf.js"

const cameToBe = (outcome: "adopted" | "refreshed" | "issued") =>
  Effect.annotateCurrentSpan("oauth.outcome", outcome)

/** Takes a token up instead of a renewal. */
export const adopt = (self: Session, token: OAuthToken.OAuthToken): Effect.Effect<OAuthToken.OAuthToken> =>
  Effect.zipRight(cameToBe("adopted"), takeUp(self, token))

/** A renewal that failed may have changed the session all the same: its refresh token is spent, or replaced. */
const holdAfterFailure = (
  self: Session,
  session: Option.Option<OAuthToken.OAuthToken>,
  replaces: Option.Option<OAuthToken.OAuthToken>,
  storeError: TokenStoreError | undefined
): Effect.Effect<void> => {
  if (Option.isNone(session)) return Effect.void
  const known = self.held !== undefined && isSame(self.held.token, session.value) ? self.held : undefined
  if (known?.origin === "Given") return Effect.asVoid(hold(self, session.value, "Given"))
  if (storeError === undefined) {
    return Effect.zipRight(
      hold(self, known?.token ?? session.value, "Stored"),
      known?.origin === "Unsaved"
        ? publish(self, TokenEvent.Durable({ key: self.key, token: session.value }))
        : Effect.void
    )
  }
  if (isSameSession(session, replaces))
    return Effect.asVoid(hold(self, known?.token ?? session.value, "Stored"))
  return Effect.zipRight(hold(self, session.value, "Unsaved", known?.replaces ?? replaces), keepSaving(self))
}

/** What a renewal came to becomes the state of this manager, and known to whom it concerns. */
const settle = (
  self: Session,
  { result, session }: Renewal,
  stored: Option.Option<OAuthToken.OAuthToken>,
  storeError: TokenStoreError | undefined,
  isFinal: (session: Option.Option<OAuthToken.OAuthToken>) => boolean,
  again: Option.Option<Effect.Effect<OAuthToken.OAuthToken, TokenError>>
): Effect.Effect<OAuthToken.OAuthToken, TokenError> =>
  Effect.gen(function* () {
    let replaces = stored
    if (storeError?.reason === "LeaseLost") {
      // Whoever took the lease over has written: what is stored there counts, also if it has to be refreshed.
      const theirs = yield* Effect.orElseSucceed(self.store.read(self.key), () => undefined)
      if (theirs?.isEnded === true && Option.isSome(again)) {
        yield* endedByOthers(self)
        return yield* new AuthValidationException({ message: endedElsewhere(self) })
      }
      const session = theirs?.token ?? Option.none()
      if (Option.isSome(session) && !isSameSession(session, stored) && !isRemains(session, stored)) {
        if (!isRejected(self, session.value) && !(yield* OAuthToken.isExpired(session.value))) {
          return yield* adopt(self, session.value)
        }
        if (Option.isSome(again) && Option.isSome(session.value.refreshToken)) {
          return yield* Effect.zipRight(adopt(self, session.value), again.value)
        }
        replaces = session
      }
    }
    if (Either.isLeft(result)) {
      const error = result.left
      self.restored = true
      yield* holdAfterFailure(self, session, replaces, storeError)
      if (error._tag === "OAuthProviderException" && !error.isTransient && isFinal(session)) {
        self.ended = { error, session }
        self.ahead = undefined
        yield* publish(self, TokenEvent.SessionEnded({ key: self.key, error }))
      }
      return yield* error
    }
    const { by, token } = result.right
    if (by === "Adopted") return yield* adopt(self, token)
    self.restored = true
    self.ended = undefined
    self.loggedOutElsewhere = false
    self.rejected = undefined
    yield* cameToBe(by === "Issued" ? "issued" : "refreshed")
    yield* succeeded(self, token)
    yield* takeOver(self, token, storeError === undefined ? "Stored" : "Unsaved", replaces)
    yield* publish(self, TokenEvent[by]({ key: self.key, token }))
    if (storeError !== undefined) {
      yield* publish(self, TokenEvent.NotDurable({ key: self.key, token, error: storeError }))
      yield* keepSaving(self)
    }
    return token
  })

/** Of an interrupted transaction nobody knows whether it was stored, unless the store is asked. */
const whyNotStored = (
  self: Session,
  exit: Exit.Exit<unknown, TokenStoreError | AuthValidationException>,
  { session }: Renewal
): Effect.Effect<TokenStoreError | undefined> =>
  Exit.isInterrupted(exit)
    ? Effect.map(reread(self), (stored) =>
        isSameSession(stored, session)
          ? undefined
          : (storeErrorOf(exit) ?? TokenStoreError.unavailable("write", "Storing the token was interrupted."))
      )
    : Effect.succeed(storeErrorOf(exit))

/** What is stored, if under the lease nothing would be left to do but to adopt it. */
const adoptable = (
  self: Session,
  aim: Aim,
  stored: StoredSession,
  now: number
): Option.Option<OAuthToken.OAuthToken> =>
  self.loggedOut ||
  self.held?.origin === "Unsaved" ||
  Option.isNone(stored.token) ||
  isLost(self.held, stored, self.lastVersion, now)
    ? Option.none()
    : Option.filter(reconcile(self.held, stored), (token) => aim.accepts(token, DateTime.unsafeMake(now)))

/** `isFinal` tells whether a refusal is what the next who needs a token would get, too. */
export const renewUnderLease = (
  self: Session,
  aim: Aim,
  isFinal: (session: Option.Option<OAuthToken.OAuthToken>) => boolean = constTrue,
  attempts = 3
): Effect.Effect<OAuthToken.OAuthToken, TokenError> =>
  Effect.uninterruptibleMask((restore) => {
    let landedRenewal:
      | { readonly renewal: Renewal; readonly stored: Option.Option<OAuthToken.OAuthToken> }
      | undefined
    const mayAdopt = aim.refresh && attempts > 1
    const transaction = Effect.clockWith((clock) =>
      modify(self)(
        self.key,
        (stored, confirm) =>
          Effect.gen(function* () {
            yield* noticeEnd(self, stored)
            if (aim.refresh && self.loggedOutElsewhere) {
              return yield* new AuthValidationException({ message: endedElsewhere(self) })
            }
            const session = yield* newestOf(self, stored)
            const storeChange = Effect.map(
              reread(self),
              Option.filter((token) => !isSameSession(Option.some(token), stored.token))
            )
            const renewal = yield* landed(renew(self.endpoint, aim, session, storeChange, confirm))
            landedRenewal = { renewal, stored: stored.token }
            // What was obtained is stored even if only its expiry is new; after a failure, what has changed.
            const isStoredAlready = Either.match(renewal.result, {
              onLeft: () => isSameSession(renewal.session, session) && self.held?.origin !== "Unsaved",
              onRight: ({ by }) => by === "Adopted"
            })
            if (isStoredAlready) return [undefined, stored.token] as const
            self.lastVersion = countedIn(stored) + 1
            return [undefined, renewal.session] as const
          }),
        {
          unreadable: aim.refresh ? "fail" : "setAside",
          adopt: mayAdopt
            ? (stored) => Option.as(adoptable(self, aim, stored, clock.unsafeCurrentTimeMillis()), stored)
            : undefined
        }
      )
    )
    return Effect.flatMap(Effect.exit(restore(transaction)), (exit) => {
      // Whatever became of the lease and of the caller: what the server has done is not forgotten.
      if (landedRenewal !== undefined) {
        const { renewal, stored } = landedRenewal
        return Effect.flatMap(whyNotStored(self, exit, renewal), (storeError) =>
          settle(
            self,
            renewal,
            stored,
            storeError,
            isFinal,
            // A login that somebody asked for is not done twice.
            aim.refresh && attempts > 1
              ? Option.some(restore(renewUnderLease(self, aim, isFinal, attempts - 1)))
              : Option.none()
          )
        )
      }
      if (Exit.isSuccess(exit) && exit.value !== undefined) {
        const stored = exit.value
        return Effect.flatMap(Clock.currentTimeMillis, (now) =>
          Option.match(adoptable(self, aim, stored, now), {
            onNone: () => restore(renewUnderLease(self, aim, isFinal, attempts - 1)),
            onSome: (token) =>
              noticeEnd(self, stored).pipe(
                Effect.zipRight(newestOf(self, stored)),
                Effect.zipRight(adopt(self, token))
              )
          })
        )
      }
      // Somebody took the lease over before anything was spent: what they stored may do.
      if (attempts > 1 && storeErrorOf(exit)?.reason === "LeaseLost") {
        return restore(renewUnderLease(self, aim, isFinal, attempts - 1))
      }
      return Exit.isFailure(exit)
        ? Effect.failCause(exit.cause)
        : Effect.dieMessage("TokenStore.modify ran nothing")
    })
  })
