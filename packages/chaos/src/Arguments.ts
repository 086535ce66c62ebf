import { parseArgs } from "node:util"
import * as Either from "effect/Either"

export const stores = ["file", "sqlite", "postgres", "redis"] as const

export type StoreName = (typeof stores)[number]

/** What a run is told. */
export interface Arguments {
  readonly store: StoreName
  readonly processes: number
  readonly seconds: number
  readonly seed: number
  readonly leaseSeconds: number
  readonly fence: boolean
  readonly pauses: boolean
  /** The file that gets what happened, if any. */
  readonly trace: string | undefined
}

export const usage = `Usage: npm run chaos -- [options]

Real processes share sessions in one store, against a real authorization server that rotates refresh tokens and
revokes a session when one is used again; replies are lost, servers fail, processes are killed. No session may be lost.

  --store file|sqlite|postgres|redis  where the sessions are (file)
  --processes N                       how many processes at a time, 1 to 64 (8)
  --seconds S                         for how long things go wrong, 1 to 86400 (20)
  --seed K                            what goes wrong, and when: 0 to 4294967295 (random, and printed)
  --lease-seconds L                   how long the lease of a dead process lasts, 0.5 to 60 (2)
  --pauses                            processes are stopped for longer than their lease, too
  --without-fence                     without mutual exclusion: the promises must be seen to break
  --trace FILE                        writes what happened, a line of JSON each
  --help                              this text

Ends with one line of JSON on stdout; exit code 0: every promise held, 1: one broke, 2: the arguments are not right.
`

const isStore = (name: string): name is StoreName => stores.some((store) => store === name)

/** `Help`, the arguments, or what is wrong with them. */
export const parse = (
  argv: ReadonlyArray<string>,
  randomSeed: () => number
): Either.Either<Arguments | "Help", string> =>
  Either.gen(function* () {
    const { values } = yield* Either.try({
      try: () =>
        parseArgs({
          args: [...argv],
          options: {
            store: { type: "string", default: "file" },
            processes: { type: "string", default: "8" },
            seconds: { type: "string", default: "20" },
            seed: { type: "string" },
            "lease-seconds": { type: "string", default: "2" },
            trace: { type: "string" },
            pauses: { type: "boolean", default: false },
            "without-fence": { type: "boolean", default: false },
            help: { type: "boolean", default: false }
          }
        }),
      catch: (cause) => (cause instanceof Error ? cause.message : String(cause))
    })
    if (values.help) return "Help"

    const within = (name: keyof typeof values, lowest: number, highest: number, isWhole: boolean) => {
      const text = String(values[name])
      const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
      return value >= lowest && value <= highest && (!isWhole || Number.isInteger(value))
        ? Either.right(value)
        : Either.left(
            `--${name} is "${text}"; it has to be a ${isWhole ? "whole " : ""}number from ${lowest} to ${highest}.`
          )
    }
    const { store } = values
    if (!isStore(store)) {
      return yield* Either.left(`--store is "${store}"; it has to be one of ${stores.join(", ")}.`)
    }
    return {
      store,
      processes: yield* within("processes", 1, 64, true),
      seconds: yield* within("seconds", 1, 86_400, false),
      seed: values.seed === undefined ? randomSeed() : yield* within("seed", 0, 2 ** 32 - 1, true),
      leaseSeconds: yield* within("lease-seconds", 0.5, 60, false),
      fence: !values["without-fence"],
      pauses: values.pauses,
      trace: values.trace
    }
  })

/** The command line that does the same again. */
export const commandLine = (run: Arguments): string =>
  [
    `npm run chaos -- --store ${run.store} --processes ${run.processes} --seconds ${run.seconds} --seed ${run.seed}`,
    `--lease-seconds ${run.leaseSeconds}`,
    ...(run.pauses ? ["--pauses"] : []),
    ...(run.fence ? [] : ["--without-fence"])
  ].join(" ")
