import { assert, describe, it } from "@effect/vitest"
import { AuthValidationException, OAuthToken } from "@effect-oauth/client"
import { ScriptedServer } from "@effect-oauth/loopback-servers"
import { Effect, Redacted } from "effect"
import {
  type AuthenticationController,
  type ConfigurationOptions,
  CustomAuthCredentials,
  OAuthACGCredentials,
  OAuthCCGCredentials,
  OAuthROPCGCredentials
} from "multiauthsample"
import { connect, serversAt } from "./fixtures/connect.js"
import * as credentials from "./fixtures/credentials.js"

const none = Redacted.make("")
const expired = OAuthToken.make({ accessToken: "old", expiry: 1 })
const valid = credentials.storedToken("valid")

const basic = "[BasicAuth: Username or Password is undefined.]"
const apiKey = "[ApiKey: token or api-key is undefined.]"
const apiHeader = "[ApiHeader: token or api-key is undefined.]"
const bearer = "[OAuthBearerToken: AccessToken is undefined.]"
const ccg = "[OAuthCCG: OAuthToken is undefined or expired.]"
const acg = "[OAuthACG: OAuthToken is undefined or expired.]"
const ropcg = "[OAuthROPCG: OAuthToken is undefined or expired.]"

const { apiHeaderCredentials, apiKeyCredentials, basicAuthCredentials, oAuthBearerTokenCredentials } =
  credentials
const oAuthCCGCredentials = new OAuthCCGCredentials({ oAuthToken: expired })
const oAuthACGCredentials = new OAuthACGCredentials({ oAuthToken: expired })
const oAuthROPCGCredentials = new OAuthROPCGCredentials({ oAuthToken: expired })

const refusals: ReadonlyArray<
  readonly [endpoint: keyof AuthenticationController, options: ConfigurationOptions, message: string]
> = [
  ["oAuthBearerToken", {}, bearer],
  [
    "oAuthBearerToken",
    { oAuthBearerTokenCredentials: oAuthBearerTokenCredentials.cloneWith({ accessToken: none }) },
    bearer
  ],
  ["customQueryOrHeaderAuthentication", {}, `${apiKey} or ${apiHeader}`],
  [
    "customQueryOrHeaderAuthentication",
    {
      apiKeyCredentials: apiKeyCredentials.cloneWith({ token: none }),
      apiHeaderCredentials: apiHeaderCredentials.cloneWith({ apiKey: none })
    },
    `${apiKey} or ${apiHeader}`
  ],
  ["oAuthGrantTypesOrCombinations", {}, `${ccg} or ${bearer}`],
  ["oAuthGrantTypesOrCombinations", { oAuthCCGCredentials }, `${ccg} or ${bearer}`],
  ["oAuthClientCredentialsGrant", {}, ccg],
  ["oAuthClientCredentialsGrant", { oAuthCCGCredentials }, ccg],
  [
    "oAuthClientCredentialsGrant",
    { oAuthCCGCredentials: credentials.oAuthCCGCredentials, autoRefresh: false },
    ccg
  ],
  ["basicAuthAndApiHeaderAuth", {}, `${basic} and ${apiKey} and ${apiHeader}`],
  ["basicAuthAndApiHeaderAuth", { apiKeyCredentials }, `${basic} and ${apiHeader}`],
  ["basicAuthAndApiHeaderAuth", { basicAuthCredentials, apiHeaderCredentials }, apiKey],
  [
    "basicAuthAndApiHeaderAuth",
    {
      basicAuthCredentials: basicAuthCredentials.cloneWith({ username: "" }),
      apiKeyCredentials,
      apiHeaderCredentials
    },
    basic
  ],
  ["oAuthAuthorizationGrant", {}, `${acg} and ${ropcg}`],
  ["oAuthAuthorizationGrant", { oAuthACGCredentials, oAuthROPCGCredentials }, `${acg} and ${ropcg}`],
  [
    "oAuthAuthorizationGrant",
    { oAuthACGCredentials: oAuthACGCredentials.cloneWith({ oAuthToken: valid }) },
    ropcg
  ],
  // The password could bring one token, but without the other it is not sent.
  ["oAuthAuthorizationGrant", { oAuthROPCGCredentials: credentials.oAuthROPCGCredentials }, acg]
]

