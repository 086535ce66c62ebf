import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** How much is done: `quick` shows that a benchmark works, and its figures mean nothing. */
export interface Effort {
  readonly isQuick: boolean
  /** How often each contender has its turn. */
  readonly rounds: number
  /** Tells whoever waits how far it is, in a few words. */
  readonly tell?: ((progress: string) => Effect.Effect<void>) | undefined
}

/** What was measured of one contender: a value a round. */
export interface Figure {
  readonly contender: string
  readonly values: ReadonlyArray<number>
  /** What a reader has to know about this contender. */
  readonly note?: string | undefined
  /** The contender that this one is compared with, where that is not the baseline of the table. */
  readonly against?: string | undefined
}

/** Contenders that did the same in turns, on the same machine, in the same run. */
export interface Table {
  /** Unique among all tables of a run. */
  readonly title: string
  readonly unit: string
  readonly better: "less" | "more"
  /** The contender that the others are compared with, by the ratios of what was measured in the same round. */
  readonly baseline?: string | undefined
  readonly figures: ReadonlyArray<Figure>
}

export interface Benchmark {
  /** As it is named on the command line. */
  readonly name: string
  /** What it tells, in a sentence. */
  readonly question: string
  readonly run: (effort: Effort) => Effect.Effect<ReadonlyArray<Table>, unknown, Scope.Scope>
}
