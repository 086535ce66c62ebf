import * as DateTime from "effect/DateTime"
import type { Figure, Table } from "./Benchmark.js"
import type { Machine } from "./Machine.js"
import { machineText } from "./Machine.js"
import type { Measured, Results } from "./Results.js"
import { ratios, summary } from "./statistics.js"

const none = "–"

/** A number as a reader wants it: three figures that count, or whole numbers, and commas between thousands. */
export const numeral = (value: number): string => {
  if (!Number.isFinite(value)) return none
  if (value === 0) return "0"
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  const rounded = Math.abs(value) < 10_000 ? Number(value.toPrecision(3)) : value
  return rounded.toLocaleString("en-US", { maximumFractionDigits: Math.min(digits, 6) })
}

/** A ratio, in hundredths, since the goals are. */
export const ratioNumeral = (value: number): string =>
  Number.isFinite(value)
    ? value.toLocaleString(
        "en-US",
        value < 10 ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : { maximumSignificantDigits: 3 }
      )
    : none

const range = (low: number, high: number, show: (value: number) => string): string =>
  Number.isFinite(low) && Number.isFinite(high) ? `${show(low)} – ${show(high)}` : none

const row = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

/** The contender that this one is compared with, if there is one, and the ratios of the same rounds. */
export const comparison = (table: Table, figure: Figure) => {
  const name = figure.against ?? table.baseline
  const other = table.figures.find(({ contender }) => contender === name)
  return other === undefined || other === figure
    ? undefined
    : { other, ...summary(ratios(figure.values, other.values)) }
}

/** A table in Markdown; what there is to know about a contender stands below it. */
export const tableMarkdown = (table: Table): string => {
  const compared = table.figures.map((figure) => comparison(table, figure))
  const others = new Set(compared.flatMap((one) => (one === undefined ? [] : [one.other.contender])))
  const marks = [...new Set(table.figures.flatMap(({ note }) => (note === undefined ? [] : [note])))]
  const markOf = (note: string | undefined) => (note === undefined ? "" : ` [${marks.indexOf(note) + 1}]`)
  const comparisonCells = (one: (typeof compared)[number]): ReadonlyArray<string> => [
    one === undefined ? "" : ratioNumeral(one.median),
    one === undefined ? "" : range(one.lowerQuartile, one.upperQuartile, ratioNumeral),
    ...(others.size > 1 ? [one?.other.contender ?? ""] : [])
  ]
  const rows = table.figures.map((figure, index) => {
    const { lowerQuartile, median, upperQuartile } = summary(figure.values)
    return row([
      `${figure.contender}${markOf(figure.note)}`,
      numeral(median),
      range(lowerQuartile, upperQuartile, numeral),
      ...(others.size > 0 ? comparisonCells(compared[index]) : [])
    ])
  })
  const [only] = others
  const comparisonHead = others.size > 1 ? ["ratio", "quartiles", "to"] : [`ratio to ${only}`, "quartiles"]
  const head = [
    `${table.unit} (${table.better} is better)`,
    "quartiles",
    ...(others.size > 0 ? comparisonHead : [])
  ]
  return [
    row(["", ...head]),
    row(["---", ...head.map((cell) => (cell === "to" ? "---" : "--:"))]),
    ...rows,
    ...(marks.length === 0 ? [] : ["", ...marks.map((note, index) => `${index + 1}. ${note}`)])
  ].join("\n")
}

/** When and how a benchmark was run. */
export const runText = ({ at, commit, rounds, seconds }: Measured): string =>
  [
    `${rounds} ${rounds === 1 ? "round" : "rounds"}`,
    `${Math.round(seconds)} s`,
    DateTime.formatIsoDateUtc(at),
    ...(commit === undefined ? [] : [`commit ${commit}`])
  ].join(", ")

/** All tables of a benchmark, under headings of this depth. */
export const benchmarkMarkdown = (measured: Measured, depth: number): string =>
  measured.tables
    .map((table) => `${"#".repeat(depth)} ${table.title}\n\n${tableMarkdown(table)}`)
    .join("\n\n")

const versionsMarkdown = ({ versions }: Machine): string =>
  [row(["compared", "version"]), row(["---", "---"]), ...Object.entries(versions).map(row)].join("\n")

/** What stands in results.md. */
export const markdown = ({ benchmarks, machine }: Results): string =>
  [
    "# Results",
    "Written by `npm run bench`; the raw value of each round is in [results.json](results.json). What was measured, and how, is on [a page of its own](../../docs/benchmarks.md).",
    `${machineText(machine)}.`,
    ...benchmarks.flatMap((measured) => [
      `## ${measured.name}`,
      measured.question,
      `${runText(measured)}.`,
      benchmarkMarkdown(measured, 3)
    ]),
    "## Versions",
    versionsMarkdown(machine)
  ]
    .join("\n\n")
    .concat("\n")
