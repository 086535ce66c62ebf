import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Grant from "../Grant.js"
import * as OAuthToken from "../OAuthToken.js"
import { type Failure, SessionStatus } from "../SessionStatus.js"
import type * as TokenEndpoint from "../TokenEndpoint.js"
import type { TokenError } from "../TokenError.js"
import { TokenEvent } from "../TokenEvent.js"
import type { Options, Service } from "../TokenManager.js"
import type * as TokenStore from "../TokenStore.js"
import type { StoredSession } from "../TokenStore.js"
import * as EventHub from "./eventHub.js"
import { expiryMillis, type Held, isSame } from "./held.js"
import { recordLifetimeLeft } from "./metrics.js"
import * as Pace from "./pace.js"
import type * as SingleFlight from "./singleFlight.js"
import { awaitingLease } from "./spans.js"
import * as TokenUpdate from "./tokenUpdate.js"

/** What a session is kept with. */
interface Means {
  readonly endpoint: TokenEndpoint.Service
  readonly store: TokenStore.Service
  readonly scope: Scope.Scope
  readonly flight: SingleFlight.SingleFlight<OAuthToken.OAuthToken, TokenError>
  /** Is around the times in which the session is needed though nobody uses it. */
  readonly whileNeeded: <E>(work: Effect.Effect<void, E>) => Effect.Effect<void, E>
}

/**
 * One session: how it is kept, and what is known of it. There may be very many, which is why all that is done with one
 * is a function that takes it.
 */
export interface Session extends Means {
  readonly options: Options
  readonly name: string
  readonly key: string
  readonly leeway: Duration.Duration
  readonly autoRefresh: boolean
  readonly grant: Option.Option<Grant.Grant>
  readonly hub: EventHub.EventHub
  readonly pace: Pace.Pace
  readonly update: TokenUpdate.TokenUpdate
  /** Only of a session that is kept fresh. */
  readonly keeperLatch: Effect.Latch | undefined
  /** Stores what could not be stored; made when it is first needed. */
  saving: Effect.Effect<void> | undefined
  held: Held | undefined
  restored: boolean
  loggedOut: boolean
  loggedOutElsewhere: boolean
  logouts: number
  lastVersion: number
  rejected: Redacted.Redacted<string> | undefined
  ended: { readonly error: TokenError; readonly session: Option.Option<OAuthToken.OAuthToken> } | undefined
  /** The token that is being replaced while it is good. */
  ahead: OAuthToken.OAuthToken | undefined
  lastFailure: Failure | undefined
}

const defaultLeeway = Duration.seconds(60)

/** One of which nothing is known yet. */
export const make = (options: Options, { endpoint, flight, scope, store, whileNeeded }: Means): Session => {
  const name = options.name ?? "OAuth"
  return {
    endpoint,
    store,
    scope,
    flight,
    whileNeeded,
    options,
    name,
    key: options.key ?? [endpoint.identity, options.grant?.identity ?? "stored"].join("|"),
    leeway: Duration.decode(options.leeway ?? defaultLeeway),
    autoRefresh: options.autoRefresh ?? true,
    grant: Option.fromNullable(options.grant),
    hub: EventHub.make(scope),
    pace: Pace.make(),
    update: TokenUpdate.make(options.onTokenUpdate, name),
    keeperLatch: options.keepFresh === true ? Effect.unsafeMakeLatch(true) : undefined,
    saving: undefined,
    held: undefined,
    restored: false,
    loggedOut: false,
    loggedOutElsewhere: false,
    logouts: 0,
    lastVersion: 0,
    rejected: undefined,
    ended: undefined,
    ahead: undefined,
    lastFailure: undefined
  }
}

export const publish = (self: Session, event: TokenEvent): Effect.Effect<void> => self.hub.publish(event)

/** `modify` of the store of a session. */
export const modify = (self: Session): TokenStore.Service["modify"] => awaitingLease(self.store)

/** Has whoever keeps the session fresh look again. */
export const wakeKeeper = (self: Session): void => self.keeperLatch?.unsafeOpen()

export const impossible = (self: Session): string => `${self.name}: OAuthToken is undefined or expired.`

export const endedElsewhere = (self: Session): string =>
  `${self.name}: the session was ended by another process; fetchToken begins a new one.`

export const canRenew = (self: Session, token: OAuthToken.OAuthToken): boolean =>
  self.autoRefresh && (Option.isSome(token.refreshToken) || Option.isSome(self.grant))

export const isRejected = (self: Session, token: OAuthToken.OAuthToken): boolean =>
  self.rejected !== undefined && Equal.equals(self.rejected, token.accessToken)

export const isSameAccess = (
  one: Option.Option<OAuthToken.OAuthToken>,
  other: OAuthToken.OAuthToken
): boolean => Option.exists(one, ({ accessToken }) => Equal.equals(accessToken, other.accessToken))

export const isCurrent = (self: Session, token: OAuthToken.OAuthToken): boolean =>
  self.held !== undefined && isSameAccess(Option.some(self.held.token), token)

export const isStillGood = (self: Session): Effect.Effect<boolean> =>
  Effect.map(Clock.currentTimeMillis, (now) => self.held !== undefined && now < self.held.usableUntil)

