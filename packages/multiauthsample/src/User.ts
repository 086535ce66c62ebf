/**
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { optionalInteger, optionalText, others } from "./internal/fields.js"

/**
 * A user of the API. Every field is optional; fields that are not listed are kept as they came.
 *
 * @since 0.1.0
 * @category schemas
 */
export const User = Schema.Struct(
  {
    id: optionalInteger,
    name: optionalText,
    email: optionalText,
    createdAt: optionalText.pipe(Schema.fromKey("created_at")),
    updatedAt: optionalText.pipe(Schema.fromKey("updated_at"))
  },
  others
).annotations({ identifier: "User", description: "A user of the API." })

/**
 * A user of the API.
 *
 * @since 0.1.0
 * @category models
 */
export type User = typeof User.Type
