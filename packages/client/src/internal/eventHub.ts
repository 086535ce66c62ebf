import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { TokenEvent } from "../TokenEvent.js"
import { errorType } from "./errorType.js"
import { countEvent } from "./metrics.js"

/**
 * Where events are heard, and counted. A hub costs nothing until somebody listens: there may be very many that nobody
 * listens to.
 */
export interface EventHub {
  readonly publish: (event: TokenEvent) => Effect.Effect<void>
  readonly events: () => Stream.Stream<TokenEvent>
}

const count = (event: TokenEvent): Effect.Effect<void> =>
  countEvent({
    "oauth.event": event._tag.replace(/\B[A-Z]/g, "_$&").toLowerCase(),
    "oauth.while_valid": "whileValid" in event ? String(event.whileValid) : undefined,
    "error.type": "error" in event ? errorType(event.error) : undefined
  })

// Shared by all that nobody listens to.
const nobody: ReadonlyArray<Queue.Queue<TokenEvent>> = []

// There may be very many: a class has its functions once.
class Hub implements EventHub {
  readonly #scope: Scope.Scope
  #listeners = nobody
  #endsWithScope = false

  constructor(scope: Scope.Scope) {
    this.#scope = scope
  }

  publish(event: TokenEvent): Effect.Effect<void> {
    return Effect.zipRight(
      count(event),
      Effect.suspend(() =>
        this.#listeners.length === 0
          ? Effect.void
          : Effect.forEach(this.#listeners, (listener) => Queue.offer(listener, event), { discard: true })
      )
    )
  }

  events(): Stream.Stream<TokenEvent> {
    return Stream.unwrapScoped(Effect.map(this.#listen(), (queue) => Stream.fromQueue(queue)))
  }

  #listen() {
    return Effect.acquireRelease(
      Effect.gen(this, function* () {
        const queue = yield* Queue.sliding<TokenEvent>(256)
        this.#listeners = [...this.#listeners, queue]
        if (!this.#endsWithScope) {
          this.#endsWithScope = true
          yield* Scope.addFinalizer(
            this.#scope,
            Effect.suspend(() => {
              const last = this.#listeners
              this.#listeners = nobody
              // Whoever listens from here on has it end at once.
              this.#endsWithScope = false
              return Effect.forEach(last, Queue.shutdown, { discard: true })
            })
          )
        }
        return queue
      }),
      // It is not shut down: that would interrupt whoever is about to offer something to it.
      (queue) =>
        Effect.sync(() => {
          this.#listeners = this.#listeners.filter((listener) => listener !== queue)
        })
    )
  }
}

/** What it tells ends with the scope. */
export const make = (scope: Scope.Scope): EventHub => new Hub(scope)
