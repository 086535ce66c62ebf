import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as AccessLog from "./AccessLog.js"
import * as Arguments from "./Arguments.js"
import * as Greeting from "./internal/Greeting.js"
import * as SampleServer from "./SampleServer.js"

// A reader that goes away, such as `head`, is no failure.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined)

const print = (text: string) => Effect.sync(() => void process.stdout.write(`${text}\n`))
const complain = (text: string) => Effect.sync(() => void process.stderr.write(`${text}\n`))

const serve = ({ quiet, ...options }: Arguments.Arguments) =>
  SampleServer.make({
    ...options,
    remembered: 0,
    onAnswered: quiet ? undefined : (request) => print(AccessLog.line(request))
  }).pipe(
    Effect.tap((server) => (quiet ? Effect.void : print(Greeting.text(server)))),
    Effect.zipRight(Effect.never),
    Effect.scoped,
    Effect.catchTag("SampleServerError", ({ message }) => Effect.as(complain(message), 1))
  )

const program = Either.match(Arguments.parse(process.argv.slice(2), process.env), {
  onLeft: (problem) => Effect.as(complain(`${problem}\n\n${Arguments.usage}`), 2),
  onRight: (parsed) => (parsed === "Help" ? Effect.as(print(Arguments.usage), 0) : serve(parsed))
})

// npm passes on what this process has got already. So a second signal is heard a second later at the earliest: it is for
// a server that takes too long to stop.
let stoppingSince: number | undefined
for (const [signal, exitCode] of [
  ["SIGINT", 130],
  ["SIGTERM", 143]
] as const) {
  process.on(signal, () => {
    stoppingSince ??= performance.now()
    if (performance.now() - stoppingSince > 1000) process.exit(exitCode)
  })
}

NodeRuntime.runMain(program, {
  disableErrorReporting: true,
  teardown: (exit, end) => {
    if (Exit.isSuccess(exit)) return end(typeof exit.value === "number" ? exit.value : 0)
    if (Cause.isInterruptedOnly(exit.cause)) return end(0)
    process.stderr.write(`${Cause.pretty(exit.cause)}\n`)
    return end(1)
  }
})
