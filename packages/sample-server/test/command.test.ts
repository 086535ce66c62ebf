import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { SampleServer } from "@effect-oauth/sample-server"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import { ask, bearer, dial, known } from "./support.js"

const root = fileURLToPath(new URL("../../..", import.meta.url))

/** A run of the command. */
interface Run {
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  /** The exit code, or the signal that it died of. */
  readonly end: Effect.Effect<unknown>
}

const run = (args: ReadonlyArray<string>, environment: Readonly<Record<string, string>> = {}) =>
  Effect.acquireRelease(
    Effect.sync((): Run => {
      const child = spawn("npm", ["run", "--silent", "sample-server", "--", ...args], {
        cwd: root,
        env: { ...process.env, ...environment },
        stdio: ["ignore", "pipe", "pipe"]
      })
      const output = { stdout: "", stderr: "" }
      for (const name of ["stdout", "stderr"] as const) {
        child[name].setEncoding("utf8").on("data", (text: string) => {
          output[name] += text
        })
      }
      const ended = once(child, "close").then(([code, signal]) => code ?? signal)
      return {
        child,
        stdout: () => output.stdout,
        stderr: () => output.stderr,
        end: Effect.promise(() => ended)
      }
    }),
    ({ child, end }) =>
      Effect.zipRight(
        Effect.sync(() => child.kill("SIGTERM")),
        end
      )
  )

/** Where a run says that it is, once it says so. */
const originOf = ({ stderr, stdout }: Run): Effect.Effect<string> =>
  Effect.suspend(() => {
    const origin = /API on (http:\/\/localhost:\d+)/.exec(stdout())?.[1]
    return origin === undefined ? Effect.fail(`it is not up: ${stderr()}`) : Effect.succeed(origin)
  }).pipe(Effect.retry({ schedule: Schedule.spaced("10 millis"), times: 3000 }), Effect.orDie)

const signal = ({ child }: Run, name: NodeJS.Signals) => Effect.sync(() => child.kill(name))

describe("npm run sample-server", () => {
  it.scopedLive(
    "says where it is and what it takes, answers, tells what it was asked, and stops on SIGTERM",
    () =>
      Effect.gen(function* () {
        const temporary = yield* Effect.acquireRelease(
          Effect.promise(() => mkdtemp(join(tmpdir(), "sample-server-test-"))),
          (folder) => Effect.promise(() => rm(folder, { recursive: true }))
        )
        const server = yield* run(["--port", "0"], { TMPDIR: temporary })
        const origin = yield* originOf(server)
        for (const secret of Object.values(known)) assert.include(server.stdout(), secret)
        assert.include(server.stdout(), `${origin}/oauth2/auth-server`)
        const { body } = yield* ask(`${origin}/auth/oauth2`, { headers: bearer(known.bearerToken) })
        assert.strictEqual(body, "You've passed the test!")
        assert.match(
          server.stdout(),
          /\n[\d:.]{12} {2}GET {3}\/auth\/oauth2 +200 +\d+ ms {2}OAuthBearerToken\n$/
        )
        yield* signal(server, "SIGTERM")
        assert.strictEqual(yield* server.end, 0)
        assert.strictEqual(server.stderr(), "")
        assert.isTrue(Exit.isFailure(yield* Effect.exit(ask(origin))))
        yield* SampleServer.make({ port: Number(new URL(origin).port) })
        assert.deepStrictEqual(yield* Effect.promise(() => readdir(temporary)), [])
      })
  )

  it.scopedLive(
    "stops on SIGINT, of which it gets two where npm passes one on, and answers what is under way",
    () =>
      Effect.gen(function* () {
        const server = yield* run(["--port", "0"])
        const origin = yield* originOf(server)
        const request = yield* slowRequest(origin)
        yield* signal(server, "SIGINT")
        yield* signal(server, "SIGINT")
        yield* Effect.sleep("200 millis")
        request.socket.write("=")
        assert.include(yield* request.end, '"error":"invalid_client"')
        assert.strictEqual(yield* server.end, 0)
      })
  )

  it.scopedLive("stops at once on another signal, a second after the first", () =>
    Effect.gen(function* () {
      const server = yield* run(["--port", "0"])
      yield* slowRequest(yield* originOf(server))
      yield* signal(server, "SIGTERM")
      yield* Effect.sleep("1200 millis")
      yield* signal(server, "SIGTERM")
      assert.strictEqual(yield* server.end, 143)
    })
  )

  it.scopedLive("says that a port is in use, and ends with 1", () =>
    Effect.gen(function* () {
      const { origin } = yield* SampleServer.make()
      const { port } = new URL(origin)
      const server = yield* run([], { SAMPLE_SERVER_PORT: port })
      assert.strictEqual(yield* server.end, 1)
      assert.strictEqual(server.stdout(), "")
      assert.strictEqual(
        server.stderr(),
        `Port ${port} is in use: another program listens on it at 127.0.0.1. Stop that one, or choose another port.\n`
      )
    })
  )

  it.scopedLive("does not print what was set, and nothing at all where it is to be quiet", () =>
    Effect.gen(function* () {
      const environment = {
        SAMPLE_SERVER_BEARER_TOKEN: "marker-token",
        SAMPLE_SERVER_CLIENT_SECRET: "marker-secret"
      }
      const server = yield* run(["--port", "0"], environment)
      const origin = yield* originOf(server)
      const { status } = yield* ask(`${origin}/auth/oauth2`, { headers: bearer("marker-token") })
      assert.strictEqual(status, 200)
      assert.include(server.stdout(), "token (as it was set)")
      assert.notInclude(server.stdout(), "marker-")

      const port = Number(new URL(origin).port)
      yield* signal(server, "SIGTERM")
      yield* server.end
      const quiet = yield* run(["--quiet", "--port", String(port)])
      yield* Effect.promise(() => fetch(`${origin}/auth/customAuthentication`)).pipe(
        Effect.sandbox,
        Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 1000 })
      )
      yield* signal(quiet, "SIGTERM")
      assert.deepStrictEqual([yield* quiet.end, quiet.stdout(), quiet.stderr()], [0, "", ""])
    })
  )

  it.scopedLive("explains itself", () =>
    Effect.gen(function* () {
      const help = yield* run(["--help"])
      const wrong = yield* run(["--prot", "1"])
      assert.strictEqual(yield* help.end, 0)
      assert.match(help.stdout(), /^Usage: npm run sample-server -- \[options\]\n/)
      assert.strictEqual(yield* wrong.end, 2)
      assert.strictEqual(wrong.stdout(), "")
      assert.match(wrong.stderr(), /^Unknown option '--prot'[\s\S]*\nUsage: /)
    })
  )
})

/** A request whose last byte is still to be sent. */
const slowRequest = (origin: string) =>
  Effect.gen(function* () {
    const connection = yield* dial(origin)
    yield* connection.begin(
      [
        "POST /oauth2/auth-server/request_token HTTP/1.1",
        "Host: localhost",
        "Expect: 100-continue",
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Length: 2",
        "",
        "a"
      ].join("\r\n")
    )
    return connection
  })
