import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as NodeOAuth2Server from "../src/NodeOAuth2Server.js"
import { call, logIn, passwordForm, post, refresh } from "./support.js"

describe("NodeOAuth2Server", () => {
  it.scopedLive("lets the session live on when a spent refresh token comes again", () =>
    Effect.gen(function* () {
      const server = yield* NodeOAuth2Server.make()
      const first = yield* logIn(server)
      const second = yield* refresh(server, first.refresh_token)
      assert.strictEqual((yield* refresh(server, first.refresh_token)).error, "invalid_grant")
      assert.isTrue((yield* server.introspect(second.access_token ?? "")).active)
      assert.strictEqual((yield* refresh(server, second.refresh_token)).status, 200)
    })
  )

  it.scopedLive("leaves the refresh token out of the reply where it does not rotate it", () =>
    Effect.gen(function* () {
      const server = yield* NodeOAuth2Server.make({ rotateRefreshToken: false })
      const first = yield* logIn(server)
      for (const _ of [1, 2]) {
        const next = yield* refresh(server, first.refresh_token)
        assert.strictEqual(next.status, 200)
        assert.isUndefined(next.refresh_token)
      }
    })
  )

  it.scopedLive("takes HTTP Basic raw", () =>
    Effect.gen(function* () {
      const { tokenEndpoint } = yield* NodeOAuth2Server.make({
        clients: [{ clientId: "a b", clientSecret: "p%&+:w", authenticationMethod: "client_secret_basic" }]
      })
      const raw = yield* post(tokenEndpoint, passwordForm, "a b:p%&+:w")
      assert.strictEqual(raw.status, 200)
      const encoded = yield* post(tokenEndpoint, passwordForm, "a+b:p%25%26%2B%3Aw")
      assert.strictEqual(encoded.status, 401)
    })
  )

  it.scopedLive("has nothing elsewhere, and takes nothing but a form", () =>
    Effect.gen(function* () {
      const server = yield* NodeOAuth2Server.make()
      assert.strictEqual((yield* call(server, "/elsewhere")).status, 404)
      const json = yield* call(server, new URL(server.tokenEndpoint).pathname, undefined, {
        method: "POST",
        body: JSON.stringify(passwordForm)
      })
      assert.strictEqual(json.status, 400)
      assert.include(json.body, "invalid_request")
    })
  )
})
