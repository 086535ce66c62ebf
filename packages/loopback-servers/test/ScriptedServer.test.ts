import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { LoopbackServer } from "../src/LoopbackServer.js"
import * as ScriptedServer from "../src/ScriptedServer.js"
import { call } from "./support.js"

const request = ({ origin }: LoopbackServer, init: RequestInit = {}) =>
  Effect.tryPromise((signal) => fetch(origin, { signal, ...init }))

const text = (response: Response) => Effect.tryPromise(() => response.text())

describe("ScriptedServer", () => {
  it.scopedLive("answers from the list, in order, and says when it is over", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([
        ScriptedServer.json({ error: "slow_down" }, { status: 429, headers: { "retry-after": "1" } }),
        { body: "<html>" },
        { status: 503 },
        { body: Uint8Array.of(0xff, 0x00) }
      ])
      const first = yield* request(server)
      assert.strictEqual(first.status, 429)
      assert.strictEqual(first.headers.get("retry-after"), "1")
      assert.strictEqual(first.headers.get("content-type"), "application/json")
      assert.strictEqual(yield* text(first), '{"error":"slow_down"}')
      assert.deepInclude(yield* call(server, "/"), { status: 200, body: "<html>" })
      assert.deepInclude(yield* call(server, "/"), { status: 503, body: "" })
      const bytes = yield* Effect.promise(async () => (await fetch(server.origin)).arrayBuffer())
      assert.deepStrictEqual([...new Uint8Array(bytes)], [0xff, 0x00])
      assert.strictEqual((yield* call(server, "/")).status, 500)
      assert.deepStrictEqual(
        (yield* server.requests).map(({ status }) => status),
        [429, 200, 503, 200, 500]
      )
    })
  )

  it.scopedLive("answers by a function of the request, which may wait for something", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const server = yield* ScriptedServer.make(({ form }, index) =>
        index === 0
          ? { body: JSON.stringify(form) }
          : Effect.as(Deferred.await(gate), { status: 201, body: String(index) })
      )
      const first = yield* request(server, { method: "POST", body: new URLSearchParams({ a: "b c" }) })
      assert.strictEqual(yield* text(first), '[["a","b c"]]')
      const fiber = yield* Effect.fork(call(server, "/"))
      yield* Effect.sleep("30 millis")
      assert.strictEqual((yield* server.requests)[1]?.status, 0)
      yield* Deferred.succeed(gate, undefined)
      assert.deepInclude(yield* Fiber.join(fiber), { status: 201, body: "1" })
    })
  )

  it.scopedLive("answers late", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([{ body: "late", delay: "50 millis" }])
      const startedAt = performance.now()
      assert.strictEqual((yield* call(server, "/")).body, "late")
      assert.isAtLeast(performance.now() - startedAt, 45)
    })
  )

  it.scoped("keeps real time also in a test whose clock stands still", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([{ body: "late", delay: "20 millis" }])
      assert.strictEqual((yield* call(server, "/")).body, "late")
    })
  )

  it.scopedLive("answers 500 with the reason where the script itself is at fault", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make(() => {
        throw new Error("a mistake in the script")
      })
      const { status, body } = yield* call(server, "/")
      assert.strictEqual(status, 500)
      assert.include(body, "a mistake in the script")
    })
  )

  it.scopedLive("redirects", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([
        { redirect: "https://elsewhere.example/" },
        { redirect: "/here", status: 307 },
        { body: "arrived" }
      ])
      const first = yield* request(server, { redirect: "manual" })
      assert.strictEqual(first.status, 302)
      assert.strictEqual(first.headers.get("location"), "https://elsewhere.example/")
      assert.strictEqual((yield* call(server, "/", undefined, { method: "POST", body: "x" })).body, "arrived")
      assert.deepInclude((yield* server.requests)[2], { method: "POST", path: "/here", rawBody: "x" })
    })
  )

  it.scopedLive("does not answer", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([{ hang: true }])
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Effect.timeout(request(server), "50 millis"))))
      assert.deepInclude((yield* server.requests)[0], { method: "GET", status: 0, body: "" })
    })
  )

  it.scopedLive("resets the connection, or cuts it in the middle of a body, or speaks no HTTP", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([
        { reset: true },
        { truncated: '{"access_to', headers: { "content-type": "application/json" } },
        { raw: "220 mail.example ESMTP\r\n" }
      ])
      assert.isTrue(Exit.isFailure(yield* Effect.exit(request(server))))
      const truncated = yield* request(server)
      assert.strictEqual(truncated.status, 200)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(text(truncated))))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(request(server))))
      assert.deepStrictEqual(
        (yield* server.requests).map(({ status, body }) => [status, body]),
        [
          [0, ""],
          [200, '{"access_to'],
          [0, ""]
        ]
      )
    })
  )

  it.scopedLive("begins a body and never ends it", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([{ neverEnds: true, body: '{"access_token":"' }])
      const response = yield* request(server)
      const reader = response.body?.getReader()
      const chunk = yield* Effect.promise(async () => reader?.read())
      assert.strictEqual(new TextDecoder().decode(chunk?.value), '{"access_token":"')
      const more = Effect.tryPromise(async () => reader?.read())
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Effect.timeout(more, "50 millis"))))
      yield* Effect.promise(async () => reader?.cancel())
    })
  )

  it.scopedLive("sends a huge body, only as far as the client takes it", () =>
    Effect.gen(function* () {
      const hugeBytes = 100 * 1024 * 1024
      const server = yield* ScriptedServer.make([{ hugeBytes: 1_000_000 }, { hugeBytes }])
      const whole = yield* request(server)
      assert.strictEqual((yield* text(whole)).length, 1_000_000)
      const huge = yield* request(server)
      yield* Effect.promise(async () => {
        const reader = huge.body?.getReader()
        await reader?.read()
        await reader?.cancel()
      })
      yield* Effect.sleep("50 millis")
      const [first, second] = yield* server.requests
      assert.strictEqual(first?.bodyBytes, 1_000_000)
      assert.strictEqual(first?.body.length, 64 * 1024)
      assert.isBelow(second?.bodyBytes ?? hugeBytes, hugeBytes / 2)
    })
  )

  it.live("closes at once, whatever is still open", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const server = yield* Scope.extend(
        ScriptedServer.make([{ hang: true }, { neverEnds: true }, { hang: true, delay: "1 hour" }]),
        scope
      )
      const fibers = yield* Effect.replicateEffect(Effect.fork(Effect.flatMap(request(server), text)), 3)
      yield* Effect.sleep("50 millis")
      assert.lengthOf(yield* server.requests, 3)
      yield* Effect.timeout(Scope.close(scope, Exit.void), "500 millis")
      for (const fiber of fibers) assert.isTrue(Exit.isFailure(yield* Fiber.await(fiber)))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(request(server))))
    })
  )
})
