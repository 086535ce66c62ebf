/**
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type { CallError } from "./CallError.js"
import type { ServiceStatus } from "./ServiceStatus.js"
import type { User } from "./User.js"

/**
 * The calls that show how requests are authenticated. Each is made only if what it needs is there; else it fails with an
 * `AuthValidationException` that says what is missing, and nothing is sent.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthenticationController {
  /** `GET /auth/oauth2`. Needs a token of OAuthBearerToken. */
  readonly oAuthBearerToken: () => Effect.Effect<string, CallError>
  /** `GET /auth/customAuthentication`. Sends what CustomAuth puts on it, which may be nothing. */
  readonly customAuthentication: () => Effect.Effect<string, CallError>
  /** `GET /auth/customQueryOrHeaderParam`. Needs the keys of apiKey, or those of apiHeader: the first that are there. */
  readonly customQueryOrHeaderAuthentication: () => Effect.Effect<string, CallError>
  /** `GET /oauth2/oauthOrCombination`. Needs a token of OAuthCCG, or one of OAuthBearerToken: the first that can be had. */
  readonly oAuthGrantTypesOrCombinations: () => Effect.Effect<string, CallError>
  /**
   * `GET /auth/noAuth?array=true`. Needs nothing.
   *
   * @deprecated since 0.0.1-alpha
   */
  readonly noAuth: () => Effect.Effect<string, CallError>
  /** `GET /oauth2/non-auth-server/status`: how the service is doing. Needs a token of OAuthCCG. */
  readonly oAuthClientCredentialsGrant: () => Effect.Effect<ServiceStatus, CallError>
  /** `GET /auth/basicAndApiKeyAndApiHeader`. Needs the credentials of basicAuth, the keys of apiKey and those of apiHeader. */
  readonly basicAuthAndApiHeaderAuth: () => Effect.Effect<string, CallError>
  /**
   * `GET /oauth2/non-auth-server/user`: the user of the token. Needs a valid token of OAuthACG and one of OAuthROPCG. Both
   * are bearer tokens, so only one can be sent: that of OAuthROPCG.
   */
  readonly oAuthAuthorizationGrant: () => Effect.Effect<User, CallError>
  /**
   * `GET /auth/multipleAuthCombination`. Needs CustomAuth, or a token of OAuthBearerToken, or all of basicAuth, apiKey and
   * apiHeader.
   *
   * @deprecated CustomAuth is never missing, so none of the others is ever used.
   */
  readonly multipleAuthCombination: () => Effect.Effect<string, CallError>
}
