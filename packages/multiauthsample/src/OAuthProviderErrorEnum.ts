/**
 * @since 0.1.0
 */

/**
 * The codes that an OAuth 2 provider refuses with. A provider may say something else: what it said is kept.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 * @since 0.1.0
 * @category models
 */
export const OAuthProviderErrorEnum = {
  INVALID_REQUEST: "invalid_request",
  INVALID_CLIENT: "invalid_client",
  INVALID_GRANT: "invalid_grant",
  UNAUTHORIZED_CLIENT: "unauthorized_client",
  UNSUPPORTED_GRANT_TYPE: "unsupported_grant_type",
  INVALID_SCOPE: "invalid_scope"
} as const

/**
 * One of the values of `OAuthProviderErrorEnum`.
 *
 * @since 0.1.0
 * @category models
 */
export type OAuthProviderErrorEnum = (typeof OAuthProviderErrorEnum)[keyof typeof OAuthProviderErrorEnum]
