import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

/**
 * Runs in a fiber that is nobody's child, and waits for its end. To be used where nothing may be interrupted, for what
 * has a limit of time of its own: such an effect has children, and whoever interrupts a fiber interrupts its children
 * at once, be the fiber in an uninterruptible region or not.
 */
export const apart = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.uninterruptible(
    Effect.flatMap(Effect.forkDaemon(Effect.interruptible(effect)), (fiber) =>
      Effect.flatten(Fiber.await(fiber))
    )
  )
