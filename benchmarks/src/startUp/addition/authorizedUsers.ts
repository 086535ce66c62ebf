import * as Effect from "effect/Effect"
import { Authorized } from "./Authorized.js"
import { program } from "./Users.js"

await Effect.runPromise(Effect.provide(program, Authorized))
