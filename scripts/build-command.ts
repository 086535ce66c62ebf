/** Puts the command line together, as it is published. */
import { rmSync } from "node:fs"
import { join } from "node:path"
import { bundle } from "../packages/cli/bundle.js"
import { main, step } from "./report.js"
import { root } from "./workspace.js"

await main(() =>
  step("bundle packages/cli", async () => {
    const folder = join(root, "packages/cli/bin")
    rmSync(folder, { recursive: true, force: true })
    await bundle(folder)
  })
)
