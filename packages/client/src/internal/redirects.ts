import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import { locally } from "./locally.js"

/** How `fetch` is set up at a call. */
const initOf = (context: Context.Context<never>): RequestInit | undefined =>
  context.unsafeMap.get(FetchHttpClient.RequestInit.key)

/**
 * Keeps `fetch` from following a redirect with a credential on board; the other transports of the platform follow
 * none by themselves. The redirect is the reply. `builtWith` is how `fetch` is set up where the call does not say.
 */
export const withoutRedirects =
  (builtWith?: RequestInit | undefined) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.mapInputContext(effect, (context: Context.Context<R>) => {
      const init: RequestInit | undefined =
        context.unsafeMap.get(FetchHttpClient.RequestInit.key) ?? builtWith
      return Context.add(context, FetchHttpClient.RequestInit, { ...init, redirect: "manual" })
    })

/** How `fetch` is set up where a client is built. */
export const requestInit: Effect.Effect<RequestInit | undefined> = Effect.map(
  Effect.serviceOption(FetchHttpClient.RequestInit),
  Option.getOrUndefined
)

/** `withoutRedirects` for one client, which need not pay for it if its transport is not `fetch`. */
export type RedirectGuard = <A, E, R>(
  sending: Effect.Effect<A, E, R>,
  fiber: Pick<Fiber.RuntimeFiber<unknown, unknown>, "currentContext">,
  isDroppedAcrossOrigins: boolean
) => Effect.Effect<A, E, R>

// So many answers without a look at how `fetch` is set up, and the transport is taken for another one. A client may be
// put together from several, so it is looked at again now and then.
const answersToBeSure = 100
const callsUntilNextLook = 1000

/**
 * To put something in the context of a call takes longer than all the rest that is done for it here. Only the platform's
 * `fetch` needs it, and looks at it each time that it sends. Who has given many answers without having looked is spared,
 * and that for requests alone whose only credential is in the `Authorization` header: where a client falls back to
 * `fetch` all the same, `fetch` itself drops that header when a redirect leads to another origin (Fetch standard, HTTP-
 * redirect fetch, step 13).
 */
export const redirectGuard = (builtWith?: RequestInit | undefined): RedirectGuard => {
  let isFetch = false
  let answers = 0
  let calls = 0
  let last: { readonly context: Context.Context<never>; readonly guarded: Context.Context<never> } | undefined

  const guardedOf = (context: Context.Context<never>): Context.Context<never> => {
    if (last?.context !== context) {
      const init: RequestInit = {
        ...(initOf(context) ?? builtWith),
        get redirect(): "manual" {
          isFetch = true
          return "manual"
        }
      }
      last = { context, guarded: Context.add(context, FetchHttpClient.RequestInit, init) }
    }
    return last.guarded
  }

  const isSpared = (): boolean => {
    if (isFetch || answers < answersToBeSure) return false
    calls = (calls + 1) % callsUntilNextLook
    return calls !== 0
  }

  return (sending, fiber, isDroppedAcrossOrigins) => {
    if (isDroppedAcrossOrigins && isSpared()) return sending
    const context = fiber.currentContext
    if (initOf(context)?.redirect === "manual") return sending
    const guarded = locally(FiberRef.currentContext, guardedOf(context))(sending)
    return isFetch
      ? guarded
      : Effect.tap(guarded, () => {
          answers += 1
        })
  }
}
