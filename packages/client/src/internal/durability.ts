import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as OAuthToken from "../OAuthToken.js"
import { TokenEvent } from "../TokenEvent.js"
import type { StoredSession } from "../TokenStore.js"
import { TokenStoreError } from "../TokenStoreError.js"
import { isLost, isSameSession, reconcile } from "./held.js"
import { publish, type Session } from "./session.js"
import { untilItSucceeds } from "./untilItSucceeds.js"

export const countedIn = ({ version }: StoredSession): number => Option.getOrElse(version, () => 0)

export const reread = (self: Session): Effect.Effect<Option.Option<OAuthToken.OAuthToken>> =>
  Effect.suspend(() =>
    self.store.read(self.key).pipe(
      Effect.map(({ token }) => token),
      Effect.catchAllCause(() => Effect.succeed(Option.none<OAuthToken.OAuthToken>()))
    )
  )

/** Stores a token that is in use but could not be stored, again and again, until it is stored or superseded. */
export const save = (self: Session): Effect.Effect<void, TokenStoreError> =>
  Effect.suspend(() => {
    const unsaved = self.held
    if (unsaved === undefined || unsaved.origin !== "Unsaved") return Effect.void
    return self.store
      .modify(self.key, (stored) =>
        Effect.sync(() => {
          const isNewest =
            self.held === unsaved && isSameSession(reconcile(unsaved, stored), Option.some(unsaved.token))
          if (isNewest) self.lastVersion = countedIn(stored) + 1
          return isNewest ? [true, Option.some(unsaved.token)] : [false, stored.token]
        })
      )
      .pipe(
        Effect.flatMap((isSaved): Effect.Effect<void, TokenStoreError> => {
          // Another may have come to be held meanwhile that could not be stored, either.
          if (self.held !== unsaved) return save(self)
          self.held = { ...unsaved, origin: "Stored" }
          return isSaved
            ? publish(self, TokenEvent.Durable({ key: self.key, token: unsaved.token }))
            : Effect.void
        })
      )
  })

export const keepSaving = (self: Session): Effect.Effect<void> =>
  Effect.suspend(() => {
    self.saving ??= untilItSucceeds(save(self), self.whileNeeded, self.scope)
    return self.saving
  })

/** The newest state of the session, once it is known what is stored; what the storage has lost is stored again. */
export const newestOf = (
  self: Session,
  stored: StoredSession
): Effect.Effect<Option.Option<OAuthToken.OAuthToken>> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const lost =
      self.held !== undefined && isLost(self.held, stored, self.lastVersion, now) ? self.held : undefined
    self.lastVersion = Math.max(lost === undefined ? self.lastVersion : 0, countedIn(stored))
    if (lost !== undefined) {
      const { token } = lost
      self.held = { ...lost, origin: "Unsaved", replaces: stored.token }
      const error = new TokenStoreError({
        reason: "Lost",
        operation: "read",
        message: "The storage no longer has the session that was stored in it. It is stored again."
      })
      yield* publish(self, TokenEvent.NotDurable({ key: self.key, token, error }))
      yield* keepSaving(self)
    }
    return reconcile(self.held, stored)
  })

/** What the storage no longer has is stored, so that ending it leaves a mark for whoever else has it. */
export const saveWhatIsLost = (self: Session): Effect.Effect<void> =>
  self.store.read(self.key).pipe(
    Effect.flatMap((stored) => newestOf(self, stored)),
    Effect.zipRight(save(self)),
    Effect.ignore
  )
