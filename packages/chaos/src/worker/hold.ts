/** A program that takes the lease of a session, says so, and never gives it back. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { TokenStore } from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { SettingsJson } from "../Protocol.js"
import * as stores from "./stores.js"

const main = Effect.gen(function* () {
  const settings = yield* Schema.decode(SettingsJson)(process.argv[2] ?? "")
  const hold = Effect.flatMap(TokenStore.TokenStore, (store) =>
    store.modify("alice", () =>
      Effect.zipRight(
        Effect.sync(() => process.stdout.write("holding")),
        Effect.interruptible(Effect.never)
      )
    )
  )
  yield* Effect.provide(hold, stores.layer(settings))
})

NodeRuntime.runMain(main)
