import * as FileSystem from "@effect/platform/FileSystem"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Machine } from "./Machine.js"

const Figure = Schema.Struct({
  contender: Schema.String,
  values: Schema.Array(Schema.Finite),
  note: Schema.optional(Schema.String),
  against: Schema.optional(Schema.String)
})

const Table = Schema.Struct({
  title: Schema.String,
  unit: Schema.String,
  better: Schema.Literal("less", "more"),
  baseline: Schema.optional(Schema.String),
  figures: Schema.Array(Figure)
})

export const Tables = Schema.Array(Table)

/** What a benchmark gave when it was run last. */
export const Measured = Schema.Struct({
  name: Schema.String,
  question: Schema.String,
  /** When it began. */
  at: Schema.DateTimeUtc,
  seconds: Schema.Number,
  rounds: Schema.Number,
  commit: Schema.optional(Schema.String),
  tables: Tables
})

export type Measured = typeof Measured.Type

/** All that the report is made of. */
export const Results = Schema.Struct({ machine: Machine, benchmarks: Schema.Array(Measured) })

export type Results = typeof Results.Type

/** The results that are there cannot be read, or are not to be put together with new ones. */
export class ResultsError extends Data.TaggedError("ResultsError")<{ readonly message: string }> {}

const ResultsJson = Schema.parseJson(Results, { space: 1 })

export const isSameMachine = Schema.equivalence(Machine)

/** What an earlier run left in this folder, or nothing. */
export const read = (folder: string): Effect.Effect<Results | undefined, unknown, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = `${folder}/results.json`
    if (!(yield* fs.exists(path))) return undefined
    return yield* Schema.decode(ResultsJson)(yield* fs.readFileString(path)).pipe(
      Effect.mapError(
        (error) => new ResultsError({ message: `${path} is not one of ours: ${error.message}` })
      )
    )
  })

export const encode = Schema.encode(ResultsJson)

/**
 * The results with those benchmarks replaced that were measured now, in the order of `names`. Figures of another
 * machine or of other versions are dropped if all were measured, and otherwise nothing is put together.
 */
export const merge = (
  earlier: Results | undefined,
  machine: Machine,
  measured: ReadonlyArray<Measured>,
  names: ReadonlyArray<string>
): Effect.Effect<Results, ResultsError> =>
  Effect.gen(function* () {
    const kept = (earlier?.benchmarks ?? []).filter(
      ({ name }) => names.includes(name) && measured.every((one) => one.name !== name)
    )
    if (kept.length > 0 && earlier !== undefined && !isSameMachine(earlier.machine, machine)) {
      yield* new ResultsError({
        message:
          `The results of ${kept.map(({ name }) => name).join(", ")} that are there are of another machine or of ` +
          "other versions. Run all benchmarks, or name another folder with --out."
      })
    }
    return {
      machine,
      benchmarks: [...kept, ...measured].sort(
        (one, other) => names.indexOf(one.name) - names.indexOf(other.name)
      )
    }
  })
