import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as OidcProvider from "../src/OidcProvider.js"
import * as ResourceServer from "../src/ResourceServer.js"
import { call, getUser, logIn } from "./support.js"

describe("ResourceServer", () => {
  it.scopedLive("shows the user at the authorization server's origin", () =>
    Effect.gen(function* () {
      const server = yield* OidcProvider.make({ resource: ResourceServer.user })
      const { access_token } = yield* logIn(server)
      const { status, body } = yield* getUser(server, access_token)
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(JSON.parse(body), {
        id: 1,
        name: "Alice",
        email: "alice@example.com",
        created_at: "2024-02-15T00:00:00Z",
        updated_at: "2024-02-15T00:00:00Z"
      })
    })
  )

  it.scopedLive("refuses a request without a good token", () =>
    Effect.gen(function* () {
      const server = yield* OidcProvider.make({ resource: ResourceServer.user })
      const none = yield* getUser(server)
      assert.deepInclude(none, { status: 401, challenge: 'Bearer realm="api"' })
      const unknown = yield* getUser(server, "unknown")
      assert.deepInclude(unknown, { status: 401, challenge: 'Bearer realm="api", error="invalid_token"' })
      assert.strictEqual(JSON.parse(unknown.body).error, "invalid_token")
    })
  )

  it.scopedLive("serves on a port of its own the tokens of another server", () =>
    Effect.gen(function* () {
      const { introspect, ...server } = yield* OidcProvider.make()
      const api = yield* ResourceServer.make({ introspect })
      assert.notStrictEqual(api.origin, server.origin)
      const { access_token } = yield* logIn({ ...server, introspect })
      assert.strictEqual((yield* call(api, "/user", access_token)).status, 200)
      const echo = yield* call(api, "/echo", access_token, { method: "POST", body: "grüße" })
      const { method, headers, body } = JSON.parse(echo.body)
      assert.deepStrictEqual([echo.status, method, body], [200, "POST", "grüße"])
      assert.strictEqual(headers.authorization, `Bearer ${access_token}`)
      assert.strictEqual((yield* call(api, "/echo", "unknown", { method: "POST" })).status, 401)
      assert.strictEqual((yield* call(api, "/elsewhere", access_token)).status, 404)
      assert.deepStrictEqual(
        (yield* api.requests).map(({ path, status }) => [path, status]),
        [
          ["/user", 200],
          ["/echo", 200],
          ["/echo", 401],
          ["/elsewhere", 404]
        ]
      )
    })
  )
})
