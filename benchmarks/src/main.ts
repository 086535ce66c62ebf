/** Runs the benchmarks: all of them, or those that are named. */
import { fileURLToPath } from "node:url"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Arguments from "./Arguments.js"
import type { Benchmark, Effort } from "./Benchmark.js"
import { benchmarks } from "./benchmarks.js"
import { commit, thisMachine } from "./Machine.js"
import * as Progress from "./Progress.js"
import * as Publication from "./Publication.js"
import * as Results from "./Results.js"
import { markdown } from "./report.js"

const names = benchmarks.map(({ name }) => name)
const home = fileURLToPath(new URL("../results", import.meta.url))
const progress = Progress.make(process.stderr)

const out = (text: string): Effect.Effect<void> => Effect.sync(() => void process.stdout.write(text))
const exitWith = (code: number): Effect.Effect<void> =>
  Effect.sync(() => {
    process.exitCode = code
  })

/** What it gave, or nothing where it failed, which is told. */
const measure = ({ name, question, run }: Benchmark, effort: Effort) =>
  Effect.gen(function* () {
    const at = yield* DateTime.now
    yield* progress.line(`${name}: ${question}`)
    const [took, tables] = yield* run({
      ...effort,
      tell: (text) => progress.now(`${name}: ${text}`)
    }).pipe(Effect.scoped, Effect.flatMap(Schema.validate(Results.Tables)), Effect.timed)
    const seconds = Duration.toSeconds(took)
    yield* progress.line(`${name}: done in ${seconds.toFixed(1)} s`)
    const measured: Results.Measured = {
      name,
      question,
      at,
      seconds,
      rounds: effort.rounds,
      commit: yield* commit,
      tables
    }
    return [measured]
  }).pipe(
    Effect.catchAllCause((cause) =>
      Cause.isInterruptedOnly(cause)
        ? Effect.failCause(cause)
        : Effect.as(progress.line(`${name}: failed\n${Cause.pretty(cause)}`), [])
    )
  )

const run = (chosen: Arguments.Arguments) =>
  Effect.gen(function* () {
    const folder = chosen.out ?? home
    const isKept = !chosen.isQuick || chosen.out !== undefined
    const earlier = isKept ? yield* Results.read(folder) : undefined
    const machine = yield* thisMachine
    // Before minutes go by, and not after them.
    yield* Results.merge(
      earlier,
      machine,
      [],
      names.filter((name) => !chosen.names.includes(name))
    )
    const measured = (yield* Effect.forEach(
      benchmarks.filter(({ name }) => chosen.names.includes(name)),
      (benchmark) => measure(benchmark, { isQuick: chosen.isQuick, rounds: chosen.rounds })
    )).flat()
    if (measured.length < chosen.names.length) yield* exitWith(1)
    if (measured.length === 0) return
    // Of another machine only those can be left that failed just now: better none than those.
    const kept =
      earlier !== undefined && Results.isSameMachine(earlier.machine, machine) ? earlier : undefined
    const results = yield* Results.merge(kept, machine, measured, names)
    const publication = yield* Publication.make(results, folder === home)
    if (isKept) yield* Publication.write(publication, folder)
    const count = measured.reduce((sum, { tables }) => sum + tables.length, 0)
    yield* out(
      chosen.isQuick
        ? `${measured.length} benchmarks work: they made ${count} tables, of figures that mean nothing.\n`
        : markdown({ machine, benchmarks: measured })
    )
  })

const reportOnly = (folder: string) =>
  Effect.gen(function* () {
    const results = yield* Results.read(folder)
    if (results === undefined) {
      return yield* new Results.ResultsError({ message: `There are no results in ${folder}.` })
    }
    yield* Publication.write(yield* Publication.make(results, folder === home), folder)
  })

const main = Either.match(Arguments.parse(process.argv.slice(2), names), {
  onLeft: (problem) => Effect.zipRight(progress.line(`${problem}\n--help tells the options.`), exitWith(2)),
  onRight: (chosen) => {
    if (chosen === "Help") return out(Arguments.usage(names))
    return chosen.isReportOnly ? reportOnly(chosen.out ?? home) : run(chosen)
  }
})

main.pipe(
  Effect.provide(NodeContext.layer),
  NodeRuntime.runMain({
    // A run that was broken off has measured nothing.
    teardown: (exit, onExit) =>
      onExit(Exit.isFailure(exit) ? (Cause.isInterruptedOnly(exit.cause) ? 130 : 1) : 0)
  })
)
