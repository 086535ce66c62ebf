import { HttpBody, HttpClientRequest } from "@effect/platform"
import { Effect } from "effect"
import {
  type By,
  type Form,
  lifetime,
  post,
  type Reply,
  type ServerUnderTest,
  send
} from "./ServerUnderTest.js"

/** What can be seen of a server from outside, as plain data. */
export type Observation = Readonly<Record<string, unknown>>

export interface Case {
  readonly name: string
  readonly run: (server: ServerUnderTest) => Effect.Effect<Observation>
  /** Of every server without a `Difference`. */
  readonly expected: Observation
  /** What a server needs to have for it. */
  readonly needs?: "revocationEndpoint" | "introspectionEndpoint" | "metadataUrl"
}

const text = (value: unknown): string => (typeof value === "string" ? value : "")

const refusal = ({ body, headers, status }: Reply): Observation => ({
  status,
  error: body["error"],
  ...(headers["www-authenticate"] !== undefined && {
    challenge: headers["www-authenticate"].split(" ", 1)[0]
  })
})

const passwordForm = { grant_type: "password", username: "alice", password: "wonderland" }

const ask = (server: ServerUnderTest, form: Form | ReadonlyArray<readonly [string, string]>, by?: By) =>
  post(server, server.tokenEndpoint, form, by)

const logIn = (server: ServerUnderTest, more: Form = {}, by?: By) =>
  ask(server, { ...passwordForm, ...more }, by)

const refresh = (server: ServerUnderTest, refreshToken: unknown, more: Form = {}, by?: By) =>
  ask(server, { grant_type: "refresh_token", refresh_token: text(refreshToken), ...more }, by)

const refused = (
  name: string,
  form: Form | ReadonlyArray<readonly [string, string]>,
  expected: Observation,
  options: { readonly by?: By } = {}
): Case => ({
  name,
  run: (server) => Effect.map(ask(server, form, options.by), refusal),
  expected
})

const tokenRequests: ReadonlyArray<Case> = [
  {
    name: "a password begins a session",
    run: (server) =>
      Effect.map(logIn(server), ({ body, headers, status }) => ({
        status,
        tokenType: body["token_type"],
        expiresIn: body["expires_in"],
        scope: body["scope"],
        hasRefreshToken: typeof body["refresh_token"] === "string",
        cacheControl: headers["cache-control"],
        contentType: headers["content-type"]?.split(";", 1)[0]
      })),
    expected: {
      status: 200,
      tokenType: "Bearer",
      expiresIn: 2,
      scope: "api profile",
      hasRefreshToken: true,
      cacheControl: "no-store",
      contentType: "application/json"
    }
  },
  {
    name: "the scope that was asked for is granted",
    run: (server) => Effect.map(logIn(server, { scope: "api" }), ({ body }) => ({ scope: body["scope"] })),
    expected: { scope: "api" }
  },
  {
    name: "a parameter without a value is none",
    run: (server) => Effect.map(logIn(server, { scope: "" }), ({ body }) => ({ scope: body["scope"] })),
    expected: { scope: "api profile" }
  },
  {
    name: "a public client says who it is",
    run: (server) => Effect.map(logIn(server, {}, "native"), ({ status }) => ({ status })),
    expected: { status: 200 }
  },
  {
    name: "client_secret_post",
    run: (server) => Effect.map(logIn(server, {}, "post"), ({ status }) => ({ status })),
    expected: { status: 200 }
  },
  {
    name: "client credentials bring no refresh token",
    run: (server) =>
      Effect.map(ask(server, { grant_type: "client_credentials", scope: "api" }), ({ body, status }) => ({
        status,
        scope: body["scope"],
        hasRefreshToken: "refresh_token" in body
      })),
    expected: { status: 200, scope: "api", hasRefreshToken: false }
  },
  refused(
    "a public client has no credentials",
    { grant_type: "client_credentials" },
    {
      status: 400,
      error: "unauthorized_client"
    },
    { by: "native" }
  ),
  refused(
    "a scope that there is not",
    { ...passwordForm, scope: "api root" },
    {
      status: 400,
      error: "invalid_scope"
    }
  ),
  refused(
    "a wrong password",
    { ...passwordForm, password: "looking-glass" },
    { status: 400, error: "invalid_grant" }
  ),
  refused(
    "an unknown user",
    { ...passwordForm, username: "mallory" },
    { status: 400, error: "invalid_grant" }
  ),
  refused(
    "no password",
    { grant_type: "password", username: "alice" },
    { status: 400, error: "invalid_request" }
  ),
  refused("no grant type", { username: "alice" }, { status: 400, error: "invalid_request" }),
  refused("an unknown grant type", { grant_type: "magic" }, { status: 400, error: "unsupported_grant_type" }),
  refused("a parameter that comes twice", [...Object.entries(passwordForm), ["username", "alice"]], {
    status: 400,
    error: "invalid_request"
  }),
  {
    name: "a body of JSON",
    run: (server) =>
      Effect.map(
        send(
          server,
          HttpClientRequest.post(server.tokenEndpoint, {
            body: HttpBody.text(JSON.stringify(passwordForm), "application/json"),
            headers: { authorization: `Basic ${btoa("client:client-secret")}` }
          })
        ),
        refusal
      ),
    expected: { status: 400, error: "invalid_request" }
  },
  {
    name: "GET at the token endpoint",
    run: (server) =>
      Effect.map(send(server, HttpClientRequest.get(server.tokenEndpoint)), ({ status }) => ({ status })),
    expected: { status: 405 }
  }
]

