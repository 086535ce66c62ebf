/**
 * @since 0.1.0
 */
import type { OAuthToken } from "@effect-oauth/client"
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import type * as Redacted from "effect/Redacted"
import { credentialsConfig, isEnough } from "./internal/credentialsConfig.js"
import { secret, text, token } from "./internal/variables.js"

interface Fields {
  readonly oAuthClientId?: string | undefined
  readonly oAuthClientSecret?: Redacted.Redacted<string> | undefined
  readonly oAuthToken?: OAuthToken.OAuthToken | undefined
}

/**
 * What the credentials can be made of: a client, which fetches tokens; or a token from elsewhere, which is enough until
 * it expires.
 *
 * @since 0.1.0
 * @category models
 */
export type OAuthCCGFields =
  | {
      readonly oAuthClientId: string
      readonly oAuthClientSecret: Redacted.Redacted<string>
      readonly oAuthToken?: OAuthToken.OAuthToken | undefined
    }
  | { readonly oAuthToken: OAuthToken.OAuthToken }

/**
 * Credentials for the scheme `OAuthCCG`: the OAuth 2 Client Credentials grant.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 * @example
 * ```ts
 * import { OAuthCCGCredentials } from "multiauthsample"
 * import { Redacted } from "effect"
 *
 * const credentials = new OAuthCCGCredentials({
 *   oAuthClientId: "client",
 *   oAuthClientSecret: Redacted.make("client-secret")
 * })
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export class OAuthCCGCredentials extends Data.TaggedClass("OAuthCCGCredentials")<Fields> {
  constructor(fields: OAuthCCGFields)
  /** @internal */
  constructor(fields: Fields)
  constructor(fields: Fields) {
    super(fields)
  }

  /**
   * Credentials from the variables `…_OAUTH_CLIENT_ID` and `…_OAUTH_CLIENT_SECRET` of the configuration, and from
   * `…_OAUTH_TOKEN`, which is a stored token as JSON: it can stand beside them or alone.
   *
   * @since 0.1.0
   */
  static config(prefix: string): Config.Config<OAuthCCGCredentials> {
    return configOf(prefix).required
  }

  /**
   * The same, unless none of the variables is set.
   *
   * @internal
   */
  static configOption(prefix: string): Config.Config<OAuthCCGCredentials | undefined> {
    return configOf(prefix).optional
  }

  /**
   * The same credentials with some fields replaced: each field that is given, whatever its value.
   *
   * @since 0.1.0
   */
  cloneWith(changes: Partial<Fields>): OAuthCCGCredentials {
    return new OAuthCCGCredentials({ ...this, ...changes })
  }
}

const configOf = (prefix: string) => {
  const variables = {
    oAuthClientId: `${prefix}_OAUTH_CLIENT_ID`,
    oAuthClientSecret: `${prefix}_OAUTH_CLIENT_SECRET`,
    oAuthToken: `${prefix}_OAUTH_TOKEN`
  }
  return credentialsConfig({
    variables,
    read: Config.all({
      oAuthClientId: text(variables.oAuthClientId),
      oAuthClientSecret: secret(variables.oAuthClientSecret),
      oAuthToken: token(variables.oAuthToken)
    }),
    make: (fields) =>
      isEnough(fields, [
        { needs: ["oAuthClientId", "oAuthClientSecret"], allows: ["oAuthToken"] },
        { needs: ["oAuthToken"] }
      ])
        ? new OAuthCCGCredentials(fields)
        : undefined,
    needed: ["oAuthClientId", "oAuthClientSecret"]
  })
}
