import { assert, describe, it } from "@effect/vitest"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { vi } from "vitest"
import * as NodeOAuth2Server from "../src/NodeOAuth2Server.js"
import * as OidcProvider from "../src/OidcProvider.js"
import { native, type RegisteredClient } from "../src/RegisteredClient.js"
import * as ScriptedServer from "../src/ScriptedServer.js"
import { type Options, signIn } from "../src/SignIn.js"
import type { TokenServer } from "../src/TokenServer.js"
import { post, refresh } from "./support.js"

const redirectUri = "https://app.example.com/callback"

const web: RegisteredClient = {
  clientId: "client",
  clientSecret: "client-secret",
  authenticationMethod: "client_secret_basic",
  redirectUris: [redirectUri]
}

// RFC 7636, appendix B
const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

const request = (server: TokenServer, parameters: Readonly<Record<string, string>> = {}): string => {
  const url = new URL(server.authorizationEndpoint)
  url.search = String(
    new URLSearchParams({
      response_type: "code",
      client_id: web.clientId,
      redirect_uri: redirectUri,
      scope: "api",
      state: "a b&c",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
      ...parameters
    })
  )
  return url.href
}

const answerOf = (
  server: TokenServer,
  parameters?: Readonly<Record<string, string>>,
  options?: Options
): Effect.Effect<{ readonly to: string; readonly query: Readonly<Record<string, string>> }> =>
  signIn(request(server, parameters), options).pipe(
    Effect.orDie,
    Effect.map((callback) => {
      const { origin, pathname, searchParams } = new URL(callback)
      return { to: origin + pathname, query: Object.fromEntries(searchParams) }
    })
  )

const form = (code = "", parameters: Readonly<Record<string, string>> = {}) => ({
  grant_type: "authorization_code",
  code,
  redirect_uri: redirectUri,
  code_verifier: verifier,
  ...parameters
})

// Before all others: the provider says a thing once.
describe("OidcProvider", () => {
  it.scopedLive("says nothing on the terminal about its pages", () =>
    Effect.gen(function* () {
      const terminal = (["warn", "info"] as const).map((method) =>
        vi.spyOn(console, method).mockImplementation(() => {})
      )
      yield* Effect.addFinalizer(() => Effect.sync(() => vi.restoreAllMocks()))
      const server = yield* OidcProvider.make({ clients: [web] })
      yield* answerOf(server)
      yield* Effect.promise(() => fetch(request(server, { client_id: "stranger" })))
      for (const method of terminal) assert.isEmpty(method.mock.calls)
      yield* Console.warn("and is heard afterwards")
      assert.lengthOf(terminal[0]?.mock.calls ?? [], 1)
    })
  )
})

const servers = [
  // Scopes that it does not know are none to it, and a request without any is of no use.
  { name: "OidcProvider", make: OidcProvider.make, toUnknownScope: "access_denied" },
  { name: "NodeOAuth2Server", make: NodeOAuth2Server.make, toUnknownScope: "invalid_scope" }
]