const invalidClient = { status: 401, error: "invalid_client" }

const clientAuthentication: ReadonlyArray<Case> = [
  refused(
    "a wrong secret in the header",
    passwordForm,
    { ...invalidClient, challenge: "Basic" },
    {
      by: { basic: ["client", "wrong"] }
    }
  ),
  refused(
    "an unknown client in the header",
    passwordForm,
    { ...invalidClient, challenge: "Basic" },
    {
      by: { basic: ["stranger", "client-secret"] }
    }
  ),
  refused(
    "a wrong secret in the form",
    { ...passwordForm, client_id: "post", client_secret: "wrong" },
    invalidClient,
    { by: "nobody" }
  ),
  refused("an unknown client in the form", { ...passwordForm, client_id: "stranger" }, invalidClient, {
    by: "nobody"
  }),
  refused("no client", passwordForm, invalidClient, { by: "nobody" }),
  refused("a client that does not prove itself", { ...passwordForm, client_id: "client" }, invalidClient, {
    by: "nobody"
  }),
  refused(
    "a header from a client that is to use the form",
    passwordForm,
    { ...invalidClient, challenge: "Basic" },
    {
      by: { basic: ["post", "client-secret"] }
    }
  ),
  refused(
    "header and form at once",
    { ...passwordForm, client_id: "client", client_secret: "client-secret" },
    {
      status: 400,
      error: "invalid_request"
    }
  )
]

const refreshing: ReadonlyArray<Case> = [
  {
    name: "a refresh rotates",
    run: (server) =>
      Effect.gen(function* () {
        const first = yield* logIn(server)
        const second = yield* refresh(server, first.body["refresh_token"])
        return {
          status: second.status,
          scope: second.body["scope"],
          isNewRefreshToken: second.body["refresh_token"] !== first.body["refresh_token"],
          isNewAccessToken: second.body["access_token"] !== first.body["access_token"],
          isOldAccessTokenActive: yield* server.isActive(text(first.body["access_token"]))
        }
      }),
    expected: {
      status: 200,
      scope: "api profile",
      isNewRefreshToken: true,
      isNewAccessToken: true,
      isOldAccessTokenActive: true
    }
  },
  {
    name: "a refresh token that is used again",
    run: (server) =>
      Effect.gen(function* () {
        const first = yield* logIn(server)
        const second = yield* refresh(server, first.body["refresh_token"])
        const reuse = yield* refresh(server, first.body["refresh_token"])
        const third = yield* refresh(server, second.body["refresh_token"])
        return {
          ...refusal(reuse),
          isAccessTokenActive: yield* server.isActive(text(second.body["access_token"])),
          newest: third.status
        }
      }),
    expected: { status: 400, error: "invalid_grant", isAccessTokenActive: false, newest: 400 }
  },
  {
    name: "a refresh with less scope",
    run: (server) =>
      Effect.gen(function* () {
        const first = yield* logIn(server)
        const narrow = yield* refresh(server, first.body["refresh_token"], { scope: "api" })
        const again = yield* refresh(server, narrow.body["refresh_token"])
        return { narrow: narrow.body["scope"], again: again.body["scope"] }
      }),
    expected: { narrow: "api", again: "api profile" }
  },
  {
    name: "a refresh with more scope",
    run: (server) =>
      Effect.gen(function* () {
        const first = yield* logIn(server, { scope: "api" })
        const wide = yield* refresh(server, first.body["refresh_token"], { scope: "api profile" })
        const again = yield* refresh(server, first.body["refresh_token"])
        return { ...refusal(wide), again: again.status }
      }),
    expected: { status: 400, error: "invalid_scope", again: 200 }
  },
  refused(
    "an unknown refresh token",
    { grant_type: "refresh_token", refresh_token: "unknown" },
    {
      status: 400,
      error: "invalid_grant"
    }
  ),
  refused("no refresh token", { grant_type: "refresh_token" }, { status: 400, error: "invalid_request" }),
  {
    name: "the refresh token of another client",
    run: (server) =>
      Effect.gen(function* () {
        const first = yield* logIn(server)
        const stolen = yield* refresh(server, first.body["refresh_token"], {}, "native")
        const rightful = yield* refresh(server, first.body["refresh_token"])
        return { ...refusal(stolen), rightful: rightful.status }
      }),
    expected: { status: 400, error: "invalid_grant", rightful: 200 }
  },
  {
    name: "an access token for a refresh token",
    run: (server) =>
      Effect.flatMap(logIn(server), ({ body }) => Effect.map(refresh(server, body["access_token"]), refusal)),
    expected: { status: 400, error: "invalid_grant" }
  },
  {
    name: "an access token expires, its session goes on",
    run: (server) =>
      Effect.gen(function* () {
        const { body } = yield* logIn(server)
        const accessToken = text(body["access_token"])
        const before = yield* server.isActive(accessToken)
        // Servers that count in whole seconds are some milliseconds late.
        yield* server.wait(server.name.startsWith("TestAuthorizationServer") ? lifetime : "3200 millis")
        const after = yield* server.isActive(accessToken)
        return { before, after, refresh: (yield* refresh(server, body["refresh_token"])).status }
      }),
    expected: { before: true, after: false, refresh: 200 }
  }
]

