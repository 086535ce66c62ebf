import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync, realpathSync } from "node:fs"
import { dirname, join } from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Installation } from "./Installation.js"
import { freePort } from "./internal/freePort.js"
import { isProgram, onPath } from "./internal/programs.js"
import * as ServerProcess from "./internal/ServerProcess.js"
import { LoopbackServerError } from "./LoopbackServerError.js"

/** A PostgreSQL of this machine, with data of its own. It can be lost and come back, on the same port. */
export interface Service {
  /** `postgres://postgres@127.0.0.1:PORT/postgres`: a superuser, without a password. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** The main process, if it runs. */
  readonly pid: Effect.Effect<Option.Option<number>>
  /** Ends it and all connections. What was committed is there again after {@link Service.start}. */
  readonly stop: (mode?: StopMode) => Effect.Effect<void>
  /** Ends its main process by SIGKILL, and waits until the others have noticed, which has 10 seconds, and answer nobody. */
  readonly kill: Effect.Effect<void>
  /** Starts it again, unless it runs, and waits until it takes connections. */
  readonly start: Effect.Effect<void, LoopbackServerError>
}

/**
 * How a server is stopped: `fast` rolls back and writes everything out, `immediate` (the default) leaves that to the
 * next start, as a crash does.
 */
export type StopMode = "fast" | "immediate"

/** What {@link make} can be told. */
export interface Options {
  /** Settings of the server, as `postgresql.conf` names them. */
  readonly settings?: Readonly<Record<string, string>> | undefined
}

/** One server that many share. */
export class PostgreSQL extends Context.Tag("@effect-oauth/loopback-servers/PostgreSQL")<
  PostgreSQL,
  Service
>() {}

/**
 * Where `initdb` is: in the folder that the environment variable `EFFECT_OAUTH_POSTGRES_BIN` names, or else on the
 * `PATH`, or else the newest where Debian puts it.
 */
export const installation: Installation = {
  server: "PostgreSQL",
  program: "initdb",
  where: Effect.sync(() => Option.fromNullable(candidates().find(isComplete)))
}

/** Whether {@link make} has what it needs. */
export const isInstalled: Effect.Effect<boolean> = Effect.map(installation.where, Option.isSome)

/**
 * Makes a cluster in a temporary folder and starts it on a free port of 127.0.0.1. Root has it run by the user
 * `postgres`. Everybody on this machine is let in, and nothing is forced to the disk.
 */
export const make = (options: Options = {}): Effect.Effect<Service, LoopbackServerError, Scope.Scope> =>
  Effect.gen(function* () {
    const initdb = yield* Effect.flatMap(
      installation.where,
      Effect.mapError(() => new LoopbackServerError({ server: "PostgreSQL", cause: "initdb was not found" }))
    )
    const server = yield* ServerProcess.open({
      server: "PostgreSQL",
      endSignal: stopSignals.immediate,
      insteadOfRoot: "postgres"
    })
    const data = join(server.folder, "data")
    yield* Effect.addFinalizer(() =>
      Effect.zipRight(
        server.end(stopSignals.immediate),
        Effect.sync(() => removeSharedMemory(data))
      )
    )
    yield* server.run(initdb, [
      ...["-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"],
      "--no-sync"
    ])

    const startOn = (port: number) =>
      server.start(
        join(dirname(initdb), "postgres"),
        [
          ...["-D", data, "-p", String(port), "-k", server.folder, "-F"],
          ...["-c", `listen_addresses=${host}`, "-c", "dynamic_shared_memory_type=mmap"],
          ...Object.entries(options.settings ?? {}).flatMap(([name, value]) => ["-c", `${name}=${value}`])
        ],
        (pid) => Effect.sync(() => isReady(data, pid))
      )
    const port = yield* freePort("PostgreSQL").pipe(
      Effect.tap(startOn),
      Effect.retry({ times: 4, while: ServerProcess.isInUse })
    )

    return {
      url: `postgres://postgres@${host}:${port}/postgres`,
      host,
      port,
      pid: server.pid,
      stop: (mode = "immediate") => server.end(stopSignals[mode]),
      kill: server.end("SIGKILL"),
      // Memory that a server shared which was killed from outside is held until the last of its processes has noticed.
      start: ServerProcess.retryWhileInUse(startOn(port))
    }
  })

/** {@link make} as a layer. */
export const layer = (options: Options = {}): Layer.Layer<PostgreSQL, LoopbackServerError> =>
  Layer.scoped(PostgreSQL, make(options))

const host = "127.0.0.1"

const stopSignals = { fast: "SIGINT", immediate: "SIGQUIT" } as const

const candidates = (): ReadonlyArray<string> => {
  const folder = process.env["EFFECT_OAUTH_POSTGRES_BIN"] ?? ""
  if (folder !== "") return [join(folder, "initdb")].filter(isProgram)
  // A link leads to where the rest of the programs is.
  return [...onPath("initdb").map((path) => realpathSync(path)), ...debianPrograms().filter(isProgram)]
}

const isComplete = (initdb: string): boolean => isProgram(join(dirname(initdb), "postgres"))

const debianPrograms = (): ReadonlyArray<string> => {
  const folder = "/usr/lib/postgresql"
  try {
    return readdirSync(folder)
      .sort((one, other) => Number(other) - Number(one))
      .map((version) => join(folder, version, "bin", "initdb"))
  } catch {
    return []
  }
}

/** The file where the server says who it is and how it is. A killed one leaves it behind. */
const statusLines = (data: string): ReadonlyArray<string> => {
  try {
    return readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")
  } catch {
    return []
  }
}

const isReady = (data: string, pid: number): boolean => {
  const lines = statusLines(data)
  return Number(lines[0]) === pid && lines[7]?.trim() === "ready"
}

/** A killed server leaves some bytes in the system too, where there is room for a few thousand of its kind. */
const removeSharedMemory = (data: string): void => {
  const id = statusLines(data)[6]?.trim().split(/\s+/)[1]
  if (id === undefined) return
  try {
    execFileSync("ipcrm", ["-m", id], { stdio: "ignore" })
  } catch {
    // The next server does as well without the room.
  }
}
