import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as Tracer from "effect/Tracer"

/** How a span is kept from showing what it must not. */
export interface Discretion {
  readonly text: (text: string) => string
  readonly cause: (cause: Cause.Cause<unknown>) => Cause.Cause<unknown>
}

/** A view of the span, through which it is written to. The span stays as it is: it may be frozen, or one for all. */
const discreetSpan = (span: Tracer.Span, { cause, text }: Discretion): Tracer.Span => {
  const hide = (value: unknown): unknown => (typeof value === "string" ? text(value) : value)
  const written: Pick<Tracer.Span, "addLinks" | "attribute" | "end" | "event"> = {
    addLinks: (links) => span.addLinks(links),
    attribute: (key, value) => span.attribute(key, hide(value)),
    event: (name, startTime, attributes) =>
      span.event(
        text(name),
        startTime,
        attributes && Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, hide(value)]))
      ),
    end: (endTime, exit) => span.end(endTime, Exit.isSuccess(exit) ? exit : Exit.failCause(cause(exit.cause)))
  }
  return new Proxy(
    { ...span, ...written },
    {
      get: (_, key) => {
        const value: unknown = Reflect.get(Object.hasOwn(written, key) ? written : span, key)
        // Getters and methods may use private fields, which the view has not.
        return typeof value === "function" ? value.bind(span) : value
      },
      has: (_, key) => Reflect.has(span, key),
      getPrototypeOf: () => Reflect.getPrototypeOf(span)
    }
  )
}

// Its spans go nowhere, so that nothing has to be hidden in them.
const withoutExporter = Context.get(DefaultServices.liveServices, Tracer.Tracer)

/**
 * Runs an effect whose spans do not show what must not be seen. The platform's clients put the whole URL, the headers
 * of the reply and the failure into theirs, and know only the names of a few headers that are secret.
 */
export const discreetly =
  (discretion: () => Discretion) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.withFiberRuntime((fiber) => {
      const tracer = Context.get(fiber.getFiberRef(DefaultServices.currentServices), Tracer.Tracer)
      return tracer === withoutExporter || !fiber.getFiberRef(FiberRef.currentTracerEnabled)
        ? effect
        : Effect.withTracer(
            effect,
            Tracer.make({
              span: (name, ...args) => {
                const hiding = discretion()
                return discreetSpan(tracer.span(hiding.text(name), ...args), hiding)
              },
              context: (f, fiber) => tracer.context(f, fiber)
            })
          )
    })
