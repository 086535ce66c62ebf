import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as OidcProvider from "../src/OidcProvider.js"
import { logIn, passwordForm, post, refresh } from "./support.js"

describe("OidcProvider", () => {
  it.scopedLive("ends the whole session when a spent refresh token comes again", () =>
    Effect.gen(function* () {
      const server = yield* OidcProvider.make()
      const first = yield* logIn(server)
      const second = yield* refresh(server, first.refresh_token)
      assert.isTrue((yield* server.introspect(second.access_token ?? "")).active)
      assert.strictEqual((yield* refresh(server, first.refresh_token)).error, "invalid_grant")
      assert.strictEqual((yield* refresh(server, second.refresh_token)).error, "invalid_grant")
      assert.isFalse((yield* server.introspect(second.access_token ?? "")).active)
    })
  )

  it.scopedLive("repeats the refresh token where it does not rotate it", () =>
    Effect.gen(function* () {
      const server = yield* OidcProvider.make({ rotateRefreshToken: false })
      const first = yield* logIn(server)
      const second = yield* refresh(server, first.refresh_token)
      assert.strictEqual(second.refresh_token, first.refresh_token)
      assert.strictEqual((yield* refresh(server, first.refresh_token)).status, 200)
    })
  )

  it.scopedLive("revokes and introspects at its endpoints", () =>
    Effect.gen(function* () {
      const server = yield* OidcProvider.make({ revocationPath: "/revoke", introspectionPath: "/introspect" })
      const active = (token = "") => {
        const reply = post(server.introspectionEndpoint, { token })
        return Effect.map(reply, (body) => "active" in body && body.active)
      }
      const { access_token, refresh_token = "" } = yield* logIn(server)
      assert.isTrue(yield* active(access_token))
      assert.strictEqual((yield* post(server.revocationEndpoint, { token: refresh_token })).status, 200)
      assert.isFalse(yield* active(access_token))
      assert.isFalse((yield* server.introspect(access_token ?? "")).active)
      assert.strictEqual((yield* refresh(server, refresh_token)).error, "invalid_grant")
      assert.strictEqual((yield* post(server.revocationEndpoint, { token: "unknown" })).status, 200)
    })
  )

  it.scopedLive("forgets none of many sessions", () =>
    Effect.gen(function* () {
      const server = yield* OidcProvider.make({ accessTokenLifetime: "1 minute" })
      const oldest = yield* logIn(server)
      yield* Effect.replicateEffect(logIn(server), 700, { concurrency: 20, discard: true })
      assert.isTrue((yield* server.introspect(oldest.access_token ?? "")).active)
      assert.strictEqual((yield* refresh(server, oldest.refresh_token)).status, 200)
    })
  )

  it.scopedLive("describes itself", () =>
    Effect.gen(function* () {
      const server = yield* OidcProvider.make()
      const response = yield* Effect.promise(() => fetch(server.authorizationServerMetadata))
      assert.deepInclude(yield* Effect.promise(() => response.json()), {
        issuer: server.origin,
        token_endpoint: server.tokenEndpoint,
        revocation_endpoint: server.revocationEndpoint,
        introspection_endpoint: server.introspectionEndpoint
      })
    })
  )

  it.scopedLive("gives an ID token to who asks for openid", () =>
    Effect.gen(function* () {
      const server = yield* OidcProvider.make()
      const subject = (idToken = "..") => JSON.parse(atob(idToken.split(".")[1] ?? "")).sub
      const first = yield* post(server.tokenEndpoint, { ...passwordForm, scope: "openid api" })
      assert.strictEqual(subject(first.id_token), "alice")
      const second = yield* refresh(server, first.refresh_token)
      assert.strictEqual(subject(second.id_token), "alice")
    })
  )

  it.scopedLive("takes HTTP Basic as RFC 6749 says: form-encoded", () =>
    Effect.gen(function* () {
      const { tokenEndpoint } = yield* OidcProvider.make({
        clients: [{ clientId: "a:b", clientSecret: "p%&+ w", authenticationMethod: "client_secret_basic" }]
      })
      const encoded = yield* post(tokenEndpoint, passwordForm, "a%3Ab:p%25%26%2B+w")
      assert.strictEqual(encoded.status, 200)
      const raw = yield* post(tokenEndpoint, passwordForm, "a:b:p%&+ w")
      assert.strictEqual(raw.status, 400)
    })
  )

  it.scopedLive("fails with its reason where it cannot start", () =>
    Effect.gen(function* () {
      const client = {
        clientId: "client",
        clientSecret: "secret",
        authenticationMethod: "client_secret_post"
      } as const
      const error = yield* Effect.flip(OidcProvider.make({ clients: [client, client] }))
      assert.strictEqual(error._tag, "LoopbackServerError")
      assert.match(error.message, /^OidcProvider cannot start: ./)
    })
  )
})
