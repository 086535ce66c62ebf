import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

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