describe("what is missing is said before anything is sent", () => {
  for (const [endpoint, options, message] of refusals) {
    it.scopedLive(`${endpoint} with ${Object.keys(options).join(", ") || "nothing"}: ${message}`, () =>
      Effect.gen(function* () {
        const server = yield* ScriptedServer.make([])
        const client = yield* connect({ servers: serversAt(server.origin), ...options })
        const error = yield* Effect.flip<unknown, unknown, never>(client.authentication[endpoint]())
        assert.instanceOf(error, AuthValidationException)
        assert.strictEqual(error.message, message)
        assert.deepStrictEqual(yield* server.requests, [])
      })
    )
  }

  it.scopedLive("a function of the user's that refuses keeps a call from being sent", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make([])
      const client = yield* connect({
        servers: serversAt(server.origin),
        customAuthCredentials: new CustomAuthCredentials({
          authorize: () => Effect.fail(new AuthValidationException({ message: "no key today" }))
        })
      })
      for (const endpoint of ["customAuthentication", "multipleAuthCombination"] as const) {
        const error = yield* Effect.flip(client.authentication[endpoint]())
        assert.strictEqual(error.message, "no key today")
      }
      assert.deepStrictEqual(yield* server.requests, [])
    })
  )
})

describe("or takes the first that can be had now", () => {
  const sentWith = (options: ConfigurationOptions, script: ScriptedServer.Script) =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make(script)
      const client = yield* connect({ servers: serversAt(server.origin), ...options })
      const outcome = yield* Effect.either(client.authentication.oAuthGrantTypesOrCombinations())
      return {
        outcome: outcome._tag === "Right" ? outcome.right : outcome.left._tag,
        sent: (yield* server.requests).map(({ headers, path }) => [path, headers["authorization"]])
      }
    })

  const token = ScriptedServer.json({ access_token: "at", token_type: "Bearer" })
  const refused = ScriptedServer.json({ error: "invalid_client" }, { status: 401 })
  const request = ["/oauth2/auth-server/request_token", credentials.clientAuthorization]
  const call = (token: string) => ["/oauth2/oauthOrCombination", `Bearer ${token}`]

  it.scopedLive("a token that can be fetched", () =>
    Effect.map(
      sentWith({ oAuthCCGCredentials: credentials.oAuthCCGCredentials, oAuthBearerTokenCredentials }, [
        token,
        { body: "in" }
      ]),
      (outcome) => assert.deepStrictEqual(outcome, { outcome: "in", sent: [request, call("at")] })
    )
  )

  it.scopedLive("not one that has expired and cannot be fetched", () =>
    Effect.map(sentWith({ oAuthCCGCredentials, oAuthBearerTokenCredentials }, [{ body: "in" }]), (outcome) =>
      assert.deepStrictEqual(outcome, { outcome: "in", sent: [call("bearer-token")] })
    )
  )

  it.scopedLive("not one that the provider refuses", () =>
    Effect.map(
      sentWith({ oAuthCCGCredentials: credentials.oAuthCCGCredentials, oAuthBearerTokenCredentials }, [
        refused,
        { body: "in" }
      ]),
      (outcome) => assert.deepStrictEqual(outcome, { outcome: "in", sent: [request, call("bearer-token")] })
    )
  )

  it.scopedLive("and if there is no other, what the provider said is the failure", () =>
    Effect.map(sentWith({ oAuthCCGCredentials: credentials.oAuthCCGCredentials }, [refused]), (outcome) =>
      assert.deepStrictEqual(outcome, { outcome: "OAuthProviderException", sent: [request] })
    )
  )
})
