import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Benchmark } from "./Benchmark.js"
import { firstCalls } from "./startUp/firstCalls.js"
import { sizes } from "./startUp/sizes.js"

class NotBuilt extends Data.TaggedError("NotBuilt")<{ readonly message: string }> {}

/** What is measured is what is published, not the sources. */
const build = Effect.async<void, NotBuilt>((resume) => {
  const root = fileURLToPath(new URL("../..", import.meta.url))
  const child = spawn(process.execPath, ["--import", "tsx", "scripts/build-packages.ts", "packages/client"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, NODE_OPTIONS: "" }
  })
  child.once("close", (code) =>
    resume(
      code === 0
        ? Effect.void
        : Effect.fail(
            new NotBuilt({ message: "packages/client could not be built: npm run build says why." })
          )
    )
  )
  return Effect.sync(() => void child.kill("SIGKILL"))
})

/** What a program pays before it does anything, and what it weighs. */
export const startUp: Benchmark = {
  name: "start-up",
  question:
    "How long does a new process take until its first authorized call, and how much does the client add to a program?",
  run: (effort) =>
    Effect.zipRight(
      build,
      Effect.zipWith(firstCalls(effort), sizes(effort), (times, bytes) => [...times, ...bytes])
    )
}
