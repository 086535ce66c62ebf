/**
 * @since 0.1.0
 */

/**
 * What the server says about a token (RFC 7662 section 2.2). Times are in seconds since 1970.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7662#section-2.2
 * @since 0.1.0
 * @category models
 */
export type Introspection =
  /** Unknown, expired or revoked: nothing else is said. */
  | { readonly active: false }
  | {
      readonly active: true
      readonly client_id: string
      readonly scope?: string | undefined
      /** Absent for a client that acts for itself. */
      readonly username?: string | undefined
      readonly sub: string
      /** Absent for a refresh token. */
      readonly token_type?: "Bearer" | undefined
      readonly iat: number
      readonly exp: number
      readonly iss: string
    }
