import * as Command from "@effect/platform/Command"
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Stream from "effect/Stream"

/**
 * Has the browser of whoever sits at this machine show a page, if there is one: each platform's command in turn, until
 * one takes it. No shell reads the address.
 */
export const show = (url: URL): Effect.Effect<void, never, CommandExecutor.CommandExecutor> =>
  Effect.ignore(Effect.findFirst(commands(url.href), takesIt))

// Where no desktop is told, xdg-open becomes the browser, and it would end with the command. `setsid` gives it a
// session of its own, and passes on how it ended: the command is only there to be waited for.
const commands = (url: string): ReadonlyArray<Command.Command> => [
  Command.make("setsid", "--wait", "xdg-open", url),
  Command.make("open", url),
  Command.make("rundll32.exe", "url.dll,FileProtocolHandler", url)
]

/** A command that has not failed by then has opened something. */
const patience = "3 seconds"

const takesIt = (command: Command.Command): Effect.Effect<boolean, never, CommandExecutor.CommandExecutor> =>
  Effect.gen(function* () {
    const process = yield* Command.start(command)
    // Nobody has to wait for somebody who reads what it says.
    yield* Effect.forkScoped(Stream.runDrain(Stream.merge(process.stdout, process.stderr)))
    return yield* Effect.map(process.exitCode, (code) => code === 0).pipe(
      Effect.timeoutTo({ duration: patience, onTimeout: () => true, onSuccess: identity })
    )
  }).pipe(
    Effect.scoped,
    // What is too long for a command line is a defect of the executor's.
    Effect.catchAllDefect(() => Effect.succeed(false)),
    Effect.orElseSucceed(() => false)
  )
