import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    projects: ["packages/*", "examples", "benchmarks"],
    // Most tests wait for servers and processes.
    maxWorkers: 3,
    minWorkers: 1
  }
})
