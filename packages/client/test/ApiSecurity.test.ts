import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpClientRequest, OpenApi } from "@effect/platform"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import {
  ApiSecurity,
  AuthScheme,
  AuthValidationException,
  type TokenError,
  type TokenManager
} from "@effect-oauth/client"
import { Validator } from "@seriousme/openapi-schema-validator"
import { Effect, FastCheck, Option, Redacted, Schema } from "effect"

const { and, none, or } = ApiSecurity

const security = ApiSecurity.make({
  password: ApiSecurity.basic({ description: "Name and password." }),
  ticket: ApiSecurity.bearer({ format: "JWT" }),
  key: ApiSecurity.apiKey({ in: "header", names: ["x-key"] }),
  keys: ApiSecurity.apiKey({ in: "query", names: ["token", "api key"] }),
  login: ApiSecurity.oauth2({
    clientCredentials: { tokenUrl: "https://login.example.com/token" },
    authorizationCode: {
      authorizationUrl: "https://login.example.com/authorize",
      tokenUrl: "https://login.example.com/token",
      refreshUrl: "https://login.example.com/refresh",
      scopes: { "pets:read": "See the pets." }
    }
  }),
  own: ApiSecurity.custom({ description: "A signature." })
})

const requirement = or(security.own, and(security.password, or(security.key, security.keys)))

const listPets = HttpApiEndpoint.get("listPets", "/pets").addSuccess(Schema.Array(Schema.String))

const documentOf = <E extends HttpApiEndpoint.HttpApiEndpoint.Any>(endpoint: E) =>
  OpenApi.fromApi(
    HttpApi.make("pets").add(HttpApiGroup.make("pets").add(endpoint)).pipe(ApiSecurity.declare(security))
  )

const securityOf = (document: OpenApi.OpenAPISpec) => document.paths["/pets"]?.get?.security

const isValid = (document: OpenApi.OpenAPISpec) =>
  Effect.map(
    Effect.promise(() => new Validator().validate({ ...document })),
    (result) => assert.deepStrictEqual(result, { valid: true })
  )

describe("a requirement", () => {
  it("is data: the tree, and each scheme under its name", () => {
    assert.deepStrictEqual(requirement, {
      _tag: "Or",
      requirements: [
        { _tag: "Scheme", name: "own", scheme: { _tag: "Custom", description: "A signature." }, scopes: [] },
        {
          _tag: "And",
          requirements: [
            security.password,
            {
              _tag: "Or",
              requirements: [
                {
                  _tag: "Scheme",
                  name: "key",
                  scheme: { _tag: "ApiKey", in: "header", names: ["x-key"] },
                  scopes: []
                },
                security.keys
              ]
            }
          ]
        }
      ]
    })
  })

  it("has alternatives, in the order in which they are tried", () => {
    assert.deepStrictEqual(ApiSecurity.alternatives(requirement), [
      [security.own],
      [security.password, security.key],
      [security.password, security.keys]
    ])
    assert.deepStrictEqual(ApiSecurity.alternatives(none), [[]])
  })

  it("stays with its endpoint, whatever is done to that", () => {
    const secured = listPets.pipe(ApiSecurity.require(requirement))
    assert.strictEqual(ApiSecurity.requirementOf(secured), requirement)
    const changed = secured
      .annotate(OpenApi.Description, "The pets.")
      .addError(Schema.String, { status: 404 })
      .prefix("/v1")
    assert.strictEqual(ApiSecurity.requirementOf(changed), requirement)
    const seen: Array<ApiSecurity.Requirement> = []
    HttpApi.reflect(HttpApi.make("pets").add(HttpApiGroup.make("pets").add(changed)).prefix("/api"), {
      onGroup: () => undefined,
      onEndpoint: ({ endpoint }) => void seen.push(ApiSecurity.requirementOf(endpoint))
    })
    assert.deepStrictEqual(seen, [requirement])
  })

  it("is nothing where nothing is said, and the last one that is said", () => {
    assert.deepStrictEqual(ApiSecurity.requirementOf(listPets), none)
    const twice = listPets.pipe(ApiSecurity.require(security.key), ApiSecurity.require(security.ticket))
    assert.deepStrictEqual(ApiSecurity.requirementOf(twice), security.ticket)
    assert.deepStrictEqual(securityOf(documentOf(twice)), [{ ticket: [] }])
  })
})

