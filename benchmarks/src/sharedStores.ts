import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Benchmark, Effort, Figure, Table } from "./Benchmark.js"
import * as Child from "./processes/Child.js"
import * as Program from "./processes/Program.js"
import {
  Called,
  now,
  type Question,
  Refreshed,
  Renewed,
  Settings,
  type StoreName
} from "./sharedStores/Protocol.js"
import * as places from "./sharedStores/places.js"
import { median, quantile } from "./statistics.js"

const labels: Readonly<Record<StoreName, string>> = {
  file: "file",
  sqlite: "SQLite (libSQL)",
  postgres: "PostgreSQL",
  redis: "Redis"
}

const storeNames: ReadonlyArray<StoreName> = ["file", "sqlite", "postgres", "redis"]

interface Sizes {
  readonly processes: ReadonlyArray<number>
  /** How long they refresh, a round. */
  readonly millis: number
  readonly calls: number
}

const sizes = ({ isQuick }: Effort): Sizes =>
  isQuick ? { processes: [2], millis: 100, calls: 100 } : { processes: [2, 8, 32], millis: 300, calls: 200 }

/** What so many processes did in one round. */
interface Round {
  readonly refreshesPerSecond: number
  readonly medianMillis: number
  readonly lateMillis: number
  readonly allHaveItMillis: number
  readonly tokenRequests: number
  readonly storeOperations: number
}

const ask = <A, I>(workers: ReadonlyArray<Child.Child>, question: Question, answer: Schema.Schema<A, I>) =>
  Effect.forEach(workers, (worker) => worker.ask(question, answer), { concurrency: "unbounded" })

/** When all of them have heard of it. */
const soon = (workers: ReadonlyArray<Child.Child>): number => now() + 20 + 2 * workers.length

const measureRound = (workers: ReadonlyArray<Child.Child>, lifetimes: number, { calls, millis }: Sizes) =>
  Effect.gen(function* () {
    const start = soon(workers)
    const refreshed = yield* ask(workers, { _tag: "Refresh", from: start, until: start + millis }, Refreshed)
    const latencies = refreshed.flat()
    const expiry = soon(workers)
    const renewed = yield* ask(workers, { _tag: "Renew", lifetimes, from: expiry }, Renewed)
    if (new Set(renewed.map(({ accessToken }) => accessToken)).size !== 1) {
      return yield* Effect.fail("The processes that share a session have different tokens.")
    }
    const called = yield* ask(workers, { _tag: "Call", times: calls }, Called)
    const round: Round = {
      refreshesPerSecond: latencies.length / (millis / 1000),
      medianMillis: median(latencies),
      lateMillis: quantile(latencies, 0.95),
      allHaveItMillis: Math.max(...renewed.map(({ at }) => at)) - expiry,
      tokenRequests: renewed.reduce((sum, one) => sum + one.tokenRequests, 0),
      storeOperations: called.reduce((sum, one) => sum + one.storeOperations, 0)
    }
    return round
  })

interface Measured {
  readonly contender: string
  readonly note?: string | undefined
  readonly rounds: ReadonlyArray<Round>
}

const measureStore = (store: StoreName, program: string, effort: Effort) =>
  Effect.scoped(
    Effect.gen(function* () {
      const place = yield* places.make(store)
      const { processes, ...rest } = sizes(effort)
      const command = (number: number) => [
        program,
        Schema.encodeSync(Settings)({ process: `process-${number}`, place })
      ]
      const start = (number: number) => Child.start({ command: command(number) })
      // The first one makes what there is to make, such as a table.
      const first = yield* start(0)
      const others = yield* Effect.forEach(
        Array.from({ length: Math.max(...processes) - 1 }, (_, index) => index + 1),
        start,
        { concurrency: 4 }
      )
      let lifetimes = 0
      return yield* Effect.forEach(processes, (count) =>
        Effect.gen(function* () {
          const workers = [first, ...others].slice(0, count)
          const rounds: Array<Round> = []
          for (let round = -1; round < effort.rounds; round += 1) {
            yield* effort.tell?.(
              `${labels[store]}, ${count} processes, round ${round + 1} of ${effort.rounds}`
            ) ?? Effect.void
            lifetimes += 1
            const measured = yield* measureRound(workers, lifetimes, { processes, ...rest })
            if (round >= 0) rounds.push(measured)
          }
          const one: Measured = { contender: `${labels[store]}, ${count} processes`, rounds }
          return one
        })
      )
    })
  )

const notMeasured = (store: StoreName, note: string): ReadonlyArray<Measured> => [
  { contender: labels[store], note, rounds: [] }
]

const run = (effort: Effort) =>
  Effect.gen(function* () {
    const program = yield* Program.bundle(new URL("sharedStores/process.ts", import.meta.url))
    const measured = (yield* Effect.forEach(storeNames, (store) =>
      Effect.flatMap(
        places.missing(store),
        Option.match({
          onNone: () => measureStore(store, program, effort),
          onSome: (note) => Effect.succeed(notMeasured(store, note))
        })
      )
    )).flat()
    const figures = (value: (round: Round) => number): ReadonlyArray<Figure> =>
      measured.map(({ contender, note, rounds }) => ({ contender, note, values: rounds.map(value) }))
    const tables: ReadonlyArray<Table> = [
      {
        title: "Shared stores: refreshes a second, of sessions of one's own",
        unit: "refreshes a second, of all processes together",
        better: "more",
        figures: figures(({ refreshesPerSecond }) => refreshesPerSecond)
      },
      {
        title: "Shared stores: how long such a refresh takes, median",
        unit: "ms",
        better: "less",
        figures: figures(({ medianMillis }) => medianMillis)
      },
      {
        title: "Shared stores: how long such a refresh takes, 95th percentile",
        unit: "ms",
        better: "less",
        figures: figures(({ lateMillis }) => lateMillis)
      },
      {
        title: "Shared stores: from the expiry of one shared session until all processes have the new token",
        unit: "ms, of which the server takes 20",
        better: "less",
        figures: figures(({ allHaveItMillis }) => allHaveItMillis)
      },
      {
        title: "Shared stores: token requests of all processes for that",
        unit: "requests",
        better: "less",
        figures: figures(({ tokenRequests }) => tokenRequests)
      },
      {
        title: `Shared stores: what is asked of the store by ${sizes(effort).calls.toLocaleString("en-US")} calls of each process with a good token`,
        unit: "operations",
        better: "less",
        figures: figures(({ storeOperations }) => storeOperations)
      }
    ]
    return tables
  })

export const sharedStores: Benchmark = {
  name: "shared-stores",
  question:
    "How many refreshes can processes do that share a store, how long do they wait for each other, and what do calls with a good token ask of the store?",
  run
}
