import { join } from "node:path"
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import { type LoopbackServerError, PostgreSQL, Redis } from "@effect-oauth/loopback-servers"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { StoreName } from "./Arguments.js"
import type { Settings } from "./Protocol.js"

/** The place of a run's sessions: it is empty, and gone with the scope. */
export const make = (
  store: StoreName
): Effect.Effect<
  Settings["store"],
  PlatformError | LoopbackServerError.LoopbackServerError,
  FileSystem.FileSystem | Scope.Scope
> =>
  Effect.gen(function* () {
    switch (store) {
      case "postgres":
        return { name: store, url: (yield* PostgreSQL.make()).url }
      case "redis":
        return { name: store, url: (yield* Redis.make()).url }
      case "file":
        return { name: store, directory: join(yield* folder, "sessions") }
      case "sqlite":
        return { name: store, url: `file:${join(yield* folder, "sessions.db")}` }
    }
  })

const folder = Effect.flatMap(FileSystem.FileSystem, (fs) =>
  fs.makeTempDirectoryScoped({ prefix: "effect-oauth-chaos-" })
)
