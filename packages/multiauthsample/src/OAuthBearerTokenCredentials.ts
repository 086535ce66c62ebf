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
export interface OAuthBearerTokenFields {
  readonly accessToken: Redacted.Redacted<string>
}

/**
 * Credentials for the scheme `OAuthBearerToken`: an access token that somebody else keeps. If it is empty, the scheme
 * cannot be used.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 * @example
 * ```ts
 * import { OAuthBearerTokenCredentials } from "multiauthsample"
 * import { Redacted } from "effect"
 *
 * const credentials = new OAuthBearerTokenCredentials({ accessToken: Redacted.make("2YotnFZFEjr1zCsicMWpAA") })
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export class OAuthBearerTokenCredentials extends Data.TaggedClass(
  "OAuthBearerTokenCredentials"
)<OAuthBearerTokenFields> {
  /**
   * Credentials from the variable `…_ACCESS_TOKEN` of the configuration.
   *
   * @since 0.1.0
   */
  static config(prefix: string): Config.Config<OAuthBearerTokenCredentials> {
    return configOf(prefix).required
  }

  /**
   * The same, unless the variable is not set.
   *
   * @internal
   */
  static configOption(prefix: string): Config.Config<OAuthBearerTokenCredentials | undefined> {
    return configOf(prefix).optional
  }

  /**
   * The same credentials with some fields replaced: each field that is given, whatever its value.
   *
   * @since 0.1.0
   */
  cloneWith(changes: Partial<OAuthBearerTokenFields>): OAuthBearerTokenCredentials {
    return new OAuthBearerTokenCredentials({ ...this, ...changes })
  }
}

const configOf = (prefix: string) => {
  const variables = { accessToken: `${prefix}_ACCESS_TOKEN` }
  return credentialsConfig({
    variables,
    read: Config.all({ accessToken: secret(variables.accessToken) }),
    make: ({ accessToken }) =>
      accessToken === undefined ? undefined : new OAuthBearerTokenCredentials({ accessToken }),
    needed: ["accessToken"]
  })
}
