import { parseArgs } from "node:util"
import * as Either from "effect/Either"

/** What a run is told. */
export interface Arguments {
  /** The benchmarks that are run. */
  readonly names: ReadonlyArray<string>
  readonly isQuick: boolean
  readonly rounds: number
  /** The folder that gets the results; those of a quick run are kept only where it is named. */
  readonly out: string | undefined
  /** Nothing is measured: what is written of the results is written anew. */
  readonly isReportOnly: boolean
}

const defaultRounds = 9

export const usage = (names: ReadonlyArray<string>): string => `Usage: npm run bench -- [options] [names]

Measures the client against others, side by side, and writes the tables, the raw values and the picture.
Benchmarks, all of them where none is named: ${names.join(", ")}.

  --rounds N     how often each contender has its turn, 1 to 99 (${defaultRounds})
  --quick        shows in seconds that the benchmarks work; the figures mean nothing, and are not kept
  --out DIR      where the results are written (benchmarks/results)
  --report-only  measures nothing, and writes the report anew from the results that are there
  --help         this text

The tables come on stdout; exit code 0: all was measured, 1: something failed, 2: the arguments are not right.
`

/** `Help`, the arguments, or what is wrong with them. */
export const parse = (
  argv: ReadonlyArray<string>,
  known: ReadonlyArray<string>
): Either.Either<Arguments | "Help", string> =>
  Either.gen(function* () {
    const { positionals, values } = yield* Either.try({
      try: () =>
        parseArgs({
          args: [...argv],
          allowPositionals: true,
          options: {
            rounds: { type: "string" },
            quick: { type: "boolean", default: false },
            out: { type: "string" },
            "report-only": { type: "boolean", default: false },
            help: { type: "boolean", default: false }
          }
        }),
      catch: (cause) => (cause instanceof Error ? cause.message : String(cause))
    })
    if (values.help) return "Help"
    const unknown = positionals.filter((name) => !known.includes(name))
    if (unknown.length > 0) {
      return yield* Either.left(`There is no benchmark ${unknown.join(", ")}; there are ${known.join(", ")}.`)
    }
    const { rounds = String(values.quick ? 1 : defaultRounds) } = values
    if (!/^[1-9]\d?$/.test(rounds)) {
      return yield* Either.left(`--rounds is "${rounds}"; it has to be a whole number from 1 to 99.`)
    }
    return {
      names: positionals.length === 0 ? known : known.filter((name) => positionals.includes(name)),
      isQuick: values.quick,
      rounds: Number(rounds),
      out: values.out,
      isReportOnly: values["report-only"]
    }
  })
