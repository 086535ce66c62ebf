import { inspect } from "node:util"
import { gzipSync } from "node:zlib"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import {
  APIException,
  type AuthorizationServer,
  ClientAuthentication,
  Grant,
  OAuthProviderException,
  OAuthToken,
  TokenEndpoint,
  TokenRequest
} from "@effect-oauth/client"
import { NodeOAuth2Server, OidcProvider, ScriptedServer } from "@effect-oauth/loopback-servers"
import { TestTransport } from "@effect-oauth/testing"
import {
  Cause,
  Config,
  ConfigProvider,
  DateTime,
  Deferred,
  Duration,
  Effect,
  Either,
  Exit,
  Fiber,
  Layer,
  Option,
  Redacted,
  Schedule,
  TestClock,
  type Tracer
} from "effect"
import { transports } from "./fixtures/authorizedClient.js"

const basic = (clientSecret = "client-secret") =>
  ClientAuthentication.clientSecretBasic({ clientId: "client", clientSecret: Redacted.make(clientSecret) })

const passwordOf = (password: string) =>
  Grant.password({ username: "alice", password: Redacted.make(password) })
const alice = passwordOf("wonderland")

const once = Schedule.recurs(0)

const endpointOf = (
  server: AuthorizationServer.AuthorizationServer,
  clientAuthentication: ClientAuthentication.ClientAuthentication = basic()
) => TokenEndpoint.make({ server, clientAuthentication })

const plain = (secret: Option.Option<Redacted.Redacted<string>>) =>
  Option.getOrUndefined(Option.map(secret, Redacted.value))

const apiException = (error: TokenEndpoint.TokenEndpointError): APIException => {
  assert.instanceOf(error, APIException)
  return error
}

const refusal = (error: TokenEndpoint.TokenEndpointError): OAuthProviderException => {
  assert.instanceOf(error, OAuthProviderException)
  return error
}

/** Every way in which a value ends up on a screen or in a log. */
const printed = (value: unknown): string =>
  [
    String(value),
    JSON.stringify(value),
    inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
    Cause.pretty(Cause.fail(value), { renderErrorCause: true })
  ].join("\n")

describe("TokenEndpoint at real servers", () => {
  for (const [transport, http] of transports) {
    describe(`over ${transport}`, () => {
      it.scopedLive("fetches a token for a user's password (RFC 6749 section 4.3)", () =>
        Effect.gen(function* () {
          const server = yield* OidcProvider.make()
          const endpoint = yield* endpointOf(server)
          const token = yield* endpoint.fetchToken(alice)
          assert.strictEqual(token.tokenType, "Bearer")
          assert.strictEqual(Duration.toSeconds(Option.getOrThrow(token.expiresIn)), 2)
          assert.strictEqual(Option.getOrUndefined(token.scope), "api file_requests.read")
          assert.isNotEmpty(plain(token.refreshToken))
          assert.isTrue((yield* server.introspect(Redacted.value(token.accessToken))).active)
        }).pipe(Effect.provide(http))
      )

      for (const [name, make] of [
        ["oidc-provider", OidcProvider.make],
        ["oauth2-server", NodeOAuth2Server.make]
      ] as const) {
        it.scopedLive(`tells a wrong password from a wrong client, at ${name} (section 5.2)`, () =>
          Effect.gen(function* () {
            const server = yield* make()
            const endpoint = yield* endpointOf(server)
            const wrongPassword = refusal(
              yield* Effect.flip(endpoint.fetchToken(passwordOf("looking-glass")))
            )
            assert.strictEqual(wrongPassword.error, "invalid_grant")
            assert.strictEqual(wrongPassword.responseCode, 400)
            assert.isFalse(wrongPassword.isTransient)

            const stranger = yield* endpointOf(server, basic("wrong-secret"))
            const wrongClient = refusal(yield* Effect.flip(stranger.fetchToken(alice)))
            assert.strictEqual(wrongClient.error, "invalid_client")
            assert.strictEqual(wrongClient.responseCode, 401)
            assert.match(wrongClient.headers["www-authenticate"] ?? "", /^Basic/)
            assert.isNotEmpty(wrongClient.errorDescription)
            assert.include(wrongClient.message, "client authentication failed: invalid_client")
            assert.lengthOf(yield* server.tokenRequests, 2)
          }).pipe(Effect.provide(http))
        )
      }

      it.scopedLive("refreshes, and the refresh token rotates (section 6)", () =>
        Effect.gen(function* () {
          const server = yield* OidcProvider.make()
          const endpoint = yield* endpointOf(server)
          const refresh = (token: OAuthToken.OAuthToken) =>
            endpoint.refreshToken(Option.getOrThrow(token.refreshToken))
          const first = yield* endpoint.fetchToken(alice)
          const second = yield* refresh(first)
          assert.notStrictEqual(plain(second.refreshToken), plain(first.refreshToken))
          assert.isTrue((yield* server.introspect(Redacted.value(second.accessToken))).active)
          const spent = refusal(yield* Effect.flip(refresh(first)))
          assert.strictEqual(spent.error, "invalid_grant")
        }).pipe(Effect.provide(http))
      )

      it.scopedLive("returns a reply without refresh_token as it came; the one sent stays good", () =>
        Effect.gen(function* () {
          const server = yield* NodeOAuth2Server.make({ rotateRefreshToken: false })
          const endpoint = yield* endpointOf(server)
          const first = yield* endpoint.fetchToken(alice)
          const reply = yield* endpoint.refreshToken(Option.getOrThrow(first.refreshToken))
          assert.isTrue(Option.isNone(reply.refreshToken))
          const second = OAuthToken.succeeding(first, reply)
          const third = yield* endpoint.refreshToken(Option.getOrThrow(second.refreshToken))
          assert.isTrue((yield* server.introspect(Redacted.value(third.accessToken))).active)
        }).pipe(Effect.provide(http))
      )

      it.scopedLive("revokes (RFC 7009)", () =>
        Effect.gen(function* () {
          const server = yield* OidcProvider.make()
          const endpoint = yield* endpointOf(server)
          const token = yield* endpoint.fetchToken(alice)
          yield* endpoint.revokeToken(Option.getOrThrow(token.refreshToken), "refresh_token")
          assert.isFalse((yield* server.introspect(Redacted.value(token.accessToken))).active)
          yield* endpoint.revokeToken(Redacted.make("unknown"), "access_token")
        }).pipe(Effect.provide(http))
      )
    })
  }
})

