/**
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import type * as Redacted from "effect/Redacted"
import { credentialsConfig } from "./internal/credentialsConfig.js"
import { secret } from "./internal/variables.js"

/**
 * What the credentials are made of.
 *
 * @since 0.1.0
 * @category models
 */
export interface ApiKeyFields {
  readonly token: Redacted.Redacted<string>
  readonly apiKey: Redacted.Redacted<string>
}

/**
 * Credentials for the scheme `apiKey`: two keys, which are sent as `token` and `api-key` in the query. If one of them is
 * empty, the scheme cannot be used.
 *
 * @example
 * ```ts
 * import { ApiKeyCredentials } from "multiauthsample"
 * import { Redacted } from "effect"
 *
 * const credentials = new ApiKeyCredentials({
 *   token: Redacted.make("Qy7Xa9dK"),
 *   apiKey: Redacted.make("R4mVw2Lp")
 * })
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export class ApiKeyCredentials extends Data.TaggedClass("ApiKeyCredentials")<ApiKeyFields> {
  /**
   * Credentials from the variables `…_TOKEN` and `…_API_KEY` of the configuration.
   *
   * @since 0.1.0
   */
  static config(prefix: string): Config.Config<ApiKeyCredentials> {
    return configOf(prefix).required
  }

  /**
   * The same, unless none of the variables is set.
   *
   * @internal
   */
  static configOption(prefix: string): Config.Config<ApiKeyCredentials | undefined> {
    return configOf(prefix).optional
  }

  /**
   * The same credentials with some fields replaced: each field that is given, whatever its value.
   *
   * @since 0.1.0
   */
  cloneWith(changes: Partial<ApiKeyFields>): ApiKeyCredentials {
    return new ApiKeyCredentials({ ...this, ...changes })
  }
}

const configOf = (prefix: string) => {
  const variables = { token: `${prefix}_TOKEN`, apiKey: `${prefix}_API_KEY` }
  return credentialsConfig({
    variables,
    read: Config.all({ token: secret(variables.token), apiKey: secret(variables.apiKey) }),
    make: ({ token, apiKey }) =>
      token === undefined || apiKey === undefined ? undefined : new ApiKeyCredentials({ token, apiKey }),
    needed: ["token", "apiKey"]
  })
}
