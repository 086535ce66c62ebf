import { chmod, mkdtemp, readdir, rm } from "node:fs/promises"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { LoopbackServer } from "../src/LoopbackServer.js"
import type * as PostgreSQL from "../src/PostgreSQL.js"
import type { TokenServer } from "../src/TokenServer.js"

/** The members of a token endpoint's replies, successes and failures together. */
export interface TokenReplyBody {
  readonly access_token?: string
  readonly refresh_token?: string
  readonly id_token?: string
  readonly token_type?: string
  readonly expires_in?: number
  readonly scope?: string
  readonly error?: string
}

export interface TokenReply extends TokenReplyBody {
  readonly status: number
  readonly challenge: string | null
}

export const passwordForm = { grant_type: "password", username: "alice", password: "wonderland" }

/** Posts a form with HTTP Basic; an empty `client` sends none. */
export const post = (
  url: string,
  form: Readonly<Record<string, string>>,
  client = "client:client-secret"
): Effect.Effect<TokenReply> =>
  Effect.promise(async () => {
    const response = await fetch(url, {
      method: "POST",
      body: new URLSearchParams(form),
      ...(client !== "" && { headers: { authorization: `Basic ${btoa(client)}` } })
    })
    const text = await response.text()
    const body: TokenReplyBody = text === "" ? {} : JSON.parse(text)
    return { ...body, status: response.status, challenge: response.headers.get("www-authenticate") }
  })

export const logIn = (server: TokenServer): Effect.Effect<TokenReply> =>
  post(server.tokenEndpoint, passwordForm)

export const refresh = (server: TokenServer, refreshToken = ""): Effect.Effect<TokenReply> =>
  post(server.tokenEndpoint, { grant_type: "refresh_token", refresh_token: refreshToken })

export interface ResourceReply {
  readonly status: number
  readonly body: string
  readonly challenge: string | null
}

export const call = (
  { origin }: LoopbackServer,
  path: string,
  accessToken?: string,
  init: RequestInit = {}
): Effect.Effect<ResourceReply> =>
  Effect.promise(async () => {
    const response = await fetch(origin + path, {
      ...init,
      ...(accessToken !== undefined && { headers: { authorization: `Bearer ${accessToken}` } })
    })
    const challenge = response.headers.get("www-authenticate")
    return { status: response.status, body: await response.text(), challenge }
  })

export const userPath = "/oauth2/non-auth-server/user"

export const getUser = (server: LoopbackServer, accessToken?: string): Effect.Effect<ResourceReply> =>
  call(server, userPath, accessToken)

/** Whether somebody listens on the port of 127.0.0.1. */
export const isOpen = (port: number): Effect.Effect<boolean> =>
  Effect.async((resume) => {
    const socket = connect(port, "127.0.0.1")
    socket.once("connect", () => resume(Effect.succeed(true)))
    socket.once("error", () => resume(Effect.succeed(false)))
    socket.once("connect", () => socket.destroy())
  })

/** Tries every 20 milliseconds until it is so; gives up after 10 seconds. */
export const eventually = (isSo: Effect.Effect<boolean>): Effect.Effect<void, Cause.TimeoutException> =>
  isSo.pipe(
    Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: (so) => so }),
    Effect.timeout("10 seconds"),
    Effect.asVoid
  )

/** Sends a signal to the process of a server. */
export const signal = (
  { pid }: Pick<PostgreSQL.Service, "pid">,
  name: NodeJS.Signals
): Effect.Effect<void, Cause.NoSuchElementException> =>
  Effect.flatMap(Effect.flatten(pid), (pid) => Effect.sync(() => void process.kill(pid, name)))

/** Until the scope closes, temporary folders are made in an empty one. Gives those of servers. */
export const temporaryFolders: Effect.Effect<
  Effect.Effect<ReadonlyArray<string>>,
  never,
  Scope.Scope
> = Effect.gen(function* () {
  const before = process.env["TMPDIR"]
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "loopback-servers-test-"))),
    (folder) =>
      Effect.promise(() => {
        if (before === undefined) delete process.env["TMPDIR"]
        else process.env["TMPDIR"] = before
        return rm(folder, { recursive: true })
      })
  )
  process.env["TMPDIR"] = folder
  // The user that PostgreSQL runs as has to get in.
  yield* Effect.promise(() => chmod(folder, 0o755))
  return Effect.map(
    Effect.promise(() => readdir(folder)),
    (names) => names.filter((name) => name.startsWith("effect-oauth-"))
  )
})
