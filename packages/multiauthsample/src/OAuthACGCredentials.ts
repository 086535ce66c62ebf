/**
 * @since 0.1.0
 */
import type { OAuthToken } from "@effect-oauth/client"
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import type * as Redacted from "effect/Redacted"
import { credentialsConfig, isEnough } from "./internal/credentialsConfig.js"
import { list, secret, text, token } from "./internal/variables.js"
import type { OAuthScopeOAuthACGEnum } from "./OAuthScopeOAuthACGEnum.js"

/** Any other scope is possible as well. */
type Scopes = ReadonlyArray<OAuthScopeOAuthACGEnum | (string & Record<never, never>)>

interface Fields {
  readonly oAuthClientId?: string | undefined
  readonly oAuthClientSecret?: Redacted.Redacted<string> | undefined
  readonly oAuthRedirectUri?: string | undefined
  readonly oAuthScopes?: Scopes | undefined
  readonly oAuthToken?: OAuthToken.OAuthToken | undefined
}

/**
 * What the credentials can be made of: a client and its redirect URI, which begin sessions; or a token from elsewhere,
 * which is enough until it expires, and can be refreshed if the client stands beside it.
 *
 * @since 0.1.0
 * @category models
 */
export type OAuthACGFields =
  | {
      readonly oAuthClientId: string
      readonly oAuthClientSecret: Redacted.Redacted<string>
      /** Where the user comes back to, exactly as the authorization server has it registered. */
      readonly oAuthRedirectUri: string
      /** What the token is to allow. Default: the server decides. */
      readonly oAuthScopes?: Scopes | undefined
      readonly oAuthToken?: OAuthToken.OAuthToken | undefined
    }
  | {
      readonly oAuthClientId: string
      readonly oAuthClientSecret: Redacted.Redacted<string>
      readonly oAuthScopes?: Scopes | undefined
      readonly oAuthToken: OAuthToken.OAuthToken
    }
  | { readonly oAuthToken: OAuthToken.OAuthToken }

/**
 * Credentials for the scheme `OAuthACG`: the OAuth 2 Authorization Code grant.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1
 * @example
 * ```ts
 * import { OAuthACGCredentials, OAuthScopeOAuthACGEnum } from "multiauthsample"
 * import { Redacted } from "effect"
 *
 * const credentials = new OAuthACGCredentials({
 *   oAuthClientId: "client",
 *   oAuthClientSecret: Redacted.make("client-secret"),
 *   oAuthRedirectUri: "https://app.example.com/callback",
 *   oAuthScopes: [OAuthScopeOAuthACGEnum.READ_SCOPE]
 * })
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export class OAuthACGCredentials extends Data.TaggedClass("OAuthACGCredentials")<Fields> {
  constructor(fields: OAuthACGFields)
  /** @internal */
  constructor(fields: Fields)
  constructor(fields: Fields) {
    super(fields)
  }

  /**
   * Credentials from the variables `…_OAUTH_CLIENT_ID`, `…_OAUTH_CLIENT_SECRET`, `…_OAUTH_REDIRECT_URI` and, if you
   * like, `…_OAUTH_SCOPES` (separated by spaces or commas) of the configuration, and from `…_OAUTH_TOKEN`, which is a
   * stored token as JSON: it can stand beside them or alone.
   *
   * @since 0.1.0
   */
  static config(prefix: string): Config.Config<OAuthACGCredentials> {
    return configOf(prefix).required
  }

  /**
   * The same, unless none of the variables is set.
   *
   * @internal
   */
  static configOption(prefix: string): Config.Config<OAuthACGCredentials | undefined> {
    return configOf(prefix).optional
  }

  /**
   * The same credentials with some fields replaced: each field that is given, whatever its value.
   *
   * @since 0.1.0
   */
  cloneWith(changes: Partial<Fields>): OAuthACGCredentials {
    return new OAuthACGCredentials({ ...this, ...changes })
  }
}

const configOf = (prefix: string) => {
  const variables = {
    oAuthClientId: `${prefix}_OAUTH_CLIENT_ID`,
    oAuthClientSecret: `${prefix}_OAUTH_CLIENT_SECRET`,
    oAuthRedirectUri: `${prefix}_OAUTH_REDIRECT_URI`,
    oAuthScopes: `${prefix}_OAUTH_SCOPES`,
    oAuthToken: `${prefix}_OAUTH_TOKEN`
  }
  return credentialsConfig({
    variables,
    read: Config.all({
      oAuthClientId: text(variables.oAuthClientId),
      oAuthClientSecret: secret(variables.oAuthClientSecret),
      oAuthRedirectUri: text(variables.oAuthRedirectUri),
      oAuthScopes: list(variables.oAuthScopes),
      oAuthToken: token(variables.oAuthToken)
    }),
    make: (fields) =>
      isEnough(fields, [
        {
          needs: ["oAuthClientId", "oAuthClientSecret", "oAuthRedirectUri"],
          allows: ["oAuthScopes", "oAuthToken"]
        },
        { needs: ["oAuthClientId", "oAuthClientSecret", "oAuthToken"], allows: ["oAuthScopes"] },
        { needs: ["oAuthToken"] }
      ])
        ? new OAuthACGCredentials(fields)
        : undefined,
    needed: ["oAuthClientId", "oAuthClientSecret", "oAuthRedirectUri"]
  })
}
