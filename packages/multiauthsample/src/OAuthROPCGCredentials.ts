/**
 * @since 0.1.0
 */
import type { OAuthToken } from "@effect-oauth/client"
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import type * as Redacted from "effect/Redacted"

interface Fields {
  readonly oAuthClientId?: string | undefined
  readonly oAuthClientSecret?: Redacted.Redacted<string> | undefined
  readonly oAuthUsername?: string | undefined
  readonly oAuthPassword?: Redacted.Redacted<string> | undefined
  readonly oAuthToken?: OAuthToken.OAuthToken | undefined
}

/**
 * What the credentials can be made of: client and user, which begin sessions; or a token from elsewhere, which is
 * enough until it expires, and can be refreshed if the client stands beside it.
 *
 * @since 0.1.0
 * @category models
 */
export type OAuthROPCGFields =
  | {
      readonly oAuthClientId: string
      readonly oAuthClientSecret: Redacted.Redacted<string>
      readonly oAuthUsername: string
      readonly oAuthPassword: Redacted.Redacted<string>
      readonly oAuthToken?: OAuthToken.OAuthToken | undefined
    }
  | {
      readonly oAuthClientId: string
      readonly oAuthClientSecret: Redacted.Redacted<string>
      readonly oAuthToken: OAuthToken.OAuthToken
    }
  | { readonly oAuthToken: OAuthToken.OAuthToken }

/**
 * Credentials for the scheme `OAuthROPCG`: the OAuth 2 Resource Owner Password Credentials grant.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.3
 * @example
 * ```ts
 * import { OAuthROPCGCredentials } from "multiauthsample"
 * import { Redacted } from "effect"
 *
 * const credentials = new OAuthROPCGCredentials({
 *   oAuthClientId: "client",
 *   oAuthClientSecret: Redacted.make("client-secret"),
 *   oAuthUsername: "alice",
 *   oAuthPassword: Redacted.make("wonderland")
 * })
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export class OAuthROPCGCredentials extends Data.Class<Fields> {
  constructor(fields: OAuthROPCGFields)
  /** @internal */
  constructor(fields: Fields)
  constructor(fields: Fields) {
    super(fields)
  }

  /**
   * Credentials from the variables `…_OAUTH_CLIENT_ID`, `…_OAUTH_CLIENT_SECRET`, `…_OAUTH_USERNAME` and
   * `…_OAUTH_PASSWORD` of the configuration.
   *
   * @since 0.1.0
   */
  static config(prefix: string): Config.Config<OAuthROPCGCredentials> {
    return Config.map(
      Config.all({
        oAuthClientId: Config.string(`${prefix}_OAUTH_CLIENT_ID`),
        oAuthClientSecret: Config.redacted(`${prefix}_OAUTH_CLIENT_SECRET`),
        oAuthUsername: Config.string(`${prefix}_OAUTH_USERNAME`),
        oAuthPassword: Config.redacted(`${prefix}_OAUTH_PASSWORD`)
      }),
      (fields) => new OAuthROPCGCredentials(fields)
    )
  }

  /**
   * The same credentials with some fields replaced: each field that is given, whatever its value.
   *
   * @since 0.1.0
   */
  cloneWith(changes: Partial<Fields>): OAuthROPCGCredentials {
    return new OAuthROPCGCredentials({ ...this, ...changes })
  }
}
