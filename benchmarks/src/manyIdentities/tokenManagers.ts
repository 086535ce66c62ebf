import { TokenEndpoint, TokenManagers, TokenStore } from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Making } from "./Keeper.js"
import { tokenOf } from "./stored.js"

const nobody = Effect.dieMessage("no server is asked")

const Endpoint = TokenEndpoint.TokenEndpoint.of({
  identity: "nobody",
  fetchToken: () => nobody,
  refreshToken: () => nobody,
  revokeToken: () => nobody
})

/** Has a session for every key, and takes no memory. */
const Store = TokenStore.TokenStore.of({
  read: (key) =>
    Effect.map(tokenOf(key), (token) => ({
      token: Option.some(token),
      version: Option.some(1),
      isEnded: false
    })),
  modify: () => Effect.dieMessage("nothing is stored")
})

export const tokenManagers: Making = TokenManagers.make({
  session: () => ({}),
  idleTimeToLive: "1 hour"
}).pipe(
  Effect.map((managers) => ({ takeUp: managers.getToken, lookUp: managers.getToken })),
  Effect.provideService(TokenEndpoint.TokenEndpoint, Endpoint),
  Effect.provideService(TokenStore.TokenStore, Store)
)
