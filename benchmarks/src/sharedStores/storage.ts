import * as NodeContext from "@effect/platform-node/NodeContext"
import { TokenStorage } from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import type { Place } from "./Protocol.js"

/** The storage at a place. Only its own code is loaded. */
export const at = (place: Place) => {
  switch (place.store) {
    case "file":
      return Effect.provide(TokenStorage.directory(place.directory), NodeContext.layer)
    case "redis":
      return Effect.flatMap(
        Effect.promise(() => import("./redis.js")),
        ({ redis }) => redis(place.url)
      )
    case "sqlite":
    case "postgres":
      return Effect.flatMap(
        Effect.promise(() => import("./sql.js")),
        (sql) => sql[place.store](place.url)
      )
  }
}

/** The same storage, and how often it was asked for anything. */
export const counted = (storage: TokenStorage.TokenStorage) => {
  let operations = 0
  const counting =
    <Arguments extends ReadonlyArray<unknown>, A, E>(operate: (...args: Arguments) => Effect.Effect<A, E>) =>
    (...args: Arguments): Effect.Effect<A, E> =>
      Effect.suspend(() => {
        operations += 1
        return operate(...args)
      })
  const counted: TokenStorage.TokenStorage = {
    ...storage,
    read: counting(storage.read),
    acquire: counting(storage.acquire),
    renew: counting(storage.renew),
    replace: counting(storage.replace),
    setAside: counting(storage.setAside),
    release: counting(storage.release)
  }
  return { storage: counted, operations: () => operations }
}
