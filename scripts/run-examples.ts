/** Runs every example, each as a program of its own. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { runTypeScript } from "./command.js"
import { Failure, main, print, secondsSince } from "./report.js"
import { root } from "./workspace.js"

const timeLimitSeconds = 60

const examples = readdirSync(join(root, "examples")).filter((name) => /^[\w-]+\.ts$/.test(name))

await main(async () => {
  if (examples.length === 0) throw new Failure("there is no example in examples/")
  const failed: Array<string> = []
  for (const name of examples) {
    const start = performance.now()
    const { passed, ending, output } = await runTypeScript(join("examples", name), timeLimitSeconds)
    print(`${passed ? "passed" : "FAILED"}  ${secondsSince(start).padStart(7)}  ${name}`)
    if (!passed) {
      failed.push(name)
      print(`${ending}:\n\n${output}`)
    }
  }
  if (failed.length > 0)
    throw new Failure(`${failed.length} of ${examples.length} examples failed: ${failed.join(", ")}`)
})