describe("the OpenAPI document", () => {
  it.effect("has every scheme as OpenAPI writes it", () =>
    Effect.gen(function* () {
      const document = documentOf(listPets.pipe(ApiSecurity.require(requirement)))
      assert.deepStrictEqual<unknown>(document.components.securitySchemes, {
        password: { type: "http", scheme: "basic", description: "Name and password." },
        ticket: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        key: { type: "apiKey", in: "header", name: "x-key" },
        "keys.token": { type: "apiKey", in: "query", name: "token" },
        "keys.api_key": { type: "apiKey", in: "query", name: "api key" },
        login: {
          type: "oauth2",
          flows: {
            clientCredentials: { tokenUrl: "https://login.example.com/token", scopes: {} },
            authorizationCode: {
              authorizationUrl: "https://login.example.com/authorize",
              tokenUrl: "https://login.example.com/token",
              refreshUrl: "https://login.example.com/refresh",
              scopes: { "pets:read": "See the pets." }
            }
          }
        },
        own: { type: "http", scheme: "custom", description: "A signature." }
      })
      yield* isValid(document)
    })
  )

  const written: ReadonlyArray<readonly [ApiSecurity.Requirement, unknown]> = [
    [none, []],
    [and(none, none), []],
    [security.password, [{ password: [] }]],
    [security.keys, [{ "keys.token": [], "keys.api_key": [] }]],
    [or(none, security.key), [{}, { key: [] }]],
    [and(security.key, none), [{ key: [] }]],
    [ApiSecurity.withScopes(security.login, ["pets:read"]), [{ login: ["pets:read"] }]],
    [
      requirement,
      [{ own: [] }, { password: [], key: [] }, { password: [], "keys.token": [], "keys.api_key": [] }]
    ],
    [
      and(or(security.own, security.key), or(security.password, security.ticket)),
      [
        { own: [], password: [] },
        { own: [], ticket: [] },
        { key: [], password: [] },
        { key: [], ticket: [] }
      ]
    ],
    [
      and(
        ApiSecurity.withScopes(security.login, ["pets:read", "pets:feed"]),
        ApiSecurity.withScopes(security.login, ["pets:sell", "pets:read"])
      ),
      [{ login: ["pets:read", "pets:feed", "pets:sell"] }]
    ]
  ]

  it.effect("has what an endpoint needs as alternatives", () =>
    Effect.forEach(written, ([requirement, expected]) => {
      const document = documentOf(listPets.pipe(ApiSecurity.require(requirement)))
      assert.deepStrictEqual<unknown>(securityOf(document), expected)
      return isValid(document)
    })
  )

  it("keeps what others have changed in it", () => {
    const endpoint = listPets
      .annotate(OpenApi.Override, { servers: [{ url: "https://pets.example.com" }] })
      .pipe(ApiSecurity.require(security.key))
    const api = HttpApi.make("pets")
      .add(HttpApiGroup.make("pets").add(endpoint))
      .annotate(OpenApi.Transform, (document) => ({ ...document, "x-mine": true }))
      .pipe(
        ApiSecurity.declare(security),
        ApiSecurity.declare(ApiSecurity.make({ more: ApiSecurity.basic() }))
      )
    const document: unknown = OpenApi.fromApi(api)
    assert.nestedPropertyVal(document, "paths./pets.get.servers[0].url", "https://pets.example.com")
    assert.nestedPropertyVal(document, "x-mine", true)
    assert.nestedPropertyVal(document, "components.securitySchemes.key.name", "x-key")
    assert.nestedPropertyVal(document, "components.securitySchemes.more.scheme", "basic")
  })
})

describe("properties", () => {
  const names = ["password", "ticket", "key", "keys", "login", "own"] as const
  type Name = (typeof names)[number]
  const { tree } = FastCheck.letrec<{ tree: ApiSecurity.Requirement<Name> }>((tie) => {
    const several = FastCheck.tuple(tie("tree"), FastCheck.array(tie("tree"), { maxLength: 2 }))
    return {
      tree: FastCheck.oneof(
        { depthSize: "small", withCrossShrink: true },
        FastCheck.constantFrom(...names).map((name) => security[name]),
        FastCheck.constant(none),
        several.map(([first, others]) => and(first, ...others)),
        several.map(([first, others]) => or(first, ...others))
      )
    }
  })

  const isMet = (requirement: ApiSecurity.Requirement<Name>, present: ReadonlySet<Name>): boolean => {
    switch (requirement._tag) {
      case "None":
        return true
      case "Scheme":
        return present.has(requirement.name)
      case "And":
        return requirement.requirements.every((one) => isMet(one, present))
      case "Or":
        return requirement.requirements.some((one) => isMet(one, present))
    }
  }

  it.prop(
    "the alternatives say the same as the tree, and so does the scheme of a client",
    [tree, FastCheck.subarray([...names]).map((present) => new Set<Name>(present))],
    ([requirement, present]) => {
      const expected = isMet(requirement, present)
      const alternatives = ApiSecurity.alternatives(requirement)
      assert.strictEqual(
        alternatives.some((schemes) => schemes.every(({ name }) => present.has(name))),
        expected
      )
      const scheme = (name: Name) =>
        AuthScheme.bearer({ name, accessToken: present.has(name) ? Redacted.make("token") : undefined })
      const authScheme = ApiSecurity.schemeFor(requirement, {
        password: scheme("password"),
        ticket: scheme("ticket"),
        key: scheme("key"),
        keys: scheme("keys"),
        login: scheme("login"),
        own: scheme("own")
      })
      assert.strictEqual(Option.isNone(Effect.runSync(authScheme.missing)), expected)
    }
  )
})

