import {
  FetchHttpClient,
  HttpBody,
  HttpClient,
  HttpClientRequest,
  HttpServerResponse
} from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { TestAuthorizationServer, TestResourceServer } from "@effect-oauth/testing"
import { Effect, Stream } from "effect"
import { ask, call, logIn, token } from "./fixtures/asking.js"

const at = (options?: TestAuthorizationServer.Options) =>
  Effect.provide(TestAuthorizationServer.layer(options))

const bearer = { authorization: "Bearer access-1" }

describe("the resource server", () => {
  it.effect("answers a good token, and says whose it is", () =>
    Effect.gen(function* () {
      yield* logIn({ scope: "api" })
      const { body, headers } = yield* call("access-1", "https://api.test/user?limit=1")
      assert.deepStrictEqual(body, {
        method: "GET",
        path: "/user",
        query: { limit: "1" },
        body: "",
        clientId: "client",
        username: "alice",
        scope: "api"
      })
      assert.match(headers["content-type"] ?? "", /^application\/json/)
    }).pipe(at())
  )

  it.effect("refuses as RFC 6750 has it", () =>
    Effect.gen(function* () {
      yield* logIn()
      const missing = yield* ask(HttpClientRequest.get("https://api.test/user"))
      assert.deepInclude(missing, { status: 401 })
      assert.strictEqual(missing.headers["www-authenticate"], 'Bearer realm="api"')
      const basic = yield* ask(
        HttpClientRequest.get("https://api.test/", { headers: { authorization: "Basic YTpi" } })
      )
      assert.strictEqual(basic.headers["www-authenticate"], 'Bearer realm="api"')
      const unknown = yield* call("access-9")
      assert.strictEqual(unknown.headers["www-authenticate"], 'Bearer realm="api", error="invalid_token"')
      // A refresh token is none.
      assert.strictEqual((yield* call("refresh-1")).status, 401)
      const inQuery = yield* ask(HttpClientRequest.get("https://api.test/?access_token=access-1"))
      assert.deepStrictEqual([inQuery.status, inQuery.body["error"]], [400, "invalid_request"])
    }).pipe(at())
  )

  it.effect("wants the scope that a request needs", () =>
    Effect.gen(function* () {
      yield* logIn({ scope: "api" })
      assert.strictEqual((yield* call("access-1", "https://api.test/read")).status, 200)
      const { headers, status } = yield* call("access-1", "https://api.test/admin")
      assert.strictEqual(status, 403)
      assert.strictEqual(
        headers["www-authenticate"],
        'Bearer realm="api", error="insufficient_scope", scope="api admin"'
      )
    }).pipe(
      at({
        scopes: ["api", "admin"],
        resource: { requiredScope: (_, path) => (path === "/admin" ? ["api", "admin"] : ["api"]) }
      })
    )
  )

  it.effect("does what the test has it do", () =>
    Effect.gen(function* () {
      yield* token({ grant_type: "client_credentials" })
      assert.deepStrictEqual((yield* call("access-1", "https://api.example.com/me")).body, { id: 1 })
      assert.strictEqual(
        (yield* call("access-1", "https://api.example.com/other")).body["clientId"],
        "client"
      )
    }).pipe(
      at({
        resource: {
          origin: "https://api.example.com",
          handler: (request) =>
            request.path === "/me" && request.username === undefined && !("authorization" in request.headers)
              ? HttpServerResponse.unsafeJson({ id: 1 })
              : TestResourceServer.echo(request)
        }
      })
    )
  )

  const form = new FormData()
  form.append("name", "file")
  for (const [kind, body, expected] of [
    ["text", HttpBody.text("hello"), "hello"],
    ["JSON", HttpBody.unsafeJson({ a: 1 }), '{"a":1}'],
    ["raw bytes", HttpBody.raw(new TextEncoder().encode("hello")), "hello"],
    ["raw text", HttpBody.raw("hello"), "hello"],
    ["raw parameters", HttpBody.raw(new URLSearchParams({ a: "1" })), "a=1"],
    [
      "a stream",
      HttpBody.stream(Stream.make(new TextEncoder().encode("he"), new TextEncoder().encode("llo"))),
      "hello"
    ],
    ["nothing", HttpBody.empty, ""]
  ] as const) {
    it.effect(`reads a body of ${kind}`, () =>
      Effect.gen(function* () {
        yield* logIn()
        const reply = yield* ask(HttpClientRequest.post("https://api.test/", { body, headers: bearer }))
        assert.strictEqual(reply.body["body"], expected)
      }).pipe(at())
    )
  }

  it.effect("answers without a body where there is none", () =>
    Effect.gen(function* () {
      yield* logIn()
      for (const status of [204, 205, 304]) {
        const reply = yield* call("access-1", `https://api.test/${status}`)
        assert.deepStrictEqual([reply.status, reply.text], [status, ""])
      }
    }).pipe(
      at({
        resource: {
          handler: ({ path }) => HttpServerResponse.text("ignored", { status: Number(path.slice(1)) })
        }
      })
    )
  )

  it.effect("reads a form with files, and answers HEAD without a body", () =>
    Effect.gen(function* () {
      yield* logIn()
      const reply = yield* ask(
        HttpClientRequest.post("https://api.test/", { body: HttpBody.formData(form), headers: bearer })
      )
      assert.include(String(reply.body["body"]), 'name="name"')
      const head = yield* ask(HttpClientRequest.head("https://api.test/", { headers: bearer }))
      assert.deepStrictEqual([head.status, head.text], [200, ""])
    }).pipe(at())
  )
})

describe("the network", () => {
  it.effect("has no other servers", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(HttpClient.get("https://example.com/"))
      assert.deepInclude(error, { _tag: "RequestError", reason: "Transport" })
      assert.include(error.message, "https://auth.test and https://api.test")
    }).pipe(at())
  )

  it.effect("has those that the test gives it", () =>
    Effect.gen(function* () {
      const { client, server } = yield* TestAuthorizationServer.make({ origin: "https://other.test" })
      yield* Effect.gen(function* () {
        const reply = yield* ask(HttpClientRequest.get(server.metadataUrl))
        assert.strictEqual(reply.body["issuer"], "https://other.test")
      }).pipe(at({ elsewhere: client }))
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )
})
