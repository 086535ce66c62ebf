import * as Effect from "effect/Effect"
import { digest } from "./digest.js"

/** The names of what belongs to one session. */
export interface Keys {
  readonly lease: string
  readonly session: string
  readonly draft: (holder: string) => string
  readonly unreadable: (holder: string) => string
}

/** A cluster keeps them on one node, since they are the same between the braces, which are the only ones. */
export const keysOf = (prefix: string, key: string): Effect.Effect<Keys> =>
  Effect.map(digest("SHA-256", key), (hash) => {
    const name = (part: string): string => `${prefix.replace(/[{}]/g, encodeURIComponent)}:{${hash}}:${part}`
    return {
      lease: name("lease"),
      session: name("session"),
      draft: (holder) => name(`draft-${holder}`),
      unreadable: (holder) => name(`unreadable-${holder}`)
    }
  })
