/**
 * An OAuth 2 client for Effect: acquisition (`TokenEndpoint`), storage (`TokenStore`) and refresh (`TokenManager`) as
 * services, and `AuthorizedHttpClient`, which authorizes the requests of any `HttpClient`.
 *
 * @since 0.1.0
 */
export { APIException, type APIResponse } from "./APIException.js"
export * as ApiSecurity from "./ApiSecurity.js"
export * as AuthorizationRequest from "./AuthorizationRequest.js"
export * as AuthorizationServer from "./AuthorizationServer.js"
export * as AuthorizedHttpClient from "./AuthorizedHttpClient.js"
export * as AuthScheme from "./AuthScheme.js"
export { AuthValidationException } from "./AuthValidationException.js"
export * as ClientAuthentication from "./ClientAuthentication.js"
export * as Grant from "./Grant.js"
export * as LoopbackRedirect from "./LoopbackRedirect.js"
export { OAuthProviderException } from "./OAuthProviderException.js"
export * as OAuthToken from "./OAuthToken.js"
export * as SessionStatus from "./SessionStatus.js"
export * as TokenEndpoint from "./TokenEndpoint.js"
export type { TokenError } from "./TokenError.js"
export * as TokenEvent from "./TokenEvent.js"
export * as TokenManager from "./TokenManager.js"
export * as TokenManagers from "./TokenManagers.js"
export * as TokenRequest from "./TokenRequest.js"
export * as TokenStorage from "./TokenStorage.js"
export * as TokenStore from "./TokenStore.js"
export { TokenStoreError } from "./TokenStoreError.js"
