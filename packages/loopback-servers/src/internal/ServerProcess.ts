import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, statSync } from "node:fs"
import { rm } from "node:fs/promises"
import { Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { LoopbackServerError } from "../LoopbackServerError.js"

/** A program of this machine and a folder of its own, where it may be run again and again, one run at a time. */
export interface ServerProcess {
  readonly folder: string
  /** The process that runs now, if one does. */
  readonly pid: Effect.Effect<Option.Option<number>>
  /** Runs a program that takes no long time to its end, even if it is interrupted. */
  readonly run: (program: string, args: ReadonlyArray<string>) => Effect.Effect<void, LoopbackServerError>
  /** Starts the server, unless it runs, and waits until `isReady` says so of the process with this id. */
  readonly start: (
    program: string,
    args: ReadonlyArray<string>,
    isReady: (pid: number) => Effect.Effect<boolean>
  ) => Effect.Effect<void, LoopbackServerError>
  /**
   * Sends the signal, unless nothing runs, and waits until the process is gone, which is forced after 10 seconds, and
   * for so long at most until those are gone that it had started itself.
   */
  readonly end: (signal: NodeJS.Signals) => Effect.Effect<void>
}

/** What {@link open} has to know. */
export interface Options {
  /** The name of the server in errors. */
  readonly server: string
  /** How the server is told to leave nothing behind, for example of shared memory, in no time. */
  readonly endSignal: NodeJS.Signals
  /** Who runs the program if this process is root's, for a program that will not be run by root. */
  readonly insteadOfRoot?: string | undefined
}

/**
 * A folder without a process in it yet. When the scope closes the process is ended and the folder removed, and also
 * when this process is gone without a word. Time is real, also in a test that stands still; nothing here keeps this
 * process alive.
 */
export const open = (options: Options): Effect.Effect<ServerProcess, LoopbackServerError, Scope.Scope> =>
  Effect.gen(function* () {
    const { server } = options
    const attempt = <A>(evaluate: () => A): Effect.Effect<A, LoopbackServerError> =>
      Effect.try({ try: evaluate, catch: (cause) => new LoopbackServerError({ server, cause }) })

    const user = yield* attempt(() => userInsteadOfRoot(options.insteadOfRoot))
    const folder = yield* Effect.acquireRelease(
      attempt(() => mkdtempSync(join(tmpdir(), `effect-oauth-${server.toLowerCase()}-`))),
      (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }))
    )
    if (user !== undefined) yield* attempt(() => chownSync(folder, user.uid, user.gid))
    const log = join(folder, "log")
    const watchdog = yield* Effect.acquireRelease(
      attempt(() => watch(folder, options.endSignal)),
      (watchdog) => Effect.sync(() => watchdog.leave())
    )

    const turns = yield* Effect.makeSemaphore(1)
    let running: ChildProcess | undefined

    const launch = (program: string, args: ReadonlyArray<string>) =>
      Effect.async<Launched, LoopbackServerError>((resume) => {
        const output = openSync(log, "a")
        const logStart = statSync(log).size
        const child = spawn(program, args, {
          cwd: folder,
          detached: true,
          env: { ...process.env, LC_ALL: "C" },
          // The last one says nothing: it ends with the last process that inherited it.
          stdio: ["ignore", output, output, "pipe"],
          ...user
        })
        closeSync(output)
        const line = lineOf(child)
        line?.on("error", ignore).resume().unref()
        running = child
        watchdog.guard(child.pid)
        child.once("exit", () => {
          if (running === child) running = undefined
          watchdog.guard(running?.pid)
        })
        child.once("error", (cause) => {
          if (running === child) running = undefined
          resume(Effect.fail(new LoopbackServerError({ server, cause })))
        })
        child.once("spawn", () => {
          const { pid } = child
          if (pid !== undefined) resume(Effect.succeed({ child, pid, logStart }))
        })
      })

    const failed = (what: string, { logStart }: Launched) =>
      new LoopbackServerError({ server, cause: new Error(`${what}\n${tail(log, logStart)}`) })

    const end = (signal: NodeJS.Signals): Effect.Effect<void> =>
      Effect.gen(function* () {
        if (running === undefined) return
        const child = running
        child.kill(signal)
        // One that a test has frozen gets the signal when it goes on.
        child.kill("SIGCONT")
        const gone = yield* Effect.timeoutOption(Effect.interruptible(exited(child)), "10 seconds")
        if (Option.isNone(gone)) {
          child.kill("SIGKILL")
          yield* exited(child)
        }
        yield* Effect.timeoutOption(Effect.interruptible(allExited(child)), "10 seconds")
      })

    yield* Effect.addFinalizer(() => inRealTime(end(options.endSignal)))

    return {
      folder,
      pid: Effect.sync(() => Option.fromNullable(running?.pid)),
      run: (program, args) =>
        Effect.gen(function* () {
          const launched = yield* launch(program, args)
          const gone = yield* Effect.timeoutOption(Effect.interruptible(exited(launched.child)), patience)
          if (Option.isSome(gone) && launched.child.exitCode === 0) return
          yield* end("SIGKILL")
          yield* Effect.fail(failed(`${program} ended ${how(launched.child)}`, launched))
        }).pipe(Effect.uninterruptible, turns.withPermits(1), inRealTime),
      start: (program, args, isReady) =>
        Effect.gen(function* () {
          if (running !== undefined) return
          const launched = yield* launch(program, args)
          const ended = Effect.flatMap(exited(launched.child), () =>
            Effect.fail(failed(`it ended ${how(launched.child)} before it was ready`, launched))
          )
          yield* isReady(launched.pid).pipe(
            // Whoever had the port before may have taken the question, and will not answer it.
            Effect.timeoutTo({ duration: "1 second", onTimeout: () => false, onSuccess: (ready) => ready }),
            Effect.repeat({ schedule: Schedule.spaced("10 millis"), until: (ready) => ready }),
            Effect.raceFirst(ended),
            Effect.timeoutFail({
              duration: patience,
              onTimeout: () => failed(`it was not ready after ${Duration.format(patience)}`, launched)
            })
          )
        }).pipe(
          Effect.onError(() => end(options.endSignal)),
          turns.withPermits(1),
          inRealTime
        ),
      end: (signal) => end(signal).pipe(turns.withPermits(1), inRealTime)
    }
  })

