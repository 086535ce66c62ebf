import { assert, describe, it } from "@effect/vitest"
import * as Plan from "../src/Plan.js"

const options = { seed: 7, processes: 8, seconds: 60, leaseSeconds: 2, pauses: false }

const requests = (plan: Plan.Plan, session = 0) =>
  Array.from({ length: 400 }, (_, index) => plan.request(session, index))

describe("Plan", () => {
  it("is the same for the same seed, in whatever order it is asked", () => {
    const [one, other] = [Plan.make(options), Plan.make(options)]
    other.request(3, 20)
    other.request(0, 399)
    assert.deepStrictEqual(requests(one), requests(other))
    assert.deepStrictEqual(one.strikes, other.strikes)
  })

  it("is another for another seed, and for another session", () => {
    const plan = Plan.make(options)
    const other = Plan.make({ ...options, seed: 8 })
    assert.notDeepEqual(requests(plan), requests(other))
    assert.notDeepEqual(plan.strikes, other.strikes)
    assert.notDeepEqual(requests(plan, 0), requests(plan, 1))
  })

  it("has every kind of fault and blow in it, and mostly none", () => {
    const all = requests(Plan.make(options))
    const count = (is: (plan: Plan.RequestPlan) => boolean) => all.filter(is).length
    assert.isAbove(
      count(({ fault }) => fault === "lost"),
      5
    )
    assert.isAbove(
      count(({ fault }) => fault === "errorBefore"),
      5
    )
    assert.isAbove(
      count(({ fault }) => fault === "errorAfter"),
      1
    )
    assert.isAbove(
      count(({ blow }) => blow.after === "arrival"),
      5
    )
    assert.isAbove(
      count(({ blow }) => blow.after === "reply"),
      10
    )
    assert.isAbove(
      count(({ blow, fault }) => fault === "none" && blow.after === "never"),
      200
    )
    assert.isTrue(all.every(({ blow }) => blow.pause === 0))
    assert.isTrue(all.every(({ blow }) => blow.after !== "reply" || blow.delay <= 20))
  })

  it("strikes each worker, within the time that there is", () => {
    const { strikes } = Plan.make(options)
    assert.deepStrictEqual([...new Set(strikes.map(({ worker }) => worker))].sort(), [0, 1, 2, 3, 4, 5, 6, 7])
    assert.isTrue(strikes.every(({ at, pause }) => at > 0 && at < 60_000 && pause === 0))
  })

  it("pauses for longer than a lease lasts, if it is told to", () => {
    const plan = Plan.make({ ...options, pauses: true })
    const pauses = [
      ...requests(plan).map(({ blow }) => blow.pause),
      ...plan.strikes.map(({ pause }) => pause)
    ].filter((pause) => pause > 0)
    assert.isAbove(pauses.length, 20)
    assert.isTrue(pauses.every((pause) => pause > 2000))
  })
})
