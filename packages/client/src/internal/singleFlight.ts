import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
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

const newFlight = <A, E>(name: string | undefined): Flight<A, E> => ({
  name,
  landing: Deferred.unsafeMake(FiberId.none),
  span: undefined
})

const landingOf = <A, E>({ landing, span }: Flight<A, E>): Effect.Effect<A, E> =>
  Effect.withFiberRuntime((fiber) =>
    span === undefined || exporting(fiber) === undefined
      ? Deferred.await(landing)
      : Effect.zipRight(Effect.linkSpanCurrent(span), Deferred.await(landing))
  )

// There may be very many that nothing flies in: a class has its functions once.
class Flights<A, E> implements SingleFlight<A, E> {
  readonly #scope: Scope.Scope
  readonly #context: Context.Context<never>
  /** Those that stand in line, by name. */
  #queue: Map<string, Flight<A, E>> | undefined
  #flying: Flight<A, E> | undefined

  constructor(scope: Scope.Scope, context: Context.Context<never>) {
    this.#scope = scope
    this.#context = context
  }

  isFlying(): boolean {
    return this.#flying !== undefined
  }

  get settled(): Effect.Effect<void> {
    return Effect.suspend(() =>
      this.#flying === undefined
        ? Effect.void
        : Effect.asVoid(Effect.exit(Deferred.await(this.#flying.landing)))
    )
  }

  join(flight: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.suspend(() =>
      this.#flying === undefined
        ? Effect.flatMap(this.#takeOff(undefined, flight), landingOf)
        : landingOf(this.#flying)
    ).pipe(waiting)
  }

  next(name: string | undefined, flight: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.suspend(() => {
      const shared = this.#named(name)
      if (shared !== undefined) return landingOf(shared)
      const start = this.#flying === undefined ? this.#takeOff(name, flight) : this.#standInLine(name, flight)
      return Effect.flatMap(start, landingOf)
    }).pipe(waiting)
  }

  launch(flight: Effect.Effect<A, E>): Effect.Effect<void> {
    return Effect.suspend(() =>
      this.#flying === undefined ? Effect.asVoid(this.#takeOff(undefined, flight, true)) : Effect.void
    )
  }

  #named(name: string | undefined): Flight<A, E> | undefined {
    return name === undefined
      ? undefined
      : this.#flying?.name === name
        ? this.#flying
        : this.#queue?.get(name)
  }

  #takeOff(name: string | undefined, flight: Effect.Effect<A, E>, isBackground = false) {
    return Effect.suspend(() => {
      const self = newFlight<A, E>(name)
      this.#flying = self
      return Effect.as(this.#detach(self, flight, isBackground), self)
    })
  }

  #takeTurn(self: Flight<A, E>, flight: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.suspend(() => {
      if (this.#flying !== undefined) return Effect.zipRight(this.settled, this.#takeTurn(self, flight))
      if (self.name !== undefined) this.#queue?.delete(self.name)
      this.#flying = self
      return flight
    })
  }

  #standInLine(name: string | undefined, flight: Effect.Effect<A, E>) {
    return Effect.suspend(() => {
      const self = newFlight<A, E>(name)
      if (name !== undefined) {
        this.#queue ??= new Map()
        this.#queue.set(name, self)
      }
      return Effect.as(this.#detach(self, this.#takeTurn(self, flight), false), self)
    })
  }

  #detach(self: Flight<A, E>, program: Effect.Effect<A, E>, isBackground: boolean) {
    return Effect.gen(this, function* () {
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
        // A flight serves everyone: it has the services of its owner, not of the fiber that happened to be first.
        Effect.mapInputContext((_: Context.Context<never>) =>
          Context.add(Context.add(this.#context, Scope.Scope, this.#scope), Tracer.ParentSpan, span)
        ),
        Effect.onExit((exit) => Spans.end(span, exit)),
        Effect.interruptible,
        Effect.onExit((exit) => this.#land(self, exit)),
        Effect.forkIn(this.#scope)
      )
    }).pipe(
      // A tracer can die: nobody waits for a flight that did not begin.
      Effect.onError((cause) => this.#land(self, Exit.failCause(cause))),
      Effect.uninterruptible
    )
  }

  #land(self: Flight<A, E>, exit: Exit.Exit<A, E>): Effect.Effect<void> {
    return Effect.sync(() => {
      if (this.#flying === self) this.#flying = undefined
      if (self.name !== undefined && this.#queue?.get(self.name) === self) this.#queue.delete(self.name)
      Deferred.unsafeDone(self.landing, exit)
    })
  }
}

/** Flights have the services that this is made with, or those that are `shared` by many. */
export const make = <A, E>(
  scope: Scope.Scope,
  shared?: Context.Context<never>
): Effect.Effect<SingleFlight<A, E>> =>
  Effect.map(
    Effect.context<never>(),
    (built) => new Flights<A, E>(scope, shared ?? Context.omit(Tracer.ParentSpan)(built))
  )
