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

const discreetSpan = (span: Tracer.Span, { cause, text }: Discretion): Tracer.Span => {
  const hide = (value: unknown): unknown => (typeof value === "string" ? text(value) : value)
  const attribute = span.attribute.bind(span)
  const event = span.event.bind(span)
  const end = span.end.bind(span)
  return Object.assign(span, {
    attribute: (key: string, value: unknown) => attribute(key, hide(value)),
    event: (name: string, startTime: bigint, attributes?: Record<string, unknown>) =>
      event(
        text(name),
        startTime,
        attributes && Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, hide(value)]))
      ),
    end: (endTime: bigint, exit: Exit.Exit<unknown, unknown>) =>
      end(endTime, Exit.isSuccess(exit) ? exit : Exit.failCause(cause(exit.cause)))
  })
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
              span: (...args) => discreetSpan(tracer.span(...args), discretion()),
              context: (f, fiber) => tracer.context(f, fiber)
            })
          )
    })
