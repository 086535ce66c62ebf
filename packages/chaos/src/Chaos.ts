import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import { type LoopbackServerError, OidcProvider, ResourceServer } from "@effect-oauth/loopback-servers"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Schedule from "effect/Schedule"
import type * as Arguments from "./Arguments.js"
import * as Backing from "./Backing.js"
import * as Bundle from "./Bundle.js"
import * as Gateway from "./Gateway.js"
import * as Judge from "./Judge.js"
import * as Plan from "./Plan.js"
import type { Line, Settings } from "./Protocol.js"
import * as Report from "./Report.js"
import { type Entry, now } from "./Trace.js"
import * as Workers from "./Workers.js"

/** How a run stands. */
export interface Progress {
  readonly elapsedSeconds: number
  readonly apiCalls: number
  readonly refreshes: number
  readonly kills: number
  readonly repliesLost: number
}

const accessTokenLifetime = Duration.seconds(2)
const password = "wonderland"
const verifier = "verifier"

/** Longer than anything takes that a worker still has to do: the lease of a dead one, and a slow reply. */
const patience = (leaseSeconds: number): Duration.Duration => Duration.seconds(20 + 2 * leaseSeconds)

const sessionsFor = (processes: number): ReadonlyArray<string> =>
  Array.from({ length: Math.min(4, Math.ceil(processes / 2)) }, (_, index) => `user-${index + 1}`)

/** Lets everything go wrong for as long as it was told, then looks what has become of the sessions. */
export const run = (
  options: Arguments.Arguments,
  progress: (state: Progress) => Effect.Effect<void>
): Effect.Effect<
  Report.Outcome,
  PlatformError | LoopbackServerError.LoopbackServerError | Gateway.GatewayError | Bundle.BundleError,
  FileSystem.FileSystem
