import { type ChildProcess, spawn } from "node:child_process"
import { createServer } from "node:http"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Session } from "../peers/Peer.js"

/** A program that did not come to its call. */
export class NoCall extends Data.TaggedError("NoCall")<{ readonly message: string }> {}

export interface FirstCall {
  /** From the start of the process until the API had the request, in milliseconds. */
  readonly milliseconds: number
  /** What the process held of memory at most, in bytes. */
  readonly peakMemory: number
}

const token = "2YotnFZFEjr1zCsicMWpAA"
const lifetimeSeconds = 3600

const listen = (heard: () => void): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<readonly [string, ReturnType<typeof createServer>]>((resume) => {
      const server = createServer((request, response) => {
        const answer = (status: number, body: unknown): void => {
          response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
        }
        if (request.method === "POST") {
          return answer(200, { access_token: token, token_type: "Bearer", expires_in: lifetimeSeconds })
        }
        if (request.headers.authorization !== `Bearer ${token}`) return answer(401, {})
        heard()
        answer(200, { name: "John Doe" })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" ? address?.port : undefined
        resume(Effect.succeed([`http://127.0.0.1:${port}`, server] as const))
      })
    }),
    ([, server]) =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  ).pipe(Effect.map(([address]) => address))

// Run before the program, in next to no time, and the same for all.
const peakMemoryAtExit = `data:text/javascript,${encodeURIComponent(
  `process.on("exit", () => process.stdout.write(process.resourceUsage().maxRSS * 1024 + "\\n"))`
)}`

interface Ending {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

const run = (
  command: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>>
): Effect.Effect<Ending> =>
  Effect.async((resume) => {
    const child: ChildProcess = spawn(process.execPath, command, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_OPTIONS: "", ...environment }
    })
    let output = ""
    let errors = ""
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text
    })
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      errors += text
    })
    child.once("error", (error) => resume(Effect.succeed({ code: null, output, errors: String(error) })))
    child.once("close", (code) => resume(Effect.succeed({ code, output, errors })))
    return Effect.sync(() => void child.kill("SIGKILL"))
  })

const Coverage = Schema.parseJson(
  Schema.Struct({ result: Schema.Array(Schema.Struct({ url: Schema.String })) })
)

export interface FirstCalls {
  /** Runs a program until it has made its call, and ended. */
  readonly of: (program: string) => Effect.Effect<FirstCall, NoCall>
  /** The code that a program loads until then, in bytes, without what is part of Node. */
  readonly bytesLoadedBy: (program: string) => Effect.Effect<number, unknown>
}

/** An API to call, and a stored token to call it with. */
export const make: Effect.Effect<FirstCalls, unknown, Scope.Scope> = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  let heardAt: number | undefined
  const address = yield* listen(() => {
    heardAt ??= performance.now()
  })
  const place = yield* fs.makeTempDirectoryScoped({ prefix: "effect-oauth-start-up-" })
  const file = path.join(place, "session.json")
  const expiresAt = Date.now() + lifetimeSeconds * 1000
  yield* fs.writeFileString(
    file,
    JSON.stringify({
      access_token: token,
      token_type: "Bearer",
      expires_in: lifetimeSeconds,
      expiry: Math.floor(expiresAt / 1000),
      refresh_token: "tGzv3JOkF0XG5Qx2TlKWIA"
    })
  )
  const session: Session & { readonly file: string } = {
    api: `${address}/user`,
    tokenEndpoint: `${address}/token`,
    token,
    expiresAt,
    file
  }

  const start = (program: string, environment: Readonly<Record<string, string>>) =>
    Effect.gen(function* () {
      heardAt = undefined
      const startedAt = performance.now()
      const command = ["--import", peakMemoryAtExit, program, JSON.stringify(session)]
      const { code, errors, output } = yield* run(command, environment).pipe(
        Effect.timeoutFail({
          duration: "30 seconds",
          onTimeout: () => new NoCall({ message: `${program} did not end within 30 seconds.` })
        })
      )
      if (code !== 0 || heardAt === undefined) {
        return yield* new NoCall({ message: `${program} made no call (${code}): ${errors}` })
      }
      return { milliseconds: heardAt - startedAt, peakMemory: Number(output.trim()) }
    })

  const sizeOfScript = (url: string) =>
    url.startsWith("file:")
      ? Effect.map(fs.stat(new URL(url).pathname), ({ size }) => Number(size))
      : Effect.succeed(0)

  return {
    of: (program: string) => start(program, {}),
    bytesLoadedBy: (program: string) =>
      Effect.scoped(
        Effect.gen(function* () {
          const folder = yield* fs.makeTempDirectoryScoped({ prefix: "effect-oauth-coverage-" })
          yield* start(program, { NODE_V8_COVERAGE: folder })
          const reports = yield* Effect.forEach(yield* fs.readDirectory(folder), (name) =>
            Effect.flatMap(fs.readFileString(path.join(folder, name)), Schema.decode(Coverage))
          )
          const urls = new Set(reports.flatMap(({ result }) => result.map(({ url }) => url)))
          const sizes = yield* Effect.forEach(urls, sizeOfScript)
          return sizes.reduce((sum, size) => sum + size, 0)
        })
      )
  }
}).pipe(Effect.provide(NodeContext.layer))
