import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * Keeps `fetch` from following a redirect with a credential on board; the other transports of the platform follow
 * none by themselves. The redirect is the reply.
 */
export const withoutRedirects = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.mapInputContext(effect, (context: Context.Context<R>) => {
    const init = context.unsafeMap.get(FetchHttpClient.RequestInit.key)
    return Context.add(context, FetchHttpClient.RequestInit, { ...init, redirect: "manual" })
  })
