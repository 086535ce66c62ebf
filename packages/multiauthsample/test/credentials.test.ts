import { inspect } from "node:util"
import { HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { OAuthToken } from "@effect-oauth/client"
import { type Config, ConfigProvider, Effect, Redacted } from "effect"
import {
  ApiHeaderCredentials,
  ApiKeyCredentials,
  BasicAuthCredentials,
  CustomAuthCredentials,
  OAuthACGCredentials,
  OAuthBearerTokenCredentials,
  OAuthCCGCredentials,
  OAuthROPCGCredentials,
  OAuthScopeOAuthACGEnum
} from "multiauthsample"

const secret = Redacted.make("marker-secret")
const other = Redacted.make("marker-other")
const none = Redacted.make("")
const token = OAuthToken.make({ accessToken: "marker-token" })

/** Fields in clear: chai takes any two `Redacted` for equal. */
const shown = (credentials: object) =>
  Object.fromEntries(
    Object.entries(credentials).flatMap(([name, value]) =>
      value === undefined || name === "_tag"
        ? []
        : [
            [
              name,
              Redacted.isRedacted(value)
                ? Redacted.value(value)
                : value instanceof OAuthToken.OAuthToken
                  ? Redacted.value(value.accessToken)
                  : value
            ]
          ]
    )
  )

const client = { oAuthClientId: "client", oAuthClientSecret: secret }
const user = { oAuthUsername: "alice", oAuthPassword: secret }
const redirect = { oAuthRedirectUri: "https://cb" }

describe("cloneWith replaces every field that is given, and keeps the rest", () => {
  it("of BasicAuthCredentials", () => {
    const credentials = new BasicAuthCredentials({ username: "alice", password: secret })
    assert.deepStrictEqual(shown(credentials.cloneWith({ username: "" })), {
      username: "",
      password: "marker-secret"
    })
    assert.deepStrictEqual(shown(credentials.cloneWith({ password: none })), {
      username: "alice",
      password: ""
    })
    assert.deepStrictEqual(shown(credentials.cloneWith({})), shown(credentials))
  })

  it("of ApiKeyCredentials and ApiHeaderCredentials", () => {
    for (const Credentials of [ApiKeyCredentials, ApiHeaderCredentials]) {
      const credentials = new Credentials({ token: secret, apiKey: secret })
      assert.deepStrictEqual(shown(credentials.cloneWith({ token: none })), {
        token: "",
        apiKey: "marker-secret"
      })
      assert.deepStrictEqual(shown(credentials.cloneWith({ apiKey: other })), {
        token: "marker-secret",
        apiKey: "marker-other"
      })
      assert.strictEqual(credentials.cloneWith({})._tag, credentials._tag)
    }
  })

  it("of OAuthBearerTokenCredentials", () => {
    const credentials = new OAuthBearerTokenCredentials({ accessToken: secret })
    assert.deepStrictEqual(shown(credentials.cloneWith({ accessToken: none })), { accessToken: "" })
    assert.deepStrictEqual(shown(credentials.cloneWith({})), { accessToken: "marker-secret" })
  })

  it("of OAuthCCGCredentials", () => {
    const credentials = new OAuthCCGCredentials(client)
    assert.deepStrictEqual(shown(credentials.cloneWith({ oAuthClientId: "", oAuthToken: token })), {
      oAuthClientId: "",
      oAuthClientSecret: "marker-secret",
      oAuthToken: "marker-token"
    })
    assert.deepStrictEqual(
      shown(credentials.cloneWith({ oAuthToken: token }).cloneWith({ oAuthToken: undefined })),
      shown(credentials)
    )
  })

  it("of OAuthACGCredentials", () => {
    const credentials = new OAuthACGCredentials({ ...client, ...redirect, oAuthScopes: ["a"] })
    assert.deepStrictEqual(shown(credentials.cloneWith({ oAuthScopes: [], oAuthRedirectUri: "" })), {
      oAuthClientId: "client",
      oAuthClientSecret: "marker-secret",
      oAuthRedirectUri: "",
      oAuthScopes: []
    })
    assert.deepStrictEqual(
      credentials.cloneWith({ oAuthScopes: [OAuthScopeOAuthACGEnum.READ_SCOPE, "my.own"] }).oAuthScopes,
      ["file_requests.read", "my.own"]
    )
  })

  it("of OAuthROPCGCredentials", () => {
    const credentials = new OAuthROPCGCredentials({ ...client, ...user })
    assert.deepStrictEqual(shown(credentials.cloneWith({ oAuthPassword: none, oAuthToken: token })), {
      oAuthClientId: "client",
      oAuthClientSecret: "marker-secret",
      oAuthUsername: "alice",
      oAuthPassword: "",
      oAuthToken: "marker-token"
    })
  })

  it("of CustomAuthCredentials", () => {
    const authorize = (request: HttpClientRequest.HttpClientRequest) =>
      Effect.succeed(HttpClientRequest.setHeader(request, "x", "1"))
    const credentials = new CustomAuthCredentials({ authorize })
    assert.strictEqual(credentials.cloneWith({}).authorize, authorize)
    assert.isUndefined(credentials.cloneWith({ authorize: undefined }).authorize)
  })
})

describe("config", () => {
  const stored = JSON.stringify({ access_token: "marker-token", expiry: 4102444800 })

  const load = <A>(config: Config.Config<A>, variables: Readonly<Record<string, string>>) =>
    Effect.withConfigProvider(config, ConfigProvider.fromMap(new Map(Object.entries(variables))))

  const cases: ReadonlyArray<
    readonly [
      what: string,
      config: Config.Config<object>,
      variables: Readonly<Record<string, string>>,
      expected: Readonly<Record<string, unknown>>
    ]
  > = [
    [
      "BasicAuthCredentials",
      BasicAuthCredentials.config("A"),
      { A_USERNAME: "alice", A_PASSWORD: "pw" },
      { username: "alice", password: "pw" }
    ],
    [
      "ApiKeyCredentials",
      ApiKeyCredentials.config("A"),
      { A_TOKEN: "t", A_API_KEY: "k" },
      { token: "t", apiKey: "k" }
    ],
    [
      "ApiHeaderCredentials",
      ApiHeaderCredentials.config("A"),
      { A_TOKEN: "t", A_API_KEY: "k" },
      { token: "t", apiKey: "k" }
    ],
    [
      "OAuthBearerTokenCredentials",
      OAuthBearerTokenCredentials.config("A"),
      { A_ACCESS_TOKEN: "t" },
      { accessToken: "t" }
    ],
    [
      "OAuthCCGCredentials",
      OAuthCCGCredentials.config("A"),
      { A_OAUTH_CLIENT_ID: "c", A_OAUTH_CLIENT_SECRET: "s" },
      { oAuthClientId: "c", oAuthClientSecret: "s" }
    ],
    [
      "OAuthCCGCredentials with a token",
      OAuthCCGCredentials.config("A"),
      { A_OAUTH_CLIENT_ID: "c", A_OAUTH_CLIENT_SECRET: "s", A_OAUTH_TOKEN: stored },
      { oAuthClientId: "c", oAuthClientSecret: "s", oAuthToken: "marker-token" }
    ],
    [
      "OAuthCCGCredentials of a token alone",
      OAuthCCGCredentials.config("A"),
      { A_OAUTH_TOKEN: stored },
      { oAuthToken: "marker-token" }
    ],
    [
      "OAuthACGCredentials",
      OAuthACGCredentials.config("A"),
      {
        A_OAUTH_CLIENT_ID: "c",
        A_OAUTH_CLIENT_SECRET: "s",
        A_OAUTH_REDIRECT_URI: "https://cb",
        A_OAUTH_SCOPES: "file_requests.read, x y"
      },
      {
        oAuthClientId: "c",
        oAuthClientSecret: "s",
        oAuthRedirectUri: "https://cb",
        oAuthScopes: ["file_requests.read", "x", "y"]
      }
    ],
    [
      "OAuthACGCredentials without a redirect URI, with a token",
      OAuthACGCredentials.config("A"),
      { A_OAUTH_CLIENT_ID: "c", A_OAUTH_CLIENT_SECRET: "s", A_OAUTH_TOKEN: stored },
      { oAuthClientId: "c", oAuthClientSecret: "s", oAuthToken: "marker-token" }
    ],
    [
      "OAuthACGCredentials of a token alone",
      OAuthACGCredentials.config("A"),
      { A_OAUTH_TOKEN: stored },
      { oAuthToken: "marker-token" }
    ],
    [
      "OAuthROPCGCredentials",
      OAuthROPCGCredentials.config("A"),
      {
        A_OAUTH_CLIENT_ID: "c",
        A_OAUTH_CLIENT_SECRET: "s",
        A_OAUTH_USERNAME: "alice",
        A_OAUTH_PASSWORD: "pw"
      },
      { oAuthClientId: "c", oAuthClientSecret: "s", oAuthUsername: "alice", oAuthPassword: "pw" }
    ],
    [
      "OAuthROPCGCredentials of a client and a token",
      OAuthROPCGCredentials.config("A"),
      { A_OAUTH_CLIENT_ID: "c", A_OAUTH_CLIENT_SECRET: "s", A_OAUTH_TOKEN: stored },
      { oAuthClientId: "c", oAuthClientSecret: "s", oAuthToken: "marker-token" }
    ]
  ]

  for (const [what, config, variables, expected] of cases) {
    it.effect(`reads ${what}`, () =>
      Effect.map(load(config, variables), (credentials) =>
        assert.deepStrictEqual(shown(credentials), expected)
      )
    )
  }

  const refusals: ReadonlyArray<
    readonly [
      what: string,
      config: Config.Config<object>,
      variables: Readonly<Record<string, string>>,
      named: ReadonlyArray<string>
    ]
  > = [
    ["nothing", BasicAuthCredentials.config("A"), {}, ["A_USERNAME", "A_PASSWORD"]],
    [
      "half of Basic credentials",
      BasicAuthCredentials.config("A"),
      { A_USERNAME: "alice", A_PASSWORD: "" },
      ["A_PASSWORD"]
    ],
    ["one of two keys", ApiKeyCredentials.config("A"), { A_API_KEY: "k" }, ["A_TOKEN"]],
    [
      "a client without its secret",
      OAuthCCGCredentials.config("A"),
      { A_OAUTH_CLIENT_ID: "c", A_OAUTH_TOKEN: stored },
      ["A_OAUTH_CLIENT_SECRET"]
    ],
    [
      "a user without a password, beside a token",
      OAuthROPCGCredentials.config("A"),
      { A_OAUTH_USERNAME: "alice", A_OAUTH_TOKEN: stored },
      ["A_OAUTH_CLIENT_ID", "A_OAUTH_CLIENT_SECRET", "A_OAUTH_PASSWORD"]
    ],
    [
      "scopes without a client",
      OAuthACGCredentials.config("A"),
      { A_OAUTH_SCOPES: "a", A_OAUTH_TOKEN: stored },
      ["A_OAUTH_CLIENT_ID", "A_OAUTH_CLIENT_SECRET", "A_OAUTH_REDIRECT_URI"]
    ],
    [
      "a token that is none",
      OAuthCCGCredentials.config("A"),
      { A_OAUTH_TOKEN: `{"access_token":"marker-token"` },
      ["A_OAUTH_TOKEN"]
    ]
  ]

  for (const [what, config, variables, named] of refusals) {
    it.effect(`names what is wrong with ${what}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(load(config, variables))
        const names = Array.from(String(error).matchAll(/A_[A-Z_]+/g), ([name]) => name)
        assert.deepStrictEqual(new Set(names), new Set(named))
        assert.notInclude(String(error) + inspect(error) + JSON.stringify(error), "marker")
      })
    )
  }
})

it("nothing of them shows", () => {
  const all = [
    new BasicAuthCredentials({ username: "alice", password: secret }),
    new ApiKeyCredentials({ token: secret, apiKey: secret }),
    new ApiHeaderCredentials({ token: secret, apiKey: secret }),
    new OAuthBearerTokenCredentials({ accessToken: secret }),
    new OAuthCCGCredentials({ ...client, oAuthToken: token }),
    new OAuthACGCredentials({ ...client, ...redirect, oAuthToken: token }),
    new OAuthROPCGCredentials({ ...client, ...user, oAuthToken: token })
  ]
  assert.notInclude(
    inspect(all, { depth: 10, showHidden: true }) + JSON.stringify(all) + all.map(String).join(""),
    "marker"
  )
})
