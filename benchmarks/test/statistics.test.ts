import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { mean, median, quantile, ratios, summary, trimmedMean } from "../src/statistics.js"

const values = FastCheck.array(FastCheck.double({ min: 0.001, max: 1e6, noNaN: true }), {
  minLength: 1,
  maxLength: 30
})

describe("statistics", () => {
  it("finds quantiles between values where they fall between them", () => {
    assert.strictEqual(median([3, 1, 2]), 2)
    assert.strictEqual(median([4, 1, 2, 3]), 2.5)
    assert.strictEqual(quantile([10, 20, 30, 40, 50], 0.25), 20)
    assert.strictEqual(quantile([0, 10], 0.25), 2.5)
    assert.deepStrictEqual(summary([5]), {
      median: 5,
      least: 5,
      lowerQuartile: 5,
      upperQuartile: 5,
      greatest: 5
    })
  })

  it("has no figure for no values", () => {
    for (const figure of [median([]), mean([]), trimmedMean([])]) assert.isNaN(figure)
  })

  it("leaves a fifth at each end out of the trimmed mean, and nothing of fewer than five", () => {
    assert.strictEqual(trimmedMean([1000, 2, 3, 4, -1000]), 3)
    assert.strictEqual(trimmedMean([0, 1, 2, 3, 4, 5, 6, 7, 8, 99]), 4.5)
    assert.strictEqual(trimmedMean([1, 1, 1, 9]), 3)
  })

  it("compares what was measured in the same round", () => {
    // Each round is slower than the one before, and the ratio is the same.
    assert.deepStrictEqual(ratios([2, 4, 8], [1, 2, 4]), [2, 2, 2])
    const [known, missing] = ratios([2, 4], [1])
    assert.strictEqual(known, 2)
    assert.isNaN(missing)
  })

  it("orders what it sums up, and does not care in which order it came", () => {
    FastCheck.assert(
      FastCheck.property(values, (values) => {
        const of = summary(values)
        const inOrder = [of.least, of.lowerQuartile, of.median, of.upperQuartile, of.greatest]
        assert.deepStrictEqual(
          inOrder,
          [...inOrder].sort((one, other) => one - other)
        )
        assert.strictEqual(of.least, Math.min(...values))
        assert.strictEqual(of.greatest, Math.max(...values))
        assert.deepStrictEqual(summary([...values].reverse()), of)
        // Sums of the same in another order differ in their last digits.
        const slack = 1e-9 * of.greatest
        assert.isAtLeast(trimmedMean(values), of.least - slack)
        assert.isAtMost(trimmedMean(values), of.greatest + slack)
      })
    )
  })
})
