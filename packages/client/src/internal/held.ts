import type * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type * as OAuthToken from "../OAuthToken.js"
import type { StoredSession } from "../TokenStore.js"

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
  readonly freshUntil: number
  /** Until then it is used while another is fetched. */
  readonly usableUntil: number
}

export const unusable = (held: Held): Held => ({
  ...held,
  freshUntil: Number.NEGATIVE_INFINITY,
  usableUntil: Number.NEGATIVE_INFINITY
})

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

/** Whether a session is what a refused refresh has left of another. */
export const isRemains = (session: Session, other: Session): boolean =>
  Option.isNone(refreshTokenOf(session)) &&
  Option.isSome(other) &&
  Option.exists(session, ({ accessToken }) => Equal.equals(accessToken, other.value.accessToken))

/** Whether the storage no longer has what it was given: it was restarted, or went back to an older state. */
export const isLost = (
  held: Held | undefined,
  { isEnded, token, version }: StoredSession,
  lastVersion: number,
  now: number
): boolean =>
  held?.origin === "Stored" &&
  !isEnded &&
  // What is of no use any more may be forgotten.
  (Option.isSome(held.token.refreshToken) || now < expiryMillis(held.token)) &&
  (Option.isNone(token) || Option.exists(version, (number) => number < lastVersion))

/** The newest state of the session, given what is in memory and what is stored. */
export const reconcile = (held: Held | undefined, { isEnded, token: stored }: StoredSession): Session => {
  if (held === undefined) return stored
  if (Option.isNone(stored)) {
    // What was stored and was ended on purpose is over, and so is what came of it.
    const isOver =
      held.origin === "Stored" || (held.origin === "Unsaved" && isEnded && Option.isSome(held.replaces))
    return isOver ? stored : Option.some(held.token)
  }
  const keepHeld =
    (held.origin === "Unsaved" &&
      (isSameSession(stored, held.replaces) || isRemains(stored, held.replaces))) ||
    (held.origin === "Given" && expiryMillis(held.token) > expiryMillis(stored.value))
  return keepHeld ? Option.some(held.token) : stored
}