/** Whether a server could not start for what another process holds, as its log has it in the error. */
export const isInUse = (error: LoopbackServerError): boolean => /\bin use\b/i.test(error.message)

/** Lets what an earlier run left hold a port or memory for some seconds. */
export const retryWhileInUse = <A>(
  start: Effect.Effect<A, LoopbackServerError>
): Effect.Effect<A, LoopbackServerError> =>
  inRealTime(Effect.retry(start, { schedule: Schedule.spaced("100 millis"), times: 50, while: isInUse }))

const patience = Duration.seconds(20)

const inRealTime = Effect.withClock(Clock.make())

interface Launched {
  readonly child: ChildProcess
  readonly pid: number
  /** Where its output begins in the log. */
  readonly logStart: number
}

/** Waits until the process is gone. */
const exited = (child: ChildProcess): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    const neverRan = child.pid === undefined
    if (neverRan || child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    const done = () => {
      child.unref()
      resume(Effect.void)
    }
    // Who waits for a process that ends must still be there when it has ended.
    child.ref()
    child.once("exit", done)
    return Effect.sync(() => {
      child.off("exit", done)
      child.unref()
    })
  })

const lineOf = ({ stdio: [, , , line] }: ChildProcess): Socket | undefined =>
  line instanceof Socket ? line : undefined

/** Waits until those are gone, too, that it had started itself. */
const allExited = (child: ChildProcess): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    const line = lineOf(child)
    if (line === undefined || line.closed) return resume(Effect.void)
    const done = () => resume(Effect.void)
    line.ref()
    line.once("close", done)
    return Effect.sync(() => {
      line.off("close", done)
      line.unref()
    })
  })

const how = ({ exitCode, signalCode }: ChildProcess): string =>
  signalCode === null ? `with code ${exitCode}` : `by ${signalCode}`

const tail = (log: string, from: number): string =>
  readFileSync(log).subarray(from).toString().trimEnd().split("\n").slice(-20).join("\n")

interface User {
  readonly uid: number
  readonly gid: number
}

const userInsteadOfRoot = (name: string | undefined): User | undefined => {
  if (name === undefined || process.getuid?.() !== 0) return undefined
  const id = (which: string) =>
    Number(execFileSync("id", [which, name], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }))
  return { uid: id("-u"), gid: id("-g") }
}

interface Watchdog {
  /** From now on it looks after this process, or after none. */
  readonly guard: (pid: number | undefined) => void
  readonly leave: () => void
}

/**
 * A shell that reads process ids from a pipe. The pipe ends when this process does, whatever ended it; then the shell
 * ends the last process that it read of, and removes the folder.
 */
const watch = (folder: string, endSignal: NodeJS.Signals): Watchdog => {
  const shell = spawn("/bin/sh", ["-c", watchdogScript, "watchdog", folder, endSignal.slice("SIG".length)], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"]
  })
  shell.unref()
  shell.on("error", ignore)
  shell.stdin.on("error", ignore)
  if (shell.stdin instanceof Socket) shell.stdin.unref()
  return {
    guard: (pid) => void shell.stdin.write(`${pid ?? ""}\n`),
    leave: () => void shell.stdin.end()
  }
}

const watchdogScript = `
while read -r line; do pid=$line; done
if [ -n "$pid" ] && kill -s "$2" "$pid"; then
  tries=0
  while [ "$tries" -lt 50 ] && kill -s 0 "$pid"; do
    sleep 0.1
    tries=$((tries + 1))
  done
  kill -s KILL "$pid"
fi
rm -rf "$1"
`

const ignore = (): void => {}