describe("TokenEndpoint.revokeToken (RFC 7009)", () => {
  it.scopedLive("sends token and hint, with the client's authentication, and needs no body in reply", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([{ status: 200 }])
      const revocationEndpoint = `${server.origin}/revoke`
      const endpoint = yield* endpointOf({ tokenEndpoint: server.origin, revocationEndpoint })
      yield* endpoint.revokeToken(Redacted.make("t"), "access_token")
      assert.deepInclude((yield* server.requests)[0], {
        method: "POST",
        path: "/revoke",
        rawBody: "token=t&token_type_hint=access_token"
      })
      assert.match((yield* server.requests)[0]?.headers["authorization"] ?? "", /^Basic /)
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )

  it.scopedLive("does nothing where the server has no revocation endpoint", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([])
      const endpoint = yield* endpointOf({ tokenEndpoint: server.origin })
      yield* endpoint.revokeToken(Redacted.make("t"), "refresh_token")
      assert.isEmpty(yield* server.requests)
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )

  it.scopedLive("fails as the other requests do", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([
        ScriptedServer.json({ error: "unsupported_token_type" }, { status: 400 }),
        { status: 503 },
        { redirect: "/elsewhere" }
      ])
      const revocationEndpoint = server.origin
      const endpoint = yield* endpointOf({ tokenEndpoint: server.origin, revocationEndpoint, retry: once })
      const revoke = Effect.flip(endpoint.revokeToken(Redacted.make("t"), "access_token"))
      assert.strictEqual(refusal(yield* revoke).error, "unsupported_token_type")
      assert.isTrue(apiException(yield* revoke).isTransient)
      assert.include(apiException(yield* revoke).message, "a redirect")
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )
})

type Outcome =
  | { readonly token: string; readonly seconds?: number }
  | { readonly error: string; readonly status?: number; readonly description?: string }
  | {
      readonly reason: string
      readonly status?: number
      readonly isTransient: boolean
      readonly refreshToken?: string
    }

const outcomeOf = (
  result: Either.Either<OAuthToken.OAuthToken, TokenEndpoint.TokenEndpointError>,
  origin: string
): Outcome => {
  if (Either.isRight(result)) {
    const token = Redacted.value(result.right.accessToken)
    return Option.match(result.right.expiresIn, {
      onNone: () => ({ token }),
      onSome: (lifetime) => ({ token, seconds: Duration.toSeconds(lifetime) })
    })
  }
  const error = result.left
  switch (error._tag) {
    case "OAuthProviderException":
      return {
        error: error.error,
        ...(error.responseCode !== undefined && { status: error.responseCode }),
        ...(error.errorDescription !== undefined && { description: error.errorDescription })
      }
    case "APIException":
      return {
        reason: error.reason.replaceAll(origin, "<origin>"),
        isTransient: error.isTransient,
        ...(error.responseCode !== undefined && { status: error.responseCode }),
        ...(error.refreshToken !== undefined && { refreshToken: Redacted.value(error.refreshToken) })
      }
    case "AuthValidationException":
      return assert.fail(error.message)
  }
}

const html = { "content-type": "text/html" }
const good = { access_token: "at", token_type: "Bearer", expires_in: 60, refresh_token: "rt" }

/** An unusable reply: `The token endpoint answered <status> (<content type>): <why>.` */
const unusable = (status: number, contentType: string, why: string, refreshToken?: string): Outcome => ({
  reason: `The token endpoint answered ${status} (${contentType}): ${why}.`,
  status,
  isTransient: status >= 500 || status === 429,
  ...(refreshToken !== undefined && { refreshToken })
})

const notAToken = (why: string, refreshToken?: string): Outcome =>
  unusable(200, "application/json", `not a token, ${why}`, refreshToken)

const later = "the server cannot answer now, try again later"
const aRedirect = "a redirect, which is never followed with credentials; configure the final URL"
const noErrorMember = "JSON without an error member (RFC 6749 section 5.2)"
const unreachable: Outcome = {
  reason: "The authorization server at <origin> could not be reached.",
  isTransient: true
}
const tooSlow: Outcome = {
  reason: "The authorization server at <origin> did not answer within 150ms.",
  isTransient: true
}
const accepted: Outcome = { token: "at", seconds: 60 }

const { json } = ScriptedServer
const withExpiresIn = (text: string): ScriptedServer.Reply => ({
  headers: { "content-type": "application/json" },
  body: `{"access_token":"at","token_type":"Bearer","expires_in":${text},"refresh_token":"rt"}`
})
const illegible = (kind: string): Outcome =>
  notAToken(`expires_in is ${kind} that is not a number of seconds`, "rt")

