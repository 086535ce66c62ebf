import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { type Line, LineJson, type Settings, SettingsJson } from "./Protocol.js"
import { type Entry, type Millis, now } from "./Trace.js"

/** A process of the workers' program. */
export interface Worker {
  readonly incarnation: string
  /** Asks it to end, which it does when it is done. */
  readonly stop: Effect.Effect<void>
  /** Ends it by SIGKILL, at once. */
  readonly kill: Effect.Effect<void>
  /** Stops it for so long, if it is there so long. */
  readonly pause: (millis: Millis) => Effect.Effect<void>
  /** When it is gone, and everything that it told was read. */
  readonly ended: Effect.Effect<Ended>
}

export interface Ended {
  readonly incarnation: string
  readonly wasKilled: boolean
  readonly code: number | null
  /** The end of what it wrote to stderr. */
  readonly complaint: string
}

export interface Options {
  readonly program: string
  readonly settings: Settings
  readonly record: (entry: Entry) => void
  readonly heard: (incarnation: string, line: Line) => void
}

const decode = Schema.decodeUnknownOption(LineJson)
const encode = Schema.encodeSync(SettingsJson)

/** Starts a process; it does not outlive the scope. */
export const start = ({
  program,
  settings,
  record,
  heard
}: Options): Effect.Effect<Worker, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { incarnation } = settings
    const ended = yield* Deferred.make<Ended>()
    let wasKilled = false
    let isGone = false
    let haltedAt: Millis | undefined
    let complaint = ""

    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [program, encode(settings)], { stdio: ["pipe", "pipe", "pipe"] })
      ),
      (child) =>
        Effect.zipRight(
          Effect.sync(() => {
            if (!isGone) child.kill("SIGKILL")
          }),
          Deferred.await(ended)
        )
    )

    const resumed = () => {
      if (haltedAt === undefined) return
      record({ _tag: "Halted", at: haltedAt, until: now(), incarnation })
      haltedAt = undefined
    }

    child.stdin.on("error", () => {})
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-4000)
    })
    createInterface({ input: child.stdout }).on("line", (text) => {
      // The last line of a killed process need not be whole.
      const line = decode(text)
      if (Option.isSome(line)) heard(incarnation, line.value)
    })
    whenOver(child, (code) => {
      isGone = true
      resumed()
      Deferred.unsafeDone(ended, Effect.succeed({ incarnation, wasKilled, code, complaint }))
    })

    return {
      incarnation,
      stop: Effect.sync(() => void child.stdin.end()),
      kill: Effect.sync(() => {
        if (isGone || wasKilled) return
        wasKilled = true
        record({ _tag: "Killed", at: now(), incarnation })
        child.kill("SIGKILL")
      }),
      pause: (millis) =>
        Effect.suspend(() => {
          if (isGone || wasKilled || haltedAt !== undefined) return Effect.void
          haltedAt = now()
          child.kill("SIGSTOP")
          return Effect.ensuring(
            Effect.sleep(millis),
            Effect.sync(() => {
              if (!isGone) child.kill("SIGCONT")
              resumed()
            })
          )
        }),
      ended: Deferred.await(ended)
    }
  })

/** `close` comes after the last line of the output was read, `error` in its place if there never was a process. */
const whenOver = (child: ChildProcess, over: (code: number | null) => void): void => {
  child.once("close", (code) => over(code))
  child.once("error", () => {
    if (child.pid === undefined) over(null)
  })
}
