import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"

/**
 * One flight at a time, which belongs to the scope and not to the fiber that started it. Whoever waits can be
 * interrupted alone; a flight that failed leaves nothing behind.
 */
export interface SingleFlight<A, E> {
  readonly isFlying: () => boolean
  /** Ends when the flight that is under way does, however that ends. */
  readonly settled: Effect.Effect<void>
  /** Takes part in the flight that is under way, or starts this one. */
  readonly join: (flight: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** Starts this one after the flight that is under way, however that ends. */
  readonly next: (flight: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** Starts this one, unless one is under way, and waits for nothing. */
  readonly launch: (flight: Effect.Effect<A, E>) => Effect.Effect<void>
}

const traced = Effect.withSpan("oauth.token.wait")

export const make = <A, E>(scope: Scope.Scope): Effect.Effect<SingleFlight<A, E>> =>
  Effect.map(Effect.context<never>(), (built) => {
    // A flight serves everyone: it runs as its owner was built, not as the fiber that happened to be first.
    const ownContext = Context.omit(Tracer.ParentSpan)(built)
    let current: Deferred.Deferred<A, E> | undefined

    const start = (flight: Effect.Effect<A, E>) =>
      Effect.suspend(() => {
        const deferred = Deferred.unsafeMake<A, E>(FiberId.none)
        current = deferred
        return Effect.option(Effect.currentSpan).pipe(
          Effect.flatMap((span) =>
            Option.match(span, {
              onNone: () => flight,
              onSome: (first) => Effect.linkSpans(flight, first)
            }).pipe(
              Effect.mapInputContext((_: Context.Context<never>) => ownContext),
              Effect.interruptible,
              Effect.onExit((exit) =>
                Effect.sync(() => {
                  current = undefined
                  Deferred.unsafeDone(deferred, exit)
                })
              ),
              Effect.forkIn(scope)
            )
          ),
          Effect.as(deferred)
        )
      }).pipe(Effect.uninterruptible)

    const join: SingleFlight<A, E>["join"] = (flight) =>
      Effect.suspend(() =>
        current === undefined ? Effect.flatMap(start(flight), Deferred.await) : Deferred.await(current)
      ).pipe(traced)

    const next: SingleFlight<A, E>["next"] = (flight) =>
      Effect.suspend(() =>
        current === undefined
          ? Effect.flatMap(start(flight), Deferred.await)
          : Effect.zipRight(Effect.exit(Deferred.await(current)), next(flight))
      )

    const settled = Effect.suspend(() =>
      current === undefined ? Effect.void : Effect.asVoid(Effect.exit(Deferred.await(current)))
    )

    return {
      settled,
      isFlying: () => current !== undefined,
      join,
      next: (flight) => traced(next(flight)),
      launch: (flight) =>
        Effect.suspend(() => (current === undefined ? Effect.asVoid(start(flight)) : Effect.void))
    }
  })
