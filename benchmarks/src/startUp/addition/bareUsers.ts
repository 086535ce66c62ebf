import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Effect from "effect/Effect"
import { program } from "./Users.js"

await Effect.runPromise(Effect.provide(program, FetchHttpClient.layer))
