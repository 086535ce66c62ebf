import type * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type * as OAuthToken from "../OAuthToken.js"

type Session = Option.Option<OAuthToken.OAuthToken>

/** What one process knows of a session, and since when. */
export interface Held {
  readonly token: OAuthToken.OAuthToken
  /** What is handed out: the token, or the one before it for as long as `onTokenUpdate` runs. */
  readonly shown: Session
  readonly result: Effect.Effect<OAuthToken.OAuthToken>
  /** `Unsaved`: newer than what is stored, which is `replaces`. `Given`: by the options. */
  readonly origin: "Stored" | "Unsaved" | "Given"
  readonly replaces: Session
  /** Until then the token is used without a second thought. */
  freshUntil: number
  /** Until then it is used while another is fetched. */
  usableUntil: number
}

export const makeUnusable = (held: Held): void => {
  held.freshUntil = Number.NEGATIVE_INFINITY
  held.usableUntil = Number.NEGATIVE_INFINITY
}

export const isSame = (one: OAuthToken.OAuthToken, other: OAuthToken.OAuthToken): boolean =>
  Equal.equals(one.accessToken, other.accessToken) && Equal.equals(one.refreshToken, other.refreshToken)

export const isSameSession: (one: Session, other: Session) => boolean = Option.getEquivalence(isSame)

export const refreshTokenOf = (session: Session): Option.Option<Redacted.Redacted<string>> =>
  Option.flatMap(session, (token) => token.refreshToken)

export const expiryMillis = (token: OAuthToken.OAuthToken): number =>
  Option.match(token.expiry, {
    onNone: () => Number.POSITIVE_INFINITY,
    onSome: (expiry) => expiry.epochMillis
  })

/** The newest state of the session, given what is in memory and what is stored. */
export const reconcile = (held: Held | undefined, stored: Session): Session => {
  if (held === undefined) return stored
  // What was stored and is no longer there was removed on purpose: the session is over.
  if (Option.isNone(stored)) return held.origin === "Stored" ? stored : Option.some(held.token)
  const keepHeld =
    (held.origin === "Unsaved" && isSameSession(stored, held.replaces)) ||
    (held.origin === "Given" && expiryMillis(held.token) > expiryMillis(stored.value))
  return keepHeld ? Option.some(held.token) : stored
}
