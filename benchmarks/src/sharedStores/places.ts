import { join } from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { type Installation, PostgreSQL, Redis } from "@effect-oauth/loopback-servers"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { StoreName } from "./Protocol.js"

const folder = Effect.flatMap(FileSystem.FileSystem, (fs) =>
  fs.makeTempDirectoryScoped({ prefix: "effect-oauth-benchmark-" })
)

/** A place for sessions of this kind, empty, and gone with the scope. */
export const make = (store: StoreName) => Effect.provide(making(store), NodeContext.layer)

const making = Effect.fnUntraced(function* (store: StoreName) {
  switch (store) {
    case "file":
      return { store, directory: join(yield* folder, "sessions") }
    case "sqlite":
      return { store, url: `file:${join(yield* folder, "sessions.db")}` }
    case "postgres":
      return { store, url: (yield* PostgreSQL.make()).url }
    case "redis":
      return { store, url: (yield* Redis.make()).url }
  }
})

const installations: Readonly<Partial<Record<StoreName, Installation.Installation>>> = {
  postgres: PostgreSQL.installation,
  redis: Redis.installation
}

/** What this machine has not, of what the store needs. */
export const missing = (store: StoreName): Effect.Effect<Option.Option<string>> => {
  const installation = installations[store]
  return installation === undefined
    ? Effect.succeedNone
    : Effect.map(installation.where, (where) =>
        Option.isSome(where)
          ? Option.none()
          : Option.some(`Not measured: this machine has no ${installation.server} (${installation.program}).`)
      )
}
