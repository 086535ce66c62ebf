import type * as Clock from "effect/Clock"

/** A point in time on two clocks: one stands still while a machine sleeps, the other can be set. */
export interface Moment {
  readonly wall: number
  readonly monotonic: number
}

export const moment = (clock: Clock.Clock): Moment => ({
  wall: clock.unsafeCurrentTimeMillis(),
  monotonic: Number(clock.unsafeCurrentTimeNanos() / 1_000_000n)
})

/** The milliseconds until the wall clock shows `at`, or as much has passed since `seen` as was left then. */
export const millisUntil = (at: number, seen: Moment, now: Moment): number =>
  Math.min(at - now.wall, at - seen.wall - (now.monotonic - seen.monotonic))
