import * as Effect from "effect/Effect"
import type { Effort, Figure } from "./Benchmark.js"

/** Who takes part, and what is measured of it when it has its turn. */
export interface Contender<out E = never, out R = never> {
  readonly name: string
  readonly note?: string | undefined
  readonly measure: Effect.Effect<number, E, R>
}

/** Another one begins in each round, so that nobody always comes after the same one. */
const turned = <A>(all: ReadonlyArray<A>, round: number): ReadonlyArray<A> => {
  const first = round % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}

/** Every contender has its turn in every round, after one round that does not count. */
export const interleaved = <E, R>(
  contenders: ReadonlyArray<Contender<E, R>>,
  effort: Effort
): Effect.Effect<ReadonlyArray<Figure>, E, R> =>
  Effect.gen(function* () {
    const values = new Map<string, Array<number>>(contenders.map(({ name }) => [name, []]))
    for (let round = -1; round < effort.rounds; round += 1) {
      yield* effort.tell?.(round < 0 ? "warming up" : `round ${round + 1} of ${effort.rounds}`) ?? Effect.void
      for (const { name, measure } of turned(contenders, round + 1)) {
        const value = yield* measure
        if (round >= 0) values.get(name)?.push(value)
      }
    }
    return contenders.map(({ name, note }) => ({ contender: name, values: values.get(name) ?? [], note }))
  })
