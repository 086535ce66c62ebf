import type * as Clock from "effect/Clock"
import type * as OAuthToken from "../OAuthToken.js"

/** The token that `getToken` would give without anything to wait for, else nothing. */
export type Peek = (clock: Clock.Clock) => OAuthToken.OAuthToken | undefined

// By the source itself, so that one that wraps another, or is made of its parts, is asked in its own way.
const peeks = new WeakMap<object, Peek>()

/** The same source, of which it is known how its token is looked at. */
export const visible = <Source extends object>(source: Source, peek: Peek): Source => {
  peeks.set(source, peek)
  return source
}

const nothing: Peek = () => undefined

export const peekOf = (source: object): Peek => peeks.get(source) ?? nothing