const replies: ReadonlyArray<readonly [name: string, reply: ScriptedServer.Reply, outcome: Outcome]> = [
  ["a token", json(good), accepted],
  ["a token with 201", json(good, { status: 201 }), accepted],
  ["a token as text/html", { headers: html, body: JSON.stringify(good) }, accepted],
  [
    "a token as text/plain",
    { headers: { "content-type": "text/plain" }, body: JSON.stringify(good) },
    accepted
  ],
  ["a token without a content type", { body: JSON.stringify(good) }, accepted],
  ["a token after a byte order mark", { body: `\ufeff${JSON.stringify(good)}` }, accepted],
  ["a token between blank lines", { body: `\r\n\t${JSON.stringify(good)}\n` }, accepted],
  ["a token and an error that is null", json({ ...good, error: null }), accepted],
  ["a token of no type", json({ ...good, token_type: undefined }), accepted],
  ["a token of type bearer", json({ ...good, token_type: "bearer" }), accepted],
  [
    "a token of type mac",
    json({ ...good, token_type: "mac" }),
    notAToken("token_type is not Bearer, so the token cannot be used (RFC 6749 section 7.1)", "rt")
  ],
  [
    "a token of type DPoP",
    json({ ...good, token_type: "DPoP" }),
    notAToken("token_type is not Bearer, so the token cannot be used (RFC 6749 section 7.1)", "rt")
  ],

  ['expires_in "3600"', withExpiresIn('"3600"'), { token: "at", seconds: 3600 }],
  ["expires_in 3600.5", withExpiresIn("3600.5"), { token: "at", seconds: 3600.5 }],
  ['expires_in "3600.5"', withExpiresIn('"3600.5"'), { token: "at", seconds: 3600.5 }],
  ["expires_in 0", withExpiresIn("0"), { token: "at", seconds: 0 }],
  ["expires_in null", withExpiresIn("null"), { token: "at" }],
  ['expires_in ""', withExpiresIn('""'), { token: "at" }],
  ["no expires_in", json({ ...good, expires_in: undefined }), { token: "at" }],
  ["expires_in 1e18", withExpiresIn("1e18"), { token: "at", seconds: 253_402_300_799 }],
  ["expires_in 1e400", withExpiresIn("1e400"), { token: "at", seconds: 253_402_300_799 }],
  [
    "expires_in 9223372036854775807",
    withExpiresIn("9223372036854775807"),
    { token: "at", seconds: 253_402_300_799 }
  ],
  ["expires_in -5", withExpiresIn("-5"), notAToken("expires_in is negative", "rt")],
  ['expires_in "-5"', withExpiresIn('"-5"'), illegible("a string")],
  ['expires_in "1h"', withExpiresIn('"1h"'), illegible("a string")],
  ["expires_in true", withExpiresIn("true"), illegible("a boolean")],
  ["expires_in []", withExpiresIn("[]"), illegible("an array")],

  ["{} with 200", json({}), notAToken("access_token is missing")],
  ["no access_token", json({ ...good, access_token: undefined }), notAToken("access_token is missing", "rt")],
  [
    "an empty access_token",
    json({ ...good, access_token: "" }),
    notAToken("access_token is empty, not a string", "rt")
  ],
  [
    "access_token null",
    json({ ...good, access_token: null }),
    notAToken("access_token is null, not a string", "rt")
  ],
  [
    "access_token 5",
    json({ ...good, access_token: 5 }),
    notAToken("access_token is a number, not a string", "rt")
  ],
  [
    "an access_token with a line break",
    json({ ...good, access_token: "a\nb" }),
    notAToken("access_token holds characters that a header cannot carry", "rt")
  ],
  ["[]", json([]), notAToken("it is an array, not a JSON object")],
  ['"x"', json("x"), notAToken("it is a string, not a JSON object")],
  ["null", json(null), notAToken("it is null, not a JSON object")],
  ["5", json(5), notAToken("it is a number, not a JSON object")],

  [
    "HTML with 200",
    { headers: html, body: "<!doctype html><h1>Log in</h1>" },
    unusable(200, "text/html", "an HTML or XML page")
  ],
  [
    "HTML with 400",
    { status: 400, headers: html, body: "\n<html></html>" },
    unusable(400, "text/html", "an HTML or XML page")
  ],
  [
    "HTML with 404",
    { status: 404, headers: html, body: "<html></html>" },
    unusable(404, "text/html", "an HTML or XML page")
  ],
  ["HTML with 502", { status: 502, headers: html, body: "<html></html>" }, unusable(502, "text/html", later)],
  [
    "HTML that says it is JSON",
    { headers: { "content-type": "application/json" }, body: "<html></html>" },
    unusable(200, "application/json", "an HTML or XML page")
  ],
  [
    "half of a JSON text",
    { headers: { "content-type": "application/json" }, body: '{"access_token":"at","refresh' },
    unusable(200, "application/json", "truncated or broken JSON of 29 characters")
  ],
  [
    "a form in place of JSON",
    { body: "access_token=at&token_type=bearer" },
    unusable(200, "no content type", "text of 33 characters that is not JSON")
  ],
  [
    "bytes that are no text",
    { body: Uint8Array.of(0xff, 0x00, 0xfe) },
    unusable(200, "no content type", "text of 3 characters that is not JSON")
  ],
  ["an empty body with 200", { status: 200 }, unusable(200, "no content type", "an empty body")],
  ["an empty body with 204", { status: 204 }, unusable(204, "no content type", "an empty body")],
  ["an empty body with 400", { status: 400 }, unusable(400, "no content type", "an empty body")],
  ["an empty body with 401", { status: 401 }, unusable(401, "no content type", "an empty body")],
  ["blanks with 200", { body: " \n" }, unusable(200, "no content type", "an empty body")],
  [
    "10 MB",
    { hugeBytes: 10_000_000 },
    unusable(200, "no content type", "a body of more than 1048576 bytes, which was not read to its end")
  ],
  [
    "10 MB with 500",
    { status: 500, hugeBytes: 10_000_000 },
    unusable(500, "no content type", "a body of more than 1048576 bytes, which was not read to its end")
  ],

  [
    "an error with 400",
    json({ error: "invalid_scope", error_description: "no such scope" }, { status: 400 }),
    { error: "invalid_scope", status: 400, description: "no such scope" }
  ],
  [
    "an error with 400 as text/html",
    { status: 400, headers: html, body: '{"error":"invalid_grant"}' },
    { error: "invalid_grant", status: 400 }
  ],
  [
    "an error with 401 and WWW-Authenticate",
    json({ error: "invalid_client" }, { status: 401, headers: { "www-authenticate": 'Basic realm="x"' } }),
    { error: "invalid_client", status: 401 }
  ],
  [
    "an error with 403",
    json({ error: "access_denied" }, { status: 403 }),
    { error: "access_denied", status: 403 }
  ],
  [
    "an error with 200 (GitHub)",
    json({ error: "bad_verification_code", error_description: "expired" }),
    { error: "bad_verification_code", status: 200, description: "expired" }
  ],
  [
    "an error with 200 beside a token",
    json({ ...good, error: "invalid_scope" }),
    { error: "invalid_scope", status: 200 }
  ],
  [
    "an error of the server's own",
    json({ error: "mfa_required" }, { status: 403 }),
    { error: "mfa_required", status: 403 }
  ],
  [
    "an error that is an object (Google APIs)",
    json({ error: { code: 400, message: "no" } }, { status: 400 }),
    unusable(400, "application/json", noErrorMember)
  ],
  [
    "an empty error with 400",
    json({ error: "" }, { status: 400 }),
    unusable(400, "application/json", noErrorMember)
  ],
  [
    "JSON without an error with 403 (a firewall)",
    json({ message: "Forbidden" }, { status: 403 }),
    unusable(403, "application/json", noErrorMember)
  ],
  ["a token with 400", json(good, { status: 400 }), unusable(400, "application/json", noErrorMember)],
  [
    "an error with 429",
    json({ error: "slow_down" }, { status: 429 }),
    unusable(429, "application/json", later)
  ],
  [
    "an error with 500",
    json({ error: "server_error" }, { status: 500 }),
    unusable(500, "application/json", later)
  ],
  [
    "an error with 503",
    json({ error: "temporarily_unavailable" }, { status: 503 }),
    unusable(503, "application/json", later)
  ],
  ["a redirect", { redirect: "https://elsewhere.example/" }, unusable(302, "no content type", aRedirect)],
  ["304", { status: 304 }, unusable(304, "no content type", aRedirect)],

  ["a connection that is reset", { reset: true }, unreachable],
  ["something that is not HTTP", { raw: "220 mail.example ESMTP\r\n" }, unreachable],
  [
    "a body that breaks off",
    { truncated: '{"access_token":"at"}' },
    {
      reason: "The token endpoint answered 200, and the connection broke within the body.",
      status: 200,
      isTransient: true
    }
  ],
  ["a body that never ends", { neverEnds: true, body: '{"access_token":"at"' }, tooSlow],
  ["no answer", { hang: true }, tooSlow]
]

