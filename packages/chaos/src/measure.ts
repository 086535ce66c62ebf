/**
 * What a lease costs, a line of JSON for each store that is here: how long a session waits for the lease of a process
 * that was killed, how long taking, writing and giving back takes, and what calls with a good token ask of the store.
 */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Grant, OAuthToken, TokenEndpoint, TokenManager, TokenStore } from "@effect-oauth/client"
import { PostgreSQL, Redis } from "@effect-oauth/loopback-servers"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { StoreName } from "./Arguments.js"
import * as Backing from "./Backing.js"
import { type Settings, SettingsJson } from "./Protocol.js"
import * as stores from "./worker/stores.js"

const leaseMillis = 10_000
const holderProgram = fileURLToPath(new URL("worker/hold.ts", import.meta.url))

/** A process that has the lease. It dies with the scope at the latest. */
const holder = (settings: Settings) =>
  Effect.acquireRelease(
    Effect.async<() => void>((resume) => {
      const argument = Schema.encodeSync(SettingsJson)(settings)
      const child = spawn(process.execPath, ["--import", "tsx", holderProgram, argument], {
        stdio: ["ignore", "pipe", "inherit"]
      })
      child.stdout.once("data", () => resume(Effect.succeed(() => void child.kill("SIGKILL"))))
    }),
    (kill) => Effect.sync(kill)
  )

const healing = (settings: Settings, store: TokenStore.Service) =>
  Effect.scoped(
    Effect.gen(function* () {
      const kill = yield* holder(settings)
      kill()
      const [took] = yield* Effect.timed(
        store.modify("alice", ({ token }) => Effect.succeed([undefined, token]))
      )
      return Math.round(Duration.toMillis(took))
    })
  )

const writing = (store: TokenStore.Service) =>
  Effect.gen(function* () {
    const token = yield* OAuthToken.issue({
      accessToken: "a".repeat(1000),
      refreshToken: "r".repeat(500),
      expiresIn: "1 hour"
    })
    const times: Array<number> = []
    for (let round = 0; round < 220; round++) {
      const [took] = yield* Effect.timed(
        store.modify("bob", () =>
          Effect.succeed([undefined, Option.some(new OAuthToken.OAuthToken({ ...token }))])
        )
      )
      if (round >= 20) times.push(Duration.toMillis(took))
    }
    times.sort((one, other) => one - other)
    const at = (part: number) => Number((times[Math.floor(times.length * part)] ?? 0).toFixed(2))
    return { median: at(0.5), p95: at(0.95) }
  })

/** Counts what a thousand calls for a good token ask of the store, beyond what the first one does. */
const calling = (store: TokenStore.Service) =>
  Effect.scoped(
    Effect.gen(function* () {
      let asked = 0
      const counting: TokenStore.Service = {
        read: (key) =>
          Effect.zipRight(
            Effect.sync(() => (asked += 1)),
            store.read(key)
          ),
        modify: (key, f, options) =>
          Effect.zipRight(
            Effect.sync(() => (asked += 1)),
            store.modify(key, f, options)
          )
      }
      const issue = OAuthToken.issue({ accessToken: "first", refreshToken: "next", expiresIn: "1 hour" })
      const manager = yield* TokenManager.make({
        grant: Grant.password({ username: "carol", password: Redacted.make("none") })
      }).pipe(
        Effect.provideService(TokenStore.TokenStore, counting),
        Effect.provideService(TokenEndpoint.TokenEndpoint, {
          identity: "nobody",
          fetchToken: () => issue,
          refreshToken: () => issue,
          revokeToken: () => Effect.void
        })
      )
      yield* manager.getToken
      asked = 0
      for (let call = 0; call < 1000; call++) yield* manager.getToken
      return asked
    })
  )

const measure = (name: StoreName) =>
  Effect.scoped(
    Effect.gen(function* () {
      const settings: Settings = {
        incarnation: "measure",
        task: "work",
        tokenEndpoint: "",
        api: "",
        password: "",
        sessions: [],
        fibers: 0,
        store: yield* Backing.make(name),
        leaseMillis,
        fence: true
      }
      const store = yield* Effect.provide(TokenStore.TokenStore, yield* Layer.build(stores.layer(settings)))
      const healMillis = yield* Effect.all([healing(settings, store), healing(settings, store)])
      const modifyMillis = yield* writing(store)
      const storeOperationsOf1000Calls = yield* calling(store)
      yield* Console.log(
        JSON.stringify({ store: name, leaseMillis, healMillis, modifyMillis, storeOperationsOf1000Calls })
      )
    })
  )

const installed = (name: StoreName): Effect.Effect<boolean> =>
  name === "postgres" ? PostgreSQL.isInstalled : name === "redis" ? Redis.isInstalled : Effect.succeed(true)

const names: ReadonlyArray<StoreName> = ["file", "sqlite", "postgres", "redis"]

Effect.forEach(names, (name) => Effect.whenEffect(measure(name), installed(name)), { discard: true }).pipe(
  Effect.provide(NodeContext.layer),
  NodeRuntime.runMain
)
