import type { Table } from "./Benchmark.js"
import * as Panel from "./chart/Panel.js"
import { machineText } from "./Machine.js"
import type { Results } from "./Results.js"

const width = 860
const margin = 16
const gap = 28
const rowHeight = 21
const headHeight = 46
const labelWidth = 200
const characterWidth = 7.1
const columnWidth = (width - 2 * margin - gap) / 2

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)

const at = (value: number): string => String(Math.round(value * 10) / 10)

/** How far a value reaches, of the whole length. */
const scaleOf = ({ bars, isLogarithmic }: Panel.Panel): ((value: number) => number) => {
  const greatest = Math.max(Number.EPSILON, ...bars.map(({ high }) => high))
  if (!isLogarithmic) return (value) => value / greatest
  // A decade below the least, so that the least has a bar, too.
  const start = 10 ** Math.floor(Math.log10(Math.min(...bars.map(({ low }) => low))) - 0.5)
  return (value) => Math.log10(Math.max(value, start) / start) / Math.log10(greatest / start)
}

const panelHeight = ({ bars }: Panel.Panel): number => headHeight + bars.length * rowHeight

const panelSvg = (panel: Panel.Panel, left: number, top: number): string => {
  const scale = scaleOf(panel)
  const barLeft = left + labelWidth
  // What stands behind the bars needs room where the longest one ends.
  const length = Math.min(
    ...panel.bars.map(
      ({ high, text }) =>
        (columnWidth - labelWidth - 5 - text.length * characterWidth) / Math.max(scale(high), Number.EPSILON)
    ),
    columnWidth - labelWidth
  )
  const rows = panel.bars.map((bar, index) => {
    const middle = top + headHeight + (index + 0.5) * rowHeight
    const [end, low, high] = [bar.value, bar.low, bar.high].map((value) => barLeft + scale(value) * length)
    return [
      `<text class="label ${bar.kind}" x="${at(barLeft - 8)}" y="${at(middle + 4)}">${escaped(bar.label)}</text>`,
      `<rect class="bar ${bar.kind}" x="${at(barLeft)}" y="${at(middle - 7)}" width="${at(Math.max(1, (end ?? 0) - barLeft))}" height="14" rx="2"/>`,
      `<path class="spread" d="M${at(low ?? 0)} ${at(middle)}H${at(high ?? 0)}"/>`,
      `<text class="value ${bar.kind}" x="${at(Math.max(end ?? 0, high ?? 0) + 5)}" y="${at(middle + 4)}">${escaped(bar.text)}</text>`
    ].join("")
  })
  return [
    `<text class="title" x="${left}" y="${top + 16}">${escaped(panel.title)}</text>`,
    `<text class="subtitle" x="${left}" y="${top + 33}">${escaped(panel.subtitle)}</text>`,
    `<path class="axis" d="M${at(barLeft)} ${at(top + headHeight)}V${at(top + panelHeight(panel))}"/>`,
    ...rows
  ].join("\n")
}

const style = `
text { font: 12px -apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; fill: #1f2328 }
.ground { fill: #ffffff }
.title { font-size: 14px; font-weight: 600 }
.subtitle, .foot { fill: #59636e; font-size: 11.5px }
.label { text-anchor: end; fill: #59636e }
.value { font-variant-numeric: tabular-nums; fill: #59636e }
.label.ours, .value.ours { font-weight: 700; fill: #1f2328 }
.bar.ours { fill: #0969da }
.bar.peer { fill: #c4ccd4 }
.bar.bare { fill: none; stroke: #818b98; stroke-dasharray: 3 2 }
.spread { stroke: #1f2328; stroke-width: 1.5; fill: none; opacity: .55 }
.axis { stroke: #818b98; fill: none }
@media (prefers-color-scheme: dark) {
.ground { fill: #0d1117 }
text, .label.ours, .value.ours { fill: #f0f6fc }
.subtitle, .foot, .label, .value { fill: #9198a1 }
.bar.ours { fill: #4493f8 }
.bar.peer { fill: #3d444d }
.bar.bare, .axis { stroke: #656c76 }
.spread { stroke: #f0f6fc }
}`

/** A table of a benchmark whose title is like this, if it was measured. */
const tablesOf = ({ benchmarks }: Results, name: string, title: RegExp): ReadonlyArray<Table> =>
  (benchmarks.find((one) => one.name === name)?.tables ?? [])
    .filter((table) => title.test(table.title))
    .slice(0, 1)

const panelsOf = (results: Results): ReadonlyArray<Panel.Panel> => {
  const shown = (name: string, title: RegExp, options: Panel.Options) =>
    tablesOf(results, name, title).map((table) => Panel.make(table, options))
  const [alive] = tablesOf(results, "stampede", /refreshed again/)
  const lost = new Set(
    alive?.figures.filter(({ values }) => values.some((value) => value < 1)).map(({ contender }) => contender)
  )
  return [
    ...shown("throughput", /^Throughput, 64 /, { title: "Authorized calls, 64 at a time" }),
    ...shown("stampede", /no token that works/, {
      title: "One expired token, and all want it at once",
      unit: "% of the callers get none that works",
      isShown: (figure) => Panel.kindOf(figure) !== "bare",
      remark: (contender) => (lost.has(contender) ? "· session lost" : undefined)
    }),
    ...shown("hot-path", /^Time of a call: stubbed HttpClient, spans on/, {
      title: "A call over a transport that answers at once"
    }),
    ...shown("many-identities", /^100,000 sessions: memory a session/, {
      title: "100,000 sessions in one process",
      unit: "bytes a session"
    })
  ]
}

/** Each below what is there already in the column that is shorter. */
const placedIn = (panels: ReadonlyArray<Panel.Panel>) => {
  const bottoms = [margin, margin]
  return panels.map((panel) => {
    const column = (bottoms[1] ?? 0) < (bottoms[0] ?? 0) ? 1 : 0
    const top = bottoms[column] ?? margin
    bottoms[column] = top + panelHeight(panel) + gap
    return { panel, left: margin + column * (columnWidth + gap), top }
  })
}

/** The picture of the README: the tables that say most, each as bars. It needs nothing from elsewhere. */
export const chart = (results: Results): string => {
  const placed = placedIn(panelsOf(results))
  const height = Math.max(margin, ...placed.map(({ panel, top }) => top + panelHeight(panel))) + 40
  const key = placed.length === 0 ? "Nothing was measured yet." : "Bars: medians. Lines: quartiles."
  const description = placed.map(
    ({ panel: { bars, subtitle, title } }) =>
      `${title} (${subtitle}): ${bars.map(({ label, text }) => `${label} ${text}`).join(", ")}.`
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${at(height)}" width="${width}" height="${at(height)}" role="img" aria-labelledby="t d">`,
    `<title id="t">effect-oauth beside other OAuth 2 clients</title>`,
    `<desc id="d">${escaped(description.join(" "))}</desc>`,
    `<style>${style}</style>`,
    `<rect class="ground" width="${width}" height="${at(height)}" rx="6"/>`,
    ...placed.map(({ left, panel, top }) => panelSvg(panel, left, top)),
    `<text class="foot" x="${margin}" y="${at(height - 14)}">${key} ${escaped(machineText(results.machine))}.</text>`,
    "</svg>",
    ""
  ].join("\n")
}
