import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Installation } from "./Installation.js"
import { freePort } from "./internal/freePort.js"
import { isProgram, onPath } from "./internal/programs.js"
import { ask } from "./internal/resp.js"
import * as ServerProcess from "./internal/ServerProcess.js"
import { LoopbackServerError } from "./LoopbackServerError.js"

/** A Redis of this machine. It can be lost and come back, on the same port. */
export interface Service {
  /** `redis://127.0.0.1:PORT`, without a password. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** Its process, if it runs. */
  readonly pid: Effect.Effect<Option.Option<number>>
  /** Ends it and all connections. */
  readonly stop: Effect.Effect<void>
  /** Ends it by SIGKILL. */
  readonly kill: Effect.Effect<void>
  /** Starts it again, unless it runs, and waits until it answers. It has kept nothing, unless it was told to. */
  readonly start: Effect.Effect<void, LoopbackServerError>
}

/** What {@link make} can be told. */
export interface Options {
  /**
   * Whether it is the only node of a cluster, and has all the slots: then the keys of one command have to be in one
   * slot. It takes two seconds to start. Default: false.
   */
  readonly cluster?: boolean | undefined
  /** Whether it keeps what is written to it, for when it is started again. Default: false. */
  readonly persistent?: boolean | undefined
}

/** One server that many share. */
export class Redis extends Context.Tag("@effect-oauth/loopback-servers/Redis")<Redis, Service>() {}

/** Where `redis-server` is: what the environment variable `EFFECT_OAUTH_REDIS_SERVER` names, or else on the `PATH`. */
export const installation: Installation = {
  server: "Redis",
  program: "redis-server",
  where: Effect.sync(() => {
    const named = process.env["EFFECT_OAUTH_REDIS_SERVER"] ?? ""
    return Option.fromNullable((named === "" ? onPath("redis-server") : [named].filter(isProgram))[0])
  })
}

/** Whether {@link make} has what it needs. */
export const isInstalled: Effect.Effect<boolean> = Effect.map(installation.where, Option.isSome)

/** Starts a server on a free port of 127.0.0.1, with a temporary folder of its own. */
export const make = (options: Options = {}): Effect.Effect<Service, LoopbackServerError, Scope.Scope> =>
  Effect.gen(function* () {
    const { cluster = false, persistent = false } = options
    const program = yield* Effect.flatMap(
      installation.where,
      Effect.mapError(() => new LoopbackServerError({ server: "Redis", cause: "redis-server was not found" }))
    )
    const server = yield* ServerProcess.open({ server: "Redis", endSignal: "SIGKILL" })

    const startOn = (port: number) =>
      server.start(
        program,
        [
          ...["--port", String(port), "--bind", host, "--dir", server.folder, "--daemonize", "no"],
          ...["--save", "", "--appendonly", persistent ? "yes" : "no"],
          ...(cluster ? ["--cluster-enabled", "yes", "--cluster-announce-ip", host] : [])
        ],
        (pid) => Effect.orElseSucceed(isReady(port, pid, cluster), () => false)
      )
    const port = yield* freePort("Redis").pipe(
      Effect.tap(startOn),
      Effect.retry({ times: 4, while: ServerProcess.isInUse })
    )

    return {
      url: `redis://${host}:${port}`,
      host,
      port,
      pid: server.pid,
      stop: server.end("SIGTERM"),
      kill: server.end("SIGKILL"),
      start: ServerProcess.retryWhileInUse(startOn(port))
    }
  })

/** {@link make} as a layer. */
export const layer = (options: Options = {}): Layer.Layer<Redis, LoopbackServerError> =>
  Layer.scoped(Redis, make(options))

const host = "127.0.0.1"

const isReady = (port: number, pid: number, cluster: boolean): Effect.Effect<boolean, Error> =>
  Effect.gen(function* () {
    if ((yield* ask(port, "PING")) !== "+PONG") return false
    // Another server may have been quicker to take the port.
    if (!hasLine(yield* ask(port, "INFO", "server"), `process_id:${pid}`)) return false
    if (!cluster) return true
    const state = yield* ask(port, "CLUSTER", "INFO")
    if (hasLine(state, "cluster_slots_assigned:0")) yield* ask(port, "CLUSTER", "ADDSLOTS", ...slots)
    return hasLine(state, "cluster_state:ok")
  })

const hasLine = (text: string, line: string): boolean => text.split("\r\n").includes(line)

const slots = Array.from({ length: 16_384 }, (_, slot) => String(slot))
