import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { HttpApiClient, type HttpClient } from "@effect/platform"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import {
  type APIException,
  ApiSecurity,
  type AuthorizationRequest,
  type AuthValidationException,
  type OAuthProviderException,
  type OAuthToken,
  type TokenEndpoint,
  type TokenStore,
  type TokenStoreError
} from "@effect-oauth/client"
import { Config, type ConfigError, Effect, type Layer, Redacted } from "effect"
import {
  ApiHeaderCredentials,
  Authentication,
  BasicAuthCredentials,
  type CallError,
  Configuration,
  type ConfigurationOptions,
  MultiauthsampleApi,
  MultiauthsampleClient,
  OAuthACGCredentials,
  OAuthCCGCredentials,
  openApiDocument,
  type ServiceStatus,
  type User
} from "multiauthsample"
import ts from "typescript"

// Most of these tests are checked by the compiler. When they run they build layers and effects, and start none.

type Client = MultiauthsampleClient.Service
type Text = () => Effect.Effect<string, CallError>
type Token<E = CallError> = Effect.Effect<OAuthToken.OAuthToken, E>

const secret = Redacted.make("secret")

describe("from an endpoint to its result", () => {
  it("nothing has to be said, and nothing is left to provide", () => {
    expectTypeOf<Client["authentication"]>().toEqualTypeOf<{
      readonly oAuthBearerToken: Text
      readonly customAuthentication: Text
      readonly customQueryOrHeaderAuthentication: Text
      readonly oAuthGrantTypesOrCombinations: Text
      readonly noAuth: Text
      readonly oAuthClientCredentialsGrant: () => Effect.Effect<ServiceStatus, CallError>
      readonly basicAuthAndApiHeaderAuth: Text
      readonly oAuthAuthorizationGrant: () => Effect.Effect<User, CallError>
      readonly multipleAuthCombination: Text
    }>()
    expectTypeOf<CallError>().toEqualTypeOf<
      OAuthProviderException | APIException | AuthValidationException | TokenStoreError
    >()
    expectTypeOf<ServiceStatus["status"]>().toEqualTypeOf<string>()
    expectTypeOf<ServiceStatus["users"]>().toEqualTypeOf<number | undefined>()
    expectTypeOf<User["createdAt"]>().toEqualTypeOf<string | undefined>()
    expectTypeOf<User["nick"]>().toBeUnknown()
  })

  it("the calls for tokens fail as a token endpoint does", () => {
    expectTypeOf<ReturnType<Client["oAuthAuthorization"]["requestTokenOAuthCCG"]>>().toEqualTypeOf<
      Token<TokenEndpoint.TokenEndpointError>
    >()
    expectTypeOf<Client["oAuthAuthorization"]["requestTokenOAuthROPCG"]>()
      .parameter(0)
      .toHaveProperty("password")
      .toEqualTypeOf<Redacted.Redacted<string>>()
    expectTypeOf<ReturnType<Client["oAuthCCG"]["fetchToken"]>>().toEqualTypeOf<Token>()
    expectTypeOf<ReturnType<Client["oAuthACG"]["refreshToken"]>>().toEqualTypeOf<Token>()
    expectTypeOf<ReturnType<Client["oAuthACG"]["getAuthorizationUrl"]>>().toEqualTypeOf<
      Effect.Effect<string, AuthValidationException>
    >()
    expectTypeOf<ReturnType<Client["oAuthACG"]["authorizationRequest"]>>().toEqualTypeOf<
      Effect.Effect<AuthorizationRequest.AuthorizationRequest, AuthValidationException>
    >()
  })

  it("a client of one's own can be derived from the declaration, with the same results", () => {
    const derived = HttpApiClient.make(MultiauthsampleApi)
    type Derived = Effect.Effect.Success<typeof derived>
    expectTypeOf<Effect.Effect.Context<typeof derived>>().toEqualTypeOf<HttpClient.HttpClient>()
    const results = ({ authentication }: Derived) =>
      Effect.all({
        id: Effect.map(authentication.oAuthAuthorizationGrant({}), ({ id }) => id),
        status: Effect.map(authentication.oAuthClientCredentialsGrant({}), ({ status }) => status),
        text: authentication.noAuth({ urlParams: { array: "true" } })
      })
    expectTypeOf<Effect.Effect.Success<ReturnType<typeof results>>>().toEqualTypeOf<{
      id: number | undefined
      status: string
      text: string
    }>()
  })
})

