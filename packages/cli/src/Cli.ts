/**
 * @since 0.1.0
 */
import type { Readable } from "node:stream"
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import type * as Terminal from "@effect/platform/Terminal"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as ExitCode from "./ExitCode.js"
import * as Arguments from "./internal/Arguments.js"
import * as Completions from "./internal/Completions.js"
import { call } from "./internal/commands/call.js"
import { login } from "./internal/commands/login.js"
import { logout } from "./internal/commands/logout.js"
import { profile } from "./internal/commands/profile.js"
import { refresh } from "./internal/commands/refresh.js"
import { status } from "./internal/commands/status.js"
import { token } from "./internal/commands/token.js"
import { flag, variable } from "./internal/Environment.js"
import { type Report, report } from "./internal/Failure.js"
import * as Help from "./internal/Help.js"
import * as Output from "./internal/Output.js"
import { plain } from "./internal/plain.js"
import * as StandardInput from "./internal/StandardInput.js"
import { version } from "./internal/version.js"

const command = Command.make("effect-oauth").pipe(
  Command.withDescription(
    "Log in, print a valid access token for scripts, call an API, log out. Any number of runs share a session; an expired token is refreshed by one of them."
  ),
  Command.withSubcommands([login, token, call, status, refresh, logout, profile])
)

const parse = Command.run(command, {
  name: "effect-oauth",
  version,
  executable: "effect-oauth"
})

/**
 * What a run stands on: its streams, besides the services of the platform.
 *
 * @since 0.1.0
 * @category models
 */
export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined }
  readonly stdout: Output.Sink
  readonly stderr: Output.Sink
}

/**
 * Runs a command line, without the name of the program, to its exit code. Whatever happens is told on the streams; an
 * interruption is the only thing that it does not end with a code.
 *
 * @since 0.1.0
 * @category constructors
 */
export const run = (
  argv: ReadonlyArray<string>,
  streams: Streams
): Effect.Effect<ExitCode.ExitCode, never, FileSystem.FileSystem | Path.Path | Terminal.Terminal> =>
  Effect.gen(function* () {
    const output = Output.make({
      stdout: streams.stdout,
      stderr: streams.stderr,
      isJson: Arguments.asksForJson(argv) || (yield* flag("EFFECT_OAUTH_JSON")),
      noColour: Option.isSome(yield* variable("NO_COLOR"))
    })
    const answer = (request: Arguments.Request) => {
      switch (request._tag) {
        case "Help":
          return output.write(`${Help.of(request.of, version).join("\n")}\n`)
        case "Version":
          return output.result([version], { version })
        case "Completions":
          return output.write(`${Completions.script(request.shell)}\n`)
        case "Run":
          return parse(["node", "effect-oauth", ...request.argv])
      }
    }
    const program = Effect.flatMap(Arguments.order(argv), answer)
    const exit = yield* program.pipe(
      Effect.withConsole(yield* silent),
      Effect.provide(Logger.replace(Logger.defaultLogger, notices(output))),
      Effect.provideService(Output.Output, output),
      Effect.provideService(StandardInput.StandardInput, StandardInput.make(streams.stdin)),
      Effect.provide(CliConfig.layer({ isCaseSensitive: true })),
      Effect.exit
    )
    if (Exit.isSuccess(exit)) return ExitCode.ok
    if (Cause.isInterruptedOnly(exit.cause)) return yield* Effect.interrupt
    return yield* Option.match(Cause.failureOption(exit.cause), {
      onNone: () => Effect.as(output.failure(defect(Cause.squash(exit.cause))), ExitCode.defect),
      onSome: (failure) => {
        const told = report(failure)
        return Effect.as(output.failure(told), told.exitCode)
      }
    })
  })

const defect = (thrown: unknown): Report => ({
  exitCode: ExitCode.defect,
  code: "Defect",
  message: `The program failed in a way that it should not: ${thrown instanceof Error ? thrown.name : "no Error"}.`,
  hint: "Please report it, with the command and the version."
})

// What the parser has to say is told by us.
const silent = Console.consoleWith((console) =>
  Effect.succeed<Console.Console>({ ...console, log: () => Effect.void, error: () => Effect.void })
)

/** What the library warns of becomes a notice. */
const notices = (output: Output.Service): Logger.Logger<unknown, void> =>
  Logger.make(({ message }) => {
    const text = (Array.isArray(message) ? message : [message]).filter((part) => typeof part === "string")
    if (text.length > 0) output.unsafeNotice(plain(text.join(" ")))
  })
