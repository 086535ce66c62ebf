import { assert, describe, it } from "@effect/vitest"
import { ScriptedServer } from "@effect-oauth/loopback-servers"
import { Effect, Redacted } from "effect"
import type { MultiauthsampleClient } from "multiauthsample"
import { connect, serversAt } from "./fixtures/connect.js"

const authorization = Redacted.make("Basic Y2xpZW50OmNsaWVudC1zZWNyZXQ=")
const secret = Redacted.make("marker-secret")

const calls: ReadonlyArray<
  readonly [
    name: string,
    call: (
      controller: MultiauthsampleClient.Service["oAuthAuthorization"],
      parameters?: Readonly<Record<string, string>>
    ) => ReturnType<typeof controller.requestTokenOAuthCCG>,
    fields: ReadonlyArray<string>
  ]
> = [
  [
    "requestTokenOAuthCCG",
    (controller, optionalFormParameters) =>
      controller.requestTokenOAuthCCG({ authorization, scope: "a", optionalFormParameters }),
    ["grant_type", "scope"]
  ],
  [
    "requestTokenOAuthACG",
    (controller, optionalFormParameters) =>
      controller.requestTokenOAuthACG({
        authorization,
        code: secret,
        redirectUri: "https://cb",
        codeVerifier: secret,
        optionalFormParameters
      }),
    ["grant_type", "code", "redirect_uri", "code_verifier"]
  ],
  [
    "refreshTokenOAuthACG",
    (controller, optionalFormParameters) =>
      controller.refreshTokenOAuthACG({
        authorization,
        refreshToken: secret,
        scope: "a",
        optionalFormParameters
      }),
    ["grant_type", "refresh_token", "scope"]
  ],
  [
    "requestTokenOAuthROPCG",
    (controller, optionalFormParameters) =>
      controller.requestTokenOAuthROPCG({
        authorization,
        username: "alice",
        password: secret,
        scope: "a",
        optionalFormParameters
      }),
    ["grant_type", "username", "password", "scope"]
  ],
  [
    "refreshTokenOAuthROPCG",
    (controller, optionalFormParameters) =>
      controller.refreshTokenOAuthROPCG({
        authorization,
        refreshToken: secret,
        scope: "a",
        optionalFormParameters
      }),
    ["grant_type", "refresh_token", "scope"]
  ]
]

const replies: ReadonlyArray<
  readonly [what: string, reply: ScriptedServer.Reply, tag: string, message: RegExp]
> = [
  [
    "400",
    ScriptedServer.json({ error: "invalid_grant", error_description: "no" }, { status: 400 }),
    "OAuthProviderException",
    /^OAuth 2 provider returned an error: invalid_grant \(no\)\.$/
  ],
  [
    "401",
    ScriptedServer.json({ error: "invalid_client" }, { status: 401 }),
    "OAuthProviderException",
    /^OAuth 2 provider says client authentication failed: invalid_client\.$/
  ],
  ["400 without an error", { status: 400, body: "<p>no" }, "APIException", /400/],
  ["503", { status: 503, body: "later" }, "APIException", /503/],
  ["a redirect", { redirect: "/elsewhere", status: 307 }, "APIException", /307/],
  ["HTML", { body: "<p>hello" }, "APIException", /200/],
  ["no token", ScriptedServer.json({ hello: 1 }), "APIException", /access_token is missing/],
  ["a reset", { reset: true }, "APIException", /could not be reached/]
]

describe("oAuthAuthorization", () => {
  for (const [name, call, fields] of calls) {
    it.scopedLive(`${name}: each failure is typed, and none is tried again`, () =>
      Effect.forEach(replies, ([what, reply, tag, message]) =>
        Effect.gen(function* () {
          const server = yield* ScriptedServer.make(() => reply)
          const client = yield* connect({
            servers: serversAt(server.origin),
            maxRetries: 3,
            retryMethods: ["GET", "POST"]
          })
          const error = yield* Effect.flip(call(client.oAuthAuthorization))
          assert.strictEqual(error._tag, tag, what)
          assert.match(error.message, message, what)
          assert.lengthOf(yield* server.requests, 1, what)
        })
      )
    )

    it.scopedLive(`${name}: no field of the call can be replaced`, () =>
      Effect.gen(function* () {
        const server = yield* ScriptedServer.make([])
        const client = yield* connect({ servers: serversAt(server.origin) })
        for (const field of fields) {
          const error = yield* Effect.flip(call(client.oAuthAuthorization, { [field]: "mine" }))
          assert.strictEqual(error._tag, "AuthValidationException", field)
          assert.include(error.message, `"${field}"`)
        }
        assert.deepStrictEqual(yield* server.requests, [])
      })
    )
  }

  it.scopedLive("an Authorization that cannot be sent is refused, and not shown", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([])
      const client = yield* connect({ servers: serversAt(server.origin) })
      for (const [header, message] of [
        ["", "The authorization of the call is empty."],
        ["  ", "The authorization of the call is empty."],
        ["Basic märker", "The authorization of the call has characters that a header cannot carry."],
        ["Basic marker\r\nx: y", "The authorization of the call has characters that a header cannot carry."]
      ] as const) {
        const error = yield* Effect.flip(
          client.oAuthAuthorization.requestTokenOAuthCCG({ authorization: Redacted.make(header) })
        )
        assert.strictEqual(error._tag, "AuthValidationException")
        assert.strictEqual(error.message, message)
      }
      assert.deepStrictEqual(yield* server.requests, [])
    })
  )

  it.scopedLive(
    "what the caller brought is taken out of what the provider echoes, in each of its forms",
    () =>
      Effect.gen(function* () {
        const server = yield* ScriptedServer.make(({ headers, rawBody }) =>
          ScriptedServer.json(
            {
              error: "invalid_request",
              error_description: `${headers["authorization"]} or marker-secret or client-secret in ${rawBody}`
            },
            { status: 400 }
          )
        )
        const client = yield* connect({ servers: serversAt(server.origin) })
        const error = yield* Effect.flip(
          client.oAuthAuthorization.requestTokenOAuthROPCG({
            authorization,
            username: "alice",
            password: secret
          })
        )
        assert.notMatch(JSON.stringify(error) + error.message, /Y2xpZW50|client-secret|marker-secret/)
      })
  )

  it.scopedLive("the AUTH server of PRODUCTION is refused, unless it is named", () =>
    Effect.gen(function* () {
      const call = (insecureOrigins: ReadonlyArray<string>) =>
        connect({
          environment: "PRODUCTION",
          insecureOrigins: ["http://apimatic.hopto.org:1", ...insecureOrigins]
        }).pipe(
          Effect.flatMap((client) =>
            Effect.flip(client.oAuthAuthorization.requestTokenOAuthCCG({ authorization: Redacted.make("") }))
          ),
          Effect.map((error) => error.message)
        )
      assert.include(yield* call([]), "http://apimaticauth.hopto.org:3000")
      // Named, it gets as far as to see that there is nothing to send.
      assert.include(yield* call(["http://apimaticauth.hopto.org:3000"]), "is empty")
    })
  )
})
