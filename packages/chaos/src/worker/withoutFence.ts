import type { TokenStorage } from "@effect-oauth/client/TokenStorage"
import type { TokenStoreError } from "@effect-oauth/client/TokenStoreError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"

/**
 * A storage whose lease anybody has at any time, and where whoever writes last wins. Each write by itself is whole: it
 * is the lease over the exchange with the server that is taken away, and nothing else.
 */
export const withoutFence = (storage: TokenStorage): TokenStorage => {
  const briefly = <A>(
    key: string,
    use: (holder: string) => Effect.Effect<A, TokenStoreError>
  ): Effect.Effect<A, TokenStoreError> =>
    Effect.suspend(() => {
      const holder = globalThis.crypto.randomUUID()
      return Effect.acquireUseRelease(
        storage
          .acquire(key, holder)
          .pipe(Effect.repeat({ until: Option.isSome, schedule: Schedule.spaced("5 millis") })),
        () => use(holder),
        () => Effect.ignore(storage.release(key, holder))
      )
    })
  return {
    ...storage,
    acquire: (key) => Effect.map(storage.read(key), (text) => Option.some({ text })),
    renew: () => Effect.succeed(true),
    replace: (key, _, text, endsAt) =>
      Effect.as(
        briefly(key, (holder) => storage.replace(key, holder, text, endsAt)),
        true
      ),
    setAside: (key) => briefly(key, (holder) => storage.setAside(key, holder)),
    release: () => Effect.void
  }
}
