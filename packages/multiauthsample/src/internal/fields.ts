import * as Schema from "effect/Schema"

/** What is absent and what is `null` is the same: not there. */
export const optionalText = Schema.optionalWith(Schema.String, { nullable: true })

const Integer = Schema.Number.pipe(
  Schema.filter((value) => Number.isSafeInteger(value), { jsonSchema: { type: "integer" } })
)

/** What is absent and what is `null` is the same: not there. */
export const optionalInteger = Schema.optionalWith(Integer, { nullable: true })

/** What is not listed is kept as it came. */
export const others = { key: Schema.String, value: Schema.Unknown }

/** A text that nobody should see. */
export const Secret = Schema.Redacted(
  Schema.String.annotations({ jsonSchema: { type: "string", format: "password" } })
)
