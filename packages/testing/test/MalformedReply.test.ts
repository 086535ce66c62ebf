import { assert, describe, it } from "@effect/vitest"
import { AuthorizedHttpClient, TokenEndpoint } from "@effect-oauth/client"
import { MalformedReply, TestAuthorizationServer } from "@effect-oauth/testing"
import { Effect, Fiber, Layer, Option, Schedule, TestClock } from "effect"
import { logIn, refresh, Server, sessionAt, shown } from "./fixtures/asking.js"

/** What `TokenEndpoint` makes of each, as the table of its README says. */
const outcomes: Readonly<Record<MalformedReply.Kind, string | RegExp>> = {
  html: /^APIException final: .* 200 \(text\/html.*an HTML or XML page/,
  empty: /^APIException final: .*an empty body/,
  noContent: /^APIException final: .* 204 .*an empty body/,
  plainText: /^APIException final: .*text of 2 characters that is not JSON/,
  truncatedJson: /^APIException final: .*truncated or broken JSON/,
  jsonArray: /^APIException final: .*not a token/,
  jsonString: /^APIException final: .*not a token/,
  jsonNumber: /^APIException final: .*not a token/,
  jsonNull: /^APIException final: .*not a token/,
  jsonOther: /^APIException final: .*access_token/,
  formEncoded: /^APIException final: .*not JSON/,
  wrongContentType: "token for 3600 seconds",
  blanks: "token for 3600 seconds",
  byteOrderMark: "token for 3600 seconds",
  created: "token for 3600 seconds",
  accessTokenMissing: /^APIException final: .*access_token/,
  accessTokenEmpty: /^APIException final: .*access_token/,
  accessTokenNull: /^APIException final: .*access_token/,
  accessTokenNumber: /^APIException final: .*access_token/,
  accessTokenBroken: /^APIException final: .*access_token/,
  tokenTypeMissing: "token for 3600 seconds",
  tokenTypeLowerCase: "token for 3600 seconds",
  tokenTypeMac: /^APIException final: .*token_type/,
  expiresInMissing: "token for nobody knows how long",
  expiresInNull: "token for nobody knows how long",
  expiresInEmpty: "token for nobody knows how long",
  expiresInString: "token for 3600 seconds",
  expiresInFraction: "token for 3600.5 seconds",
  expiresInFractionString: "token for 3600.5 seconds",
  expiresInZero: "token for 0 seconds",
  expiresInNegative: /^APIException final: .*expires_in/,
  expiresInUnit: /^APIException final: .*expires_in/,
  expiresInGarbage: /^APIException final: .*expires_in/,
  expiresInAbsurd: "token for 253402300799 seconds",
  refreshTokenMissing: "token for 3600 seconds",
  refreshTokenEmpty: "token for 3600 seconds",
  errorWithOk: "OAuthProviderException invalid_grant",
  errorAsPage: "OAuthProviderException invalid_grant",
  forbiddenPage: /^APIException final: .* 403 .*an HTML or XML page/,
  forbiddenMessage: /^APIException final: .* 403 .*without an error member/,
  redirect: /^APIException final: .* 307 .*redirect/,
  huge: /^APIException final: .*more than 1048576 bytes/,
  endless: /^APIException transient: .*did not answer within 30s/,
  cutOff: /^APIException transient: .*the connection broke within the body/
}

const Endpoint = Layer.unwrapEffect(
  Effect.map(Server, ({ clientAuthentication, endpoints }) =>
    TokenEndpoint.layer({ server: { ...endpoints, retry: Schedule.stop }, clientAuthentication })
  )
).pipe(Layer.provideMerge(TestAuthorizationServer.layer()))

describe("a malformed reply, as TokenEndpoint sees it", () => {
  it("is of one of the kinds that are listed", () => {
    assert.deepStrictEqual([...MalformedReply.kinds].sort(), Object.keys(outcomes).sort())
  })

  for (const kind of MalformedReply.kinds) {
    it.effect(kind, () =>
      Effect.gen(function* () {
        const { faults, grant, journal } = yield* Server
        const endpoint = yield* TokenEndpoint.TokenEndpoint
        yield* faults.next(MalformedReply.make(kind))
        const asking = yield* Effect.fork(
          endpoint.fetchToken(grant).pipe(
            Effect.map(({ expiry }) =>
              Option.match(expiry, {
                onNone: () => "token for nobody knows how long",
                onSome: ({ epochMillis }) => `token for ${epochMillis / 1000} seconds`
              })
            ),
            Effect.catchAll((error) => Effect.succeed(shown(error)))
          )
        )
        yield* TestClock.adjust("30 seconds")
        const outcome = yield* Fiber.join(asking)
        const expected = outcomes[kind]
        if (typeof expected === "string") assert.strictEqual(outcome, expected)
        else assert.match(outcome, expected)
        assert.notInclude(outcome, "access-1")
        const [entry] = yield* journal.entries
        assert.strictEqual(entry?.fault, kind)
        // It had acted, whatever the reply.
        assert.isTrue((yield* (yield* Server).introspect("refresh-1")).active)
      }).pipe(Effect.provide(Endpoint))
    )
  }
})

describe("MalformedReply.withMembers", () => {
  const Test = Effect.provide(TestAuthorizationServer.layer())

  it.effect("has these members in place of its own, and leaves out what is undefined", () =>
    Effect.gen(function* () {
      const { faults, introspect, journal } = yield* Server
      yield* faults.next(
        MalformedReply.withMembers({ token_type: "N_A", scope: undefined, id_token: "extra" })
      )
      const { body, status } = yield* logIn()
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(body, {
        access_token: "access-1",
        token_type: "N_A",
        expires_in: 3600,
        refresh_token: "refresh-1",
        id_token: "extra"
      })
      assert.isTrue((yield* introspect("access-1")).active)
      assert.deepStrictEqual(yield* journal.lines, ["token password 200 (with token_type, scope, id_token)"])
    }).pipe(Test)
  )

  it.effect("leaves a refusal as it is", () =>
    Effect.gen(function* () {
      const { faults } = yield* Server
      yield* faults.next(MalformedReply.withMembers({ access_token: "extra" }))
      const { body, status } = yield* refresh("unknown")
      assert.deepInclude(body, { error: "invalid_grant" })
      assert.notProperty(body, "access_token")
      assert.strictEqual(status, 400)
    }).pipe(Test)
  )
})

describe("a malformed reply to a refresh", () => {
  for (const kind of MalformedReply.kinds) {
    it.effect(`ends no service: ${kind}`, () =>
      Effect.gen(function* () {
        const { faults } = yield* Server
        const client = yield* AuthorizedHttpClient.AuthorizedHttpClient
        yield* client.get("https://api.test/user")
        yield* TestClock.adjust("2 hours")
        yield* faults.next(MalformedReply.make(kind))
        const first = yield* Effect.fork(Effect.either(client.get("https://api.test/user")))
        yield* TestClock.adjust("1 minutes")
        yield* Fiber.join(first)
        yield* TestClock.adjust("2 hours")
        assert.strictEqual((yield* client.get("https://api.test/user")).status, 200)
      }).pipe(Effect.provide(sessionAt()))
    )
  }
})
