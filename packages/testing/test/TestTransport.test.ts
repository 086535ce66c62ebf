import { HttpBody, HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { TestAuthorizationServer, TestTransport } from "@effect-oauth/testing"
import { Effect, Fiber, Option, Stream, TestClock } from "effect"

const url = "https://api.example.com/user?page=2"

describe("TestTransport", () => {
  it.effect("has what was sent, to the letter and in order, and when", () =>
    Effect.gen(function* () {
      const { client, sent } = yield* TestTransport.make((_, index) => new Response(`reply ${index}`))
      const first = yield* client.post(url, {
        body: HttpBody.text('{"ä": 1}', "application/json"),
        headers: { authorization: "Bearer t", "X-Mine": "kept" }
      })
      yield* TestClock.adjust("5 seconds")
      const second = yield* client.get(url)
      assert.deepStrictEqual([yield* first.text, yield* second.text], ["reply 0", "reply 1"])
      const [one, other, ...more] = yield* sent
      assert.isEmpty(more)
      assert.deepInclude(one, { at: 0, method: "POST", authorization: "Bearer t", text: '{"ä": 1}' })
      assert.deepInclude(one?.headers, { "x-mine": "kept", "content-type": "application/json" })
      assert.strictEqual(one?.url.href, url)
      assert.deepInclude(other, { at: 5000, method: "GET", authorization: undefined, text: "" })
    })
  )

  for (const [what, body, text] of [
    ["bytes", HttpBody.uint8Array(new TextEncoder().encode("grüße")), "grüße"],
    ["URLSearchParams", HttpBody.raw(new URLSearchParams({ a: "1 & 2" })), "a=1+%26+2"],
    ["a stream, which is left as it is", HttpBody.stream(Stream.make(Uint8Array.of(1))), ""]
  ] as const) {
    it.effect(`has the text of ${what}`, () =>
      Effect.gen(function* () {
        const { client, sent } = yield* TestTransport.make(() => new Response())
        yield* client.post(url, { body })
        assert.strictEqual((yield* sent)[0]?.text, text)
        assert.strictEqual((yield* sent)[0]?.body, body)
      })
    )
  }

  it.effect("fails as a connection that fails, of the cause that it is given", () =>
    Effect.gen(function* () {
      const cause = new Error("ECONNRESET")
      const { client, sent } = yield* TestTransport.make(() => Effect.fail(cause))
      const error = yield* Effect.flip(client.get(url))
      assert.deepInclude({ ...error }, { _tag: "RequestError", reason: "Transport" })
      assert.strictEqual(error.request.url, url)
      assert.include(error.cause, { message: cause.message })
      assert.lengthOf(yield* sent, 1)
    })
  )

  it.effect("does not answer for as long as the effect does not end, and says who went away", () =>
    Effect.gen(function* () {
      const { client, sent } = yield* TestTransport.make(() => Effect.never)
      const calling = yield* Effect.fork(client.get(url))
      yield* TestClock.adjust("1 hour")
      assert.isTrue(Option.isNone(yield* Fiber.poll(calling)))
      assert.isFalse((yield* sent)[0]?.signal.aborted)
      yield* Fiber.interrupt(calling)
      assert.isTrue((yield* sent)[0]?.signal.aborted)
    })
  )

  it.effect("is elsewhere for the authorization server", () =>
    Effect.gen(function* () {
      const api = yield* TestTransport.make(() => new Response("elsewhere"))
      const { client, server } = yield* TestAuthorizationServer.make({ elsewhere: api.client })
      assert.strictEqual(yield* Effect.flatMap(client.get(url), ({ text }) => text), "elsewhere")
      yield* client.get(server.metadataUrl)
      assert.lengthOf(yield* api.sent, 1)
      assert.strictEqual(yield* server.journal.count(), 1)
    })
  )

  it.effect("is the HttpClient of a program, by its layer", () =>
    Effect.gen(function* () {
      yield* HttpClient.get(url)
      const { sent } = yield* TestTransport.TestTransport
      assert.lengthOf(yield* sent, 1)
    }).pipe(Effect.provide(TestTransport.layer(() => new Response())))
  )
})