for (const { name, make, toUnknownScope } of servers) {
  describe(name, { concurrent: true }, () => {
    it.scopedLive("sends a user back with a code, which is good for one session", () =>
      Effect.gen(function* () {
        const server = yield* make({ clients: [web] })
        const { query, to } = yield* answerOf(server)
        assert.strictEqual(to, redirectUri)
        assert.strictEqual(query["state"], "a b&c")
        const reply = yield* post(server.tokenEndpoint, form(query["code"]))
        assert.deepInclude(reply, { status: 200, scope: "api", expires_in: 2 })
        assert.deepInclude(yield* server.introspect(reply.access_token ?? ""), {
          active: true,
          clientId: "client",
          username: "alice"
        })
        const next = yield* refresh(server, reply.refresh_token)
        assert.strictEqual(next.status, 200)
        const again = yield* post(server.tokenEndpoint, form(query["code"]))
        assert.deepInclude(again, { status: 400, error: "invalid_grant" })
      })
    )

    it.scopedLive("keeps sessions apart that one user began", () =>
      Effect.gen(function* () {
        const server = yield* make({ clients: [web] })
        const [one, other] = yield* Effect.replicateEffect(
          Effect.flatMap(answerOf(server), ({ query }) => post(server.tokenEndpoint, form(query["code"]))),
          2
        )
        yield* server.revokeSession(one?.refresh_token ?? "")
        assert.isFalse((yield* server.introspect(one?.access_token ?? "")).active)
        assert.isTrue((yield* server.introspect(other?.access_token ?? "")).active)
      })
    )

    it.scopedLive("sends a user back who says no", () =>
      Effect.gen(function* () {
        const server = yield* make({ clients: [web] })
        const { query, to } = yield* answerOf(server, {}, { consent: false })
        assert.strictEqual(to, redirectUri)
        assert.include(query, { error: "access_denied", state: "a b&c" })
        assert.notProperty(query, "code")
      })
    )

    it.scopedLive("sends a user back whose client asks for a scope that there is not", () =>
      Effect.gen(function* () {
        const server = yield* make({ clients: [web] })
        const { query } = yield* answerOf(server, { scope: "root" })
        assert.include(query, { error: toUnknownScope, state: "a b&c" })
      })
    )

    it.scopedLive("shows no page for a client or a redirect URI that it does not know", () =>
      Effect.gen(function* () {
        const server = yield* make({
          clients: [web, { ...web, clientId: "without" }].map((client) =>
            client.clientId === "without" ? { ...client, redirectUris: undefined } : client
          )
        })
        for (const parameters of [
          { client_id: "stranger" },
          { client_id: "without" },
          { redirect_uri: `${redirectUri}/elsewhere` },
          { redirect_uri: "https://app.example.com:8443/callback" }
        ]) {
          const url = request(server, parameters)
          const response = yield* Effect.promise(() => fetch(url, { redirect: "manual" }))
          assert.isTrue(response.status >= 400 && response.status < 500, JSON.stringify(parameters))
          assert.isNull(response.headers.get("location"))
          const error = yield* Effect.flip(signIn(url))
          assert.include(error.message, "says:")
        }
      })
    )

    it.scopedLive("gives nothing without the verifier, with another, or for another redirect URI", () =>
      Effect.gen(function* () {
        const server = yield* make({ clients: [{ ...web, redirectUris: [redirectUri, `${redirectUri}2`] }] })
        for (const parameters of [
          { code_verifier: "" },
          { code_verifier: verifier.replace("d", "e") },
          { redirect_uri: `${redirectUri}2` }
        ]) {
          const { query } = yield* answerOf(server)
          const refused = yield* post(server.tokenEndpoint, form(query["code"], parameters))
          assert.strictEqual(refused.status, 400)
          assert.include(["invalid_grant", "invalid_request"], refused.error)
        }
      })
    )

    it.scopedLive("wants proof of a client that has a secret, the verifier notwithstanding", () =>
      Effect.gen(function* () {
        const server = yield* make({ clients: [web, native] })
        const { query } = yield* answerOf(server)
        for (const client of ["client:wrong", ""]) {
          const unproved = yield* post(
            server.tokenEndpoint,
            form(query["code"], { client_id: "client" }),
            client
          )
          assert.strictEqual(unproved.error, "invalid_client")
        }
        const theirs = yield* post(server.tokenEndpoint, form(query["code"], { client_id: "native" }), "")
        assert.strictEqual(theirs.error, "invalid_grant")
      })
    )

    for (const [host, port] of [
      ["127.0.0.1", 49152],
      ["127.0.0.1", 80]
    ] as const) {
      it.scopedLive(`sends a native client's user to any port of ${host}, such as ${port}`, () =>
        Effect.gen(function* () {
          const server = yield* make({ clients: [native] })
          const redirectUri = `http://${host}:${port}/callback`
          const parameters = { client_id: "native", redirect_uri: redirectUri }
          const { query, to } = yield* answerOf(server, parameters)
          assert.strictEqual(to, new URL(redirectUri).href)
          const reply = yield* post(server.tokenEndpoint, form(query["code"], parameters), "")
          assert.strictEqual(reply.status, 200)
        })
      )
    }

    it.scopedLive("sends nobody to another path or another machine for that", () =>
      Effect.gen(function* () {
        const server = yield* make({ clients: [native] })
        for (const redirect_uri of ["http://127.0.0.1:49152/other", "http://127.0.0.2:49152/callback"]) {
          yield* Effect.flip(signIn(request(server, { client_id: "native", redirect_uri })))
        }
      })
    )

    it.scopedLive("has its pages where it is told to", () =>
      Effect.gen(function* () {
        const server = yield* make({ clients: [web], authorizationPath: "/authorize" })
        assert.strictEqual(server.authorizationEndpoint, `${server.origin}/authorize`)
        assert.property((yield* answerOf(server)).query, "code")
      })
    )
  })
}