// RFC 7636 appendix B.
const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
const redirectUri = "https://app.test/callback"

const proved = { code_challenge: challenge, code_challenge_method: "S256" }

const authorizationUrl = (server: ServerUnderTest, more: Form = {}): string => {
  const parameters = new URLSearchParams({
    response_type: "code",
    client_id: "web",
    redirect_uri: redirectUri,
    scope: "api",
    state: "state-1",
    ...more
  })
  return `${server.authorizationEndpoint}?${parameters}`
}

const parametersOf = (callback: string | undefined): Form =>
  callback === undefined ? { page: "true" } : Object.fromEntries(new URL(callback).searchParams)

const signIn = (server: ServerUnderTest, more: Form = proved, approve = true) =>
  Effect.map(server.signIn(authorizationUrl(server, more), { approve }), parametersOf)

const redeem = (server: ServerUnderTest, code: string | undefined, more: Form = {}, by: By = "web") =>
  ask(
    server,
    {
      grant_type: "authorization_code",
      code: code ?? "",
      redirect_uri: redirectUri,
      code_verifier: verifier,
      ...more
    },
    by
  )

const notRedeemed = (
  name: string,
  more: Form,
  expected: Observation,
  options: { readonly by?: By; readonly asked?: Form } = {}
): Case => ({
  name,
  run: (server) =>
    Effect.gen(function* () {
      const { code } = yield* signIn(server, options.asked)
      const wrong = yield* redeem(server, code, more, options.by)
      const right = yield* redeem(server, code, options.asked === undefined ? {} : { code_verifier: "" })
      return { ...refusal(wrong), thenRight: right.status }
    }),
  expected
})

const notReturned = (
  name: string,
  more: Form,
  expected: Observation,
  options: { readonly approve?: boolean } = {}
): Case => ({
  name,
  run: (server) =>
    Effect.map(signIn(server, { ...proved, ...more }, options.approve), ({ error, page, state }) =>
      page === undefined ? { error, state } : { page }
    ),
  expected
})

