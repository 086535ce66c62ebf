import type { Benchmark } from "./Benchmark.js"
import { hotPath } from "./hotPath.js"
import { manyIdentities } from "./manyIdentities.js"
import { sharedStores } from "./sharedStores.js"
import { stampede } from "./stampede.js"
import { startUp } from "./startUp.js"
import { throughput } from "./throughput.js"

/** All benchmarks, in the order of the report. */
export const benchmarks: ReadonlyArray<Benchmark> = [
  hotPath,
  throughput,
  stampede,
  manyIdentities,
  startUp,
  sharedStores
]
