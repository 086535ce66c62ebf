/** Compiles the packages as they are published: all of them, or the folders that are named. */
import { runOrFail } from "./command.js"
import { markPureCalls } from "./pure-calls.js"
import { main, step } from "./report.js"
import { isLibrary, publishedPackages } from "./workspace.js"

await main(async () => {
  const named = process.argv.slice(2)
  const packages = publishedPackages.filter(({ folder }) => named.length === 0 || named.includes(folder))
  const folders = packages.map(({ folder }) => folder)
  await step(`compile ${folders.join(", ")}`, () => runOrFail("tsc", ["-b", "--pretty", "false", ...folders]))
  await step(
    "mark calls without side effects",
    async () =>
      packages
        .filter(isLibrary)
        .map(({ folder }) => markPureCalls(`${folder}/dist`))
        .reduce((sum, count) => sum + count, 0),
    (count) => `${count} that were not marked before`
  )
})