> =>
  Effect.scoped(
    Effect.gen(function* () {
      const sessions = sessionsFor(options.processes)
      const plan = Plan.make(options)
      const trace: Array<Entry> = []
      const crew: Array<Workers.Worker | undefined> = []
      const lost: Array<{ readonly session: string; readonly why: string }> = []
      const unclean: Array<string> = []
      let isOn = true
      let isStopping = false
      let pauses = 0
      let apiCalls = 0
      let apiCallsFailed = 0
      let longestWaitMillis = 0

      const record = (entry: Entry): void => void trace.push(entry)

      const heard = (incarnation: string, line: Line): void => {
        switch (line._tag) {
          case "Told": {
            const { token, ...told } = line
            record({ ...told, token, incarnation })
            return
          }
          case "Halted":
            record({ ...line, incarnation })
            return
          case "Calls":
            apiCalls += line.done
            apiCallsFailed += line.failed
            longestWaitMillis = Math.max(longestWaitMillis, line.longestWaitMillis)
            return
          case "Last":
            if (line.failure !== undefined) {
              const why = `the last call of process ${incarnation} failed: ${line.failure}`
              lost.push({ session: line.session, why })
            }
        }
      }

      const [store, program, provider] = yield* Effect.all(
        [
          Backing.make(options.store),
          Bundle.make(options.store),
          OidcProvider.make({
            accessTokenLifetime,
            users: sessions.map((username) => ({ username, password, name: username, email: username }))
          })
        ],
        { concurrency: "unbounded" }
      )
      const api = yield* ResourceServer.make({ introspect: provider.introspect })

      // What strikes ends with the time that it has, so that whoever is stopped then goes on.
      const strikes = yield* FiberSet.make<void>()
      const striking = (effect: Effect.Effect<void>): Effect.Effect<void> =>
        Effect.suspend(() => (isOn ? Effect.asVoid(FiberSet.run(strikes, effect)) : Effect.void))
      const find = (incarnation: string) => crew.find((worker) => worker?.incarnation === incarnation)
      const strike = (worker: Workers.Worker | undefined, pause: number): Effect.Effect<void> =>
        Effect.suspend(() => {
          if (worker === undefined) return Effect.void
          if (pause === 0) return worker.kill
          pauses += 1
          return worker.pause(pause)
        })
      const strikeLater = (
        worker: Workers.Worker | undefined,
        { delay, pause }: Plan.RequestPlan["blow"]
      ): Effect.Effect<void> =>
        striking(delay === 0 ? strike(worker, pause) : Effect.delay(strike(worker, pause), delay))

      const gateway = yield* Gateway.make(provider.tokenEndpoint, {
        record,
        planFor: (session, index) => (isOn ? plan.request(sessions.indexOf(session), index) : Plan.calm),
        arrived: (incarnation, { blow }) =>
          blow.after === "arrival" ? strikeLater(find(incarnation), blow) : Effect.void,
        flushed: (incarnation, { blow }) =>
          blow.after === "reply" ? strikeLater(find(incarnation), blow) : Effect.void
      })

      const settings = (incarnation: string, task: Settings["task"]): Settings => ({
        incarnation,
        task,
        tokenEndpoint: gateway.tokenEndpoint,
        api: api.origin,
        password,
        sessions,
        fibers: 3,
        store,
        leaseMillis: options.leaseSeconds * 1000,
        fence: options.fence
      })

      const start = (incarnation: string, task: Settings["task"]) =>
        Workers.start({ program, settings: settings(incarnation, task), record, heard })

      const unless = (ended: Workers.Ended): void => {
        if (ended.wasKilled || ended.code === 0) return
        unclean.push(`process ${ended.incarnation} ended with ${ended.code}. ${ended.complaint.trim()}`)
      }

      /** One after the other in one place. One that ends though nobody killed it is not started again and again. */
      const keepStaffed = (place: number) => {
        const next = (generation: number): Effect.Effect<void> =>
          Effect.scoped(
            Effect.gen(function* () {
              const worker = yield* start(`${place}.${generation}`, "work")
              crew[place] = worker
              if (isStopping) yield* worker.stop
              const ended = yield* worker.ended
              unless(ended)
              return ended.wasKilled
            })
          ).pipe(
            Effect.flatMap((wasKilled) => (wasKilled && !isStopping ? next(generation + 1) : Effect.void))
          )
        return next(1)
      }

      const startedAt = now()
      const state = Effect.sync(
        (): Progress => ({
          elapsedSeconds: Math.round((now() - startedAt) / 1000),
          apiCalls,
          refreshes: trace.filter((entry) => entry._tag === "Acted" && entry.successor !== undefined).length,
          kills: trace.filter(({ _tag }) => _tag === "Killed").length,
          repliesLost: trace.filter(({ _tag }) => _tag === "Lost").length
        })
      )
      yield* Effect.fork(
        Effect.repeat(Effect.flatMap(state, progress), Schedule.spaced("1 second")).pipe(
          Effect.delay("1 second")
        )
      )

      const places = yield* Effect.forkScoped(
        Effect.all(
          Array.from({ length: options.processes }, (_, place) => keepStaffed(place)),
          { concurrency: "unbounded", discard: true }
        )
      )
      const strikesByTime = Effect.forEach(
        plan.strikes,
        ({ at, pause, worker }) =>
          Effect.zipRight(
            Effect.sleep(Math.max(0, startedAt + at - now())),
            Effect.suspend(() => striking(strike(crew[worker], pause)))
          ),
        { discard: true }
      )
      yield* Effect.fork(strikesByTime)
      // There is nothing to wait for when nobody is left.
      yield* Effect.raceFirst(Effect.sleep(Duration.seconds(options.seconds)), Fiber.await(places))
      isOn = false
      const end = now()
      yield* FiberSet.clear(strikes)
      isStopping = true
      yield* Effect.forEach(crew, (worker) => worker?.stop ?? Effect.void, { discard: true })
      const isOver = yield* Effect.timeoutOption(Fiber.await(places), patience(options.leaseSeconds))
      if (isOver._tag === "None") {
        unclean.push("a process did not end when it was told to.")
        yield* Fiber.interrupt(places)
      }

      const last = yield* start(verifier, "verify")
      const verified = yield* Effect.timeoutOption(last.ended, patience(options.leaseSeconds))
      if (verified._tag === "None") {
        unclean.push("the process that takes up the sessions in the end did not come to an end.")
      } else unless(verified.value)

      if (options.trace !== undefined) {
        const lines = [...trace].sort((one, other) => one.at - other.at).map((entry) => JSON.stringify(entry))
        yield* (yield* FileSystem.FileSystem).writeFileString(options.trace, `${lines.join("\n")}\n`)
      }
      const verdict = Judge.judge(trace, { leaseMillis: options.leaseSeconds * 1000, verifier })
      const tally = { apiCalls, apiCallsFailed, longestWaitMillis, pauses, lost, unclean }
      return Report.make(options, trace, verdict, tally, {
        lifetime: Duration.toMillis(accessTokenLifetime),
        end
      })
    })
  )