describe("OidcProvider", () => {
  it.scopedLive("names itself in each answer, and in its metadata", () =>
    Effect.gen(function* () {
      const server = yield* OidcProvider.make({ clients: [web] })
      assert.strictEqual((yield* answerOf(server)).query["iss"], server.issuer)
      assert.strictEqual((yield* answerOf(server, {}, { consent: false })).query["iss"], server.issuer)
      const response = yield* Effect.promise(() => fetch(server.authorizationServerMetadata))
      assert.deepInclude(yield* Effect.promise(() => response.json()), {
        issuer: server.issuer,
        authorization_endpoint: server.authorizationEndpoint,
        authorization_response_iss_parameter_supported: true,
        code_challenge_methods_supported: ["S256"]
      })
    })
  )

  it.scopedLive("ends the session of a code that is used again", () =>
    Effect.gen(function* () {
      const server = yield* OidcProvider.make({ clients: [web] })
      const { query } = yield* answerOf(server)
      const { access_token = "", refresh_token } = yield* post(server.tokenEndpoint, form(query["code"]))
      yield* post(server.tokenEndpoint, form(query["code"]))
      assert.isFalse((yield* server.introspect(access_token)).active)
      assert.strictEqual((yield* refresh(server, refresh_token)).error, "invalid_grant")
    })
  )
})

describe("NodeOAuth2Server", () => {
  it.scopedLive("wants the password, and asks for it again", () =>
    Effect.gen(function* () {
      const server = yield* NodeOAuth2Server.make({ clients: [web] })
      const error = yield* Effect.flip(signIn(request(server), { password: "looking-glass" }))
      assert.include(error.message, "There is no such user and password.")
    })
  )

  it.scopedLive("lets nobody in by a ticket of no login, or by one that was used", () =>
    Effect.gen(function* () {
      const server = yield* NodeOAuth2Server.make({ clients: [web] })
      yield* answerOf(server)
      const [, ticket = ""] =
        (yield* server.requests).flatMap(({ form }) => form.filter(([name]) => name === "ticket"))[0] ?? []
      assert.isNotEmpty(ticket)
      for (const one of [ticket, "made-up"]) {
        const url = request(server, { ticket: one })
        const response = yield* Effect.promise(() => fetch(url, { redirect: "manual" }))
        assert.strictEqual(response.status, 200)
        assert.include(yield* Effect.promise(() => response.text()), 'type="password"')
      }
    })
  )

  it.scopedLive("shows what a client says of itself as text", () =>
    Effect.gen(function* () {
      const clientId = `<b>"&'`
      const server = yield* NodeOAuth2Server.make({ clients: [{ ...web, clientId }] })
      assert.property((yield* answerOf(server, { client_id: clientId })).query, "code")
      const pages = (yield* server.requests).map(({ body }) => body).join("")
      assert.include(pages, "&#60;b&#62;")
      assert.notInclude(pages, "<b>")
    })
  )

  it.scopedLive("lets the session of a code live on when it is used again", () =>
    Effect.gen(function* () {
      const server = yield* NodeOAuth2Server.make({ clients: [web] })
      const { query } = yield* answerOf(server)
      const { access_token = "" } = yield* post(server.tokenEndpoint, form(query["code"]))
      yield* post(server.tokenEndpoint, form(query["code"]))
      assert.isTrue((yield* server.introspect(access_token)).active)
    })
  )

  it.scopedLive("loses a refusal on the way to a redirect URI that has a query", () =>
    Effect.gen(function* () {
      const redirect_uri = `${redirectUri}?from=login`
      const server = yield* NodeOAuth2Server.make({ clients: [{ ...web, redirectUris: [redirect_uri] }] })
      const { query } = yield* answerOf(server, { redirect_uri }, { consent: false })
      assert.deepStrictEqual(query, { from: "login" })
      assert.property((yield* answerOf(server, { redirect_uri })).query, "code")
    })
  )
})

describe("signIn", () => {
  it.scopedLive("gives up on a page without a form, and on a server that asks for ever", () =>
    Effect.gen(function* () {
      for (const [body, message] of [
        ["<h1>Out of\n order</h1>", "says:  Out of order"],
        ["<form method=post><input name=more></form>", "says:"]
      ] as const) {
        const server = yield* ScriptedServer.make(() => ({ body }))
        const error = yield* Effect.flip(signIn(`${server.origin}/`))
        assert.include(error.message, message)
      }
      assert.strictEqual((yield* Effect.flip(signIn("nowhere")))._tag, "SignInError")
    })
  )
})
