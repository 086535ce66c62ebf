import { defineProject } from "vitest/config"
import { aliases } from "../../vitest.aliases.js"

export default defineProject({
  resolve: { alias: aliases },
  test: { name: "sample-server", include: ["test/**/*.test.ts"], testTimeout: 120_000 }
})
