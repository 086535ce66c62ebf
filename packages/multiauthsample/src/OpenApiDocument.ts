/**
 * @since 0.1.0
 */
import * as OpenApi from "@effect/platform/OpenApi"
import type { JsonSchema } from "@effect/platform/OpenApiJsonSchema"
import * as Record from "effect/Record"
import { MultiauthsampleApi } from "./MultiauthsampleApi.js"

/** With what a server of the platform answers a request that it cannot read. The API does not promise that. */
const platformSchemas = ["HttpApiDecodeError", "Issue", "PropertyKey"]

const nameOf = (schema: { readonly $ref: string }): string => schema.$ref.replace(/^.*\//, "")

/** A union of a union is one union. */
const alternatives = (schema: JsonSchema): ReadonlyArray<JsonSchema> =>
  "anyOf" in schema && !("$id" in schema) && !("$comment" in schema)
    ? schema.anyOf.flatMap(alternatives)
    : [schema]

const references = (schema: JsonSchema) => alternatives(schema).flatMap((one) => ("$ref" in one ? [one] : []))

const withFlatForm = (operation: OpenApi.OpenAPISpecOperation): OpenApi.OpenAPISpecOperation => {
  const form = operation.requestBody?.content["application/x-www-form-urlencoded"]
  return form === undefined || !("anyOf" in form.schema)
    ? operation
    : {
        ...operation,
        requestBody: {
          content: {
            "application/x-www-form-urlencoded": { schema: { anyOf: [...alternatives(form.schema)] } }
          },
          required: true
        }
      }
}

const promised = (
  response: OpenApi.OpenApiSpecResponse,
  schemas: Record.ReadonlyRecord<string, JsonSchema>
): ReadonlyArray<OpenApi.OpenApiSpecResponse> => {
  const content = response.content?.["application/json"]
  if (content === undefined) return [response]
  const all = references(content.schema)
  const own = all.filter((reference) => !platformSchemas.includes(nameOf(reference)))
  if (own.length === all.length) return [response]
  return own.map((schema) => ({
    description: schemas[nameOf(schema)]?.description ?? response.description,
    content: { "application/json": { schema } }
  }))
}

// That anything may stand there is said by each of them with one and the same `$id`, which has to be unique.
const withoutIds = (schema: JsonSchema): JsonSchema =>
  "additionalProperties" in schema ? { ...schema, additionalProperties: true } : schema

/**
 * The OpenAPI document of the API, from its declaration.
 *
 * @see https://spec.openapis.org/oas/v3.1.0
 * @since 0.1.0
 * @category accessors
 */
export const openApiDocument = (): OpenApi.OpenAPISpec => {
  const document = OpenApi.fromApi(MultiauthsampleApi, { additionalPropertiesStrategy: "allow" })
  const schemas = Record.filter(document.components.schemas, (_, name) => !platformSchemas.includes(name))
  const own = (operation: OpenApi.OpenAPISpecOperation): OpenApi.OpenAPISpecOperation => ({
    ...withFlatForm(operation),
    responses: Object.fromEntries(
      Object.entries(operation.responses).flatMap(([status, response]) =>
        promised(response, schemas).map((one) => [status, one])
      )
    )
  })
  return {
    ...document,
    paths: Record.map(document.paths, ({ get, post }) => ({
      ...(get !== undefined && { get: own(get) }),
      ...(post !== undefined && { post: own(post) })
    })),
    components: { ...document.components, schemas: Record.map(schemas, withoutIds) }
  }
}
