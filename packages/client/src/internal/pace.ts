import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { TokenError } from "../TokenError.js"
import { moment } from "./moment.js"

/** When the next renewal may begin that nobody waits for: on a clock that nobody sets. */
export interface Pace {
  /** The milliseconds until then; 0 or less: now. */
  readonly wait: Effect.Effect<number>
  /**
   * The token was replaced. By one that was stale when it came little is gained: the next will hardly be better, and
   * need not be there before what is `left` of this one is nearly over, in milliseconds; 0 or less: it had expired.
   */
  readonly succeeded: (isStale: boolean, left: number) => Effect.Effect<void>
  /** The token was not replaced, and is still good for some time or not. `leeway` in milliseconds. */
  readonly failed: (
    leeway: number,
    isStillGood: boolean,
    error: TokenError | undefined
  ) => Effect.Effect<void>
}

const shortest = 1000
const longest = 5 * 60_000
// A server can ask for patience, but not for more than this.
const longestRetryAfter = 60 * 60_000

const retryAfterOf = (error: TokenError | undefined): number =>
  error !== undefined && "retryAfter" in error && error.retryAfter !== undefined
    ? Duration.toMillis(error.retryAfter)
    : 0

// There may be very many: a class has its functions once.
class Tries implements Pace {
  #notBefore = 0
  #inVain = 0

  get wait(): Effect.Effect<number> {
    return Effect.map(Effect.clock, (clock) => this.#notBefore - moment(clock).monotonic)
  }

  succeeded(isStale: boolean, left: number): Effect.Effect<void> {
    if (isStale) return this.#backOffInVain(shortest, 0, left > 0 ? Math.max(left * 0.75, shortest) : longest)
    this.#inVain = 0
    return this.#postpone(() => shortest)
  }

  failed(leeway: number, isStillGood: boolean, error: TokenError | undefined): Effect.Effect<void> {
    const atLeast = Math.min(retryAfterOf(error), longestRetryAfter)
    const base = Math.max(shortest, leeway / 10)
    // While there is time the tries come at an even pace: they are few, and each may be in time.
    return isStillGood ? this.#backOff(base, atLeast) : this.#backOffInVain(base, atLeast)
  }

  #postpone(delay: (random: number) => number): Effect.Effect<void> {
    return Effect.zipWith(Effect.clock, Random.next, (clock, random) => {
      this.#notBefore = moment(clock).monotonic + delay(random)
    })
  }

  /** Not in step with others, and later the more tries were in vain. */
  #backOff(base: number, atLeast = 0, atMost = longest): Effect.Effect<void> {
    return this.#postpone((random) =>
      Math.max(
        Math.min(base * 2 ** Math.min(this.#inVain, 30), atMost, longest) * (0.8 + random * 0.4),
        atLeast
      )
    )
  }

  /** Twice as long each time. */
  #backOffInVain(base: number, atLeast?: number, atMost?: number): Effect.Effect<void> {
    return Effect.ensuring(
      this.#backOff(base, atLeast, atMost),
      Effect.sync(() => {
        this.#inVain += 1
      })
    )
  }
}

export const make = (): Pace => new Tries()
