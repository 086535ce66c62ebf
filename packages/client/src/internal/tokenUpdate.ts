import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import { AuthValidationException } from "../AuthValidationException.js"
import type * as OAuthToken from "../OAuthToken.js"
import type { TokenError } from "../TokenError.js"
import { describeFailure } from "./secrets.js"
import { tokenSecrets } from "./tokenSecrets.js"

/** A token that `onTokenUpdate` is being told of: whoever runs within it must not wait for it to end. */
interface Update {
  readonly token: OAuthToken.OAuthToken
  isOver: boolean
}

/** The callback of a session, and what is known of the fibers that run within it. */
export interface TokenUpdate {
  /** Ends when the callback has, whatever comes of it. */
  readonly notify: (token: OAuthToken.OAuthToken) => Effect.Effect<void>
  /** The token that this fiber is being told of. */
  readonly underWay: Effect.Effect<OAuthToken.OAuthToken | undefined>
  /** What would wait for the end of the callback that it is a part of fails instead. */
  readonly unlessWithin: <A>(request: Effect.Effect<A, TokenError>) => Effect.Effect<A, TokenError>
}

const patience = "30 seconds"

const noCallback: TokenUpdate = {
  notify: () => Effect.void,
  underWay: Effect.succeed(undefined),
  unlessWithin: identity
}

/** `name` is that of the scheme. */
export const make = (
  onTokenUpdate: ((token: OAuthToken.OAuthToken) => Effect.Effect<void>) | undefined,
  name: string
): TokenUpdate => {
  if (onTokenUpdate === undefined) return noCallback
  // One that was made by an effect would stay with whoever ran that, for every session that there ever was.
  const current = FiberRef.unsafeMake<Update | undefined>(undefined)
  const underWay = Effect.map(FiberRef.get(current), (update) =>
    update !== undefined && !update.isOver ? update.token : undefined
  )
  return {
    underWay,
    unlessWithin: (request) =>
      Effect.flatMap(underWay, (token) =>
        token === undefined
          ? request
          : new AuthValidationException({
              message: `${name}: onTokenUpdate must not fetch, refresh or log out; it is a part of that.`
            })
      ),
    notify: (token) => {
      const update: Update = { token, isOver: false }
      return Effect.suspend(() => onTokenUpdate(token)).pipe(
        Effect.locally(current, update),
        Effect.ensuring(
          Effect.sync(() => {
            update.isOver = true
          })
        ),
        Effect.timeoutFail({ duration: patience, onTimeout: () => `it did not end within ${patience}` }),
        Effect.interruptible,
        Effect.catchAllCause((cause) =>
          Cause.isInterruptedOnly(cause)
            ? Effect.void
            : Effect.logWarning(
                "onTokenUpdate failed; the token is stored and in use",
                Cause.fail(describeFailure(Cause.squash(cause), tokenSecrets(Option.some(token))))
              )
        )
      )
    }
  }
}