const codes: ReadonlyArray<Case> = [
  {
    name: "a code begins a session",
    run: (server) =>
      Effect.gen(function* () {
        const answer = yield* signIn(server)
        const { body, status } = yield* redeem(server, answer["code"])
        return {
          state: answer["state"],
          namesItself: answer["iss"] === new URL(server.tokenEndpoint).origin,
          status,
          scope: body["scope"],
          hasRefreshToken: "refresh_token" in body
        }
      }),
    expected: { state: "state-1", namesItself: true, status: 200, scope: "api", hasRefreshToken: true }
  },
  {
    name: "a native client comes back to any port",
    run: (server) =>
      Effect.gen(function* () {
        const uri = "http://127.0.0.1:54321/callback"
        const { code } = yield* signIn(server, { ...proved, client_id: "native", redirect_uri: uri })
        const { status } = yield* redeem(server, code, { redirect_uri: uri }, "native")
        return { status }
      }),
    expected: { status: 200 }
  },
  {
    name: "a code that is used again",
    run: (server) =>
      Effect.gen(function* () {
        const { code } = yield* signIn(server)
        const first = yield* redeem(server, code)
        const again = yield* redeem(server, code)
        return {
          ...refusal(again),
          isAccessTokenActive: yield* server.isActive(text(first.body["access_token"])),
          refresh: (yield* refresh(server, first.body["refresh_token"], {}, "web")).status
        }
      }),
    expected: { status: 400, error: "invalid_grant", isAccessTokenActive: false, refresh: 400 }
  },
  notRedeemed(
    "a wrong verifier",
    { code_verifier: "x".repeat(43) },
    {
      status: 400,
      error: "invalid_grant",
      thenRight: 200
    }
  ),
  notRedeemed("no verifier", { code_verifier: "" }, { status: 400, error: "invalid_grant", thenRight: 200 }),
  notRedeemed(
    "another redirect URI",
    { redirect_uri: "https://app.test/other" },
    {
      status: 400,
      error: "invalid_grant",
      thenRight: 200
    }
  ),
  notRedeemed(
    "a code of another client",
    {},
    { status: 400, error: "invalid_grant", thenRight: 200 },
    { by: "native" }
  ),
  notRedeemed(
    "a verifier without a challenge",
    {},
    { status: 400, error: "invalid_grant", thenRight: 200 },
    { asked: {} }
  ),
  {
    name: "an unknown code",
    run: (server) => Effect.map(redeem(server, "unknown"), refusal),
    expected: { status: 400, error: "invalid_grant" }
  },
  {
    name: "no code",
    run: (server) => Effect.map(redeem(server, ""), refusal),
    expected: { status: 400, error: "invalid_request" }
  },
  notReturned("the user says no", {}, { error: "access_denied", state: "state-1" }, { approve: false }),
  notReturned("an unknown client at the authorization endpoint", { client_id: "stranger" }, { page: "true" }),
  notReturned(
    "a redirect URI that is not registered",
    { redirect_uri: "https://evil.test/" },
    { page: "true" }
  ),
  notReturned(
    "a response type that there is not",
    { response_type: "magic" },
    {
      error: "unsupported_response_type",
      state: "state-1"
    }
  ),
  notReturned(
    "a scope that there is not, at the authorization endpoint",
    { scope: "api root" },
    {
      error: "invalid_scope",
      state: "state-1"
    }
  ),
  notReturned(
    "a public client without a challenge",
    {
      client_id: "native",
      redirect_uri: "http://127.0.0.1/callback",
      code_challenge: "",
      code_challenge_method: ""
    },
    { error: "invalid_request", state: "state-1" }
  ),
  notReturned(
    "a challenge by the method plain",
    { code_challenge_method: "plain" },
    {
      error: "invalid_request",
      state: "state-1"
    }
  )
]

const revoke = (server: ServerUnderTest, form: Form, by?: By) =>
  post(server, server.revocationEndpoint ?? "", form, by)

