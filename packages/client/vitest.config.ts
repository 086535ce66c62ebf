import { defineProject } from "vitest/config"
import { aliases } from "../../vitest.aliases.js"

export default defineProject({
  resolve: { alias: aliases },
  test: {
    name: "client",
    include: ["test/**/*.test.ts"],
    // Ten thousand fibers take their time on a busy machine.
    testTimeout: 30_000
  }
})
