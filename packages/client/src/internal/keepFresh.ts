import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as OAuthToken from "../OAuthToken.js"
import * as Keeper from "./keeper.js"
import { canRenew, type Session } from "./session.js"
import { refreshAhead } from "./sessionRenewal.js"
import { currentToken } from "./tokenSupply.js"

/** Has the token of a session replaced ahead of its expiry also when nobody asks for one. */
export const keepFresh = (self: Session, latch: Effect.Latch): Effect.Effect<void> => {
  let hasLooked = false
  // What is stored is taken up without being asked.
  const look = currentToken(self).pipe(
    Effect.tap(() => {
      hasLooked = true
    }),
    Effect.catchAllCause((cause) =>
      self.pace.failed(0, false, Option.getOrUndefined(Cause.failureOption(cause)))
    )
  )
  const isResting = (token: OAuthToken.OAuthToken): boolean =>
    self.loggedOut || self.ended !== undefined || !canRenew(self, token)
  return Keeper.make({
    scope: self.scope,
    latch,
    perishable: () => {
      if (!self.restored && !hasLooked) return { identity: "stored", freshUntil: Number.NEGATIVE_INFINITY }
      return self.held === undefined || isResting(self.held.token)
        ? undefined
        : { identity: self.held.token, freshUntil: self.held.freshUntil }
    },
    wait: self.pace.wait,
    renew: Effect.suspend(() =>
      self.restored && self.held !== undefined
        ? Effect.zipRight(self.flight.launch(refreshAhead(self, self.held)), self.flight.settled)
        : Effect.asVoid(look)
    ),
    whileKeeping: self.whileNeeded
  })
}
