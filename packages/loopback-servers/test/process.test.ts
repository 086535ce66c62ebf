import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { needing } from "../src/Installation.js"
import * as PostgreSQL from "../src/PostgreSQL.js"
import * as Redis from "../src/Redis.js"
import { eventually, isOpen, temporaryFolders } from "./support.js"

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

const Ports = Schema.parseJson(Schema.Tuple(Schema.Int, Schema.Int))

describe(...needing("a process with databases in it", PostgreSQL.installation, Redis.installation), () => {
  for (const { how, wait, end } of [
    { how: "by itself", wait: false, end: () => true },
    { how: "by SIGTERM", wait: true, end: (child: ChildProcess) => child.kill("SIGTERM") },
    { how: "by SIGKILL", wait: true, end: (child: ChildProcess) => child.kill("SIGKILL") }
  ]) {
    it.scopedLive(`takes them with it when it ends ${how}, though they were not closed`, () =>
      Effect.gen(function* () {
        const folders = yield* temporaryFolders
        const path = fileURLToPath(new URL("./fixtures/databases.ts", import.meta.url))
        const child = yield* Effect.acquireRelease(
          Effect.sync(() =>
            spawn(process.execPath, ["--import", "tsx", path, ...(wait ? ["wait"] : [])], {
              stdio: ["pipe", "pipe", "inherit"]
            })
          ),
          (child) => Effect.sync(() => child.kill("SIGKILL"))
        )
        const ended = once(child, "exit")
        const [line] = yield* Effect.promise(() => once(createInterface(child.stdout), "line"))
        const ports = yield* Schema.decodeUnknown(Ports)(line)
        if (wait) assert.deepStrictEqual(yield* Effect.forEach(ports, isOpen), [true, true])
        end(child)
        yield* Effect.timeout(
          Effect.promise(() => ended),
          "5 seconds"
        )
        yield* eventually(Effect.map(folders, ({ length }) => length === 0))
        assert.deepStrictEqual(yield* Effect.forEach(ports, isOpen), [false, false])
      })
    )
  }
})