for (const [transport, http] of transports) {
  describe(`TokenEndpoint, what becomes of a reply over ${transport}`, { concurrent: true }, () => {
    for (const [name, reply, outcome] of replies) {
      it.scopedLive(name, () =>
        Effect.gen(function* () {
          const server = yield* ScriptedServer.make([reply])
          const timeout = outcome === tooSlow ? "150 millis" : "10 seconds"
          const endpoint = yield* endpointOf({ tokenEndpoint: server.origin, retry: once, timeout })
          const result = yield* Effect.either(endpoint.refreshToken(Redacted.make("marker-refresh")))
          assert.deepStrictEqual(outcomeOf(result, server.origin), outcome)
          if (Either.isLeft(result)) assert.notInclude(printed(result.left), "marker")
        }).pipe(Effect.provide(http))
      )
    }

    it.scopedLive("a connection that is refused", () =>
      Effect.gen(function* () {
        const { origin } = yield* Effect.scoped(ScriptedServer.make([]))
        const endpoint = yield* endpointOf({ tokenEndpoint: origin, retry: once })
        const result = yield* Effect.either(endpoint.refreshToken(Redacted.make("r")))
        assert.deepStrictEqual(outcomeOf(result, origin), unreachable)
        assert.include(inspect(Either.getOrThrow(Either.flip(result))), "ECONNREFUSED")
      }).pipe(Effect.provide(http))
    )

    for (const status of [301, 302, 303, 307, 308]) {
      it.scopedLive(`a redirect with ${status} is not followed`, () =>
        Effect.gen(function* () {
          const target = yield* ScriptedServer.make(() => json(good))
          const server = yield* ScriptedServer.make([{ redirect: `${target.origin}/token`, status }])
          const endpoint = yield* endpointOf({ tokenEndpoint: server.origin })
          const error = apiException(yield* Effect.flip(endpoint.fetchToken(alice)))
          assert.strictEqual(error.responseCode, status)
          assert.isFalse(error.isTransient)
          assert.isEmpty(yield* target.requests)
          assert.lengthOf(yield* server.requests, 1)
        }).pipe(Effect.provide(http))
      )
    }

    it.scopedLive("a huge body is not taken to its end", () =>
      Effect.gen(function* () {
        const hugeBytes = 256 * 1024 * 1024
        const server = yield* ScriptedServer.make([{ hugeBytes }])
        const endpoint = yield* endpointOf({ tokenEndpoint: server.origin })
        assert.include((yield* Effect.flip(endpoint.fetchToken(alice))).message, "more than 1048576 bytes")
        // What the sockets in between hold is a few megabytes.
        assert.isBelow((yield* server.requests)[0]?.bodyBytes ?? hugeBytes, 32 * 1024 * 1024)
      }).pipe(Effect.provide(http))
    )

    it.scopedLive("no trace header is sent, inside a span either", () =>
      Effect.gen(function* () {
        const server = yield* ScriptedServer.make([json(good)])
        const endpoint = yield* endpointOf({ tokenEndpoint: server.origin })
        yield* Effect.withSpan(endpoint.fetchToken(alice), "caller")
        const headers = (yield* server.requests)[0]?.headers ?? {}
        assert.property(headers, "authorization")
        for (const name of ["traceparent", "tracestate", "b3"]) assert.notProperty(headers, name)
      }).pipe(Effect.provide(http))
    )
  })
}

describe("TokenEndpoint, what a refusal carries (RFC 6749 section 5.2)", () => {
  it.scopedLive("error, error_description and error_uri, status and headers, without cookies", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([
        json(
          { error: "invalid_grant", error_description: "wrong", error_uri: "https://x.example/1" },
          { status: 400, headers: { "set-cookie": "session=marker", "x-request-id": "7" } }
        )
      ])
      const endpoint = yield* endpointOf({ tokenEndpoint: server.origin })
      const error = refusal(yield* Effect.flip(endpoint.fetchToken(alice)))
      assert.strictEqual(error.errorDescription, "wrong")
      assert.strictEqual(error.errorUri, "https://x.example/1")
      assert.strictEqual(error.headers["x-request-id"], "7")
      assert.isUndefined(error.headers["set-cookie"])
      assert.strictEqual(error.message, "OAuth 2 provider returned an error: invalid_grant (wrong).")
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )

  it.scopedLive("nothing for a description that is no text", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([
        json({ error: "invalid_grant", error_description: { a: 1 }, error_uri: "" }, { status: 400 })
      ])
      const endpoint = yield* endpointOf({ tokenEndpoint: server.origin })
      const error = refusal(yield* Effect.flip(endpoint.fetchToken(alice)))
      assert.isUndefined(error.errorDescription)
      assert.isUndefined(error.errorUri)
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )

  it.scopedLive("the body of an unusable reply is there for those who unwrap it", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([{ status: 400, headers: html, body: "<h1>marker</h1>" }])
      const endpoint = yield* endpointOf({ tokenEndpoint: server.origin })
      const error = apiException(yield* Effect.flip(endpoint.fetchToken(alice)))
      assert.strictEqual(error.response && Redacted.value(error.response.body), "<h1>marker</h1>")
      assert.strictEqual(error.response?.statusCode, 400)
      assert.notInclude(printed(error), "marker")
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )
})

type Answer = (request: TestTransport.Sent, index: number) => TestTransport.Answer

const tokenEndpoint = "https://login.example/token"

const refreshThrough = (
  { client }: TestTransport.Service,
  server: Partial<AuthorizationServer.AuthorizationServer> = {}
) =>
  endpointOf({ tokenEndpoint, ...server }).pipe(
    Effect.flatMap((endpoint) => endpoint.refreshToken(Redacted.make("marker-refresh"))),
    Effect.provideService(HttpClient.HttpClient, client)
  )

const refresh = (answer: Answer, server?: Partial<AuthorizationServer.AuthorizationServer>) =>
  Effect.flatMap(TestTransport.make(answer), (transport) => refreshThrough(transport, server))

/** The result of a refresh that may take as long as it likes, and the sendings that it took. */
const exhaust = (answer: Answer, server?: Partial<AuthorizationServer.AuthorizationServer>) =>
  Effect.gen(function* () {
    const transport = yield* TestTransport.make(answer)
    const fiber = yield* Effect.fork(Effect.either(refreshThrough(transport, server)))
    yield* TestClock.adjust("1 hour")
    return { result: yield* Fiber.join(fiber), sent: yield* transport.sent }
  })

const timesOf = (sent: ReadonlyArray<TestTransport.Sent>): ReadonlyArray<number> => sent.map(({ at }) => at)

const reply = (status: number, headers: Record<string, string> = {}, body: unknown = good) =>
  new Response(JSON.stringify(body), { status, headers })

const succeedsAfter =
  (failure: () => TestTransport.Answer): Answer =>
  (_, index) =>
    index === 0 ? failure() : reply(200)

