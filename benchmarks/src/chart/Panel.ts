import type { Figure, Table } from "../Benchmark.js"
import { numeral } from "../report.js"
import { summary } from "../statistics.js"

/** Bars of one table, side by side on one scale. */
export interface Panel {
  readonly title: string
  /** What a bar is as long as, and which way is better. */
  readonly subtitle: string
  readonly bars: ReadonlyArray<Bar>
  readonly isLogarithmic: boolean
}

/** Ours, what is compared with, and what has no OAuth to begin with, are drawn each in its own way. */
export type Kind = "ours" | "peer" | "bare"

export interface Bar {
  readonly label: string
  readonly kind: Kind
  readonly value: number
  readonly text: string
  readonly low: number
  readonly high: number
}

export const kindOf = ({ contender }: Figure): Kind => {
  if (/effect-oauth/.test(contender)) return "ours"
  return /^(bare|one|a|the|Effect HttpClient)\b/.test(contender) ? "bare" : "peer"
}

/** Names as the picture has room for. */
const briefly: ReadonlyArray<readonly [name: string, brief: string]> = [
  ["@effect-oauth/client over undici, 64 connections, without spans", "effect-oauth, as advised"],
  ["@effect-oauth/client", "effect-oauth"],
  ["a fixed token by hand", "a fixed token"],
  ["AuthorizedHttpClient", "HttpClient"],
  ["@apimatic/core with oauth-adapters", "@apimatic/oauth-adapters"],
  ["axios with axios-auth-refresh", "axios-auth-refresh"]
]

const brief = (contender: string): string =>
  briefly.reduce((name, [long, short]) => name.replace(long, short), contender)

/** What differs by more than this cannot be seen on one linear scale. */
const widestLinearSpan = 50

export interface Options {
  readonly title: string
  /** Those that are drawn. Default: all of whom something was measured. */
  readonly isShown?: ((figure: Figure) => boolean) | undefined
  /** What the bars are as long as, where the unit of the table does not say it. */
  readonly unit?: string | undefined
  /** What stands behind the value of a bar. */
  readonly remark?: ((contender: string) => string | undefined) | undefined
}

/** The bars from the best to the worst. */
export const make = (
  table: Table,
  { isShown = () => true, remark, title, unit = table.unit }: Options
): Panel => {
  const bars = table.figures
    .filter((figure) => figure.values.length > 0 && isShown(figure))
    .map((figure): Bar => {
      const { lowerQuartile, median, upperQuartile } = summary(figure.values)
      return {
        label: brief(figure.contender),
        kind: kindOf(figure),
        value: median,
        text: [numeral(median), remark?.(figure.contender)].filter((part) => part !== undefined).join(" "),
        low: lowerQuartile,
        high: upperQuartile
      }
    })
    .sort((one, other) => (table.better === "more" ? other.value - one.value : one.value - other.value))
  const values = bars.map(({ value }) => value)
  const isLogarithmic =
    Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > widestLinearSpan
  return {
    title,
    subtitle: [
      unit,
      `${table.better === "more" ? "longer" : "shorter"} is better`,
      ...(isLogarithmic ? ["logarithmic scale"] : [])
    ].join(" · "),
    bars,
    isLogarithmic
  }
}
