/**
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { optionalInteger, optionalText, others } from "./internal/fields.js"

/**
 * How the service is doing. All but `status` is optional; fields that are not listed are kept as they came.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ServiceStatus = Schema.Struct(
  {
    status: Schema.String,
    app: optionalText,
    moto: optionalText,
    notes: optionalInteger,
    users: optionalInteger,
    time: optionalText,
    os: optionalText,
    phpVersion: optionalText.pipe(Schema.fromKey("php_version"))
  },
  others
).annotations({ identifier: "ServiceStatus", description: "How the service is doing." })

/**
 * How the service is doing.
 *
 * @since 0.1.0
 * @category models
 */
export type ServiceStatus = typeof ServiceStatus.Type