describe("TokenEndpoint, retries", () => {
  for (const [what, failure] of [
    ["a connection failure", () => Effect.fail(new Error("ECONNRESET"))],
    ["a timeout", () => Effect.never],
    ...[408, 425, 429, 500, 501, 502, 503, 504, 599].map((status) => [status, () => reply(status)] as const)
  ] as const) {
    it.effect(`tries again after ${what}, with the same request`, () =>
      Effect.gen(function* () {
        const { result, sent } = yield* exhaust(succeedsAfter(failure))
        assert.isTrue(Either.isRight(result))
        assert.lengthOf(sent, 2)
        assert.strictEqual(sent[1]?.text, sent[0]?.text)
        assert.include(sent[1]?.text, "refresh_token=marker-refresh")
        assert.strictEqual(sent[1]?.authorization, sent[0]?.authorization)
      })
    )
  }

  for (const status of [400, 401, 402, 403, 404, 405, 409, 413, 418, 422, 451]) {
    it.effect(
      `never tries again after ${status}, with an OAuth error or without, even one that may pass`,
      () =>
        Effect.gen(function* () {
          for (const body of [{ error: "invalid_grant" }, { error: "temporarily_unavailable" }, {}]) {
            const { result, sent } = yield* exhaust(() => reply(status, { "retry-after": "1" }, body))
            assert.isTrue(Either.isLeft(result))
            assert.lengthOf(sent, 1)
          }
        })
    )
  }

  for (const [what, answer] of [
    ["a malformed reply", () => reply(200, {}, {})],
    ["a redirect", () => new Response(null, { status: 307, headers: { location: "https://x.example" } })],
    ["an oversized reply", () => new Response("x".repeat(1024 * 1024 + 1))]
  ] as const) {
    it.effect(`never tries again after ${what}`, () =>
      Effect.gen(function* () {
        const { result, sent } = yield* exhaust(answer)
        assert.isTrue(Either.isLeft(result))
        assert.lengthOf(sent, 1)
      })
    )
  }

  it.effect("gives up after three more, at about 250 ms, 500 ms and 1 s, jittered by a fifth", () =>
    Effect.gen(function* () {
      const { result, sent } = yield* exhaust(() => reply(503))
      assert.strictEqual(Either.isLeft(result) && result.left._tag, "APIException")
      const times = timesOf(sent)
      const pauses = times.slice(1).map((at, index) => at - (times[index] ?? 0))
      assert.lengthOf(pauses, 3)
      for (const [index, expected] of [250, 500, 1000].entries()) {
        assert.closeTo(pauses[index] ?? 0, expected, expected / 5 + 1)
      }
    })
  )

  it.effect("waits as long as Retry-After says, in seconds", () =>
    Effect.gen(function* () {
      const { sent } = yield* exhaust(succeedsAfter(() => reply(429, { "retry-after": "7" })))
      assert.deepStrictEqual(timesOf(sent), [0, 7000])
    })
  )

  for (const date of ["Thu, 01 Jan 2026 00:00:10 GMT", "Thursday, 01-Jan-26 00:00:10 GMT"]) {
    it.effect(`waits as long as Retry-After says, until ${date} (RFC 9110 section 10.2.3)`, () =>
      Effect.gen(function* () {
        const start = Date.UTC(2026, 0, 1)
        yield* TestClock.setTime(start)
        const { sent } = yield* exhaust(succeedsAfter(() => reply(503, { "retry-after": date })))
        assert.deepStrictEqual(timesOf(sent), [start, start + 10_000])
      })
    )
  }

  for (const retryAfter of ["0", "soon", "", "-5", "1.5", "Wed, 31 Dec 2025 23:59:59 GMT"]) {
    it.effect(`waits as the schedule says where Retry-After is ${JSON.stringify(retryAfter)}`, () =>
      Effect.gen(function* () {
        const start = Date.UTC(2026, 0, 1)
        yield* TestClock.setTime(start)
        const retry = Schedule.spaced("2 seconds")
        const refused = () => reply(429, { "retry-after": retryAfter })
        const { sent } = yield* exhaust(succeedsAfter(refused), { retry })
        assert.deepStrictEqual(timesOf(sent), [start, start + 2000])
      })
    )
  }

  it.effect(
    "waits for a Retry-After of 30 seconds, and fails at once with a longer one, saying how long",
    () =>
      Effect.gen(function* () {
        const patient = yield* exhaust(succeedsAfter(() => reply(503, { "retry-after": "30" })))
        assert.isTrue(Either.isRight(patient.result))

        const transport = yield* TestTransport.make(() => reply(503, { "retry-after": "31" }))
        const error = apiException(yield* Effect.flip(refreshThrough(transport)))
        assert.strictEqual(error.retryAfter && Duration.toSeconds(error.retryAfter), 31)
        assert.isTrue(error.isTransient)
        assert.lengthOf(yield* transport.sent, 1)
      })
  )

  it.effect("a refusal carries Retry-After, too", () =>
    Effect.gen(function* () {
      const transport = yield* TestTransport.make(() =>
        reply(400, { "retry-after": "5" }, { error: "slow_down" })
      )
      const error = refusal(yield* Effect.flip(refreshThrough(transport)))
      assert.strictEqual(error.retryAfter && Duration.toSeconds(error.retryAfter), 5)
      assert.isTrue(error.isTransient)
    })
  )

  it.effect("a schedule of one's own replaces the default, and Retry-After is waited for on top", () =>
    Effect.gen(function* () {
      const retry = Schedule.intersect(Schedule.spaced("3 seconds"), Schedule.recurs(5))
      const spaced = yield* exhaust(() => reply(503), { retry })
      assert.deepStrictEqual(timesOf(spaced.sent), [0, 3000, 6000, 9000, 12_000, 15_000])
      const waiting = yield* exhaust(
        succeedsAfter(() => reply(503, { "retry-after": "20" })),
        { retry }
      )
      const [first = 0, second = 0] = timesOf(waiting.sent)
      assert.strictEqual(second - first, 20_000)
      const never = yield* exhaust(() => reply(503), { retry: once })
      assert.lengthOf(never.sent, 1)
      const permanent = yield* exhaust(() => reply(400, {}, {}), { retry })
      assert.lengthOf(permanent.sent, 1)
    })
  )

  it.effect("a schedule of one's own is given the failure", () =>
    Effect.gen(function* () {
      const { sent } = yield* exhaust((_, index) => reply(index === 0 ? 503 : 500), {
        retry: Schedule.recurWhile((error: APIException) => error.responseCode === 503)
      })
      assert.lengthOf(sent, 2)
    })
  )
})

