/**
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import type * as Redacted from "effect/Redacted"
import { credentialsConfig } from "./internal/credentialsConfig.js"
import { secret, text } from "./internal/variables.js"

/**
 * What the credentials are made of.
 *
 * @since 0.1.0
 * @category models
 */
export interface BasicAuthFields {
  readonly username: string
  readonly password: Redacted.Redacted<string>
}

/**
 * Credentials for the scheme `basicAuth`: a user name and a password. If one of them is empty, the scheme cannot be used.
 *
 * @example
 * ```ts
 * import { BasicAuthCredentials } from "multiauthsample"
 * import { Redacted } from "effect"
 *
 * const credentials = new BasicAuthCredentials({ username: "alice", password: Redacted.make("wonderland") })
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export class BasicAuthCredentials extends Data.TaggedClass("BasicAuthCredentials")<BasicAuthFields> {
  /**
   * Credentials from the variables `…_USERNAME` and `…_PASSWORD` of the configuration.
   *
   * @since 0.1.0
   */
  static config(prefix: string): Config.Config<BasicAuthCredentials> {
    return configOf(prefix).required
  }

  /**
   * The same, unless none of the variables is set.
   *
   * @internal
   */
  static configOption(prefix: string): Config.Config<BasicAuthCredentials | undefined> {
    return configOf(prefix).optional
  }

  /**
   * The same credentials with some fields replaced: each field that is given, whatever its value.
   *
   * @since 0.1.0
   */
  cloneWith(changes: Partial<BasicAuthFields>): BasicAuthCredentials {
    return new BasicAuthCredentials({ ...this, ...changes })
  }
}

const configOf = (prefix: string) => {
  const variables = { username: `${prefix}_USERNAME`, password: `${prefix}_PASSWORD` }
  return credentialsConfig({
    variables,
    read: Config.all({ username: text(variables.username), password: secret(variables.password) }),
    make: ({ username, password }) =>
      username === undefined || password === undefined
        ? undefined
        : new BasicAuthCredentials({ username, password }),
    needed: ["username", "password"]
  })
}
