/**
 * @since 0.1.0
 */
import type {
  AuthorizationRequest,
  AuthValidationException,
  Grant,
  OAuthToken,
  TokenEvent,
  TokenRequest,
  TokenStoreError
} from "@effect-oauth/client"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type * as Stream from "effect/Stream"
import type { CallError } from "./CallError.js"

/**
 * The token of a scheme.
 *
 * @since 0.1.0
 * @category models
 */
export interface OAuthManager {
  /** Whether there is no token, or only an expired one. */
  readonly isTokenExpired: Effect.Effect<boolean, TokenStoreError>
  /** The token as it is, valid or not. */
  readonly currentToken: Effect.Effect<Option.Option<OAuthToken.OAuthToken>, TokenStoreError>
  /** Revokes the token, where the server has a revocation endpoint, and removes it from the store. */
  readonly logout: Effect.Effect<void, CallError>
  /** What happens to the token. */
  readonly events: Stream.Stream<TokenEvent.TokenEvent>
}

/**
 * The token of the scheme `OAuthCCG`.
 *
 * @since 0.1.0
 * @category models
 */
export interface OAuthCCG extends OAuthManager {
  /** Exchanges the client's credentials for a token, which is stored, becomes the current one, and is returned. */
  readonly fetchToken: (
    additionalParameters?: TokenRequest.AdditionalParameters | undefined
  ) => Effect.Effect<OAuthToken.OAuthToken, CallError>
}

/**
 * The token of the scheme `OAuthROPCG`.
 *
 * @since 0.1.0
 * @category models
 */
export interface OAuthROPCG extends OAuthManager {
  /** Exchanges the user's credentials for a token, which is stored, becomes the current one, and is returned. */
  readonly fetchToken: (
    additionalParameters?: TokenRequest.AdditionalParameters | undefined
  ) => Effect.Effect<OAuthToken.OAuthToken, CallError>
  /** Refreshes the token; a reply without a refresh token keeps the old one. Stored, current and returned as well. */
  readonly refreshToken: (
    additionalParameters?: TokenRequest.AdditionalParameters | undefined
  ) => Effect.Effect<OAuthToken.OAuthToken, CallError>
}

/**
 * What a user is sent to the authorization server with.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthorizationOptions {
  /** Comes back with the user. It must not be guessed by others. Default: 32 random bytes. */
  readonly state?: string | undefined
  /** What else is sent: `prompt`, `login_hint`, an extension of the server's. */
  readonly additionalParameters?: AuthorizationRequest.Options["additionalParameters"]
}

/**
 * What a code is exchanged with.
 *
 * @since 0.1.0
 * @category models
 */
export interface CodeOptions {
  /** What the user was sent away with, if you kept it yourself. Default: the manager looks for it. */
  readonly request?: AuthorizationRequest.AuthorizationRequest | undefined
  readonly additionalParameters?: TokenRequest.AdditionalParameters | undefined
}

/**
 * The token of the scheme `OAuthACG`. Only its user can begin a session: they are sent to `getAuthorizationUrl`, and
 * what they come back with goes to `fetchTokenFromCallback`.
 *
 * @since 0.1.0
 * @category models
 */
export interface OAuthACG extends OAuthManager {
  /**
   * Where the user is sent to, with a state and a challenge of PKCE that are remembered until they come back: by this
   * manager, in this process, up to a hundred of them.
   */
  readonly getAuthorizationUrl: (
    options?: AuthorizationOptions | undefined
  ) => Effect.Effect<string, AuthValidationException>
  /**
   * The same with all that has to be remembered, which is then yours to keep, such as in the user's session with a web
   * application of several processes.
   */
  readonly authorizationRequest: (
    options?: AuthorizationOptions | undefined
  ) => Effect.Effect<AuthorizationRequest.AuthorizationRequest, AuthValidationException>
  /**
   * Exchanges what the user came back with for a token, which is stored, becomes the current one, and is returned: the
   * URL to which they came back, or its query. The state is checked, and the verifier of PKCE is sent along.
   */
  readonly fetchTokenFromCallback: (
    callback: AuthorizationRequest.Callback,
    options?: CodeOptions | undefined
  ) => Effect.Effect<OAuthToken.OAuthToken, CallError>
  /**
   * Exchanges a code alone, of which nobody can say whose it is: the verifier that is sent along is that of the one user
   * who is away. If several are, it fails with an `AuthValidationException`; if none is, none is sent.
   */
  readonly fetchToken: (
    code: Redacted.Redacted<string>,
    options?: CodeOptions | undefined
  ) => Effect.Effect<OAuthToken.OAuthToken, CallError>
  /**
   * Exchanges a grant that was made elsewhere for a token, which is stored, becomes the current one, and is returned:
   * `LoopbackRedirect` makes one for programs without web pages.
   */
  readonly fetchTokenFromGrant: (
    grant: Grant.Grant,
    additionalParameters?: TokenRequest.AdditionalParameters | undefined
  ) => Effect.Effect<OAuthToken.OAuthToken, CallError>
  /**
   * Refreshes the token, for the scopes that are configured; a reply without a refresh token keeps the old one. Stored,
   * current and returned as well.
   */
  readonly refreshToken: (
    additionalParameters?: TokenRequest.AdditionalParameters | undefined
  ) => Effect.Effect<OAuthToken.OAuthToken, CallError>
}