describe("TokenEndpoint, time", () => {
  it.effect("counts the expiry from the sending, not from the answer", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1000)
      const { result } = yield* exhaust(() =>
        Effect.delay(
          Effect.sync(() => reply(200)),
          "10 seconds"
        )
      )
      const { expiry } = Either.getOrThrow(result)
      assert.strictEqual(DateTime.toEpochMillis(Option.getOrThrow(expiry)), 61_000)
    })
  )

  it.effect("counts the expiry from the sending of the attempt that was answered", () =>
    Effect.gen(function* () {
      const { result } = yield* exhaust(succeedsAfter(() => reply(503, { "retry-after": "20" })))
      const { expiry } = Either.getOrThrow(result)
      assert.strictEqual(DateTime.toEpochMillis(Option.getOrThrow(expiry)), 80_000)
    })
  )

  for (const [timeout, text] of [
    [undefined, "30s"],
    ["2 seconds", "2s"]
  ] as const) {
    it.effect(`ends an attempt after ${text}, and what is under way with it`, () =>
      Effect.gen(function* () {
        const transport = yield* TestTransport.make(() => Effect.never)
        const fiber = yield* Effect.fork(Effect.flip(refreshThrough(transport, { timeout, retry: once })))
        const limit = Duration.toMillis(timeout ?? "30 seconds")
        yield* TestClock.adjust(limit - 1)
        assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
        assert.isFalse((yield* transport.sent)[0]?.signal.aborted)
        yield* TestClock.adjust(1)
        const error = apiException(yield* Fiber.join(fiber))
        assert.strictEqual(
          error.message,
          `The authorization server at https://login.example did not answer within ${text}.`
        )
        assert.isTrue(error.isTransient)
        assert.isTrue((yield* transport.sent)[0]?.signal.aborted)
      })
    )
  }

  it.effect("ends a body that never ends", () =>
    Effect.gen(function* () {
      const cancelled = yield* Deferred.make<void>()
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
        cancel: () => Deferred.unsafeDone(cancelled, Exit.void)
      })
      const { result } = yield* exhaust(() => new Response(body), { retry: once, timeout: "5 seconds" })
      assert.include(Either.isLeft(result) ? result.left.message : "", "did not answer within 5s")
      yield* Deferred.await(cancelled)
    })
  )

  it.effect("ends the request when the caller is interrupted", () =>
    Effect.gen(function* () {
      const started = yield* Deferred.make<void>()
      const transport = yield* TestTransport.make(() =>
        Effect.zipRight(Deferred.succeed(started, undefined), Effect.never)
      )
      const fiber = yield* Effect.fork(refreshThrough(transport))
      yield* Deferred.await(started)
      yield* Fiber.interrupt(fiber)
      assert.isTrue((yield* transport.sent)[0]?.signal.aborted)
      assert.lengthOf(yield* transport.sent, 1)
    })
  )
})

describe("TokenEndpoint, size of a reply", () => {
  const padded = (length: number) => JSON.stringify(good).padEnd(length, " ")

  it.effect("is up to maxResponseBytes", () =>
    Effect.gen(function* () {
      const read = (text: string) => refresh(() => new Response(text), { maxResponseBytes: 200 })
      yield* read(padded(200))
      const error = apiException(yield* Effect.flip(read(padded(201))))
      assert.include(error.message, "a body of more than 200 bytes, which was not read to its end")
    })
  )

  it.effect("counts in bytes, not in characters", () =>
    Effect.gen(function* () {
      const text = JSON.stringify({ ...good, note: "é".repeat(100) })
      const error = yield* Effect.flip(refresh(() => new Response(text), { maxResponseBytes: text.length }))
      assert.include(error.message, "a body of more than")
    })
  )

  it.effect("stops the reading as soon as it is too much", () =>
    Effect.gen(function* () {
      let pulled = 0
      const cancelled = yield* Deferred.make<void>()
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new Uint8Array(1000).fill(0x20, pulled++ && 0)),
        cancel: () => Deferred.unsafeDone(cancelled, Exit.void)
      })
      yield* Effect.flip(refresh(() => new Response(body), { maxResponseBytes: 10_000 }))
      yield* Deferred.await(cancelled)
      assert.isAtMost(pulled, 13)
    })
  )

  it.effect("joins characters that are split between pieces", () =>
    Effect.gen(function* () {
      const bytes = new TextEncoder().encode(JSON.stringify({ ...good, scope: "é€🔑" }))
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
          controller.close()
        }
      })
      const token = yield* refresh(() => new Response(body))
      assert.strictEqual(Option.getOrUndefined(token.scope), "é€🔑")
    })
  )

  it.live(
    "takes no more time than the bytes need, in however many pieces they come",
    () =>
      Effect.gen(function* () {
        let left = 32 * 1024
        const body = new ReadableStream<Uint8Array>({
          pull: (controller) => (left-- > 0 ? controller.enqueue(Uint8Array.of(0x20)) : controller.close())
        })
        const transport = yield* TestTransport.make(() => new Response(body))
        const [duration, error] = yield* Effect.timed(Effect.flip(refreshThrough(transport)))
        assert.include(error.message, "an empty body")
        assert.isBelow(Duration.toMillis(duration), 3000)
      }),
    30_000
  )

  it.scopedLive("is that of the unpacked body, over fetch, which unpacks", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([
        { headers: { "content-encoding": "gzip" }, body: gzipSync(Buffer.alloc(10_000_000, " ")) }
      ])
      const endpoint = yield* endpointOf({ tokenEndpoint: server.origin })
      assert.include((yield* Effect.flip(endpoint.fetchToken(alice))).message, "more than 1048576 bytes")
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )
})