describe("layers", () => {
  type Needs = HttpClient.HttpClient | TokenStore.TokenStore

  it("take the options, a Configuration, or nothing", () => {
    const layers = [
      MultiauthsampleClient.layer(),
      MultiauthsampleClient.layer({ timeout: "5 seconds", maxRetries: 3 }),
      MultiauthsampleClient.layer(new Configuration())
    ]
    for (const layer of layers) {
      expectTypeOf(layer).toEqualTypeOf<
        Layer.Layer<MultiauthsampleClient.MultiauthsampleClient, AuthValidationException, Needs>
      >()
    }
    assert.lengthOf(layers, 3)
  })

  it("take both from Config", () => {
    const layers = [
      MultiauthsampleClient.layerConfig(Configuration.config("API")),
      MultiauthsampleClient.layerConfig({
        timeout: Config.duration("TIMEOUT"),
        basicAuthCredentials: BasicAuthCredentials.config("API"),
        accessToken: Config.redacted("ACCESS_TOKEN")
      })
    ]
    for (const layer of layers) {
      expectTypeOf(layer).toEqualTypeOf<
        Layer.Layer<
          MultiauthsampleClient.MultiauthsampleClient,
          AuthValidationException | ConfigError.ConfigError,
          Needs
        >
      >()
    }
    assert.lengthOf(layers, 2)
  })

  it("options and credentials that make no sense do not compile", () => {
    const options: ReadonlyArray<ConfigurationOptions> = [
      // @ts-expect-error There is no such environment.
      { environment: "STAGING" },
      // @ts-expect-error There are four suites.
      { suites: 5 },
      // @ts-expect-error There is no such method.
      { retryMethods: ["FETCH"] },
      // @ts-expect-error Secrets are Redacted.
      { accessToken: "in clear" }
    ]
    assert.lengthOf(options, 4)
    // @ts-expect-error A password is needed.
    new BasicAuthCredentials({ username: "alice" })
    // @ts-expect-error A client needs its secret.
    new OAuthCCGCredentials({ oAuthClientId: "client" })
    const key = { token: secret, apiKey: secret }
    const client = { oAuthClientId: "client", oAuthClientSecret: secret }
    const mistaken: ReadonlyArray<ConfigurationOptions> = [
      // @ts-expect-error Keys for headers would be sent in the URL.
      { apiKeyCredentials: new ApiHeaderCredentials(key) },
      // @ts-expect-error Credentials are of one scheme.
      { oAuthACGCredentials: new OAuthCCGCredentials(client) },
      // @ts-expect-error Credentials are of one scheme.
      { oAuthCCGCredentials: new OAuthACGCredentials({ ...client, oAuthRedirectUri: "https://cb" }) }
    ]
    assert.lengthOf(mistaken, 3)
    // @ts-expect-error Nobody can begin a session without a redirect URI.
    new OAuthACGCredentials({ oAuthClientId: "client", oAuthClientSecret: secret })
  })
})

describe("the declaration", () => {
  it("knows what each endpoint needs", () => {
    const { requirementOf } = ApiSecurity
    expectTypeOf(requirementOf(Authentication.noAuth)).toEqualTypeOf<ApiSecurity.Requirement<never>>()
    expectTypeOf(requirementOf(Authentication.multipleAuthCombination)).toEqualTypeOf<
      ApiSecurity.Requirement<"CustomAuth" | "OAuthBearerToken" | "basicAuth" | "apiKey" | "apiHeader">
    >()
    expectTypeOf(requirementOf(Authentication.oAuthAuthorizationGrant)).toEqualTypeOf<
      ApiSecurity.Requirement<"OAuthACG" | "OAuthROPCG">
    >()
  })

  it("and the client that editors show agree on what is deprecated", () => {
    const path = fileURLToPath(new URL("../src/AuthenticationController.ts", import.meta.url))
    const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true)
    const members = source.statements.flatMap((statement) =>
      ts.isInterfaceDeclaration(statement) ? [...statement.members] : []
    )
    const deprecated = members.flatMap((member) =>
      ts.getJSDocDeprecatedTag(member) === undefined ? [] : [member.name?.getText(source)]
    )
    const declared = Object.values(openApiDocument().paths).flatMap(({ get }) =>
      get?.deprecated === true ? [get.operationId.replace("authentication.", "")] : []
    )
    assert.lengthOf(members, 9)
    assert.deepStrictEqual(deprecated, declared)
    assert.deepStrictEqual(deprecated, ["noAuth", "multipleAuthCombination"])
  })
})
