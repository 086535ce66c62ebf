/**
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * A user of the API. Every field is optional; fields that are not listed are kept as they came.
 *
 * @since 0.1.0
 * @category schemas
 */
export const User = Schema.Struct(
  {
    id: Schema.optionalWith(Schema.Int, { nullable: true }),
    name: Schema.optionalWith(Schema.String, { nullable: true }),
    email: Schema.optionalWith(Schema.String, { nullable: true }),
    createdAt: Schema.optionalWith(Schema.String, { nullable: true }).pipe(Schema.fromKey("created_at")),
    updatedAt: Schema.optionalWith(Schema.String, { nullable: true }).pipe(Schema.fromKey("updated_at"))
  },
  { key: Schema.String, value: Schema.Unknown }
).annotations({ identifier: "User" })

/**
 * A user of the API.
 *
 * @since 0.1.0
 * @category models
 */
export type User = typeof User.Type