describe("TokenEndpoint, secrets", () => {
  const password = 'p&w="é/%+ marker'
  const clientSecret = "s:é+&% marker"
  const grant = passwordOf(password)

  const ask = (
    response: () => Response,
    clientAuthentication: ClientAuthentication.ClientAuthentication = basic(clientSecret)
  ) =>
    endpointOf({ tokenEndpoint, retry: once }, clientAuthentication).pipe(
      Effect.flatMap((endpoint) =>
        Effect.all([
          Effect.flip(endpoint.fetchToken(grant)),
          Effect.flip(endpoint.refreshToken(Redacted.make("marker-refresh")))
        ])
      ),
      Effect.provide(TestTransport.layer(response))
    )

  const formEncoded = (text: string) => new URLSearchParams([["", text]]).toString().slice(1)
  const basicOf = (id: string, secret: string) => Buffer.from(`${id}:${secret}`).toString("base64")

  for (const [what, echo, of] of [
    ["the password", `no user with ${password}`, 0],
    ["the password, form-encoded", `in username=alice&password=${formEncoded(password)}`, 0],
    [
      "the password, form-encoded in lower case",
      `in password=${formEncoded(password).replace(/%../g, (hex) => hex.toLowerCase())}`,
      0
    ],
    ["the password, percent-encoded", `in ?password=${encodeURIComponent(password)}`, 0],
    ["the password, in JSON", `in ${JSON.stringify({ password })}`, 0],
    ["the client secret", `bad secret ${clientSecret}`, 0],
    ["the client secret, form-encoded", `bad secret ${formEncoded(clientSecret)}`, 0],
    ["the Basic credentials", `bad header Basic ${basicOf("client", formEncoded(clientSecret))}`, 0],
    ["the Basic credentials, alone", `bad ${basicOf("client", formEncoded(clientSecret))}`, 0],
    ["the refresh token", "token marker-refresh is spent", 1]
  ] as const) {
    const nothingOf = (error: TokenEndpoint.TokenEndpointError) => {
      for (const text of [printed(error), printed({ ...error })]) {
        assert.include(text, "<redacted>")
        assert.notMatch(text, /marker|p&w|p%26w|s%3A/i)
        assert.notInclude(text, basicOf("client", formEncoded(clientSecret)))
      }
    }

    it.effect(`takes ${what} out of what the server says`, () =>
      Effect.gen(function* () {
        const errors = yield* ask(() =>
          reply(400, {}, { error: echo, error_description: echo, error_uri: echo })
        )
        const error = refusal(errors[of])
        nothingOf(error)
        const clean = error.errorDescription
        assert.include(clean ?? "", "<redacted>")
        assert.deepStrictEqual([error.error, error.errorUri], [clean, clean])
        assert.include(error.message, clean ?? "")
      })
    )

    it.effect(`takes ${what} out of headers and content type`, () =>
      Effect.gen(function* () {
        const errors = yield* ask(() => reply(400, { "x-debug": echo, "content-type": echo }, {}))
        const error = apiException(errors[of])
        nothingOf(error)
        assert.include(error.response?.headers["x-debug"] ?? "", "<redacted>")
        assert.include(error.reason, "<redacted>")
      })
    )
  }

  it.effect("leaves nothing of a secret that begins with another one", () =>
    Effect.gen(function* () {
      const error_description = "no client marker-refresh-and-more"
      const [, error] = yield* ask(
        () => reply(401, {}, { error: "invalid_client", error_description }),
        basic("marker-refresh-and-more")
      )
      assert.strictEqual(refusal(error).errorDescription, "no client <redacted>")
    })
  )

  it.effect("leaves nothing of a secret across the end of a shortened content type", () =>
    Effect.gen(function* () {
      const [, error] = yield* ask(() =>
        reply(400, { "content-type": `text/${"x".repeat(85)} marker-refresh` }, {})
      )
      assert.notInclude(printed(error), "marker")
    })
  )

  it.effect("takes a secret of few characters out where it stands alone", () =>
    Effect.gen(function* () {
      const [, error] = yield* ask(
        () => reply(400, {}, { error: "invalid_client", error_description: "abc is not in the abcde" }),
        ClientAuthentication.clientSecretPost({ clientId: "client", clientSecret: Redacted.make("abc") })
      )
      assert.strictEqual(refusal(error).errorDescription, "<redacted> is not in the abcde")
    })
  )

  it.effect("takes out what a header of one's own authentication holds in disguise", () =>
    Effect.gen(function* () {
      const [, error] = yield* ask(
        () => reply(400, {}, { error: "x", error_description: "key: inner, outer" }),
        {
          method: "custom",
          clientId: "client",
          authenticate: (request) =>
            Effect.succeed(
              TokenRequest.setHeader(request, "x-key", Redacted.make("outer"), [Redacted.make("inner")])
            )
        }
      )
      assert.strictEqual(refusal(error).errorDescription, "key: <redacted>, <redacted>")
    })
  )

  it.effect("takes them out of what the transport says, and keeps its name and code", () =>
    Effect.gen(function* () {
      const cause = Object.assign(new Error(`cannot send password=${formEncoded(password)}`), {
        code: "EPIPE",
        request: { password },
        cause: new TypeError(`inner ${password}`)
      })
      const transport = yield* TestTransport.make(() => Effect.fail(cause))
      const error = yield* endpointOf({ tokenEndpoint, retry: once }, basic(clientSecret)).pipe(
        Effect.flatMap((endpoint) => Effect.flip(endpoint.fetchToken(grant))),
        Effect.provideService(HttpClient.HttpClient, transport.client)
      )
      const text = printed(error)
      assert.notInclude(text, "marker")
      for (const kept of ["cannot send password=<redacted>", "EPIPE", "inner <redacted>", "TypeError"]) {
        assert.include(text, kept)
      }
    })
  )

  it.effect("is no defect for a secret that is no well-formed text", () =>
    Effect.gen(function* () {
      for (const answer of [
        () => reply(400, {}, { error: "invalid_grant" }),
        () => Effect.fail(new Error("no"))
      ]) {
        const exit = yield* endpointOf({ tokenEndpoint, retry: once }).pipe(
          Effect.flatMap((endpoint) => endpoint.fetchToken(passwordOf("marker\ud800"))),
          Effect.provide(TestTransport.layer(answer)),
          Effect.exit
        )
        assert.isTrue(Exit.isFailure(exit) && Cause.isFailure(exit.cause), "a typed failure")
      }
    })
  )

  /** The spans that the request is sent in, from the innermost. */
  const spansOf = (span: Option.Option<Tracer.AnySpan>): ReadonlyArray<Tracer.Span> =>
    Option.isSome(span) && span.value._tag === "Span" ? [span.value, ...spansOf(span.value.parent)] : []

  /** What tracers export of the way in which a span ended. */
  const failureOf = (status: Tracer.SpanStatus): string =>
    status._tag === "Ended" && Exit.isFailure(status.exit)
      ? Cause.pretty(status.exit.cause, { renderErrorCause: true })
      : ""

  const traced = (response: Response, clientAuthentication: ClientAuthentication.ClientAuthentication) =>
    Effect.gen(function* () {
      const seen: Array<Tracer.Span> = []
      const transport = yield* TestTransport.make(() =>
        Effect.map(Effect.currentSpan, (span) => {
          seen.push(span)
          return response
        })
      )
      yield* endpointOf({ tokenEndpoint, retry: once }, clientAuthentication).pipe(
        Effect.flatMap((endpoint) => Effect.either(endpoint.fetchToken(grant))),
        Effect.provideService(HttpClient.HttpClient, transport.client)
      )
      const spans = spansOf(Option.fromNullable(seen[0]))
      assert.isNotEmpty(spans)
      const text = spans.flatMap(({ attributes, status }) => [...attributes, failureOf(status)]).join("\n")
      return { spans, text }
    })

  it.effect("are not in the spans, which say client, grant and server", () =>
    Effect.gen(function* () {
      const { spans, text } = yield* traced(
        reply(400, {}, { error: "x", error_description: password }),
        basic(clientSecret)
      )
      const span = spans.find(({ name }) => name === "oauth.token.fetch")
      assert.deepInclude(Object.fromEntries(span?.attributes ?? []), {
        "oauth.grant_type": "password",
        "oauth.client_id": "client",
        "server.address": "login.example"
      })
      assert.notInclude(text, "marker")
      assert.notInclude(text, basicOf("client", formEncoded(clientSecret)))
    })
  )

  it.effect("are not in the spans when they stand in a header of one's own authentication", () =>
    Effect.gen(function* () {
      const { text } = yield* traced(reply(200), {
        method: "custom",
        clientId: "client",
        authenticate: (request) =>
          Effect.succeed(TokenRequest.setHeader(request, "x-client-key", Redacted.make("marker-key")))
      })
      assert.notInclude(text, "marker")
    })
  )

  it.effect("are not in the spans when the server repeats them in a header", () =>
    Effect.gen(function* () {
      const { text } = yield* traced(reply(400, { "x-debug": "marker-secret" }, {}), basic("marker-secret"))
      assert.notInclude(text, "marker")
    })
  )
})

