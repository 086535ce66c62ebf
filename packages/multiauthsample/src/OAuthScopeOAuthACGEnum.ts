/**
 * @since 0.1.0
 */

/**
 * What a token of the scheme `OAuthACG` can allow.
 *
 * @since 0.1.0
 * @category models
 */
export const OAuthScopeOAuthACGEnum = { READ_SCOPE: "file_requests.read" } as const

/**
 * One of the values of `OAuthScopeOAuthACGEnum`.
 *
 * @since 0.1.0
 * @category models
 */
export type OAuthScopeOAuthACGEnum = (typeof OAuthScopeOAuthACGEnum)[keyof typeof OAuthScopeOAuthACGEnum]