export const hold = (
  self: Session,
  token: OAuthToken.OAuthToken,
  origin: Held["origin"],
  replaces: Option.Option<OAuthToken.OAuthToken> = Option.none()
): Effect.Effect<Held> =>
  Effect.map(Random.next, (random) => {
    // Before the store was asked nobody knows whether this token is still the one.
    const isUsable = self.restored && !self.loggedOut && !isRejected(self, token)
    const usableUntil = isUsable ? expiryMillis(token) : Number.NEGATIVE_INFINITY
    const ahead = Duration.toMillis(OAuthToken.effectiveLeeway(token, self.leeway)) * (1 - random / 5)
    self.held = {
      token,
      shown: Option.some(token),
      result: Effect.succeed(token),
      origin,
      replaces,
      // One that does not expire is fresh for ever, however long the leeway.
      freshUntil:
        canRenew(self, token) && usableUntil < Number.POSITIVE_INFINITY ? usableUntil - ahead : usableUntil,
      usableUntil
    }
    wakeKeeper(self)
    return self.held
  })

export const holdAgain = (self: Session): Effect.Effect<void> =>
  Effect.suspend(() =>
    self.held === undefined
      ? Effect.void
      : Effect.asVoid(hold(self, self.held.token, self.held.origin, self.held.replaces))
  )

export const endedByOthers = (self: Session): Effect.Effect<void> =>
  Effect.suspend(() => {
    self.held = undefined
    self.rejected = undefined
    self.ahead = undefined
    self.loggedOutElsewhere = true
    wakeKeeper(self)
    return publish(self, TokenEvent.LoggedOut({ key: self.key }))
  })

/** Whoever shares the session may have ended it. */
export const noticeEnd = (self: Session, stored: StoredSession): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (Option.isSome(stored.token)) self.loggedOutElsewhere = false
    return Option.isNone(stored.token) && stored.isEnded && self.held?.origin === "Stored"
      ? endedByOthers(self)
      : Effect.void
  })

/** What a token left of the one that it replaces, if that was to be replaced while it was good. */
export const succeeded = (self: Session, token: OAuthToken.OAuthToken): Effect.Effect<void> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const replaced = self.ahead
    self.ahead = undefined
    self.lastFailure = undefined
    return Effect.zipRight(
      self.pace.succeeded(
        OAuthToken.isExpiredAt(token, DateTime.unsafeMake(now), self.leeway),
        expiryMillis(token) - now
      ),
      replaced === undefined
        ? Effect.void
        : recordLifetimeLeft(Math.max(expiryMillis(replaced) - now, 0) / 1000)
    )
  })

/** Takes up a token that was there already: in the store, by a sibling, or in the options. */
export const takeUp = (self: Session, token: OAuthToken.OAuthToken): Effect.Effect<OAuthToken.OAuthToken> =>
  Effect.gen(function* () {
    const known = self.held !== undefined && isSame(self.held.token, token) ? self.held : undefined
    const wasRestored = self.restored
    self.restored = true
    self.ended = undefined
    yield* hold(self, token, known?.origin ?? "Stored", known?.replaces)
    if (known === undefined || !wasRestored) yield* succeeded(self, token)
    if (!wasRestored) yield* publish(self, TokenEvent.Restored({ key: self.key, token }))
    else if (known === undefined) yield* publish(self, TokenEvent.Adopted({ key: self.key, token }))
    return token
  })

/** The new token is the state of the session at once, and is handed out after `onTokenUpdate`. */
export const takeOver = (
  self: Session,
  token: OAuthToken.OAuthToken,
  origin: Held["origin"],
  replaces: Option.Option<OAuthToken.OAuthToken>
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const previous = self.held
    const next = yield* hold(self, token, origin, replaces)
    if (self.options.onTokenUpdate === undefined) return
    self.held = {
      ...next,
      shown: previous?.shown ?? Option.none(),
      result: previous?.result ?? next.result,
      // So that each call asks whether it comes from within the callback.
      freshUntil: Number.NEGATIVE_INFINITY,
      usableUntil: previous?.usableUntil ?? Number.NEGATIVE_INFINITY
    }
    yield* self.update.notify(token)
    if (isCurrent(self, token)) yield* holdAgain(self)
  })

const stateAt = (self: Session, now: number): SessionStatus["state"] => {
  if (self.loggedOut || self.loggedOutElsewhere) return "loggedOut"
  if (self.ended !== undefined) return "ended"
  if (self.held !== undefined && now < self.held.usableUntil)
    return now < self.held.freshUntil ? "valid" : "expiring"
  return self.held === undefined || !self.restored ? "none" : "expired"
}

export const status = (self: Session): Service["status"] =>
  Effect.map(
    Clock.currentTimeMillis,
    (now) =>
      new SessionStatus({
        state: stateAt(self, now),
        expiry: Option.flatMap(self.held?.shown ?? Option.none(), ({ expiry }) => expiry),
        isRenewing: self.flight.isFlying(),
        isDurable: self.held?.origin !== "Unsaved",
        lastFailure: Option.fromNullable(self.lastFailure)
      })
  )
