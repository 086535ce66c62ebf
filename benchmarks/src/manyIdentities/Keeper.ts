import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** Keeps sessions by key within one process. */
export interface Keeper {
  /** Has the session from then on. */
  readonly takeUp: (key: string) => Effect.Effect<unknown, unknown>
  /** The token of a session that was taken up. */
  readonly lookUp: (key: string) => Effect.Effect<unknown, unknown>
}

export type Making = Effect.Effect<Keeper, unknown, Scope.Scope>
