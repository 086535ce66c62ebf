import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Tracer from "effect/Tracer"
import { locally } from "./locally.js"

/** How a span is kept from showing what it must not. */
export interface Discretion {
  readonly text: (text: string) => string
  readonly cause: (cause: Cause.Cause<unknown>) => Cause.Cause<unknown>
}

type Attributes = Readonly<Record<string, unknown>>

const hide = (value: unknown, { text }: Discretion): unknown =>
  typeof value === "string" ? text(value) : value

const hideAll = (attributes: Attributes, discretion: Discretion): Record<string, unknown> =>
  Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, hide(value, discretion)]))

// A tracer is told of them before there is a span, too.
const hideOptions = (
  options: Tracer.SpanOptions | undefined,
  discretion: Discretion
): Tracer.SpanOptions | undefined =>
  options?.attributes === undefined
    ? options
    : { ...options, attributes: hideAll(options.attributes, discretion) }

const hideLinks = (
  links: ReadonlyArray<Tracer.SpanLink>,
  discretion: Discretion
): ReadonlyArray<Tracer.SpanLink> =>
  links.map((link) => ({ ...link, attributes: hideAll(link.attributes, discretion) }))

type Written = Pick<Tracer.Span, "addLinks" | "attribute" | "end" | "event">

const isWritten = (key: string | symbol): key is keyof Written =>
  key === "attribute" || key === "event" || key === "end" || key === "addLinks"

/** A view of the span, through which it is written to. The span stays as it is: it may be frozen, or one for all. */
const discreetSpan = (span: Tracer.Span, discretion: Discretion): Tracer.Span => {
  const written: Written = {
    addLinks: (links) => span.addLinks(hideLinks(links, discretion)),
    attribute: (key, value) => span.attribute(key, hide(value, discretion)),
    event: (name, startTime, attributes) =>
      span.event(discretion.text(name), startTime, attributes && hideAll(attributes, discretion)),
    end: (endTime, exit) =>
      span.end(endTime, Exit.isSuccess(exit) ? exit : Exit.failCause(discretion.cause(exit.cause)))
  }
  return new Proxy(
    { ...span, ...written },
    {
      get: (_, key) => {
        // A dozen times for each request.
        if (isWritten(key)) return written[key]
        const value: unknown = Reflect.get(span, key)
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

type Traced = Pick<
  Fiber.RuntimeFiber<unknown, unknown>,
  "currentDefaultServices" | "currentTracer" | "getFiberRef"
>

/** The tracer of the fiber, if its spans can be seen anywhere. */
export const exporting = (fiber: Traced): Tracer.Tracer | undefined =>
  fiber.currentTracer === withoutExporter || !fiber.getFiberRef(FiberRef.currentTracerEnabled)
    ? undefined
    : fiber.currentTracer

/**
 * Runs an effect whose spans do not show what must not be seen. The platform's clients put the whole URL, the headers
 * of the reply and the failure into theirs, and know only the names of a few headers that are secret.
 */
export const discreetly = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  { currentDefaultServices }: Traced,
  tracer: Tracer.Tracer,
  discretion: Discretion
): Effect.Effect<A, E, R> =>
  locally(
    DefaultServices.currentServices,
    Context.add(
      currentDefaultServices,
      Tracer.Tracer,
      Tracer.make({
        span: (name, parent, context, links, startTime, kind, options) =>
          discreetSpan(
            tracer.span(
              discretion.text(name),
              parent,
              context,
              links.length === 0 ? links : hideLinks(links, discretion),
              startTime,
              kind,
              hideOptions(options, discretion)
            ),
            discretion
          ),
        context: (f, fiber) => tracer.context(f, fiber)
      })
    )
  )(effect)
