/** The value below which this part of the values lies, between two values where it falls between them. */
export const quantile = (values: ReadonlyArray<number>, part: number): number => {
  const sorted = [...values].sort((one, other) => one - other)
  const position = (sorted.length - 1) * part
  const below = sorted[Math.floor(position)] ?? Number.NaN
  const above = sorted[Math.ceil(position)] ?? Number.NaN
  return below + (above - below) * (position - Math.floor(position))
}

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

export const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** The mean without the fifth that is least and the fifth that is greatest. */
export const trimmedMean = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((one, other) => one - other)
  const left = Math.floor(sorted.length / 5)
  return mean(sorted.slice(left, sorted.length - left))
}

/** What stands in a table for the values of all rounds. */
export const summary = (values: ReadonlyArray<number>) => ({
  median: median(values),
  least: quantile(values, 0),
  lowerQuartile: quantile(values, 0.25),
  upperQuartile: quantile(values, 0.75),
  greatest: quantile(values, 1)
})

/** The ratios of what was measured in the same round, so that what slows down a whole round does not count. */
export const ratios = (
  values: ReadonlyArray<number>,
  baseline: ReadonlyArray<number>
): ReadonlyArray<number> => values.map((value, round) => value / (baseline[round] ?? Number.NaN))
