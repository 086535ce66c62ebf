import { assert, describe, it, layer } from "@effect/vitest"
import { SampleServer } from "@effect-oauth/sample-server"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { ask, basic, bearer, client, get, known, post, tokenBy } from "./support.js"

const AUTH = "/oauth2/auth-server/request_token"
const DEFAULT = "/oauth2/non-auth-server/token"

const passwordForm = { grant_type: "password", username: "alice", password: known.password }
const codeForm = {
  grant_type: "authorization_code",
  code: known.authorizationCode,
  redirect_uri: "http://localhost:8080/callback"
}

/** The status, the error, and the challenge of a refusal. */
const refused = (...request: Parameters<typeof post>) =>
  Effect.map(post(...request), ({ body, headers, status }) => [
    status,
    "error" in body ? body.error : "no error",
    headers.get("www-authenticate")
  ])

layer(SampleServer.layer(), { excludeTestServices: true })("the token paths", (it) => {
  it.effect("give a token of the client at AUTH, with the lifetime to the second", () =>
    Effect.gen(function* () {
      const { body, headers, status } = yield* post(AUTH, { grant_type: "client_credentials" })
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(Object.keys(body), ["access_token", "token_type", "expires_in", "scope"])
      assert.include(body, { token_type: "Bearer", expires_in: 3600, scope: "file_requests.read" })
      assert.strictEqual(headers.get("cache-control"), "no-store")
      assert.strictEqual(headers.get("pragma"), "no-cache")
    })
  )

  it.effect("give tokens of the user at DEFAULT, each another, with a refresh token", () =>
    Effect.gen(function* () {
      const tokens = [
        yield* tokenBy("password"),
        yield* tokenBy("password", { scope: "file_requests.read" }),
        yield* tokenBy("authorization_code")
      ]
      for (const token of tokens) {
        assert.include(token, { token_type: "Bearer", expires_in: 3600, scope: "file_requests.read" })
      }
      const all = tokens.flatMap(({ access_token, refresh_token }) => [access_token, refresh_token])
      assert.strictEqual(new Set(all).size, 6)
      assert.notInclude(all, undefined)
    })
  )

  it.effect("take the client's name and secret in the form as well", () =>
    Effect.gen(function* () {
      const inForm = { client_id: "client", client_secret: known.clientSecret }
      assert.strictEqual((yield* post(DEFAULT, { ...passwordForm, ...inForm }, {})).status, 200)
      const wrong = { ...passwordForm, ...inForm, client_secret: "wrong" }
      assert.deepStrictEqual(yield* refused(DEFAULT, wrong, {}), [400, "invalid_client", null])
    })
  )

  it.effect("take the code of the fixtures again and again, with whatever redirect URI", () =>
    Effect.gen(function* () {
      for (const redirect_uri of [
        "http://localhost:8080/callback",
        "https://elsewhere.example/cb",
        "",
        "no uri"
      ]) {
        assert.strictEqual((yield* post(DEFAULT, { ...codeForm, redirect_uri })).status, 200)
      }
      const { code, grant_type } = codeForm
      assert.strictEqual((yield* post(DEFAULT, { code, grant_type })).status, 200)
      assert.deepStrictEqual(yield* refused(DEFAULT, codeForm, basic("client", "wrong")), [
        401,
        "invalid_client",
        'Basic realm="MultiAuth-Sample"'
      ])
    })
  )

  describe("refresh", () => {
    it.effect("gives a new pair, and the session stays one of its grant", () =>
      Effect.gen(function* () {
        for (const grant of ["authorization_code", "password"] as const) {
          const first = yield* tokenBy(grant)
          const second = yield* tokenBy("refresh_token", { refresh_token: first.refresh_token ?? "" })
          const third = yield* tokenBy("refresh_token", { refresh_token: second.refresh_token ?? "" })
          assert.strictEqual(
            new Set([first, second, third].flatMap((one) => [one.access_token, one.refresh_token])).size,
            6
          )
          const { status } = yield* get("/oauth2/non-auth-server/user", bearer(third.access_token))
          assert.strictEqual(status, grant === "password" ? 200 : 401)
        }
      })
    )

    it.effect("with a spent token ends the session, and no other", () =>
      Effect.gen(function* () {
        const other = yield* tokenBy("password")
        const first = yield* tokenBy("password")
        const second = yield* tokenBy("refresh_token", { refresh_token: first.refresh_token ?? "" })
        const status = (token: string) =>
          Effect.map(get("/auth/oauth2", bearer(token)), ({ status }) => status)
        assert.strictEqual(yield* status(second.access_token), 200)
        const spent = { grant_type: "refresh_token", refresh_token: first.refresh_token ?? "" }
        assert.deepStrictEqual(yield* refused(DEFAULT, spent), [400, "invalid_grant", null])
        const live = { grant_type: "refresh_token", refresh_token: second.refresh_token ?? "" }
        assert.deepStrictEqual(yield* refused(DEFAULT, live), [400, "invalid_grant", null])
        assert.strictEqual(yield* status(second.access_token), 401)
        assert.strictEqual(yield* status(other.access_token), 200)
        yield* tokenBy("refresh_token", { refresh_token: other.refresh_token ?? "" })
      })
    )
  })

  describe("refuse in the words of RFC 6749:", () => {
    it.effect("a grant that there is not, or not at this server", () =>
      Effect.gen(function* () {
        const unknown = { grant_type: "urn:example:grant", username: "alice" }
        assert.deepStrictEqual(yield* refused(AUTH, unknown), [400, "unsupported_grant_type", null])
        assert.deepStrictEqual(yield* refused(DEFAULT, unknown), [400, "unsupported_grant_type", null])
        assert.deepStrictEqual(yield* refused(AUTH, passwordForm), [400, "unauthorized_client", null])
        assert.deepStrictEqual(yield* refused(AUTH, codeForm), [400, "unauthorized_client", null])
        const ofClient = { grant_type: "client_credentials" }
        assert.deepStrictEqual(yield* refused(DEFAULT, ofClient), [400, "unauthorized_client", null])
      })
    )

    it.effect("a client that is unknown, or does not prove itself", () =>
      Effect.gen(function* () {
        const challenge = 'Basic realm="MultiAuth-Sample"'
        for (const headers of [
          basic("client", "wrong"),
          basic("other", known.clientSecret),
          { authorization: "Basic" },
          { authorization: "Basic !" },
          bearer(known.bearerToken)
        ]) {
          assert.deepStrictEqual(yield* refused(AUTH, { grant_type: "client_credentials" }, headers), [
            401,
            "invalid_client",
            challenge
          ])
          assert.deepStrictEqual(yield* refused(DEFAULT, passwordForm, headers), [
            401,
            "invalid_client",
            challenge
          ])
        }
        assert.deepStrictEqual(yield* refused(DEFAULT, passwordForm, {}), [400, "invalid_client", null])
        // A verifier is no proof of a client that has a secret.
        const public_ = { ...codeForm, client_id: "client", code_verifier: "v".repeat(43) }
        assert.deepStrictEqual(yield* refused(DEFAULT, public_, {}), [400, "invalid_client", null])
      })
    )

    it.effect("a user, a code or a refresh token that is wrong", () =>
      Effect.gen(function* () {
        const invalidGrant = [400, "invalid_grant", null]
        assert.deepStrictEqual(yield* refused(DEFAULT, { ...passwordForm, password: "wrong" }), invalidGrant)
        assert.deepStrictEqual(yield* refused(DEFAULT, { ...passwordForm, username: "bob" }), invalidGrant)
        assert.deepStrictEqual(yield* refused(DEFAULT, { ...codeForm, code: "wrong" }), invalidGrant)
        assert.deepStrictEqual(
          yield* refused(DEFAULT, { ...codeForm, code_verifier: "v".repeat(43) }),
          invalidGrant
        )
        const refresh = { grant_type: "refresh_token", refresh_token: "wrong" }
        assert.deepStrictEqual(yield* refused(DEFAULT, refresh), invalidGrant)
      })
    )

    it.effect("a scope that there is not", () =>
      Effect.gen(function* () {
        for (const scope of ["unknown", "file_requests.read unknown", ""]) {
          const invalidScope = [400, "invalid_scope", null]
          assert.deepStrictEqual(
            yield* refused(AUTH, { grant_type: "client_credentials", scope }),
            invalidScope
          )
          assert.deepStrictEqual(yield* refused(DEFAULT, { ...passwordForm, scope }), invalidScope)
        }
      })
    )

    it.effect("what the declaration would not even read", () =>
      Effect.gen(function* () {
        const invalidRequest = [400, "invalid_request", null]
        for (const form of [
          "",
          "grant_type=",
          "grant_type=password",
          "grant_type=password&username=alice",
          "grant_type=authorization_code",
          "grant_type=refresh_token",
          "%00=%ff&=&&",
          "grant_type=password&grant_type=password&username=alice&password=wonderland",
          "__proto__=1"
        ]) {
          assert.deepStrictEqual(yield* refused(DEFAULT, form), invalidRequest, form)
        }
        const { origin } = yield* SampleServer.SampleServer
        const bodies: ReadonlyArray<RequestInit> = [
          { body: JSON.stringify(passwordForm), headers: { ...client, "content-type": "application/json" } },
          { body: "{", headers: { ...client, "content-type": "application/json" } },
          { body: "grant_type=password", headers: { ...client, "content-type": "text/plain" } },
          { headers: client },
          { body: new URLSearchParams({ ...passwordForm, more: "x".repeat(100_000) }), headers: client }
        ]
        for (const init of bodies) {
          const { body, status } = yield* ask(origin + DEFAULT, { method: "POST", ...init })
          assert.deepStrictEqual([status, JSON.parse(body).error], [400, "invalid_request"])
        }
        assert.strictEqual((yield* get(DEFAULT)).status, 404)
      })
    )
  })
})

