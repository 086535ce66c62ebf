import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"

const liveClock = Context.get(DefaultServices.liveServices, Clock.Clock)

/**
 * Sleeps without holding up the process: one that has nothing else to do ends meanwhile. The live clock cannot do that:
 * its timers keep Node alive. On any other clock it is the sleep of that clock.
 */
export const sleepWithoutHold = (millis: number): Effect.Effect<void> =>
  Effect.clockWith((clock) =>
    clock === liveClock
      ? Effect.async<void>((resume) => {
          const timer = setTimeout(() => resume(Effect.void), millis)
          // Not everywhere is a timer more than a number, nor does it hold anything up there.
          if (Predicate.hasProperty(timer, "unref") && Predicate.isFunction(timer.unref)) timer.unref()
          return Effect.sync(() => clearTimeout(timer))
        })
      : Effect.sleep(millis)
  )
