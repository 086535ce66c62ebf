import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { exporting } from "./discreetTracer.js"
import * as Spans from "./spans.js"

/**
 * One flight at a time, which belongs to the scope and not to the fiber that started it. Whoever waits can be
 * interrupted alone; a flight that failed leaves nothing behind.
 *
 * Its span is nobody's child, and linked to the one of whoever started it; the spans of those who wait are linked to it.
 */
export interface SingleFlight<A, E> {
  readonly isFlying: () => boolean
  /** Ends when the flight that is under way does, however that ends. */
  readonly settled: Effect.Effect<void>
  /** Takes part in the flight that is under way, or starts this one. */
  readonly join: (flight: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /**
   * Takes part in the flight of this name that is under way or stands in line, or lets this one start after the one
   * that is under way. Without a name it is shared with nobody.
   */
  readonly next: (name: string | undefined, flight: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** Starts this one, unless one is under way, and waits for nothing. */
  readonly launch: (flight: Effect.Effect<A, E>) => Effect.Effect<void>
}

interface Flight<A, E> {
  readonly name: string | undefined
  readonly landing: Deferred.Deferred<A, E>
  span: Tracer.Span | undefined
}

const inWaitSpan = Spans.inSpan("oauth.token.wait", { attributes: { "oauth.wait.for": "renewal" } })

/** Very many can wait for one flight: a span for each is made only where it can be seen. */
const waiting = <A, E>(landing: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.withFiberRuntime((fiber) => (exporting(fiber) === undefined ? landing : inWaitSpan(landing)))

export const make = <A, E>(scope: Scope.Scope): Effect.Effect<SingleFlight<A, E>> =>
  Effect.map(Effect.context<never>(), (built) => {
    // A flight serves everyone: it has the services of its owner, not of the fiber that happened to be first.
    const ownContext = Context.omit(Tracer.ParentSpan)(built)
    const queue = new Map<string, Flight<A, E>>()
    let flying: Flight<A, E> | undefined

    const settled = Effect.suspend(() =>
      flying === undefined ? Effect.void : Effect.asVoid(Effect.exit(Deferred.await(flying.landing)))
    )

    const land = (self: Flight<A, E>, exit: Exit.Exit<A, E>): Effect.Effect<void> =>
      Effect.sync(() => {
        if (flying === self) flying = undefined
        if (self.name !== undefined && queue.get(self.name) === self) queue.delete(self.name)
        Deferred.unsafeDone(self.landing, exit)
      })

    const detach = (self: Flight<A, E>, program: Effect.Effect<A, E>, isBackground: boolean) =>
      Effect.gen(function* () {
        const starter = yield* Effect.option(Effect.currentSpan)
        const span = yield* Spans.begin("oauth.token.renew", {
          root: true,
          attributes: { "oauth.background": isBackground },
          links: Option.match(starter, {
            onNone: () => [],
            onSome: (first) => [{ _tag: "SpanLink", span: first, attributes: {} }]
          })
        })
        self.span = span
        yield* program.pipe(
          Effect.mapInputContext((_: Context.Context<never>) =>
            Context.add(ownContext, Tracer.ParentSpan, span)
          ),
          Effect.onExit((exit) => Spans.end(span, exit)),
          Effect.interruptible,
          Effect.onExit((exit) => land(self, exit)),
          Effect.forkIn(scope)
        )
      }).pipe(
        // A tracer can die: nobody waits for a flight that did not begin.
        Effect.onError((cause) => land(self, Exit.failCause(cause))),
        Effect.uninterruptible
      )

    const newFlight = (name: string | undefined): Flight<A, E> => ({
      name,
      landing: Deferred.unsafeMake(FiberId.none),
      span: undefined
    })

    const takeOff = (name: string | undefined, flight: Effect.Effect<A, E>, isBackground = false) =>
      Effect.suspend(() => {
        const self = newFlight(name)
        flying = self
        return Effect.as(detach(self, flight, isBackground), self)
      })

    const takeTurn = (self: Flight<A, E>, flight: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Effect.suspend(() => {
        if (flying !== undefined) return Effect.zipRight(settled, takeTurn(self, flight))
        if (self.name !== undefined) queue.delete(self.name)
        flying = self
        return flight
      })

    const standInLine = (name: string | undefined, flight: Effect.Effect<A, E>) =>
      Effect.suspend(() => {
        const self = newFlight(name)
        if (name !== undefined) queue.set(name, self)
        return Effect.as(detach(self, takeTurn(self, flight), false), self)
      })

    const landingOf = ({ landing, span }: Flight<A, E>): Effect.Effect<A, E> =>
      Effect.withFiberRuntime((fiber) =>
        span === undefined || exporting(fiber) === undefined
          ? Deferred.await(landing)
          : Effect.zipRight(Effect.linkSpanCurrent(span), Deferred.await(landing))
      )

    const named = (name: string | undefined): Flight<A, E> | undefined =>
      name === undefined ? undefined : flying?.name === name ? flying : queue.get(name)

    return {
      isFlying: () => flying !== undefined,
      settled,
      join: (flight) =>
        Effect.suspend(() =>
          flying === undefined ? Effect.flatMap(takeOff(undefined, flight), landingOf) : landingOf(flying)
        ).pipe(waiting),
      next: (name, flight) =>
        Effect.suspend(() => {
          const shared = named(name)
          if (shared !== undefined) return landingOf(shared)
          const start = flying === undefined ? takeOff(name, flight) : standInLine(name, flight)
          return Effect.flatMap(start, landingOf)
        }).pipe(waiting),
      launch: (flight) =>
        Effect.suspend(() =>
          flying === undefined ? Effect.asVoid(takeOff(undefined, flight, true)) : Effect.void
        )
    }
  })
