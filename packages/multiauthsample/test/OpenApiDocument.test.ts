import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { OpenApi } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Validator } from "@seriousme/openapi-schema-validator"
import { Effect } from "effect"
import { Environment, openApiDocument } from "multiauthsample"

const document = openApiDocument()

const apiKey = { "apiKey.token": [], "apiKey.api-key": [] }
const apiHeader = { "apiHeader.token": [], "apiHeader.api-key": [] }

/** Section 4.4 and 4.5 of the record. */
const operations: ReadonlyArray<
  readonly [method: "get" | "post", path: string, operation: string, security: ReadonlyArray<object>]
> = [
  ["get", "/auth/oauth2", "authentication.oAuthBearerToken", [{ OAuthBearerToken: [] }]],
  ["get", "/auth/customAuthentication", "authentication.customAuthentication", [{ CustomAuth: [] }]],
  [
    "get",
    "/auth/customQueryOrHeaderParam",
    "authentication.customQueryOrHeaderAuthentication",
    [apiKey, apiHeader]
  ],
  [
    "get",
    "/oauth2/oauthOrCombination",
    "authentication.oAuthGrantTypesOrCombinations",
    [{ OAuthCCG: [] }, { OAuthBearerToken: [] }]
  ],
  ["get", "/auth/noAuth", "authentication.noAuth", []],
  ["get", "/oauth2/non-auth-server/status", "authentication.oAuthClientCredentialsGrant", [{ OAuthCCG: [] }]],
  [
    "get",
    "/auth/basicAndApiKeyAndApiHeader",
    "authentication.basicAuthAndApiHeaderAuth",
    [{ basicAuth: [], ...apiKey, ...apiHeader }]
  ],
  [
    "get",
    "/oauth2/non-auth-server/user",
    "authentication.oAuthAuthorizationGrant",
    [{ OAuthACG: [], OAuthROPCG: [] }]
  ],
  [
    "get",
    "/auth/multipleAuthCombination",
    "authentication.multipleAuthCombination",
    [{ CustomAuth: [] }, { OAuthBearerToken: [] }, { basicAuth: [], ...apiKey, ...apiHeader }]
  ],
  ["post", "/request_token", "oAuthAuthorization.requestTokenOAuthCCG", []],
  ["post", "/oauth2/non-auth-server/token", "oAuthAuthorization.token", []]
]

const operationAt = (method: "get" | "post", path: string): OpenApi.OpenAPISpecOperation => {
  const operation = document.paths[path]?.[method]
  return operation ?? assert.fail(`there is no ${method} ${path}`)
}

