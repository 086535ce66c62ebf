import { HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import type { OAuthToken } from "@effect-oauth/client"
import { ScriptedServer } from "@effect-oauth/loopback-servers"
import { Effect, Redacted } from "effect"
import { type ConfigurationOptions, CustomAuthCredentials, type MultiauthsampleClient } from "multiauthsample"
import { connect, serversAt } from "./fixtures/connect.js"
import * as credentials from "./fixtures/credentials.js"

/** What was sent: the record says it, and nothing else may be sent but what the transport adds by itself. */
interface Expected {
  readonly line: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

interface Row {
  readonly name: string
  readonly options?: ConfigurationOptions
  readonly call: (client: MultiauthsampleClient.Service) => Effect.Effect<unknown, unknown>
  /** The last request: those before it are for tokens, and have rows of their own. */
  readonly sent: Expected
  readonly result?: unknown
}

const passed = "You've passed the test!"

const transport = new Set([
  "accept-encoding",
  "accept-language",
  "b3",
  "connection",
  "content-length",
  "host",
  "sec-fetch-mode",
  "traceparent",
  "tracestate"
])

const script: ScriptedServer.Script = ({ method, path }) => {
  if (method === "POST") {
    return ScriptedServer.json({
      access_token: "at",
      token_type: "Bearer",
      expires_in: 3600,
      refresh_token: "rt"
    })
  }
  if (path.endsWith("/status")) return ScriptedServer.json({ status: "ok", php_version: "8" })
  if (path.endsWith("/user")) return ScriptedServer.json({ id: 7, name: "Alice" })
  return { body: path.startsWith("/auth/") ? JSON.stringify(passed) : passed }
}

const { clientAuthorization, storedToken } = credentials
const basic = `Basic ${Buffer.from("alice:wünder:land").toString("base64")}`
const json = { accept: "application/json" }
const form = { ...json, "content-type": "application/x-www-form-urlencoded" }
const headerKeys = { token: "header-token", "api-key": "header-key" }
const queryKeys = "token=query+token%26%2B&api-key=query%2Fkey"
const tokenPath = "/oauth2/non-auth-server/token"

const authorization = Redacted.make("Basic aWQgeDpzOsOpKw==")
const given = { authorization: "Basic aWQgeDpzOsOpKw==" }

const rows: ReadonlyArray<Row> = [
  {
    name: "4.4 oAuthBearerToken",
    options: { oAuthBearerTokenCredentials: credentials.oAuthBearerTokenCredentials },
    call: (client) => client.authentication.oAuthBearerToken(),
    sent: { line: "GET /auth/oauth2", headers: { accept: "*/*", authorization: "Bearer bearer-token" } },
    result: passed
  },
  {
    name: "4.4 customAuthentication",
    call: (client) => client.authentication.customAuthentication(),
    sent: { line: "GET /auth/customAuthentication", headers: { accept: "*/*" } },
    result: passed
  },
  {
    name: "4.3 CustomAuth, with a function of the user's",
    options: {
      customAuthCredentials: new CustomAuthCredentials({
        authorize: (request) => Effect.succeed(HttpClientRequest.setHeader(request, "x-tenant", "wonderland"))
      })
    },
    call: (client) => client.authentication.customAuthentication(),
    sent: { line: "GET /auth/customAuthentication", headers: { accept: "*/*", "x-tenant": "wonderland" } },
    result: passed
  },
  {
    name: "4.4 customQueryOrHeaderAuthentication: apiKey is the first",
    options: {
      apiKeyCredentials: credentials.apiKeyCredentials,
      apiHeaderCredentials: credentials.apiHeaderCredentials
    },
    call: (client) => client.authentication.customQueryOrHeaderAuthentication(),
    sent: { line: `GET /auth/customQueryOrHeaderParam?${queryKeys}`, headers: { accept: "*/*" } },
    result: passed
  },
  {
    name: "4.4 customQueryOrHeaderAuthentication: apiHeader where there is no apiKey",
    options: { apiHeaderCredentials: credentials.apiHeaderCredentials },
    call: (client) => client.authentication.customQueryOrHeaderAuthentication(),
    sent: { line: "GET /auth/customQueryOrHeaderParam", headers: { accept: "*/*", ...headerKeys } },
    result: passed
  },
  {
    name: "4.4 oAuthGrantTypesOrCombinations: OAuthCCG is the first",
    options: {
      oAuthCCGCredentials: credentials.oAuthCCGCredentials,
      oAuthBearerTokenCredentials: credentials.oAuthBearerTokenCredentials
    },
    call: (client) => client.authentication.oAuthGrantTypesOrCombinations(),
    sent: { line: "GET /oauth2/oauthOrCombination", headers: { accept: "*/*", authorization: "Bearer at" } },
    result: passed
  },
  {
    name: "4.4 oAuthGrantTypesOrCombinations: OAuthBearerToken where OAuthCCG has none",
    options: { oAuthBearerTokenCredentials: credentials.oAuthBearerTokenCredentials },
    call: (client) => client.authentication.oAuthGrantTypesOrCombinations(),
    sent: {
      line: "GET /oauth2/oauthOrCombination",
      headers: { accept: "*/*", authorization: "Bearer bearer-token" }
    },
    result: passed
  },
  {
    name: "4.4 noAuth",
    options: { oAuthBearerTokenCredentials: credentials.oAuthBearerTokenCredentials },
    call: (client) => client.authentication.noAuth(),
    sent: { line: "GET /auth/noAuth?array=true", headers: { accept: "*/*" } },
    result: passed
  },
  {
    name: "4.4 oAuthClientCredentialsGrant",
    options: { oAuthCCGCredentials: credentials.oAuthCCGCredentials },
    call: (client) => client.authentication.oAuthClientCredentialsGrant(),
    sent: {
      line: "GET /oauth2/non-auth-server/status",
      headers: { ...json, authorization: "Bearer at" }
    },
    result: { status: "ok", phpVersion: "8" }
  },
  {
    name: "4.4 basicAuthAndApiHeaderAuth",
    options: {
      basicAuthCredentials: credentials.basicAuthCredentials,
      apiKeyCredentials: credentials.apiKeyCredentials,
      apiHeaderCredentials: credentials.apiHeaderCredentials
    },
    call: (client) => client.authentication.basicAuthAndApiHeaderAuth(),
    sent: {
      line: `GET /auth/basicAndApiKeyAndApiHeader?${queryKeys}`,
      headers: { accept: "*/*", authorization: basic, ...headerKeys }
    },
    result: passed
  },
  {
    name: "4.4 oAuthAuthorizationGrant: the token of OAuthROPCG is sent",
    options: {
      oAuthACGCredentials: credentials.oAuthACGCredentials.cloneWith({
        oAuthToken: storedToken("acg-token")
      }),
      oAuthROPCGCredentials: credentials.oAuthROPCGCredentials.cloneWith({
        oAuthToken: storedToken("ropcg-token")
      })
    },
    call: (client) => client.authentication.oAuthAuthorizationGrant(),
    sent: {
      line: "GET /oauth2/non-auth-server/user",
      headers: { ...json, authorization: "Bearer ropcg-token" }
    },
    result: { id: 7, name: "Alice" }
  },
  {
    name: "4.4 multipleAuthCombination: CustomAuth is never missing",
    options: {
      oAuthBearerTokenCredentials: credentials.oAuthBearerTokenCredentials,
      basicAuthCredentials: credentials.basicAuthCredentials,
      apiKeyCredentials: credentials.apiKeyCredentials,
      apiHeaderCredentials: credentials.apiHeaderCredentials
    },
    call: (client) => client.authentication.multipleAuthCombination(),
    sent: { line: "GET /auth/multipleAuthCombination", headers: { accept: "*/*" } },
    result: passed
  },
  {
    name: "4.2 accessToken, beside a scheme",
    options: {
      accessToken: Redacted.make("access"),
      oAuthBearerTokenCredentials: credentials.oAuthBearerTokenCredentials
    },
    call: (client) => client.authentication.oAuthBearerToken(),
    sent: {
      line: "GET /auth/oauth2",
      headers: { accept: "*/*", authorization: "Bearer bearer-token", accesstoken: "access" }
    },
    result: passed
  },
  {
    name: "4.2 accessToken, where nothing is needed",
    options: { accessToken: Redacted.make("access") },
    call: (client) => client.authentication.noAuth(),
    sent: { line: "GET /auth/noAuth?array=true", headers: { accept: "*/*", accesstoken: "access" } }
  },
  {
    name: "4.2 accessToken, empty",
    options: { accessToken: Redacted.make("") },
    call: (client) => client.authentication.noAuth(),
    sent: { line: "GET /auth/noAuth?array=true", headers: { accept: "*/*" } }
  },
  {
    name: "4.5 requestTokenOAuthCCG",
    options: { accessToken: Redacted.make("access") },
    call: (client) => client.oAuthAuthorization.requestTokenOAuthCCG({ authorization }),
    sent: {
      line: "POST /oauth2/auth-server/request_token",
      headers: { ...form, ...given },
      body: "grant_type=client_credentials"
    }
  },
  {
    name: "4.5 requestTokenOAuthCCG, with scope and more",
    call: (client) =>
      client.oAuthAuthorization.requestTokenOAuthCCG({
        authorization,
        scope: "a b",
        optionalFormParameters: { list: ["x", "y"], flag: true, none: undefined }
      }),
    sent: {
      line: "POST /oauth2/auth-server/request_token",
      headers: { ...form, ...given },
      body: "grant_type=client_credentials&scope=a+b&list%5B0%5D=x&list%5B1%5D=y&flag=true"
    }
  },
  {
    name: "4.5 requestTokenOAuthACG",
    call: (client) =>
      client.oAuthAuthorization.requestTokenOAuthACG({
        authorization,
        code: Redacted.make("CODE"),
        redirectUri: "https://cb"
      }),
    sent: {
      line: `POST ${tokenPath}`,
      headers: { ...form, ...given },
      body: "grant_type=authorization_code&code=CODE&redirect_uri=https%3A%2F%2Fcb"
    }
  },
  {
    name: "4.5 refreshTokenOAuthACG",
    call: (client) =>
      client.oAuthAuthorization.refreshTokenOAuthACG({
        authorization,
        refreshToken: Redacted.make("RT"),
        scope: "file_requests.read"
      }),
    sent: {
      line: `POST ${tokenPath}`,
      headers: { ...form, ...given },
      body: "grant_type=refresh_token&refresh_token=RT&scope=file_requests.read"
    }
  },
  {
    name: "4.5 requestTokenOAuthROPCG",
    call: (client) =>
      client.oAuthAuthorization.requestTokenOAuthROPCG({
        authorization,
        username: "us er",
        password: Redacted.make("p&w="),
        scope: "api"
      }),
    sent: {
      line: `POST ${tokenPath}`,
      headers: { ...form, ...given },
      body: "grant_type=password&username=us+er&password=p%26w%3D&scope=api"
    }
  },
  {
    name: "4.5 refreshTokenOAuthROPCG",
    call: (client) =>
      client.oAuthAuthorization.refreshTokenOAuthROPCG({ authorization, refreshToken: Redacted.make("RT") }),
    sent: {
      line: `POST ${tokenPath}`,
      headers: { ...form, ...given },
      body: "grant_type=refresh_token&refresh_token=RT"
    }
  },
  {
    name: "4.6 oAuthCCG.fetchToken",
    options: { oAuthCCGCredentials: credentials.oAuthCCGCredentials, accessToken: Redacted.make("access") },
    call: (client) => client.oAuthCCG.fetchToken(),
    sent: {
      line: "POST /oauth2/auth-server/request_token",
      headers: { ...form, authorization: clientAuthorization },
      body: "grant_type=client_credentials"
    }
  },
  {
    name: "4.6 oAuthACG.fetchToken",
    options: { oAuthACGCredentials: credentials.oAuthACGCredentials },
    call: (client) => client.oAuthACG.fetchToken(Redacted.make("CODE")),
    sent: {
      line: `POST ${tokenPath}`,
      headers: { ...form, authorization: clientAuthorization },
      body: "grant_type=authorization_code&code=CODE&redirect_uri=https%3A%2F%2Fcb"
    }
  },
  {
    name: "4.6 oAuthACG.refreshToken, with scopes",
    options: {
      oAuthACGCredentials: credentials.oAuthACGCredentials.cloneWith({ oAuthToken: storedToken("at", "RT") })
    },
    call: (client) => client.oAuthACG.refreshToken(),
    sent: {
      line: `POST ${tokenPath}`,
      headers: { ...form, authorization: clientAuthorization },
      body: "grant_type=refresh_token&refresh_token=RT&scope=file_requests.read"
    }
  },
  {
    name: "4.6 oAuthROPCG.fetchToken",
    options: { oAuthROPCGCredentials: credentials.oAuthROPCGCredentials },
    call: (client) => client.oAuthROPCG.fetchToken(),
    sent: {
      line: `POST ${tokenPath}`,
      headers: { ...form, authorization: clientAuthorization },
      body: "grant_type=password&username=us+er&password=p%26w%3D"
    }
  },
  {
    name: "4.6 oAuthROPCG.refreshToken",
    options: {
      oAuthROPCGCredentials: credentials.oAuthROPCGCredentials.cloneWith({
        oAuthToken: storedToken("at", "RT")
      })
    },
    call: (client) => client.oAuthROPCG.refreshToken(),
    sent: {
      line: `POST ${tokenPath}`,
      headers: { ...form, authorization: clientAuthorization },
      body: "grant_type=refresh_token&refresh_token=RT"
    }
  },
  {
    name: "4.6 raw Basic credentials, as the record has them",
    options: {
      basicCredentials: "raw",
      oAuthCCGCredentials: credentials.oAuthCCGCredentials.cloneWith({
        oAuthClientId: "id x",
        oAuthClientSecret: Redacted.make("s:é+")
      })
    },
    call: (client) => client.oAuthCCG.fetchToken(),
    sent: {
      line: "POST /oauth2/auth-server/request_token",
      headers: { ...form, authorization: "Basic aWQgeDpzOsOpKw==" },
      body: "grant_type=client_credentials"
    }
  }
]

describe("the wire, row by row", () => {
  for (const { call, name, options, result, sent } of rows) {
    it.scopedLive(name, () =>
      Effect.gen(function* () {
        const server = yield* ScriptedServer.make(script)
        const client = yield* connect({ servers: serversAt(server.origin), ...options })
        const answer = yield* call(client)
        if (result !== undefined) assert.deepStrictEqual(answer, result)
        const request = (yield* server.requests).at(-1) ?? assert.fail("nothing was sent")
        const query = new URLSearchParams(request.query.map(([key, value]) => [key, value])).toString()
        assert.strictEqual(`${request.method} ${request.path}${query === "" ? "" : `?${query}`}`, sent.line)
        const own = Object.entries(request.headers).filter(([header]) => !transport.has(header))
        assert.deepStrictEqual(Object.fromEntries(own), { "user-agent": "APIMATIC 3.0", ...sent.headers })
        assert.strictEqual(request.rawBody, sent.body ?? "")
        if (process.env["WIRE_TABLE"] !== undefined) {
          const headers = own.map(([header, value]) => `${header}: ${value}`).join("<br>")
          process.stdout.write(`| ${name} | \`${sent.line}\` | ${headers} | \`${request.rawBody}\` |\n`)
        }
      })
    )
  }

  it.scopedLive("a token of the controller is the caller's: no session of the client's has it", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make(script)
      const client = yield* connect({
        servers: serversAt(server.origin),
        oAuthCCGCredentials: credentials.oAuthCCGCredentials
      })
      const token: OAuthToken.OAuthToken = yield* client.oAuthAuthorization.requestTokenOAuthCCG({
        authorization
      })
      assert.strictEqual(Redacted.value(token.accessToken), "at")
      assert.isTrue(yield* client.oAuthCCG.isTokenExpired)
    })
  )
})
