import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { apart } from "./apart.js"

const grace = "3 seconds"

// A process that shuts down waits in real time, whatever clock its program runs on.
const wallClock = Clock.make()

const awaitWithinGrace = <A, E>(
  fiber: Fiber.RuntimeFiber<A, E>
): Effect.Effect<Option.Option<Exit.Exit<A, E>>> =>
  Fiber.await(fiber).pipe(
    Effect.timeoutOption(grace),
    Effect.withClock(wallClock),
    apart,
    Effect.tap((exit) => (Option.isNone(exit) ? Fiber.interruptFork(fiber) : Effect.void))
  )

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
    const late = yield* awaitWithinGrace(flight)
    return yield* Option.getOrElse(late, () => Exit.failCause(awaited.cause))
  }).pipe(Effect.uninterruptible)

/** Runs what is still to be done at a shutdown, for a moment and no longer, whatever comes of it. */
export const withinGrace = <A, E, R>(last: Effect.Effect<A, E, R>): Effect.Effect<void, never, R> =>
  Effect.forkDaemon(Effect.interruptible(last)).pipe(
    Effect.flatMap(awaitWithinGrace),
    Effect.uninterruptible,
    Effect.asVoid
  )
