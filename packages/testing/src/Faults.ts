/**
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type { Fault } from "./Fault.js"
import type * as Journal from "./Journal.js"

/**
 * What goes wrong, and when. A request meets one fault at most: what is planned for a number of requests comes first,
 * in the order of planning, then what holds for good.
 *
 * @example
 * ```ts
 * import { Fault, Journal, TestAuthorizationServer } from "@effect-oauth/testing"
 * import { Effect } from "effect"
 *
 * const badDay = Effect.gen(function* () {
 *   const { faults } = yield* TestAuthorizationServer.TestAuthorizationServer
 *   yield* faults.next(Fault.unavailable(), Fault.lostReply)
 *   yield* faults.when(Journal.isAt("resource"), Fault.latency("2 seconds"))
 * })
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export interface Faults {
  /** Plans the next requests for tokens: a fault each. */
  readonly next: (...faults: ReadonlyArray<Fault>) => Effect.Effect<void>
  /** Plans the next requests to an endpoint: a fault each. */
  readonly nextAt: (endpoint: Journal.Endpoint, ...faults: ReadonlyArray<Fault>) => Effect.Effect<void>
  /** Has requests meet the fault that are as the predicate says; `times` of them, or all of them. */
  readonly when: (
    which: Journal.Which,
    fault: Fault,
    options?: { readonly times?: number | undefined } | undefined
  ) => Effect.Effect<void>
  /** Nothing goes wrong any more. */
  readonly clear: Effect.Effect<void>
}
