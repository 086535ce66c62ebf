import * as DateTime from "effect/DateTime"
import type { Figure, Table } from "../src/Benchmark.js"
import type { Machine } from "../src/Machine.js"
import type { Measured, Results } from "../src/Results.js"

export const machine: Machine = {
  processor: "a processor",
  cores: 2,
  memoryGibibytes: 8,
  system: "Linux 6 x64",
  node: "v20.20.0",
  versions: { effect: "3.22.4" }
}

export const table = (figures: ReadonlyArray<Figure>, options: Partial<Table> = {}): Table => ({
  title: "Time of a call",
  unit: "µs",
  better: "less",
  figures,
  ...options
})

export const measured = (name: string, options: Partial<Measured> = {}): Measured => ({
  name,
  question: `What does ${name} cost?`,
  at: DateTime.unsafeMake("2026-03-01T12:00:00Z"),
  seconds: 61.4,
  rounds: 3,
  commit: "abc1234",
  tables: [table([{ contender: "ours", values: [1, 2, 3] }])],
  ...options
})

export const results = (...names: ReadonlyArray<string>): Results => ({
  machine,
  benchmarks: names.map((name) => measured(name))
})
