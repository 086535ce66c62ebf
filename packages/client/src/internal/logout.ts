import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { TokenEvent } from "../TokenEvent.js"
import type { Service } from "../TokenManager.js"
import { saveWhatIsLost } from "./durability.js"
import { type Held, reconcile, unusable } from "./held.js"
import { revoke } from "./revocation.js"
import { holdAgain, modify, publish, type Session, wakeKeeper } from "./session.js"

export const logout = (self: Session): Service["logout"] =>
  self.update.unlessWithin(
    Effect.suspend(() => {
      let ending: Held | undefined
      self.loggedOut = true
      self.logouts += 1
      if (self.held !== undefined) self.held = unusable(self.held)
      wakeKeeper(self)
      return self.flight.settled.pipe(
        Effect.zipRight(saveWhatIsLost(self)),
        Effect.zipRight(
          modify(self)(self.key, (stored) =>
            Effect.map(Effect.interruptible(revoke(self.endpoint, reconcile(self.held, stored))), () => {
              // From here on nothing may store the token again.
              ending = self.held
              self.held = undefined
              return [undefined, Option.none()] as const
            })
          )
        ),
        Effect.zipRight(
          Effect.suspend(() => {
            self.ended = undefined
            self.rejected = undefined
            self.ahead = undefined
            self.lastFailure = undefined
            self.lastVersion = 0
            return publish(self, TokenEvent.LoggedOut({ key: self.key }))
          })
        ),
        Effect.onError(() =>
          Effect.suspend(() => {
            self.held ??= ending
            self.loggedOut = false
            return holdAgain(self)
          })
        )
      )
    })
  )
