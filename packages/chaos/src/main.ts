import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Arguments from "./Arguments.js"
import * as Chaos from "./Chaos.js"

const err = (text: string): Effect.Effect<void> => Effect.sync(() => void process.stderr.write(text))
const out = (text: string): Effect.Effect<void> => Effect.sync(() => void process.stdout.write(text))
const exitWith = (code: number): Effect.Effect<void> =>
  Effect.sync(() => {
    process.exitCode = code
  })

const { isTTY } = process.stderr

/** One line that is written over on a terminal, else a line every five seconds. */
const show =
  (seconds: number) =>
  (state: Chaos.Progress): Effect.Effect<void> => {
    const line =
      `${Math.min(state.elapsedSeconds, seconds)}/${seconds} s: ${state.apiCalls} calls, ` +
      `${state.refreshes} new tokens, ${state.kills} kills, ${state.repliesLost} replies lost`
    if (isTTY) return err(`\r\x1b[K${line}`)
    return state.elapsedSeconds % 5 === 0 ? err(`${line}\n`) : Effect.void
  }

const chaos = (run: Arguments.Arguments) =>
  Effect.gen(function* () {
    yield* err(
      `${run.processes} processes, ${run.store}, seed ${run.seed}${run.fence ? "" : ", without the fence"}\n`
    )
    const { broken, replay, report } = yield* Chaos.run(run, show(run.seconds))
    if (isTTY) yield* err("\r\x1b[K")
    yield* out(`${JSON.stringify(report)}\n`)
    if (broken.length === 0) return
    yield* err(`${broken.join("\n")}\nAgain: ${replay}\n`)
    yield* exitWith(1)
  })

const main = Either.match(
  Arguments.parse(process.argv.slice(2), () => Math.floor(Math.random() * 2 ** 32)),
  {
    onLeft: (problem) => Effect.zipRight(err(`${problem}\n--help tells the options.\n`), exitWith(2)),
    onRight: (run) => (run === "Help" ? out(Arguments.usage) : chaos(run))
  }
)

main.pipe(
  Effect.provide(NodeContext.layer),
  NodeRuntime.runMain({
    // A run that was broken off has shown nothing.
    teardown: (exit, onExit) =>
      onExit(Exit.isFailure(exit) ? (Cause.isInterruptedOnly(exit.cause) ? 130 : 1) : 0)
  })
)
