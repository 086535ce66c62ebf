import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { StoredSession } from "../TokenStore.js"
import type { TokenStoreError } from "../TokenStoreError.js"

// Those who wait for a lease wait for it, and not for this.
const patience = "1 second"

/** Runs `whileWaiting` with what is stored. What cannot be read is passed over: under the lease it is told why. */
export const lookAt = <E>(
  read: Effect.Effect<StoredSession, TokenStoreError>,
  whileWaiting: (stored: StoredSession) => Effect.Effect<void, E>
): Effect.Effect<void, E> =>
  read.pipe(
    Effect.timeout(patience),
    Effect.sandbox,
    Effect.option,
    Effect.flatMap(Option.match({ onNone: () => Effect.void, onSome: whileWaiting }))
  )
