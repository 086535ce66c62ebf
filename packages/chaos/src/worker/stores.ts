import * as NodeContext from "@effect/platform-node/NodeContext"
import { TokenStorage, TokenStore } from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Settings } from "../Protocol.js"
import { withoutFence } from "./withoutFence.js"

/** The store that the settings name. Only its own code is loaded. */
export const layer = ({
  store,
  leaseMillis,
  fence
}: Settings): Layer.Layer<TokenStore.TokenStore, unknown> => {
  const options = { leaseDuration: leaseMillis }
  const storeOn = (storage: TokenStorage.TokenStorage): Layer.Layer<TokenStore.TokenStore> =>
    TokenStore.layerStorage(Effect.succeed(fence ? storage : withoutFence(storage)))
  switch (store.name) {
    case "file":
      return TokenStorage.directory(store.directory, options).pipe(
        Effect.map(storeOn),
        Effect.provide(NodeContext.layer),
        Layer.unwrapEffect
      )
    case "redis":
      return Effect.promise(() => import("./redis.js")).pipe(
        Effect.flatMap(({ storage }) => storage(store.url, options)),
        Effect.map(storeOn),
        Layer.unwrapScoped
      )
    case "sqlite":
    case "postgres":
      return Effect.promise(() => import("./sql.js")).pipe(
        Effect.flatMap((sql) => sql[store.name](store.url, options)),
        Effect.map(storeOn),
        Layer.unwrapScoped
      )
  }
}
