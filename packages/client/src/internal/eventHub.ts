import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { TokenEvent } from "../TokenEvent.js"

/** Where events are heard. It costs nothing until somebody listens: there may be very many that nobody listens to. */
export interface EventHub {
  readonly publish: (event: TokenEvent) => Effect.Effect<void>
  readonly events: Stream.Stream<TokenEvent>
}

export const make: Effect.Effect<EventHub, never, Scope.Scope> = Effect.gen(function* () {
  let hub: PubSub.PubSub<TokenEvent> | undefined
  yield* Effect.addFinalizer(() => (hub === undefined ? Effect.void : PubSub.shutdown(hub)))
  const listenedTo = Effect.suspend(() =>
    hub === undefined
      ? Effect.tap(PubSub.sliding<TokenEvent>(256), (made) =>
          Effect.sync(() => {
            hub = made
          })
        )
      : Effect.succeed(hub)
  )
  return {
    publish: (event) => Effect.suspend(() => (hub === undefined ? Effect.void : PubSub.publish(hub, event))),
    events: Stream.unwrap(Effect.map(listenedTo, (made) => Stream.fromPubSub(made)))
  }
})
