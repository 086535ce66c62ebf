/**
 * @since 0.1.0
 */
import type { OAuthToken } from "@effect-oauth/client"
import * as Data from "effect/Data"
import type * as Redacted from "effect/Redacted"

interface Fields {
  readonly oAuthClientId?: string | undefined
  readonly oAuthClientSecret?: Redacted.Redacted<string> | undefined
  readonly oAuthToken?: OAuthToken.OAuthToken | undefined
}

/**
 * What the credentials can be made of: a token, which is enough until it expires, and can be refreshed if the client
 * stands beside it.
 *
 * @since 0.1.0
 * @category models
 */
export type OAuthACGFields =
  | {
      readonly oAuthClientId: string
      readonly oAuthClientSecret: Redacted.Redacted<string>
      readonly oAuthToken: OAuthToken.OAuthToken
    }
  | { readonly oAuthToken: OAuthToken.OAuthToken }

/**
 * Credentials for the scheme `OAuthACG`: a session that the OAuth 2 Authorization Code grant began elsewhere.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1
 * @example
 * ```ts
 * import { OAuthToken } from "@effect-oauth/client"
 * import { OAuthACGCredentials } from "multiauthsample"
 *
 * declare const token: OAuthToken.OAuthToken
 *
 * const credentials = new OAuthACGCredentials({ oAuthToken: token })
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export class OAuthACGCredentials extends Data.Class<Fields> {
  constructor(fields: OAuthACGFields)
  /** @internal */
  constructor(fields: Fields)
  constructor(fields: Fields) {
    super(fields)
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
