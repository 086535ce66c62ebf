import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

interface Ended {
  readonly code: number | null
  readonly output: string
}

const run = (file: string) =>
  Effect.async<Ended>((resume) => {
    const path = fileURLToPath(new URL(file, import.meta.url))
    const child = execFile(process.execPath, ["--import", "tsx", path], (_, stdout, stderr) =>
      resume(Effect.succeed({ code: child.exitCode, output: stdout + stderr }))
    )
    return Effect.sync(() => child.kill("SIGKILL"))
  })

describe("a process with servers in it", () => {
  it.live(
    "prints nothing of theirs, and ends though they were not closed",
    () =>
      Effect.gen(function* () {
        const ended = yield* Effect.timeout(run("./fixtures/unclosed.ts"), "8 seconds")
        assert.deepStrictEqual(ended, { code: 7, output: "" })
      }),
    10_000
  )
})
