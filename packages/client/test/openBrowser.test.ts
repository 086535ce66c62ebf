import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { LoopbackRedirect } from "@effect-oauth/client"
import { Console, Effect, Fiber, Schedule } from "effect"
import { afterEach, vi } from "vitest"

afterEach(() => {
  vi.unstubAllEnvs()
})

/** A machine that has these programs. Each is a shell script, which gets the address as its last argument. */
const machine = (scripts: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "effect-oauth-test-"))),
      (folder) => Effect.promise(() => rm(folder, { recursive: true }))
    )
    yield* Effect.promise(async () => {
      await symlink("/usr/bin/setsid", join(folder, "setsid"))
      for (const [name, script] of Object.entries(scripts)) {
        await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`)
        await chmod(join(folder, name), 0o755)
      }
      vi.stubEnv("PATH", folder)
      vi.stubEnv("FOLDER", folder)
    })
    return {
      /** What the programs wrote, once they have. */
      written: (name: string) =>
        Effect.tryPromise(() => readFile(join(folder, name), "utf8")).pipe(
          Effect.retry({ schedule: Schedule.spaced("10 millis"), times: 1000 })
        ),
      write: (name: string) => Effect.promise(() => writeFile(join(folder, name), ""))
    }
  })

/** Gives what was printed, too. */
const open = (url: string) =>
  Effect.gen(function* () {
    const printed: Array<unknown> = []
    const console = yield* Console.consoleWith(Effect.succeed)
    const exit = yield* LoopbackRedirect.openBrowser(url).pipe(
      Effect.withConsole({
        ...console,
        error: (...texts: ReadonlyArray<unknown>) => Effect.sync(() => void printed.push(...texts))
      }),
      Effect.provide(NodeContext.layer),
      Effect.either
    )
    return { exit, printed: printed.join("\n") }
  })

const url = "https://login.example.com/authorize?a=$(touch%20x)&b='`;\"|&c=^%25%0A"
const asSent = "https://login.example.com/authorize?a=$(touch%20x)&b=%27`;%22|&c=^%25%0A"

const report = 'printf "%s\\n" "$(/usr/bin/basename "$0")" "$@" >> "$FOLDER/output"'

describe("openBrowser", { skip: process.platform !== "linux" }, () => {
  it.scopedLive("hands the address to xdg-open as one argument that no shell reads, and prints it", () =>
    Effect.gen(function* () {
      const { written } = yield* machine({ "xdg-open": report })
      const { printed } = yield* open(url)
      assert.strictEqual(yield* written("output"), `xdg-open\n${asSent}\n`)
      assert.include(printed, `\n  ${asSent}\n`)
    })
  )

  it.scopedLive("takes the command of another platform where that one fails", () =>
    Effect.gen(function* () {
      const { written } = yield* machine({
        "xdg-open": `${report}; exit 3`,
        open: `${report}; exit 1`,
        "rundll32.exe": report
      })
      yield* open(url)
      assert.strictEqual(
        yield* written("output"),
        `xdg-open\n${asSent}\nopen\n${asSent}\nrundll32.exe\nurl.dll,FileProtocolHandler\n${asSent}\n`
      )
    })
  )

  it.scopedLive("leaves it at what it printed where there is no browser", () =>
    Effect.gen(function* () {
      yield* machine({})
      const { exit, printed } = yield* open(url)
      assert.strictEqual(exit._tag, "Right")
      assert.include(printed, asSent)
    })
  )

  it.scopedLive("leaves it at what it printed where the address is too long for a command", () =>
    Effect.gen(function* () {
      yield* machine({ "xdg-open": report, open: report, "rundll32.exe": report })
      const long = `https://login.example.com/authorize?claims=${"c".repeat(200_000)}`
      const { exit, printed } = yield* open(long)
      assert.strictEqual(exit._tag, "Right")
      assert.include(printed, long)
    })
  )

  for (const [how, wait] of [
    ["is interrupted", (fiber: Fiber.Fiber<unknown>) => Fiber.interrupt(fiber)],
    ["has waited long enough", (fiber: Fiber.Fiber<unknown>) => Fiber.join(fiber)]
  ] as const) {
    it.scopedLive(`leaves a browser that xdg-open has become to itself, when it ${how}`, () =>
      Effect.gen(function* () {
        const { write, written } = yield* machine({
          "xdg-open": `
            trap "" PIPE
            echo > "$FOLDER/began"
            for try in $(/usr/bin/seq 1000); do [ -e "$FOLDER/left" ] || /bin/sleep 0.02; done
            /usr/bin/head -c 1000000 /dev/zero
            ${report}`
        })
        const fiber = yield* Effect.fork(open(url))
        yield* written("began")
        yield* wait(fiber)
        yield* write("left")
        assert.strictEqual(yield* written("output"), `xdg-open\n${asSent}\n`)
      })
    )
  }

  it.scoped("does not hold up a browser that says much", () =>
    Effect.gen(function* () {
      const { written } = yield* machine({
        "xdg-open": `/usr/bin/head -c 1000000 /dev/zero; /usr/bin/head -c 1000000 /dev/zero >&2; ${report}`
      })
      yield* open(url)
      assert.strictEqual(yield* written("output"), `xdg-open\n${asSent}\n`)
    })
  )

  for (const url of ["file:///etc/passwd", "javascript:alert(1)", "--version", "not an address", ""]) {
    it.scopedLive(`refuses ${JSON.stringify(url)}`, () =>
      Effect.gen(function* () {
        yield* machine({ "xdg-open": report, open: report, "rundll32.exe": report })
        const { exit, printed } = yield* open(url)
        assert.strictEqual(exit._tag, "Left")
        assert.strictEqual(printed, "")
      })
    )
  }
})
