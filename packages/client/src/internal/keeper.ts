import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { type Moment, millisUntil, moment } from "./moment.js"
import { sleepWithoutHold } from "./sleepWithoutHold.js"

/** What is kept fresh. */
export interface Perishable {
  /** What `freshUntil` was said of: another one begins another time. */
  readonly identity: unknown
  /** In milliseconds by the wall clock. */
  readonly freshUntil: number
}

// A machine that slept, or whose clock was set, is noticed within this; and no timer takes more than 2^31 ms.
const longestSleep = 60_000

/**
 * Has something renewed whenever it is no longer fresh, in a fiber of the scope. While there is nothing to keep fresh
 * (`undefined`) there is no timer, until the latch is opened. `whileKeeping` is around the time in which there is.
 */
export const make = (options: {
  readonly scope: Scope.Scope
  /** Opened whenever what there is to keep may be another. */
  readonly latch: Effect.Latch
  readonly perishable: () => Perishable | undefined
  /** How long a renewal has to wait in any case, in milliseconds. */
  readonly wait: Effect.Effect<number>
  /** Ends when the renewal has ended, whatever came of it. */
  readonly renew: Effect.Effect<void>
  readonly whileKeeping: (keeping: Effect.Effect<void>) => Effect.Effect<void>
}): Effect.Effect<void> => {
  const { latch } = options
  let identity: unknown
  let seen: Moment | undefined

  const untilDue = (now: Moment, { freshUntil, identity: current }: Perishable): number => {
    if (seen === undefined || current !== identity) {
      identity = current
      seen = now
    }
    return millisUntil(freshUntil, seen, now)
  }

  // A tracer can die: of that no span is begun, and so no renewal, which would have postponed the next.
  const renew = Effect.catchAllDefect(options.renew, () => sleepWithoutHold(longestSleep))

  const keeping: Effect.Effect<void> = Effect.gen(function* () {
    while (true) {
      latch.unsafeClose()
      const perishable = options.perishable()
      if (perishable === undefined) return
      const clock = yield* Effect.clock
      const millis = Math.max(untilDue(moment(clock), perishable), yield* options.wait)
      if (millis <= 0) yield* renew
      else yield* Effect.raceFirst(sleepWithoutHold(Math.min(Math.ceil(millis), longestSleep)), latch.await)
    }
  })

  return latch.await.pipe(
    Effect.zipRight(options.whileKeeping(keeping)),
    Effect.forever,
    // What it starts is nobody's child, and was started by nobody.
    Effect.mapInputContext((context: Context.Context<never>) => Context.omit(Tracer.ParentSpan)(context)),
    Effect.interruptible,
    Effect.forkIn(options.scope),
    Effect.asVoid
  )
}
