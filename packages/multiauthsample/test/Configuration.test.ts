import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { OAuthToken } from "@effect-oauth/client"
import { ConfigProvider, Duration, Effect, Redacted, Schedule } from "effect"
import {
  ApiHeaderCredentials,
  ApiKeyCredentials,
  BasicAuthCredentials,
  Configuration,
  type ConfigurationOptions,
  CustomAuthCredentials,
  OAuthACGCredentials,
  OAuthBearerTokenCredentials,
  OAuthCCGCredentials,
  OAuthROPCGCredentials
} from "multiauthsample"

const secret = Redacted.make("marker-secret")
const client = { oAuthClientId: "client", oAuthClientSecret: secret }
const token = OAuthToken.make({ accessToken: "marker-token" })

/** Every option, with a value that is not its default. */
const everything = {
  environment: "PRODUCTION",
  port: "",
  suites: 3,
  servers: { DEFAULT: "http://localhost:1", AUTH: "http://localhost:2" },
  insecureOrigins: ["http://a.example.com"],
  timeout: 0,
  maxRetries: 3,
  backoffFactor: 0,
  retryStatuses: [],
  retryMethods: ["POST"],
  httpCallBack: {},
  accessToken: secret,
  basicAuthCredentials: new BasicAuthCredentials({ username: "alice", password: secret }),
  apiKeyCredentials: new ApiKeyCredentials({ token: secret, apiKey: secret }),
  apiHeaderCredentials: new ApiHeaderCredentials({ token: secret, apiKey: secret }),
  oAuthCCGCredentials: new OAuthCCGCredentials(client),
  oAuthACGCredentials: new OAuthACGCredentials({ oAuthToken: token }),
  oAuthROPCGCredentials: new OAuthROPCGCredentials({ oAuthToken: token }),
  oAuthBearerTokenCredentials: new OAuthBearerTokenCredentials({ accessToken: secret }),
  customAuthCredentials: new CustomAuthCredentials({}),
  sessionKey: "alice",
  basicCredentials: "raw",
  autoRefresh: false,
  leeway: 0,
  onTokenUpdate: () => Effect.void,
  issuer: "http://localhost:4",
  revocationEndpoint: "http://localhost:3/revoke",
  tokenRetry: Schedule.stop
} satisfies Required<ConfigurationOptions>

const durations = new Set(["timeout", "leeway"])

const isOption = (name: string): name is keyof typeof everything => name in everything

const names = Object.keys(everything).filter(isOption)

describe("a Configuration", () => {
  it("has the defaults of the record", () => {
    assert.deepStrictEqual(
      { ...new Configuration() },
      {
        environment: "TESTING",
        port: "80",
        suites: 1,
        timeout: Duration.seconds(60),
        maxRetries: 0,
        backoffFactor: 2,
        retryStatuses: [408, 413, 429, 500, 502, 503, 504, 521, 522, 524],
        retryMethods: ["GET", "PUT"],
        basicCredentials: "form",
        autoRefresh: true,
        leeway: Duration.seconds(60)
      }
    )
  })

  it("has what it is given, also if that is 0, false or empty", () => {
    const configuration = new Configuration(everything)
    for (const name of names) {
      const expected = durations.has(name) ? Duration.zero : everything[name]
      assert.deepStrictEqual<unknown>(configuration[name], expected, name)
      if (!durations.has(name)) assert.strictEqual<unknown>(configuration[name], expected, name)
    }
  })

  it("cloneWith replaces any option, keeps the others, and returns to the default", () => {
    const configuration = new Configuration()
    for (const name of names) {
      const changed = configuration.cloneWith({ [name]: everything[name] })
      for (const other of names) {
        const expected = new Configuration(other === name ? { [name]: everything[name] } : {})[other]
        assert.deepStrictEqual<unknown>(changed[other], expected, `${other} after ${name} was replaced`)
      }
      assert.deepStrictEqual<unknown>(
        changed.cloneWith({ [name]: undefined })[name],
        configuration[name],
        name
      )
    }
    assert.strictEqual(new Configuration(everything).cloneWith({ maxRetries: 0 }).maxRetries, 0)
  })

  it("shows no secret", () => {
    const configuration = new Configuration(everything)
    assert.notInclude(
      inspect(configuration, { depth: 20, showHidden: true }) + JSON.stringify(configuration),
      "marker"
    )
  })
})

