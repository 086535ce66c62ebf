import { getHeapStatistics } from "node:v8"
import * as Effect from "effect/Effect"
import type { Effort, Figure } from "../Benchmark.js"
import { order } from "../rounds.js"
import { median, trimmedMean } from "../statistics.js"

/** One way to make the same call. */
export interface Caller {
  readonly name: string
  readonly note?: string | undefined
  /** The caller that it is compared with, where that is not the baseline. */
  readonly against?: string | undefined
  /** Makes so many calls, one after the other. */
  readonly calls: (count: number) => Promise<void>
}

/** In microseconds and in bytes. */
interface Cost {
  readonly time: number
  readonly allocation: number
}

// Many enough for garbage to be collected several times, so that its share in a block is not a matter of luck.
const callsInBlock = 1000
const blocksInRound = 15
// Few enough to fit into the young generation of the heap, even where that has not grown yet.
const callsToWeigh = 10

// Finalizers of replies that nobody holds any more run in turns of the event loop, and not at the cost of the next one.
const turnOfEventLoop = () => new Promise<void>((resolve) => setImmediate(resolve))

const timeOf = async ({ calls }: Caller, count: number): Promise<number> => {
  await turnOfEventLoop()
  const begun = process.hrtime.bigint()
  await calls(count)
  return Number(process.hrtime.bigint() - begun) / 1000 / count
}

const allocationOf = async ({ calls }: Caller): Promise<number> => {
  await turnOfEventLoop()
  const before = getHeapStatistics().used_heap_size
  await calls(callsToWeigh)
  return (getHeapStatistics().used_heap_size - before) / callsToWeigh
}

/** In a round everybody has many short turns, so that what else the machine does befalls all alike. */
const round = async (callers: ReadonlyArray<Caller>, isQuick: boolean): Promise<ReadonlyArray<Cost>> => {
  const measured = callers.map((caller) => ({
    caller,
    times: [] as Array<number>,
    allocations: [] as Array<number>
  }))
  const blocks = isQuick ? 2 : blocksInRound
  for (let turn = 0; turn < blocks; turn += 1) {
    for (const { allocations, caller, times } of order(measured, turn)) {
      times.push(await timeOf(caller, isQuick ? 20 : callsInBlock))
      allocations.push(await allocationOf(caller))
    }
  }
  return measured.map(({ allocations, times }) => ({
    time: trimmedMean(times),
    // Where less is in use than before, something was collected meanwhile.
    allocation: median(allocations.filter((bytes) => bytes > 0))
  }))
}

/** What a call takes with each of the callers: a value a round, after rounds of warming up that are not counted. */
export const costs = (
  callers: ReadonlyArray<Caller>,
  { isQuick, rounds, tell }: Effort,
  what: string
): Effect.Effect<{ readonly time: ReadonlyArray<Figure>; readonly allocation: ReadonlyArray<Figure> }> =>
  Effect.gen(function* () {
    const all: Array<ReadonlyArray<Cost>> = []
    const warmUps = isQuick ? 1 : 2
    for (let number = -warmUps; number < rounds; number += 1) {
      yield* tell?.(`${what}, ${number < 0 ? "warming up" : `round ${number + 1} of ${rounds}`}`) ??
        Effect.void
      const measured = yield* Effect.promise(() => round(callers, isQuick))
      if (number >= 0) all.push(measured)
    }
    const figures = (of: (cost: Cost) => number): ReadonlyArray<Figure> =>
      callers.map(({ against, name, note }, index) => ({
        contender: name,
        note,
        against,
        values: all.flatMap((measured) => measured.slice(index, index + 1).map(of))
      }))
    return { time: figures(({ time }) => time), allocation: figures(({ allocation }) => allocation) }
  })