describe("TokenEndpoint, the refresh token of a reply that is of no use", () => {
  for (const [what, response, refreshToken] of [
    ["without an access token", reply(200, {}, { refresh_token: "rt" }), "rt"],
    ["with an access token that cannot be sent", reply(200, {}, { ...good, access_token: "a\nb" }), "rt"],
    ["with another token type", reply(200, {}, { ...good, token_type: "mac" }), "rt"],
    ["with an illegible lifetime", reply(200, {}, { ...good, expires_in: "1h" }), "rt"],
    ["without one", reply(200, {}, { access_token: "" }), undefined],
    ["with an empty one", reply(200, {}, { refresh_token: "" }), undefined],
    ["with 403", reply(403, {}, { refresh_token: "rt" }), undefined]
  ] as const) {
    it.effect(`${what}: ${refreshToken ?? "none"}`, () =>
      Effect.gen(function* () {
        const error = apiException(yield* Effect.flip(refresh(() => response)))
        assert.strictEqual(error.refreshToken && Redacted.value(error.refreshToken), refreshToken)
        assert.isFalse(error.isTransient)
      })
    )
  }
})

describe("TokenEndpoint, where secrets may be sent (RFC 6749 section 3.2)", () => {
  const nowhere = TestTransport.layer(() => Effect.dieMessage("nothing may be sent"))

  const build = (server: AuthorizationServer.AuthorizationServer) =>
    Effect.either(
      Layer.build(
        TokenEndpoint.layer({ server, clientAuthentication: basic("marker-secret") }).pipe(
          Layer.provide(nowhere)
        )
      )
    )

  for (const url of [
    "https://login.example.com/token",
    "https://10.0.0.1:8443/token",
    "http://localhost/token",
    "http://LOCALHOST:3000/token",
    "http://auth.localhost:3000/token",
    "http://127.0.0.1:3000/token",
    "http://127.1.2.3/token",
    "http://127.1/token",
    "http://[::1]:3000/token"
  ]) {
    it.scoped(`to ${url}`, () =>
      Effect.gen(function* () {
        assert.isTrue(Either.isRight(yield* build({ tokenEndpoint: url, revocationEndpoint: url })))
      })
    )
  }

  for (const [url, why] of [
    ["http://login.example.com/marker?key=marker", "plain http on another machine"],
    ["http://10.0.0.1/token", "plain http on another machine"],
    ["http://0.0.0.0/token", "plain http on another machine"],
    ["http://128.0.0.1/token", "plain http on another machine"],
    ["http://127.0.0.1.example.com/token", "plain http on another machine"],
    ["http://localhost.example.com/token", "plain http on another machine"],
    ["http://notlocalhost/token", "plain http on another machine"],
    ["http://[::2]/token", "plain http on another machine"],
    ["https://alice:marker@login.example.com/token", "must not contain a user name or a password"],
    ["https://marker@login.example.com/token", "must not contain a user name or a password"],
    ["http://:marker@localhost/token", "must not contain a user name or a password"],
    ["ftp://login.example.com/marker", "must be an https URL"],
    ["data:text/plain,marker", "must be an https URL"],
    ["/token", "is not an absolute URL"],
    ["marker-secret", "is not an absolute URL"],
    ["", "is not an absolute URL"]
  ] as const) {
    it.scoped(`not to ${JSON.stringify(url)}`, () =>
      Effect.gen(function* () {
        for (const [what, server] of [
          ["The token endpoint", { tokenEndpoint: url }],
          ["The revocation endpoint", { tokenEndpoint, revocationEndpoint: url }]
        ] as const) {
          const error = Either.getOrThrow(Either.flip(yield* build(server)))
          assert.strictEqual(error._tag, "AuthValidationException")
          assert.include(error.message, what)
          assert.include(error.message, why)
          assert.notInclude(printed(error), "marker")
        }
      })
    )
  }

  it.scoped("to a plain http origin that is named, and to no other one", () =>
    Effect.gen(function* () {
      const insecureOrigins = ["http://Login.example.com:8080/path"]
      const isBuilt = (url: string) =>
        Effect.map(build({ tokenEndpoint: url, insecureOrigins }), Either.isRight)
      assert.isTrue(yield* isBuilt("http://login.example.com:8080/token"))
      assert.isFalse(yield* isBuilt("http://login.example.com/token"))
      assert.isFalse(yield* isBuilt("http://example.com:8080/token"))
    })
  )
})

describe("TokenEndpoint.layerConfig", () => {
  const Configured = TokenEndpoint.layerConfig({
    server: { tokenEndpoint: Config.string("TOKEN_ENDPOINT") },
    clientAuthentication: Config.map(
      Config.all({ clientId: Config.string("CLIENT_ID"), clientSecret: Config.redacted("CLIENT_SECRET") }),
      ClientAuthentication.clientSecretBasic
    )
  })

  const configured = (config: Record<string, string>) =>
    Layer.build(Configured.pipe(Layer.provide(TestTransport.layer(() => reply(200))))).pipe(
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(config)))),
      Effect.either
    )

  it.scoped("provides the endpoint that the configuration names", () =>
    Effect.gen(function* () {
      const config = { TOKEN_ENDPOINT: tokenEndpoint, CLIENT_ID: "client", CLIENT_SECRET: "marker-secret" }
      const context = Either.getOrThrow(yield* configured(config))
      assert.include(printed(context), TokenEndpoint.TokenEndpoint.key)
      assert.notInclude(printed(context), "marker")
    })
  )

  it.scoped("fails with what is missing or not safe, and shows no secret", () =>
    Effect.gen(function* () {
      const missing = yield* configured({ CLIENT_ID: "client", CLIENT_SECRET: "marker-secret" })
      assert.include(printed(missing), "TOKEN_ENDPOINT")
      const unsafe = yield* configured({
        TOKEN_ENDPOINT: "http://login.example.com",
        CLIENT_ID: "client",
        CLIENT_SECRET: "marker-secret"
      })
      assert.include(printed(unsafe), "plain http on another machine")
      assert.notInclude(printed([missing, unsafe]), "marker")
    })
  )
})

describe("beforeAttempt", () => {
  it.effect("runs before each attempt, and ends them when it fails", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const endpoint = yield* endpointOf({ tokenEndpoint }).pipe(
        Effect.provide(
          TestTransport.layer(() => {
            seen.push("sent")
            return reply(503)
          })
        )
      )
      const beforeAttempt = Effect.suspend(() => {
        seen.push("asked")
        return seen.length > 4 ? Effect.fail("no longer") : Effect.void
      })
      const refreshing = yield* Effect.fork(
        Effect.flip(endpoint.refreshToken(Redacted.make("r1"), { beforeAttempt }))
      )
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* Fiber.join(refreshing), "no longer")
      assert.deepStrictEqual(seen, ["asked", "sent", "asked", "sent", "asked"])
    })
  )
})

describe("TokenEndpoint.identity", () => {
  it.effect("says which client at which server, without secrets", () =>
    Effect.gen(function* () {
      const endpoint = yield* Effect.provide(
        endpointOf({ tokenEndpoint }, basic("marker")),
        TestTransport.layer(() => reply(200))
      )
      assert.strictEqual(endpoint.identity, "client@https://login.example/token")
    })
  )
})
