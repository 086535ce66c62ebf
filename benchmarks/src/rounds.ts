import * as Effect from "effect/Effect"
import type { Effort, Figure } from "./Benchmark.js"
import { mean } from "./statistics.js"

/** Who takes part, and what is measured of it when it has its turn. */
export interface Contender<out A, out E = never, out R = never> {
  readonly name: string
  readonly note?: string | undefined
  readonly measure: Effect.Effect<A, E, R>
}

/** What was measured of a contender: of each round, what its turns gave. */
export interface Course<out A> {
  readonly name: string
  readonly note?: string | undefined
  readonly rounds: ReadonlyArray<ReadonlyArray<A>>
}

/**
 * Who comes after whom when all of them have a turn for this time. Each order is followed by its reverse, so that what
 * one leaves to the next is not always left to the same one; then another one begins.
 */
export const order = <A>(all: ReadonlyArray<A>, time: number): ReadonlyArray<A> => {
  const first = Math.floor(time / 2) % all.length
  const turned = [...all.slice(first), ...all.slice(0, first)]
  return time % 2 === 0 ? turned : turned.reverse()
}

/** Every contender has so many turns in every round, after one round that does not count. */
export const interleaved = <A, E, R>(
  contenders: ReadonlyArray<Contender<A, E, R>>,
  effort: Effort,
  turns = 1
): Effect.Effect<ReadonlyArray<Course<A>>, E, R> =>
  Effect.gen(function* () {
    const courses = contenders.map((contender) => ({ contender, rounds: [] as Array<Array<A>> }))
    let time = 0
    for (let round = -1; round < effort.rounds; round += 1) {
      yield* effort.tell?.(round < 0 ? "warming up" : `round ${round + 1} of ${effort.rounds}`) ?? Effect.void
      if (round >= 0) for (const { rounds } of courses) rounds.push([])
      for (let turn = 0; turn < turns; turn += 1) {
        for (const { contender, rounds } of order(courses, time)) {
          const measured = yield* contender.measure
          rounds.at(-1)?.push(measured)
        }
        time += 1
      }
    }
    return courses.map(({ contender: { name, note }, rounds }) => ({ name, note, rounds }))
  })

/** Of each round the mean of its turns. */
export const figure = <A>({ name, note, rounds }: Course<A>, value: (measured: A) => number): Figure => ({
  contender: name,
  note,
  values: rounds.map((turns) => mean(turns.map(value)))
})
