import { fileURLToPath } from "node:url"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { benchmarks } from "../src/benchmarks.js"
import * as Publication from "../src/Publication.js"
import * as Results from "../src/Results.js"

const home = fileURLToPath(new URL("../results", import.meta.url))
const published = Effect.flatMap(Results.read(home), Effect.fromNullable)

describe("what is published", () => {
  it.live("is made of the raw values that stand beside it, word for word", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const results = yield* published
      const publication = yield* Publication.make(results, true)
      assert.strictEqual(publication.length, 4)
      for (const { content, path } of publication) {
        const there = yield* fs.readFileString(path.startsWith("/") ? path : `${home}/${path}`)
        assert.strictEqual(there, content, path)
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.live("shows the figures of every benchmark on the page of the documentation", () =>
    Effect.gen(function* () {
      const results = yield* published
      const remarkable = {
        machine: { ...results.machine, processor: "a processor of another make" },
        benchmarks: results.benchmarks.map((one) => ({ ...one, question: `What of ${one.name} now?` }))
      }
      const publication = yield* Publication.make(remarkable, true)
      const page = publication.find(({ path }) => path.endsWith("docs/benchmarks.md"))?.content ?? ""
      assert.include(page, "a processor of another make")
      for (const { question } of remarkable.benchmarks) assert.include(page, question)
      // What is of somebody else's folder is not for the page.
      assert.notInclude(
        (yield* Publication.make(remarkable, false)).map(({ path }) => path).join(" "),
        "docs"
      )
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.live("has at least nine rounds of every benchmark", () =>
    Effect.gen(function* () {
      const results = yield* published
      assert.deepStrictEqual(
        results.benchmarks.map(({ name }) => name),
        benchmarks.map(({ name }) => name)
      )
      for (const { name, rounds, tables } of results.benchmarks) {
        assert.isAtLeast(rounds, 9, name)
        assert.isAbove(tables.length, 0, name)
      }
    }).pipe(Effect.provide(NodeContext.layer))
  )
})