describe("what a client sends", () => {
  const password = AuthScheme.basic({ name: "Password", username: "", password: undefined })
  const key = AuthScheme.apiKeyHeader({ name: "Key", parameters: { "x-key": undefined } })
  const keys = AuthScheme.apiKeyQuery({ name: "Keys", parameters: { token: undefined } })

  it.effect("or what is missing for it, in the order of the tree", () =>
    Effect.gen(function* () {
      const scheme = ApiSecurity.schemeFor(and(security.password, or(security.key, security.keys)), {
        password,
        key,
        keys
      })
      assert.strictEqual(
        Option.getOrThrow(yield* scheme.missing),
        "[Password: Username or Password is undefined.] and [Key: x-key is undefined.] or [Keys: token is undefined.]"
      )
    })
  )

  it("takes as many schemes as it is given", () => {
    assert.strictEqual(ApiSecurity.schemeFor(security.key, { key, keys, password }), key)
    assert.strictEqual(ApiSecurity.schemeFor(none, {}), AuthScheme.none)
  })
})

describe("types", () => {
  class MyError {
    readonly _tag = "MyError"
  }
  const key = AuthScheme.apiKeyHeader({ parameters: { "x-key": undefined } })
  const own = AuthScheme.custom({
    authorize: (request: HttpClientRequest.HttpClientRequest): Effect.Effect<typeof request, MyError> =>
      Effect.succeed(HttpClientRequest.setHeader(request, "x-own", "1"))
  })

  it("a requirement knows the names in it, and so does its endpoint", () => {
    expectTypeOf(requirement).toEqualTypeOf<ApiSecurity.Or<"own" | "password" | "key" | "keys">>()
    expectTypeOf(none).toExtend<ApiSecurity.Requirement<never>>()
    const secured = listPets.pipe(ApiSecurity.require(requirement))
    expectTypeOf(ApiSecurity.requirementOf(secured)).toEqualTypeOf<
      ApiSecurity.Requirement<"own" | "password" | "key" | "keys">
    >()
    expectTypeOf(ApiSecurity.requirementOf(listPets)).toEqualTypeOf<ApiSecurity.Requirement>()
    const open = listPets.pipe(ApiSecurity.require(none))
    expectTypeOf(ApiSecurity.requirementOf(open)).toEqualTypeOf<ApiSecurity.Requirement<never>>()
    expectTypeOf<HttpApiEndpoint.HttpApiEndpoint.Success<typeof secured>>().toEqualTypeOf<
      ReadonlyArray<string>
    >()
  })

  it("the scheme fails as those that it needs, and as no other", () => {
    const source: TokenManager.TokenSource = {
      getToken: Effect.fail(new AuthValidationException({ message: "none" })),
      replaceToken: () => Effect.fail(new AuthValidationException({ message: "none" }))
    }
    const schemes = { key, own, login: AuthScheme.oauth({ source }) }
    expectTypeOf(ApiSecurity.schemeFor(security.key, schemes)).toEqualTypeOf<
      AuthScheme.AuthScheme<AuthValidationException>
    >()
    expectTypeOf(ApiSecurity.schemeFor(or(security.key, security.own), schemes)).toEqualTypeOf<
      AuthScheme.AuthScheme<AuthValidationException | MyError>
    >()
    expectTypeOf(ApiSecurity.schemeFor(and(security.key, security.login), schemes)).toEqualTypeOf<
      AuthScheme.AuthScheme<TokenError>
    >()
  })

  it("a missing scheme, and a misspelt one, do not compile", () => {
    // @ts-expect-error There is nothing for `own`.
    ApiSecurity.schemeFor(security.own, { key })
    // @ts-expect-error There is nothing for `own` here, either.
    assert.throws(() => ApiSecurity.schemeFor(or(security.key, security.own), { key, Own: own }).name)
    // @ts-expect-error It is called `key`.
    assert.isUndefined(security.Key)
    // @ts-expect-error A key stands somewhere.
    ApiSecurity.apiKey({ in: "header", names: [] })
    // @ts-expect-error Of no requirements none can be met.
    assert.deepStrictEqual(ApiSecurity.or().requirements, [])
  })
})
