import { readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import { AuthorizedHttpClient } from "@effect-oauth/client"
import { Fault, Journal, MalformedReply } from "@effect-oauth/testing"
import { Effect, Fiber, TestClock } from "effect"
import { Server, sessionAt } from "./fixtures/asking.js"

it.effect("the README says what its faults come to", () =>
  Effect.gen(function* () {
    const { faults, journal } = yield* Server
    const client = yield* AuthorizedHttpClient.AuthorizedHttpClient
    yield* faults.next(Fault.unavailable({ retryAfter: "2 seconds", as: "date" }), Fault.connectionFailure)
    yield* faults.nextAt("resource", Fault.unauthorized)
    yield* faults.when(Journal.hasGrantType("refresh_token"), MalformedReply.make("tokenTypeMissing"), {
      times: 1
    })
    const calling = yield* Effect.fork(client.get("https://api.test/user"))
    yield* TestClock.adjust("1 minute")
    yield* Fiber.join(calling)
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")
    assert.include(readme, (yield* journal.lines).map((line) => `  // ${line}\n`).join(""))
  }).pipe(Effect.provide(sessionAt()))
)
