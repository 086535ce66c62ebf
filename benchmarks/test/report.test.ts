import { assert, describe, it } from "@effect/vitest"
import { chart } from "../src/chart.js"
import { markdown, numeral, ratioNumeral, runText, tableMarkdown } from "../src/report.js"
import { machine, measured, results, table } from "./results.js"

describe("numbers", () => {
  const shown: ReadonlyArray<readonly [value: number, text: string]> = [
    [0, "0"],
    [0.001234, "0.00123"],
    [0.5, "0.5"],
    [9.999, "10"],
    [14.15, "14.2"],
    [999.6, "1,000"],
    [1234, "1,230"],
    [123_456.7, "123,457"],
    [-14.15, "-14.2"],
    [Number.NaN, "–"],
    [Number.POSITIVE_INFINITY, "–"]
  ]
  for (const [value, text] of shown) {
    it(`${value} is shown as ${text}`, () => assert.strictEqual(numeral(value), text))
  }

  it("are in hundredths where they are ratios", () => {
    assert.deepStrictEqual([1, 0.974, 9.999, 12.345, 1234, Number.NaN].map(ratioNumeral), [
      "1.00",
      "0.97",
      "10.00",
      "12.3",
      "1,230",
      "–"
    ])
  })
})

describe("a table", () => {
  it("has medians and quartiles, and no comparison where there is nothing to compare with", () => {
    assert.strictEqual(
      tableMarkdown(table([{ contender: "ours", values: [1, 2, 3, 4, 5] }])),
      ["|  | µs (less is better) | quartiles |", "| --- | --: | --: |", "| ours | 3 | 2 – 4 |"].join("\n")
    )
  })

  it("compares round by round with the baseline", () => {
    const lines = tableMarkdown(
      table(
        [
          { contender: "bare", values: [1, 10, 100] },
          { contender: "ours", values: [2, 20, 200] }
        ],
        { baseline: "bare" }
      )
    ).split("\n")
    assert.strictEqual(lines[0], "|  | µs (less is better) | quartiles | ratio to bare | quartiles |")
    assert.strictEqual(lines[2], "| bare | 10 | 5.5 – 55 |  |  |")
    assert.strictEqual(lines[3], "| ours | 20 | 11 – 110 | 2.00 | 2.00 – 2.00 |")
  })

  it("names what each is compared with where that is not the same, and says below what there is to know", () => {
    const lines = tableMarkdown(
      table([
        { contender: "bare", values: [1] },
        { contender: "bare, traced", values: [2], note: "with spans" },
        { contender: "ours", values: [3], against: "bare" },
        { contender: "ours, traced", values: [3], against: "bare, traced", note: "with spans" },
        { contender: "theirs", values: [], note: "cannot" }
      ])
    ).split("\n")
    assert.strictEqual(lines[0], "|  | µs (less is better) | quartiles | ratio | quartiles | to |")
    assert.include(lines, "| ours | 3 | 3 – 3 | 3.00 | 3.00 – 3.00 | bare |")
    assert.include(lines, "| ours, traced [1] | 3 | 3 – 3 | 1.50 | 1.50 – 1.50 | bare, traced |")
    assert.include(lines, "| theirs [2] | – | – |  |  |  |")
    assert.deepStrictEqual(lines.slice(-3), ["", "1. with spans", "2. cannot"])
  })
})

describe("the report", () => {
  it("tells when and how each benchmark was run, and of which versions", () => {
    const text = markdown(results("hot-path"))
    assert.include(text, "3 rounds, 61 s, 2026-03-01, commit abc1234.")
    assert.include(text, "2 cores of a processor, 8 GiB, Linux 6 x64, Node v20.20.0.")
    assert.include(text, "| effect | 3.22.4 |")
    assert.strictEqual(
      runText(measured("hot-path", { rounds: 1, commit: undefined })),
      "1 round, 61 s, 2026-03-01"
    )
  })
})

describe("the picture", () => {
  const widths = (svg: string) =>
    [...svg.matchAll(/class="bar [^>]* width="([\d.]+)"/g)].map(([, n]) => Number(n))
  const labels = (svg: string) => [...svg.matchAll(/class="label [^>]*>([^<]*)</g)].map(([, label]) => label)
  const throughput = (values: Readonly<Record<string, ReadonlyArray<number>>>, better: "less" | "more") =>
    chart({
      machine,
      benchmarks: [
        measured("throughput", {
          tables: [
            table(
              Object.entries(values).map(([contender, values]) => ({ contender, values })),
              { title: "Throughput, 64 calls at a time", unit: "calls a second", better }
            )
          ]
        })
      ]
    })

  it("says so where nothing was measured", () => {
    assert.include(chart({ machine, benchmarks: [] }), "Nothing was measured yet.")
  })

  it("has bars as long as what was measured, the best first, and none for who gave nothing", () => {
    const svg = throughput({ peer: [50], "@effect-oauth/client": [100], absent: [] }, "more")
    assert.deepStrictEqual(labels(svg), ["effect-oauth", "peer"])
    const [longer = 0, shorter = 0] = widths(svg)
    assert.closeTo(longer / shorter, 2, 0.01)
    assert.deepStrictEqual(labels(throughput({ peer: [50], other: [100] }, "less")), ["peer", "other"])
  })

  it("says that a scale is logarithmic where one bar would be out of sight", () => {
    assert.notInclude(throughput({ a: [1], b: [49] }, "more"), "logarithmic")
    assert.include(throughput({ a: [1], b: [51] }, "more"), "logarithmic scale")
    const svg = throughput({ a: [1], b: [100], c: [10_000] }, "more")
    const [long = 0, middle = 0, short = 0] = widths(svg)
    assert.closeTo(long - middle, middle - short, 0.2)
  })

  it("escapes what contenders are called", () => {
    const svg = throughput({ [`a "b" <c> & d`]: [1] }, "more")
    assert.notMatch(svg, /<c>/)
    assert.include(svg, "a &#34;b&#34; &#60;c&#62; &#38; d")
  })
})
