import { type ChildProcess, spawn } from "node:child_process"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { ParseError } from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { Reply } from "./Reply.js"

/** A process that did not do what it was asked. */
export class ChildError extends Data.TaggedError("ChildError")<{ readonly message: string }> {}

/** A process that answers one question after the other. */
export interface Child {
  readonly ask: <A, I>(
    question: unknown,
    answer: Schema.Schema<A, I>
  ) => Effect.Effect<A, ChildError | ParseError>
}

export interface Options {
  /** What stands after `node`. */
  readonly command: ReadonlyArray<string>
}

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** Starts a process, which ends with the scope, and with this process however that ends. */
export const start = ({ command }: Options): Effect.Effect<Child, ChildError | ParseError, Scope.Scope> =>
  Effect.gen(function* () {
    const gone = yield* Deferred.make<never, ChildError>()
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, command, {
          stdio: ["ignore", "inherit", "inherit", "ipc"],
          serialization: "json"
        })
      ),
      (child) =>
        Effect.async<void>((resume) => {
          if (ended(child)) return resume(Effect.void)
          child.once("exit", () => resume(Effect.void))
          child.kill("SIGKILL")
        })
    )
    const failed = (what: string) =>
      Deferred.unsafeDone(gone, new ChildError({ message: `${command.join(" ")}: ${what}` }))
    child.once("error", (error) => failed(error.message))
    child.once("exit", (code, signal) => failed(`the process has ended (${code ?? signal}).`))

    const reply = Effect.async<unknown>((resume) => {
      const heard = (message: unknown) => resume(Effect.succeed(message))
      child.once("message", heard)
      return Effect.sync(() => void child.off("message", heard))
    }).pipe(
      Effect.raceFirst(Deferred.await(gone)),
      Effect.flatMap(Schema.decodeUnknown(Reply)),
      Effect.flatMap(
        Either.mapLeft((message) => new ChildError({ message: `${command.join(" ")}: ${message}` }))
      )
    )

    // It says that it is there before it is asked.
    yield* reply

    return {
      ask: (question, answer) =>
        Effect.zipRight(
          Effect.sync(() => void child.send({ question })),
          reply
        ).pipe(Effect.flatMap(Schema.decodeUnknown(answer)))
    }
  })
