/**
 * @since 0.1.0
 */
import type { OAuthToken, TokenEndpoint, TokenRequest } from "@effect-oauth/client"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"

/**
 * What every call of the controller takes.
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenCallOptions {
  /** The whole `Authorization` header that says who the client is, such as `Basic Y2xpZW50OmNsaWVudC1zZWNyZXQ=`. */
  readonly authorization: Redacted.Redacted<string>
  /**
   * Further fields of the form, which go last, lists as `name[0]`, `name[1]`. One that would replace a field of the call
   * is refused with an `AuthValidationException`.
   */
  readonly optionalFormParameters?: TokenRequest.AdditionalParameters | undefined
}

interface Scoped {
  /** What the token is to allow, separated by spaces. Default: none is sent. */
  readonly scope?: string | undefined
}

/**
 * What `requestTokenOAuthCCG` takes.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestTokenOAuthCCGOptions extends TokenCallOptions, Scoped {}

/**
 * What `requestTokenOAuthACG` takes.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestTokenOAuthACGOptions extends TokenCallOptions {
  /** What the user brought back from the authorization server. */
  readonly code: Redacted.Redacted<string>
  /** As it was when the user was sent there. */
  readonly redirectUri: string
  /** The verifier of PKCE (RFC 7636), where the user was sent there with a challenge. Default: none is sent. */
  readonly codeVerifier?: Redacted.Redacted<string> | undefined
}

/**
 * What `requestTokenOAuthROPCG` takes.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestTokenOAuthROPCGOptions extends TokenCallOptions, Scoped {
  readonly username: string
  readonly password: Redacted.Redacted<string>
}

/**
 * What `refreshTokenOAuthACG` and `refreshTokenOAuthROPCG` take.
 *
 * @since 0.1.0
 * @category models
 */
export interface RefreshTokenOptions extends TokenCallOptions, Scoped {
  readonly refreshToken: Redacted.Redacted<string>
}

/**
 * The calls that exchange credentials for tokens, without any of the client's own: the caller brings the `Authorization`
 * header, and keeps the token. None is tried again. For sessions that are kept there are `oAuthCCG`, `oAuthACG` and
 * `oAuthROPCG`.
 *
 * @since 0.1.0
 * @category models
 */
export interface OAuthAuthorizationController {
  /** `POST /request_token` on the server `AUTH`: a token in the name of the client. */
  readonly requestTokenOAuthCCG: (
    options: RequestTokenOAuthCCGOptions
  ) => Effect.Effect<OAuthToken.OAuthToken, TokenEndpoint.TokenEndpointError>
  /** `POST /oauth2/non-auth-server/token`: a token for an authorization code. */
  readonly requestTokenOAuthACG: (
    options: RequestTokenOAuthACGOptions
  ) => Effect.Effect<OAuthToken.OAuthToken, TokenEndpoint.TokenEndpointError>
  /** `POST /oauth2/non-auth-server/token`: a token for a refresh token. */
  readonly refreshTokenOAuthACG: (
    options: RefreshTokenOptions
  ) => Effect.Effect<OAuthToken.OAuthToken, TokenEndpoint.TokenEndpointError>
  /** `POST /oauth2/non-auth-server/token`: a token for a user's name and password. */
  readonly requestTokenOAuthROPCG: (
    options: RequestTokenOAuthROPCGOptions
  ) => Effect.Effect<OAuthToken.OAuthToken, TokenEndpoint.TokenEndpointError>
  /** `POST /oauth2/non-auth-server/token`: a token for a refresh token. */
  readonly refreshTokenOAuthROPCG: (
    options: RefreshTokenOptions
  ) => Effect.Effect<OAuthToken.OAuthToken, TokenEndpoint.TokenEndpointError>
}
