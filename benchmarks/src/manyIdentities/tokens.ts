import type { OAuthToken } from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import type { Making } from "./Keeper.js"
import { tokenOf } from "./stored.js"

/** Tokens, and nothing that would find them again. */
export const tokens: Making = Effect.sync(() => {
  const all: Array<OAuthToken.OAuthToken> = []
  return {
    takeUp: (key) => Effect.map(tokenOf(key), (token) => all.push(token)),
    lookUp: () => Effect.sync(() => all[0])
  }
})

export const mapOfTokens: Making = Effect.sync(() => {
  const all = new Map<string, OAuthToken.OAuthToken>()
  return {
    takeUp: (key) => Effect.map(tokenOf(key), (token) => all.set(key, token)),
    lookUp: (key) => Effect.sync(() => all.get(key))
  }
})
