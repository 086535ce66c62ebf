import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import type * as Tracer from "effect/Tracer"
import type * as TokenStore from "../TokenStore.js"
import { errorType, failureName } from "./errorType.js"

/**
 * A failure as a span shows it: of which class, and of which type. What it says of itself is for whoever handles it, and
 * can name a user or a key.
 */
const shown = (failure: unknown): Error =>
  Object.assign(new Error(errorType(failure)), { name: failureName(failure) })

/** A span that `end` has to end. */
export const begin = (name: string, options: Tracer.SpanOptions = {}): Effect.Effect<Tracer.Span> =>
  Effect.makeSpan(name, { ...options, captureStackTrace: false })

/** Ends a span that has not ended yet. */
export const end = (span: Tracer.Span, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Effect.zipWith(Effect.clock, FiberRef.get(FiberRef.currentTracerTimingEnabled), (clock, isTimed) => {
    if (span.status._tag === "Ended") return
    const isFailure = Exit.isFailure(exit) && !Cause.isInterruptedOnly(exit.cause)
    const failure = isFailure ? shown(Cause.squash(exit.cause)) : undefined
    if (failure !== undefined) span.attribute("error.type", failure.message)
    span.end(isTimed ? clock.unsafeCurrentTimeNanos() : 0n, failure === undefined ? exit : Exit.fail(failure))
  })

/** In a span of its own. */
export const inSpan =
  (name: string, options?: Tracer.SpanOptions) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> =>
    Effect.acquireUseRelease(begin(name, options), (span) => Effect.withParentSpan(effect, span), end)

/** `modify` of a store, with a span for the time until the lease is had. */
export const awaitingLease =
  (store: TokenStore.Service): TokenStore.Service["modify"] =>
  (key, f, options) =>
    Effect.acquireUseRelease(
      begin("oauth.token.wait", { attributes: { "oauth.wait.for": "lease" } }),
      (span) =>
        store.modify(
          key,
          (current, confirm) => Effect.zipRight(end(span, Exit.void), f(current, confirm)),
          options
        ),
      end
    )
