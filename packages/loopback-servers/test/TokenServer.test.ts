import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as NodeOAuth2Server from "../src/NodeOAuth2Server.js"
import * as OidcProvider from "../src/OidcProvider.js"
import * as ResourceServer from "../src/ResourceServer.js"
import type { TokenServer } from "../src/TokenServer.js"
import { getUser, logIn, passwordForm, post, refresh } from "./support.js"

/** Waits until the token is no longer good, and says how long that took; gives up after 3 seconds. */
const untilInactive = (server: TokenServer, accessToken: string) =>
  server.introspect(accessToken).pipe(
    Effect.repeat({
      schedule: Schedule.spaced("20 millis"),
      while: ({ active }) => active
    }),
    Effect.timeout("3 seconds"),
    Effect.timed
  )

for (const { name, make } of [
  { name: "OidcProvider", make: OidcProvider.make },
  { name: "NodeOAuth2Server", make: NodeOAuth2Server.make }
]) {
  describe(name, { concurrent: true }, () => {
    it.scopedLive("gives tokens for a user's password", () =>
      Effect.gen(function* () {
        const server = yield* make()
        const reply = yield* logIn(server)
        assert.strictEqual(reply.status, 200)
        assert.strictEqual(reply.token_type, "Bearer")
        assert.strictEqual(reply.expires_in, 2)
        assert.strictEqual(reply.scope, "api file_requests.read")
        assert.isString(reply.refresh_token)
        assert.deepStrictEqual(yield* server.introspect(reply.access_token ?? ""), {
          active: true,
          clientId: "client",
          scope: "api file_requests.read",
          username: "alice",
          profile: { id: 1, name: "Alice", email: "alice@example.com" }
        })
      })
    )

    it.scopedLive("grants the scope that was asked for, and no other", () =>
      Effect.gen(function* () {
        const { tokenEndpoint } = yield* make()
        const some = yield* post(tokenEndpoint, { ...passwordForm, scope: "api" })
        assert.strictEqual(some.scope, "api")
        const unknown = yield* post(tokenEndpoint, { ...passwordForm, scope: "api root" })
        assert.deepInclude(unknown, { status: 400, error: "invalid_scope" })
      })
    )

    it.scopedLive("refuses a wrong password and a wrong client", () =>
      Effect.gen(function* () {
        const { tokenEndpoint } = yield* make()
        const wrongPassword = yield* post(tokenEndpoint, { ...passwordForm, password: "looking-glass" })
        assert.deepInclude(wrongPassword, { status: 400, error: "invalid_grant" })
        for (const client of ["client:wrong", "stranger:client-secret"]) {
          const wrongClient = yield* post(tokenEndpoint, passwordForm, client)
          assert.deepInclude(wrongClient, { status: 401, error: "invalid_client" })
          assert.match(wrongClient.challenge ?? "", /^Basic realm=/)
        }
      })
    )

    it.scopedLive("knows the clients and users that it was given", () =>
      Effect.gen(function* () {
        const { tokenEndpoint } = yield* make({
          clients: [
            { clientId: "post", clientSecret: "secret", authenticationMethod: "client_secret_post" },
            { clientId: "public", authenticationMethod: "none" }
          ],
          users: [{ username: "bob", password: "builder", name: "Bob", email: "bob@example.com" }]
        })
        const bob = { grant_type: "password", username: "bob", password: "builder" }
        const inForm = yield* post(tokenEndpoint, { ...bob, client_id: "post", client_secret: "secret" }, "")
        assert.strictEqual(inForm.status, 200)
        const unproved = yield* post(tokenEndpoint, { ...bob, client_id: "post" }, "")
        assert.strictEqual(unproved.error, "invalid_client")
        const open = yield* post(tokenEndpoint, { ...bob, client_id: "public" }, "")
        assert.strictEqual(open.status, 200)
        const refreshed = yield* post(
          tokenEndpoint,
          { grant_type: "refresh_token", refresh_token: open.refresh_token ?? "", client_id: "public" },
          ""
        )
        assert.strictEqual(refreshed.status, 200)
        const alice = yield* post(tokenEndpoint, { ...passwordForm, client_id: "public" }, "")
        assert.strictEqual(alice.error, "invalid_grant")
      })
    )

    it.scopedLive("gives a client a token of its own, which stands for no user", () =>
      Effect.gen(function* () {
        const server = yield* make({ resource: ResourceServer.user })
        const reply = yield* post(server.tokenEndpoint, { grant_type: "client_credentials", scope: "api" })
        assert.deepInclude(reply, { status: 200, scope: "api" })
        assert.isUndefined(reply.refresh_token)
        const introspection = yield* server.introspect(reply.access_token ?? "")
        assert.deepInclude(introspection, { active: true, clientId: "client", username: undefined })
        assert.strictEqual((yield* getUser(server, reply.access_token)).status, 403)
        yield* server.revokeAccessToken(reply.access_token ?? "")
        assert.isFalse((yield* server.introspect(reply.access_token ?? "")).active)
      })
    )

    it.scopedLive("rotates the refresh token, and refuses a spent one", () =>
      Effect.gen(function* () {
        const server = yield* make()
        const first = yield* logIn(server)
        const second = yield* refresh(server, first.refresh_token)
        assert.deepInclude(second, { status: 200, scope: "api file_requests.read", expires_in: 2 })
        assert.notStrictEqual(second.refresh_token, first.refresh_token)
        assert.notStrictEqual(second.access_token, first.access_token)
        const third = yield* refresh(server, second.refresh_token)
        assert.strictEqual(third.status, 200)
        const reuse = yield* refresh(server, first.refresh_token)
        assert.deepInclude(reuse, { status: 400, error: "invalid_grant" })
      })
    )

    it.scopedLive("lets one of many that spend the same refresh token at once have it", () =>
      Effect.gen(function* () {
        const server = yield* make()
        const { refresh_token } = yield* logIn(server)
        const replies = yield* Effect.replicateEffect(refresh(server, refresh_token), 10, {
          concurrency: "unbounded"
        })
        assert.lengthOf(
          replies.filter(({ status }) => status === 200),
          1
        )
        assert.lengthOf(
          replies.filter(({ error }) => error === "invalid_grant"),
          9
        )
      })
    )

    it.scopedLive("ends an access token when its lifetime is over, not before", () =>
      Effect.gen(function* () {
        const server = yield* make({ accessTokenLifetime: "1 second", resource: ResourceServer.user })
        const { access_token = "", expires_in, refresh_token } = yield* logIn(server)
        assert.strictEqual(expires_in, 1)
        const [lived] = yield* untilInactive(server, access_token)
        assert.isAbove(Duration.toMillis(lived), 950)
        assert.strictEqual((yield* getUser(server, access_token)).status, 401)
        assert.strictEqual((yield* refresh(server, refresh_token)).status, 200)
      })
    )

    it.scopedLive("ends a refresh token when its lifetime is over", () =>
      Effect.gen(function* () {
        const server = yield* make({ refreshTokenLifetime: "1 second" })
        const { refresh_token } = yield* logIn(server)
        yield* Effect.sleep("1100 millis")
        assert.deepInclude(yield* refresh(server, refresh_token), { status: 400, error: "invalid_grant" })
      })
    )

    it.scopedLive("revokes one access token on the server's side", () =>
      Effect.gen(function* () {
        const server = yield* make({ resource: ResourceServer.user })
        const { access_token = "", refresh_token } = yield* logIn(server)
        assert.strictEqual((yield* getUser(server, access_token)).status, 200)
        yield* server.revokeAccessToken(access_token)
        const refused = yield* getUser(server, access_token)
        assert.strictEqual(refused.status, 401)
        assert.strictEqual(refused.challenge, 'Bearer realm="api", error="invalid_token"')
        const next = yield* refresh(server, refresh_token)
        assert.strictEqual((yield* getUser(server, next.access_token)).status, 200)
      })
    )

    it.scopedLive("revokes a whole session on the server's side, and no other", () =>
      Effect.gen(function* () {
        const server = yield* make()
        const other = yield* logIn(server)
        const first = yield* logIn(server)
        const second = yield* refresh(server, first.refresh_token)
        yield* server.revokeSession(second.refresh_token ?? "")
        for (const token of [first.access_token, second.access_token]) {
          assert.isFalse((yield* server.introspect(token ?? "")).active)
        }
        assert.strictEqual((yield* refresh(server, second.refresh_token)).error, "invalid_grant")
        assert.strictEqual((yield* refresh(server, other.refresh_token)).status, 200)
        yield* server.revokeSession("unknown")
        yield* server.revokeAccessToken("unknown")
      })
    )

    it.scopedLive("keeps its tokens to itself", () =>
      Effect.gen(function* () {
        const one = yield* make()
        const two = yield* make()
        const { access_token = "", refresh_token } = yield* logIn(one)
        assert.isFalse((yield* two.introspect(access_token)).active)
        assert.strictEqual((yield* refresh(two, refresh_token)).error, "invalid_grant")
        assert.isTrue((yield* one.introspect(access_token)).active)
        assert.strictEqual((yield* refresh(one, refresh_token)).status, 200)
      })
    )

    it.scopedLive("records what it was sent and what it answered", () =>
      Effect.gen(function* () {
        const server = yield* make({ tokenPath: "/token", resource: ResourceServer.user })
        const { access_token } = yield* post(`${server.origin}/token?tenant=a+b`, passwordForm)
        yield* getUser(server, access_token)
        const all = yield* server.requests
        assert.deepStrictEqual(
          all.map(({ method, path, status }) => [method, path, status]),
          [
            ["POST", "/token", 200],
            ["GET", "/oauth2/non-auth-server/user", 200]
          ]
        )
        const [request] = yield* server.tokenRequests
        assert.strictEqual(request?.rawBody, "grant_type=password&username=alice&password=wonderland")
        assert.deepStrictEqual(request?.form, Object.entries(passwordForm))
        assert.deepStrictEqual(request?.query, [["tenant", "a b"]])
        assert.include(request?.headers, { authorization: `Basic ${btoa("client:client-secret")}` })
        assert.include(request?.body, access_token)
        assert.isAbove(all[1]?.at ?? 0, request?.at ?? Number.POSITIVE_INFINITY)
        assert.lengthOf(yield* server.tokenRequests, 1)
      })
    )
  })
}
