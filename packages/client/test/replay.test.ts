import { assert, describe, it } from "@effect/vitest"
import { AuthorizedHttpClient } from "@effect-oauth/client"
import { TestTransport } from "@effect-oauth/testing"
import { SpanStatusCode } from "@opentelemetry/api"
import { Effect } from "effect"
import { session } from "./fixtures/authorizedClient.js"
import * as Telemetry from "./fixtures/telemetry.js"

const origin = "https://api.example.com"

/** What an API answers to the first sending of a call and to the second. */
const answers = (first: TestTransport.Answer, second: TestTransport.Answer) =>
  Effect.gen(function* () {
    const telemetry = Telemetry.make()
    return yield* Effect.gen(function* () {
      const { manager } = yield* session()
      const { client } = yield* TestTransport.make((_, index) => (index === 0 ? first : second))
      const authorized = AuthorizedHttpClient.authorize(client, manager, { origins: [origin] })
      const changed = yield* telemetry.changedBy(Effect.exit(authorized.get(`${origin}/user?name=alice`)))
      return {
        spans: telemetry
          .spans()
          .filter(({ name }) => name === "oauth.replay")
          .map(({ attributes }) => attributes["oauth.outcome"]),
        failures: telemetry
          .spans()
          .filter(({ name }) => name === "oauth.replay")
          .map(({ attributes, events, status }) => ({
            attributes,
            status,
            events: events.map((event) => event.attributes)
          })),
        counted: changed
          .filter(({ name }) => name === "oauth.replays")
          .map(({ count, labels, unit }) => ({ count, labels, unit }))
      }
    }).pipe(Effect.provide(telemetry.layer))
  })

const refusal = () => new Response("who are you?", { status: 401 })
const welcome = () => new Response("welcome")

describe("a call that is sent again", () => {
  for (const [outcome, second] of [
    ["accepted", welcome()],
    ["rejected", refusal()],
    ["failed", "die"]
  ] as const) {
    it.scoped(`tells that it was ${outcome}`, () =>
      Effect.gen(function* () {
        const { counted, spans } = yield* answers(
          refusal(),
          second === "die" ? Effect.die("the connection broke") : second
        )
        assert.deepStrictEqual(spans, [outcome])
        assert.deepStrictEqual(counted, [
          { count: 1, labels: { "oauth.outcome": outcome }, unit: "{replay}" }
        ])
      })
    )
  }

  it.scoped("tells of which type its failure is, and nothing that it says of itself", () =>
    Effect.gen(function* () {
      const { failures } = yield* answers(refusal(), Effect.fail(new Error("bob has the line")))
      assert.deepStrictEqual(
        failures.map(({ attributes, status }) => ({ attributes, status })),
        [
          {
            attributes: { "error.type": "RequestError", "oauth.outcome": "failed" },
            status: { code: SpanStatusCode.ERROR, message: "RequestError" }
          }
        ]
      )
      assert.notMatch(JSON.stringify(failures), /alice|bob/)
    })
  )

  it.scoped("is no call that was welcome at once", () =>
    Effect.gen(function* () {
      const { counted, spans } = yield* answers(welcome(), welcome())
      assert.deepStrictEqual({ counted, spans }, { counted: [], spans: [] })
    })
  )
})
