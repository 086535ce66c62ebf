import type * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"

/** What came of the request of this fiber, in a few words for the log: nothing of the request itself is among them. */
const current = FiberRef.unsafeMake("")

export const note = (outcome: string): Effect.Effect<void> => FiberRef.set(current, outcome)

export const noted: Effect.Effect<string> = FiberRef.get(current)
