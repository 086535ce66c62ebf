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
export class OAuthROPCGCredentials extends Data.TaggedClass("OAuthROPCGCredentials")<Fields> {
  constructor(fields: OAuthROPCGFields)
  /** @internal */
  constructor(fields: Fields)
  constructor(fields: Fields) {
    super(fields)
  }

  /**
   * Credentials from the variables `…_OAUTH_CLIENT_ID`, `…_OAUTH_CLIENT_SECRET`, `…_OAUTH_USERNAME` and
   * `…_OAUTH_PASSWORD` of the configuration, and from `…_OAUTH_TOKEN`, which is a stored token as JSON: it can stand
   * beside them, beside the first two, or alone.
   *
   * @since 0.1.0
   */
  static config(prefix: string): Config.Config<OAuthROPCGCredentials> {
    return configOf(prefix).required
  }

  /**
   * The same, unless none of the variables is set.
   *
   * @internal
   */
  static configOption(prefix: string): Config.Config<OAuthROPCGCredentials | undefined> {
    return configOf(prefix).optional
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

const configOf = (prefix: string) => {
  const variables = {
    oAuthClientId: `${prefix}_OAUTH_CLIENT_ID`,
    oAuthClientSecret: `${prefix}_OAUTH_CLIENT_SECRET`,
    oAuthUsername: `${prefix}_OAUTH_USERNAME`,
    oAuthPassword: `${prefix}_OAUTH_PASSWORD`,
    oAuthToken: `${prefix}_OAUTH_TOKEN`
  }
  return credentialsConfig({
    variables,
    read: Config.all({
      oAuthClientId: text(variables.oAuthClientId),
      oAuthClientSecret: secret(variables.oAuthClientSecret),
      oAuthUsername: text(variables.oAuthUsername),
      oAuthPassword: secret(variables.oAuthPassword),
      oAuthToken: token(variables.oAuthToken)
    }),
    make: (fields) =>
      isEnough(fields, [
        {
          needs: ["oAuthClientId", "oAuthClientSecret", "oAuthUsername", "oAuthPassword"],
          allows: ["oAuthToken"]
        },
        { needs: ["oAuthClientId", "oAuthClientSecret", "oAuthToken"] },
        { needs: ["oAuthToken"] }
      ])
        ? new OAuthROPCGCredentials(fields)
        : undefined,
    needed: ["oAuthClientId", "oAuthClientSecret", "oAuthUsername", "oAuthPassword"]
  })
}