const revocation: ReadonlyArray<Omit<Case, "needs">> = [
  {
    name: "an access token is revoked alone",
    run: (server) =>
      Effect.gen(function* () {
        const { body } = yield* logIn(server)
        const { status } = yield* revoke(server, { token: text(body["access_token"]) })
        return {
          status,
          isActive: yield* server.isActive(text(body["access_token"])),
          refresh: (yield* refresh(server, body["refresh_token"])).status
        }
      }),
    expected: { status: 200, isActive: false, refresh: 200 }
  },
  {
    name: "with the refresh token its session is revoked",
    run: (server) =>
      Effect.gen(function* () {
        const { body } = yield* logIn(server)
        const { status } = yield* revoke(server, {
          token: text(body["refresh_token"]),
          token_type_hint: "refresh_token"
        })
        const { error } = refusal(yield* refresh(server, body["refresh_token"]))
        return { status, isActive: yield* server.isActive(text(body["access_token"])), error }
      }),
    expected: { status: 200, isActive: false, error: "invalid_grant" }
  },
  {
    name: "a wrong hint is no hindrance",
    run: (server) =>
      Effect.gen(function* () {
        const { body } = yield* logIn(server)
        const token = text(body["access_token"])
        const { status } = yield* revoke(server, { token, token_type_hint: "refresh_token" })
        return { status, isActive: yield* server.isActive(token) }
      }),
    expected: { status: 200, isActive: false }
  },
  {
    name: "an unknown token is revoked",
    run: (server) => Effect.map(revoke(server, { token: "unknown" }), ({ status }) => ({ status })),
    expected: { status: 200 }
  },
  {
    name: "the token of another client",
    run: (server) =>
      Effect.gen(function* () {
        const { body } = yield* logIn(server)
        const token = text(body["access_token"])
        return {
          ...refusal(yield* revoke(server, { token }, "native")),
          isActive: yield* server.isActive(token)
        }
      }),
    expected: { status: 400, error: "invalid_grant", isActive: true }
  },
  {
    name: "a revocation by nobody",
    run: (server) => Effect.map(revoke(server, { token: "unknown" }, "nobody"), refusal),
    expected: invalidClient
  },
  {
    name: "a revocation of nothing",
    run: (server) => Effect.map(revoke(server, {}), refusal),
    expected: { status: 400, error: "invalid_request" }
  }
]

const introspect = (server: ServerUnderTest, form: Form, by?: By) =>
  post(server, server.introspectionEndpoint ?? "", form, by)

const introspection: ReadonlyArray<Omit<Case, "needs">> = [
  {
    name: "an active access token",
    run: (server) =>
      Effect.gen(function* () {
        const { body } = yield* logIn(server, { scope: "api" })
        const about = yield* introspect(server, { token: text(body["access_token"]) })
        const { active, client_id, exp, iat, iss, scope, sub, token_type } = about.body
        return {
          active,
          client_id,
          scope,
          sub,
          token_type,
          lifetime: Number(exp) - Number(iat),
          namesItself: iss === new URL(server.tokenEndpoint).origin
        }
      }),
    expected: {
      active: true,
      client_id: "client",
      scope: "api",
      sub: "alice",
      token_type: "Bearer",
      lifetime: 2,
      namesItself: true
    }
  },
  {
    name: "an unknown token is not active",
    run: (server) =>
      Effect.map(introspect(server, { token: "unknown" }), ({ body, status }) => ({ status, ...body })),
    expected: { status: 200, active: false }
  },
  {
    name: "a refresh token is active, until it is used",
    run: (server) =>
      Effect.gen(function* () {
        const { body } = yield* logIn(server)
        const token = text(body["refresh_token"])
        const before = yield* introspect(server, { token })
        yield* refresh(server, token)
        const after = yield* introspect(server, { token })
        return { before: before.body["active"], after: after.body["active"] }
      }),
    expected: { before: true, after: false }
  },
  {
    name: "an introspection by nobody",
    run: (server) => Effect.map(introspect(server, { token: "unknown" }, "nobody"), refusal),
    expected: invalidClient
  },
  {
    name: "an introspection of nothing",
    run: (server) => Effect.map(introspect(server, {}), refusal),
    expected: { status: 400, error: "invalid_request" }
  }
]

const metadata: ReadonlyArray<Case> = [
  {
    name: "the server describes itself",
    needs: "metadataUrl",
    run: (server) =>
      Effect.map(send(server, HttpClientRequest.get(server.metadataUrl ?? "")), ({ body, status }) => ({
        status,
        issuer: body["issuer"] === new URL(server.tokenEndpoint).origin,
        token: body["token_endpoint"] === server.tokenEndpoint,
        authorization: body["authorization_endpoint"] === server.authorizationEndpoint,
        revocation: body["revocation_endpoint"] === server.revocationEndpoint,
        introspection: body["introspection_endpoint"] === server.introspectionEndpoint,
        iss: body["authorization_response_iss_parameter_supported"],
        challenges: body["code_challenge_methods_supported"]
      })),
    expected: {
      status: 200,
      issuer: true,
      token: true,
      authorization: true,
      revocation: true,
      introspection: true,
      iss: true,
      challenges: ["S256"]
    }
  }
]

/** All that is asked of every server. */
export const cases: ReadonlyArray<Case> = [
  ...tokenRequests,
  ...clientAuthentication,
  ...refreshing,
  ...codes,
  ...revocation.map((one): Case => ({ ...one, needs: "revocationEndpoint" })),
  ...introspection.map((one): Case => ({ ...one, needs: "introspectionEndpoint" })),
  ...metadata
]
