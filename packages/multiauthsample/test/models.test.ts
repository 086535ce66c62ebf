import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Option, Redacted, Schema } from "effect"
import {
  Authentication,
  OAuthAuthorization,
  OAuthProviderErrorEnum,
  OAuthScopeOAuthACGEnum,
  ServiceStatus,
  User
} from "multiauthsample"

describe("ServiceStatus and User", () => {
  it("read what the record lists, and keep the rest as it came", () => {
    const status = {
      status: "ok",
      app: "app",
      moto: "moto",
      notes: 3,
      users: 0,
      time: "now",
      os: "linux",
      php_version: "8.1",
      extra: { deep: [1] }
    }
    const { php_version, ...others } = status
    const read = Schema.decodeSync(ServiceStatus)(status)
    assert.deepStrictEqual(read, { ...others, phpVersion: php_version })
    assert.deepStrictEqual(Schema.encodeSync(ServiceStatus)(read), status)
    const user = { id: 7, name: "Alice", email: "a@b.c", created_at: "2024", updated_at: "2025", nick: "Al" }
    const { created_at, updated_at, ...rest } = user
    assert.deepStrictEqual(Schema.decodeSync(User)(user), {
      ...rest,
      createdAt: created_at,
      updatedAt: updated_at
    })
  })

  it("take what is absent and what is null for the same", () => {
    assert.deepStrictEqual(Schema.decodeSync(User)({}), {})
    assert.deepStrictEqual(Schema.decodeSync(User)({ id: null, name: null, created_at: null }), {})
    assert.deepStrictEqual(Schema.decodeSync(ServiceStatus)({ status: "", notes: null, php_version: null }), {
      status: ""
    })
  })

  it("refuse another shape", () => {
    const isUser = Schema.decodeUnknownEither(User)
    const isStatus = Schema.decodeUnknownEither(ServiceStatus)
    for (const wrong of [{ id: "7" }, { id: 1.5 }, { name: 1 }, [], "user", null]) {
      assert.isTrue(Either.isLeft(isUser(wrong)), JSON.stringify(wrong))
    }
    for (const wrong of [{}, { status: null }, { status: "ok", users: "3" }]) {
      assert.isTrue(Either.isLeft(isStatus(wrong)), JSON.stringify(wrong))
    }
  })
})

describe("a text", () => {
  const { successSchema } = Authentication.oAuthBearerToken
  const decode = Schema.decodeUnknownSync(successSchema)
  const encode = Schema.encodeSync(successSchema)

  it("is read from a JSON string, and else taken as it is", () => {
    assert.strictEqual(decode(`"You've passed the test!"`), "You've passed the test!")
    assert.strictEqual(decode("You've passed the test!"), "You've passed the test!")
    for (const body of ["", "42", "true", "null", `{"a":1}`, `["a"]`, `"half`, ` "a" b`]) {
      assert.strictEqual(decode(body), body)
    }
  })

  it.prop("is read as it was written", [FastCheck.oneof(FastCheck.string(), FastCheck.json())], ([text]) => {
    assert.strictEqual(decode(encode(text)), text)
  })
})

describe("the forms of the token paths", () => {
  const { payloadSchema } = OAuthAuthorization.token
  const decode = Schema.decodeUnknownEither(Option.getOrThrow(payloadSchema))

  it("are told apart, and hide what is secret", () => {
    const forms = [
      { grant_type: "authorization_code", code: "marker", redirect_uri: "https://cb" },
      { grant_type: "password", username: "alice", password: "marker", scope: "a b" },
      { grant_type: "refresh_token", refresh_token: "marker" }
    ].map((form) => Either.getOrThrow(decode(form)))
    assert.deepStrictEqual(
      forms.map((form) => [form.grantType, Object.keys(form).sort().join(" ")]),
      [
        ["authorization_code", "code grantType redirectUri"],
        ["password", "grantType password scope username"],
        ["refresh_token", "grantType refreshToken"]
      ]
    )
    assert.notInclude(JSON.stringify(forms), "marker")
  })

  it("are refused when something is missing, or of another kind", () => {
    for (const form of [
      {},
      { grant_type: "password", username: "alice" },
      { grant_type: "authorization_code", code: "c" },
      { grant_type: "client_credentials" }
    ]) {
      assert.isTrue(Either.isLeft(decode(form)), JSON.stringify(form))
    }
  })
})

describe("the replies of the token paths", () => {
  it("are read and written as on the wire, with what else they hold", () => {
    const token = {
      access_token: "at",
      token_type: "Bearer",
      expires_in: 3600,
      scope: "a",
      refresh_token: "rt",
      more: 1
    }
    const read = Schema.decodeSync(OAuthAuthorization.TokenReply)(token)
    assert.strictEqual(Redacted.value(read.accessToken), "at")
    assert.strictEqual(read["more"], 1)
    assert.deepStrictEqual(Schema.encodeSync(OAuthAuthorization.TokenReply)(read), token)
  })

  it("keep any word for an error", () => {
    const read = Schema.decodeSync(OAuthAuthorization.RefusalReply)
    assert.deepStrictEqual(read({ error: "slow_down", error_description: "later", error_uri: null }), {
      error: "slow_down",
      errorDescription: "later"
    })
    assert.deepStrictEqual(read({ error: OAuthProviderErrorEnum.INVALID_GRANT }), { error: "invalid_grant" })
  })
})

it("the enums are those of the record", () => {
  assert.deepStrictEqual(Object.values(OAuthProviderErrorEnum), [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope"
  ])
  assert.deepStrictEqual(OAuthScopeOAuthACGEnum, { READ_SCOPE: "file_requests.read" })
})
