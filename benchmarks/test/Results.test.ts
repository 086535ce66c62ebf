import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Publication from "../src/Publication.js"
import * as Results from "../src/Results.js"
import { machine, measured, results } from "./results.js"

const names = ["hot-path", "throughput", "stampede"]
const otherMachine = { ...machine, versions: { effect: "3.22.5" } }
const namesOf = ({ benchmarks }: Results.Results) => benchmarks.map(({ name }) => name)

describe("merge", () => {
  it.effect("replaces what was measured now, keeps the rest, and puts all in order", () =>
    Effect.gen(function* () {
      const again = measured("hot-path", { rounds: 9 })
      const merged = yield* Results.merge(results("stampede", "hot-path"), machine, [again], names)
      assert.deepStrictEqual(namesOf(merged), ["hot-path", "stampede"])
      assert.deepInclude(merged.benchmarks[0], { rounds: 9 })
    })
  )

  it.effect("forgets benchmarks that there are no more", () =>
    Effect.gen(function* () {
      const merged = yield* Results.merge(results("cold-path"), machine, [measured("stampede")], names)
      assert.deepStrictEqual(namesOf(merged), ["stampede"])
    })
  )

  it.effect("does not put figures of two machines, or of two versions, together", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(
        Results.merge(results("hot-path", "stampede"), otherMachine, [measured("hot-path")], names)
      )
      assert.include(refused.message, "The results of stampede that are there are of another machine")
      assert.include(refused.message, "--out")
    })
  )

  it.effect("drops all that are of another machine where all were measured", () =>
    Effect.gen(function* () {
      const merged = yield* Results.merge(results("hot-path"), otherMachine, [measured("hot-path")], names)
      assert.deepStrictEqual(merged.machine, otherMachine)
      assert.deepStrictEqual(namesOf(merged), ["hot-path"])
    })
  )
})

describe("a folder of results", () => {
  it.scopedLive("has nothing, then what was written, and not what somebody else wrote", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = `${yield* fs.makeTempDirectoryScoped()}/of/their/own`
      assert.isUndefined(yield* Results.read(folder))
      const written = results("hot-path")
      yield* Publication.write(yield* Publication.make(written, false), folder)
      assert.deepStrictEqual((yield* fs.readDirectory(folder)).sort(), [
        "results.json",
        "results.md",
        "results.svg"
      ])
      const read = yield* Results.read(folder)
      assert.isDefined(read)
      assert.deepStrictEqual(read, written)
      yield* fs.writeFileString(`${folder}/results.json`, "[]")
      const refused = yield* Effect.flip(Results.read(folder))
      assert.instanceOf(refused, Results.ResultsError)
      assert.include(refused.message, "results.json is not one of ours")
    }).pipe(Effect.provide(NodeContext.layer))
  )
})
