import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { figure, interleaved, order } from "../src/rounds.js"

describe("order", () => {
  it("has everybody once, and is the reverse of itself before another begins", () => {
    assert.deepStrictEqual(
      [0, 1, 2, 3, 4, 5, 6].map((time) => order(["a", "b", "c"], time).join("")),
      ["abc", "cba", "bca", "acb", "cab", "bac", "abc"]
    )
  })

  it("has each right after another as often as right before it", () => {
    const all = ["a", "b", "c", "d"]
    const followers = new Map<string, number>()
    for (let time = 0; time < 2 * all.length; time += 1) {
      const turns = order(all, time)
      turns.slice(1).forEach((name, index) => {
        const pair = [turns[index], name].sort().join("")
        const isForward = (turns[index] ?? "") < name
        followers.set(pair, (followers.get(pair) ?? 0) + (isForward ? 1 : -1))
      })
    }
    assert.deepStrictEqual([...new Set(followers.values())], [0])
  })
})

describe("interleaved", () => {
  const contenders = (journal: Array<string>) =>
    ["a", "b"].map((name) => ({
      name,
      note: `note on ${name}`,
      measure: Effect.sync(() => journal.push(name))
    }))

  it.effect("does not count the first round, and takes turns within each", () =>
    Effect.gen(function* () {
      const journal: Array<string> = []
      const told: Array<string> = []
      const tell = (text: string) => Effect.sync(() => void told.push(text))
      const courses = yield* interleaved(contenders(journal), { isQuick: false, rounds: 2, tell }, 2)
      assert.strictEqual(journal.join(""), "abbabaababba")
      assert.deepStrictEqual(told, ["warming up", "round 1 of 2", "round 2 of 2"])
      // What a contender gives is its place in the journal: the four of the first round are not there.
      assert.deepStrictEqual(courses, [
        {
          name: "a",
          note: "note on a",
          rounds: [
            [6, 7],
            [9, 12]
          ]
        },
        {
          name: "b",
          note: "note on b",
          rounds: [
            [5, 8],
            [10, 11]
          ]
        }
      ])
    })
  )

  it.effect("ends with the first contender that fails", () =>
    Effect.gen(function* () {
      const journal: Array<string> = []
      const broken = { name: "c", measure: Effect.fail("no answer") }
      const failure = yield* Effect.flip(
        interleaved([...contenders(journal), broken], { isQuick: true, rounds: 3 })
      )
      assert.strictEqual(failure, "no answer")
      assert.deepStrictEqual(journal, ["a", "b"])
    })
  )

  it("gives the mean of the turns of each round", () => {
    assert.deepStrictEqual(
      figure(
        {
          name: "a",
          rounds: [
            [{ time: 1 }, { time: 3 }],
            [{ time: 10 }, { time: 20 }]
          ]
        },
        ({ time }) => time
      ),
      { contender: "a", note: undefined, values: [2, 15] }
    )
  })
})