describe("the OpenAPI document", () => {
  it("is the one that is written down: npm run openapi writes it anew", () => {
    const path = fileURLToPath(new URL("../../../docs/multiauthsample/openapi.json", import.meta.url))
    assert.deepStrictEqual(JSON.parse(readFileSync(path, "utf8")), JSON.parse(JSON.stringify(document)))
  })

  it.effect("is valid, and every reference in it leads somewhere", () =>
    Effect.gen(function* () {
      const validator = new Validator()
      const result = yield* Effect.promise(() => validator.validate({ ...document }))
      assert.deepStrictEqual(result, { valid: true })
      assert.strictEqual(validator.version, "3.1")
      const references = Array.from(
        JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g),
        ([, name]) => name ?? ""
      )
      assert.isAbove(references.length, 5)
      for (const name of references) assert.property(document.components.schemas, name)
    })
  )

  it("has the eleven operations of the record, and for each what it needs", () => {
    assert.deepStrictEqual(
      Object.entries(document.paths).flatMap(([path, item]) =>
        Object.entries(item).map(([method, { operationId, security }]) => [
          method,
          path,
          operationId,
          security
        ])
      ),
      operations.map((operation) => [...operation])
    )
  })

  it("sums up each operation, and says of the token calls how the client proves who it is", () => {
    const summaries = operations.map(([method, path]) => operationAt(method, path).summary ?? "")
    assert.isTrue(summaries.every((summary) => summary !== ""))
    assert.lengthOf(new Set(summaries), operations.length)
    for (const [method, path] of operations) {
      const { description = "" } = operationAt(method, path)
      assert.strictEqual(description.includes("`Authorization`"), method === "post", path)
    }
  })

  it("has one list of the forms of the token path", () => {
    const { requestBody } = operationAt("post", "/oauth2/non-auth-server/token")
    assert.deepStrictEqual<unknown>(requestBody?.content["application/x-www-form-urlencoded"]?.schema, {
      anyOf: ["AuthorizationCodeForm", "PasswordForm", "RefreshTokenForm"].map((name) => ({
        $ref: `#/components/schemas/${name}`
      }))
    })
  })

  it("says which calls are deprecated", () => {
    assert.deepStrictEqual(
      operations.flatMap(([method, path, name]) => (operationAt(method, path).deprecated ? [name] : [])),
      ["authentication.noAuth", "authentication.multipleAuthCombination"]
    )
  })

  it("has the constant query of noAuth, and no other parameter but the Authorization of the token calls", () => {
    assert.deepStrictEqual(
      operations.flatMap(([method, path]) =>
        operationAt(method, path).parameters.map(({ in: place, name, required, schema }) => [
          path,
          place,
          name,
          required,
          "enum" in schema ? schema.enum : undefined
        ])
      ),
      [
        ["/auth/noAuth", "query", "array", true, ["true"]],
        ["/request_token", "header", "authorization", false, undefined],
        ["/oauth2/non-auth-server/token", "header", "authorization", false, undefined]
      ]
    )
  })

  it("names the servers of both environments, and the AUTH server where an operation is on that", () => {
    assert.deepStrictEqual(document.servers, [
      { url: Environment.baseUrl("TESTING", "DEFAULT"), description: "TESTING" },
      {
        url: "http://apimatic.hopto.org:{suites}",
        description: "PRODUCTION",
        variables: { suites: { default: "1", enum: ["1", "2", "3", "4"] } }
      }
    ])
    const withServers = Object.entries(document.paths).flatMap(([path, { get, post }]) => {
      const operation: object = get ?? post ?? {}
      return "servers" in operation ? [[path, operation.servers]] : []
    })
    assert.deepStrictEqual(withServers, [
      [
        "/request_token",
        [
          { url: Environment.baseUrl("TESTING", "AUTH"), description: "TESTING" },
          { url: Environment.baseUrl("PRODUCTION", "AUTH"), description: "PRODUCTION" }
        ]
      ]
    ])
  })

  it("answers with what the record says, and with nothing of the platform's own", () => {
    const answers = (method: "get" | "post", path: string) =>
      Object.entries(operationAt(method, path).responses).map(([status, { content }]) => {
        const [[type, media] = []] = Object.entries(content ?? {})
        return [status, type, media !== undefined && "$ref" in media.schema ? media.schema.$ref : undefined]
      })
    const reference = (name: string) => `#/components/schemas/${name}`
    const json = "application/json"
    const expected: Readonly<Record<string, ReadonlyArray<ReadonlyArray<unknown>>>> = {
      "/oauth2/non-auth-server/status": [["200", json, reference("ServiceStatus")]],
      "/oauth2/non-auth-server/user": [["200", json, reference("User")]]
    }
    const token = [
      ["200", json, reference("OAuthToken")],
      ["400", json, reference("OAuthProviderException")],
      ["401", json, reference("OAuthProviderException")]
    ]
    for (const [method, path] of operations) {
      assert.deepStrictEqual(
        answers(method, path),
        method === "post" ? token : [...(expected[path] ?? [["200", "text/plain", undefined]])],
        path
      )
    }
    assert.notInclude(JSON.stringify(document), "HttpApiDecodeError")
  })

  it("marks what is secret in a form, and in a token", () => {
    const secrets = Object.entries(document.components.schemas).flatMap(([name, schema]) =>
      Object.entries("properties" in schema ? schema.properties : {}).flatMap(([field, property]) =>
        JSON.stringify(property).includes(`"format":"password"`) ? [`${name}.${field}`] : []
      )
    )
    assert.sameMembers(secrets, [
      "AuthorizationCodeForm.code",
      "AuthorizationCodeForm.code_verifier",
      "PasswordForm.password",
      "RefreshTokenForm.refresh_token",
      "OAuthToken.access_token",
      "OAuthToken.refresh_token"
    ])
  })

  it("lets everything have more fields than it lists", () => {
    const schemas = Object.entries(document.components.schemas)
    assert.lengthOf(schemas, 8)
    for (const [name, schema] of schemas) assert.propertyVal(schema, "additionalProperties", true, name)
  })
})