describe("Configuration.config", () => {
  const load = (variables: Readonly<Record<string, string>>) =>
    Effect.withConfigProvider(
      Configuration.config("API"),
      ConfigProvider.fromMap(new Map(Object.entries(variables)))
    )

  const isDefault = (configuration: Configuration) =>
    assert.deepStrictEqual<unknown>(
      Object.fromEntries(
        Object.entries({ ...configuration, servers: undefined }).filter(([, value]) => value !== undefined)
      ),
      { ...new Configuration() }
    )

  it.effect("is the default where nothing is said", () => Effect.map(load({ OTHER_PORT: "1" }), isDefault))

  const variables = {
    API_ENVIRONMENT: "PRODUCTION",
    API_PORT: "8080",
    API_SUITES: "SPADES",
    API_SERVER_DEFAULT: "http://localhost:1",
    API_SERVER_AUTH: "http://localhost:2",
    API_INSECURE_ORIGINS: "http://a.example.com, http://b.example.com",
    API_TIMEOUT: "5 seconds",
    API_MAX_RETRIES: "3",
    API_BACKOFF_FACTOR: "0.5",
    API_RETRY_STATUSES: "429,503",
    API_RETRY_METHODS: "get POST",
    API_ACCESS_TOKEN: "access",
    API_BASIC_AUTH_USERNAME: "alice",
    API_BASIC_AUTH_PASSWORD: "basic",
    API_API_KEY_TOKEN: "key token",
    API_API_KEY_API_KEY: "key key",
    API_API_HEADER_TOKEN: "header token",
    API_API_HEADER_API_KEY: "header key",
    API_CCG_OAUTH_CLIENT_ID: "ccg",
    API_CCG_OAUTH_CLIENT_SECRET: "ccg secret",
    API_ACG_OAUTH_CLIENT_ID: "acg",
    API_ACG_OAUTH_CLIENT_SECRET: "acg secret",
    API_ACG_OAUTH_REDIRECT_URI: "https://cb",
    API_ACG_OAUTH_SCOPES: "file_requests.read",
    API_ROPCG_OAUTH_CLIENT_ID: "ropcg",
    API_ROPCG_OAUTH_CLIENT_SECRET: "ropcg secret",
    API_ROPCG_OAUTH_USERNAME: "bob",
    API_ROPCG_OAUTH_PASSWORD: "ropcg password",
    API_BEARER_ACCESS_TOKEN: "bearer",
    API_SESSION_KEY: "alice",
    API_BASIC_CREDENTIALS: "raw",
    API_AUTO_REFRESH: "false",
    API_LEEWAY: "1 minute",
    API_ISSUER: "https://login.example.com",
    API_REVOCATION_ENDPOINT: "http://localhost:1/revoke"
  }

  const inClear = (value: unknown): unknown => {
    if (Redacted.isRedacted(value)) return Redacted.value(value)
    if (Duration.isDuration(value)) return Duration.toMillis(value)
    if (Array.isArray(value) || typeof value !== "object" || value === null) return value
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, field]) =>
        field === undefined ? [] : [[name, inClear(field)] as const]
      )
    )
  }

  it.effect("reads everything that can be a text", () =>
    Effect.map(load(variables), (configuration) =>
      assert.deepStrictEqual(inClear(configuration), {
        environment: "PRODUCTION",
        port: "8080",
        suites: 2,
        servers: { DEFAULT: "http://localhost:1", AUTH: "http://localhost:2" },
        insecureOrigins: ["http://a.example.com", "http://b.example.com"],
        timeout: 5000,
        maxRetries: 3,
        backoffFactor: 0.5,
        retryStatuses: [429, 503],
        retryMethods: ["GET", "POST"],
        accessToken: "access",
        basicAuthCredentials: { _tag: "BasicAuthCredentials", username: "alice", password: "basic" },
        apiKeyCredentials: { _tag: "ApiKeyCredentials", token: "key token", apiKey: "key key" },
        apiHeaderCredentials: { _tag: "ApiHeaderCredentials", token: "header token", apiKey: "header key" },
        oAuthCCGCredentials: {
          _tag: "OAuthCCGCredentials",
          oAuthClientId: "ccg",
          oAuthClientSecret: "ccg secret"
        },
        oAuthACGCredentials: {
          _tag: "OAuthACGCredentials",
          oAuthClientId: "acg",
          oAuthClientSecret: "acg secret",
          oAuthRedirectUri: "https://cb",
          oAuthScopes: ["file_requests.read"]
        },
        oAuthROPCGCredentials: {
          _tag: "OAuthROPCGCredentials",
          oAuthClientId: "ropcg",
          oAuthClientSecret: "ropcg secret",
          oAuthUsername: "bob",
          oAuthPassword: "ropcg password"
        },
        oAuthBearerTokenCredentials: { _tag: "OAuthBearerTokenCredentials", accessToken: "bearer" },
        sessionKey: "alice",
        basicCredentials: "raw",
        autoRefresh: false,
        leeway: 60_000,
        issuer: "https://login.example.com",
        revocationEndpoint: "http://localhost:1/revoke"
      })
    )
  )

  it.effect("takes an empty variable for one that is absent", () =>
    Effect.map(load(Object.fromEntries(Object.keys(variables).map((name) => [name, ""]))), isDefault)
  )

  const bad: ReadonlyArray<readonly [variable: string, ...values: ReadonlyArray<string>]> = [
    ["API_ENVIRONMENT", "STAGING", "testing", "toString"],
    ["API_SUITES", "0", "5", "JOKERS", "constructor"],
    ["API_TIMEOUT", "soon", "5 fortnights", "-5 seconds"],
    ["API_LEEWAY", "soon", "-1 millis"],
    ["API_MAX_RETRIES", "-1", "1.5", "many", "1e400"],
    ["API_BACKOFF_FACTOR", "-1", "NaN", "Infinity", "two"],
    ["API_RETRY_STATUSES", "429, 5O3", "99", "600"],
    ["API_RETRY_METHODS", "GET, FETCH"],
    ["API_BASIC_CREDENTIALS", "cooked"],
    ["API_AUTO_REFRESH", "no way"],
    ["API_CCG_OAUTH_TOKEN", "marker", `{"token":"marker"}`]
  ]

  for (const [variable, ...values] of bad) {
    it.effect(`names ${variable} when it cannot be read, and quotes nothing`, () =>
      Effect.forEach(values, (value) =>
        Effect.map(Effect.flip(load({ [variable]: value })), (error) => {
          assert.include(String(error), variable)
          assert.notInclude(String(error).replaceAll(variable, ""), value)
        })
      )
    )
  }

  const partial: ReadonlyArray<readonly [given: string, missing: string]> = [
    ["API_BASIC_AUTH_USERNAME", "API_BASIC_AUTH_PASSWORD"],
    ["API_API_KEY_TOKEN", "API_API_KEY_API_KEY"],
    ["API_API_HEADER_API_KEY", "API_API_HEADER_TOKEN"],
    ["API_CCG_OAUTH_CLIENT_SECRET", "API_CCG_OAUTH_CLIENT_ID"],
    ["API_ACG_OAUTH_SCOPES", "API_ACG_OAUTH_CLIENT_ID"],
    ["API_ROPCG_OAUTH_USERNAME", "API_ROPCG_OAUTH_PASSWORD"]
  ]

  it.effect("names what is missing where credentials are half there", () =>
    Effect.forEach(partial, ([given, missing]) =>
      Effect.map(Effect.flip(load({ [given]: "given" })), (error) => assert.include(String(error), missing))
    )
  )
})
