import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** For each name a line of those who wait, of whom one at a time is let through; a name that nobody wants costs nothing. */
export interface Turnstiles {
  /** Waits for its turn, which ends with the scope: whether there was anybody to wait for. */
  readonly pass: (name: string) => Effect.Effect<boolean, never, Scope.Scope>
}

interface Turnstile {
  readonly semaphore: Effect.Semaphore
  users: number
}

export const make = (): Turnstiles => {
  const turnstiles = new Map<string, Turnstile>()

  const enter = (name: string) =>
    Effect.sync(() => {
      const turnstile = turnstiles.get(name) ?? { semaphore: Effect.unsafeMakeSemaphore(1), users: 0 }
      turnstile.users += 1
      turnstiles.set(name, turnstile)
      return { turnstile, isFirst: turnstile.users === 1 }
    })

  const leave = (name: string, turnstile: Turnstile) =>
    Effect.sync(() => {
      turnstile.users -= 1
      if (turnstile.users === 0) turnstiles.delete(name)
    })

  return {
    pass: (name) =>
      Effect.flatMap(
        Effect.acquireRelease(enter(name), ({ turnstile }) => leave(name, turnstile)),
        ({ isFirst, turnstile: { semaphore } }) =>
          Effect.uninterruptibleMask((restore) =>
            Effect.zipRight(
              restore(semaphore.take(1)),
              Effect.as(
                Effect.addFinalizer(() => semaphore.release(1)),
                !isFirst
              )
            )
          )
      )
  }
}
