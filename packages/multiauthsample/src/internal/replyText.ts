import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"

const decodeJsonString = Schema.decodeEither(Schema.parseJson(Schema.String))

const unquoted = (body: string): string => Either.getOrElse(decodeJsonString(body), () => body)

/** A text that some servers send as it is, and others as a JSON string. */
export const ReplyText = Schema.transform(Schema.String, Schema.String, {
  strict: true,
  decode: unquoted,
  encode: (text) => (unquoted(text) === text ? text : JSON.stringify(text))
})
  .annotations({ description: "What the API says, as a text or as a JSON string." })
  .pipe(HttpApiSchema.withEncoding({ kind: "Text", contentType: "text/plain" }))