describe("the token paths, told otherwise,", () => {
  it.scopedLive("read HTTP Basic raw, as it was not form-encoded", () =>
    Effect.gen(function* () {
      const fixtures = { clientId: "a b", clientSecret: Redacted.make("p%&+:w") }
      const server = yield* SampleServer.make({ fixtures })
      const form = { grant_type: "client_credentials" }
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* post(AUTH, form, basic("a b", "p%&+:w"))).status, 200)
        assert.strictEqual((yield* post(AUTH, form, basic("a+b", "p%25%26%2B%3Aw"))).status, 401)
        assert.strictEqual((yield* post(AUTH, form, client)).status, 401)
      }).pipe(Effect.provideService(SampleServer.SampleServer, server))
    })
  )

  it.scopedLive("give tokens with the lifetime that they are told, and they are over when they say so", () =>
    Effect.gen(function* () {
      const server = yield* SampleServer.make({
        accessTokenLifetime: "1 second",
        refreshTokenLifetime: "2 seconds"
      })
      yield* Effect.gen(function* () {
        const { access_token, expires_in, refresh_token = "" } = yield* tokenBy("password")
        assert.strictEqual(expires_in, 1)
        assert.strictEqual((yield* get("/auth/oauth2", bearer(access_token))).status, 200)
        yield* Effect.sleep("1100 millis")
        assert.include(
          (yield* get("/auth/oauth2", bearer(access_token))).body,
          "the bearer token has expired"
        )
        yield* Effect.sleep("1 second")
        const refresh = { grant_type: "refresh_token", refresh_token }
        assert.deepStrictEqual(yield* refused(DEFAULT, refresh), [400, "invalid_grant", null])
      }).pipe(Effect.provideService(SampleServer.SampleServer, server))
    })
  )
})
