import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

const run = (...argv: ReadonlyArray<string>) =>
  Effect.async<Ended>((resume) => {
    const child = execFile(process.execPath, ["--import", "tsx", main, ...argv], (_, stdout, stderr) =>
      resume(Effect.succeed({ code: child.exitCode, stdout, stderr }))
    )
    return Effect.sync(() => child.kill("SIGTERM"))
  })

describe("npm run chaos", () => {
  it.live("ends with 2 where an argument is wrong, and says which", () =>
    Effect.gen(function* () {
      const { code, stdout, stderr } = yield* run("--store", "mysql")
      assert.strictEqual(code, 2)
      assert.strictEqual(stdout, "")
      assert.include(stderr, `--store is "mysql"`)
    })
  )

  it.live("without the fence ends with 1, one line of JSON, what broke, and how to see it again", () =>
    Effect.gen(function* () {
      const argv = ["--processes", "4", "--seconds", "3", "--seed", "7", "--without-fence"]
      const { code, stdout, stderr } = yield* run(...argv)
      assert.strictEqual(code, 1)
      assert.strictEqual(stdout.split("\n").length, 2)
      const report: unknown = JSON.parse(stdout)
      assert.deepInclude(report, { store: "file", processes: 4, seconds: 3, seed: 7, fence: false })
      assert.match(stderr, /^(Spent once|Nothing revoked|No session lost): /m)
      assert.include(
        stderr,
        "npm run chaos -- --store file --processes 4 --seconds 3 --seed 7 --lease-seconds 2 --without-fence"
      )
    })
  )
})
