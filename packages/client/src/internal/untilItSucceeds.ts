import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"

const longestDelay = 30_000

/** Soon, then every half minute, for as long as it takes. */
const again = <E>(attempt: Effect.Effect<void, E>, millis = 1000): Effect.Effect<void> =>
  Effect.catchAll(attempt, () =>
    Effect.flatMap(Random.next, (random) =>
      Effect.zipRight(
        Effect.sleep(Math.min(millis * (0.8 + random * 0.4), longestDelay)),
        again(attempt, Math.min(millis * 2, longestDelay))
      )
    )
  )

/**
 * Has something done in a fiber of the scope, again and again until it succeeds, unless that is under way already.
 * `meanwhile` is around all of it.
 */
export const untilItSucceeds = <E>(
  attempt: Effect.Effect<void, E>,
  meanwhile: <E>(work: Effect.Effect<void, E>) => Effect.Effect<void, E>,
  scope: Scope.Scope
): Effect.Effect<void> => {
  let isUnderWay = false
  return Effect.suspend(() => {
    if (isUnderWay) return Effect.void
    isUnderWay = true
    return again(attempt).pipe(
      meanwhile,
      Effect.ensuring(
        Effect.sync(() => {
          isUnderWay = false
        })
      ),
      Effect.interruptible,
      Effect.forkIn(scope),
      Effect.asVoid
    )
  })
}
