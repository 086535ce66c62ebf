import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"

const grace = "3 seconds"

// A process that shuts down waits in real time, whatever clock its program runs on.
const wallClock = Clock.make()

/**
 * Runs an exchange that must not be abandoned half-way: once the request is out, the server may have acted. If the
 * caller is interrupted, the reply is still awaited for a moment, and its result is the result.
 *
 * To be used in an uninterruptible region, which then stores what came.
 */
export const landed = <A, E, R>(exchange: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const flight = yield* Effect.forkDaemon(Effect.interruptible(exchange))
    const awaited = yield* Effect.exit(Effect.interruptible(Fiber.await(flight)))
    if (Exit.isSuccess(awaited)) return yield* awaited.value
    const late = yield* Effect.interruptible(Fiber.await(flight)).pipe(
      Effect.timeoutOption(grace),
      Effect.withClock(wallClock)
    )
    if (Option.isSome(late)) return yield* late.value
    yield* Fiber.interruptFork(flight)
    return yield* Effect.failCause(awaited.cause)
  }).pipe(Effect.uninterruptible)
