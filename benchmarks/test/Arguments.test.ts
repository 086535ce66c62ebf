import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Arguments from "../src/Arguments.js"
import { benchmarks } from "../src/benchmarks.js"

const known = ["hot-path", "throughput", "stampede"]
const parse = (...argv: ReadonlyArray<string>) => Either.merge(Arguments.parse(argv, known))

describe("Arguments", () => {
  it("run everything in nine rounds", () => {
    assert.deepStrictEqual(parse(), {
      names: known,
      isQuick: false,
      rounds: 9,
      out: undefined,
      isReportOnly: false
    })
  })

  it("name benchmarks, which keep their order", () => {
    assert.deepStrictEqual(parse("stampede", "--rounds", "12", "hot-path", "--out", "elsewhere"), {
      names: ["hot-path", "stampede"],
      isQuick: false,
      rounds: 12,
      out: "elsewhere",
      isReportOnly: false
    })
  })

  it("have one round where it is to be quick, if no number was named", () => {
    assert.propertyVal(parse("--quick"), "rounds", 1)
    assert.propertyVal(parse("--quick", "--rounds", "2"), "rounds", 2)
    assert.strictEqual(parse("--help", "--rounds", "0"), "Help")
  })

  const problems: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
    [["--rounds", "0"], '--rounds is "0"; it has to be a whole number from 1 to 99.'],
    [["--rounds", "1.5"], '--rounds is "1.5"'],
    [["--rounds", "100"], '--rounds is "100"'],
    [["coldpath"], "There is no benchmark coldpath; there are hot-path, throughput, stampede."],
    [["--slow"], "--slow"]
  ]
  for (const [argv, problem] of problems) {
    it(`say what is wrong with ${argv.join(" ")}`, () => {
      const message = parse(...argv)
      assert.isTrue(typeof message === "string" && message.includes(problem), String(message))
    })
  }

  it("are told with every benchmark that there is", () => {
    const names = benchmarks.map(({ name }) => name)
    assert.strictEqual(new Set(names).size, names.length)
    for (const name of names) assert.include(Arguments.usage(names), name)
  })
})
