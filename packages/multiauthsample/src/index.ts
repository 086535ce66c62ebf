/**
 * The MultiAuth-Sample SDK for Effect.
 *
 * @since 0.1.0
 */
export {
  APIException,
  AuthValidationException,
  OAuthProviderException,
  OAuthToken
} from "@effect-oauth/client"
export { ApiHeaderCredentials, type ApiHeaderFields } from "./ApiHeaderCredentials.js"
export { ApiKeyCredentials, type ApiKeyFields } from "./ApiKeyCredentials.js"
export * as Authentication from "./Authentication.js"
export type { AuthenticationController } from "./AuthenticationController.js"
export { BasicAuthCredentials, type BasicAuthFields } from "./BasicAuthCredentials.js"
export type { CallError } from "./CallError.js"
export {
  Configuration,
  type ConfigurationOptions,
  type HttpCallBack,
  type OAuthScheme
} from "./Configuration.js"
export { CustomAuthCredentials, type CustomAuthFields } from "./CustomAuthCredentials.js"
export * as Environment from "./Environment.js"
export { MultiauthsampleApi } from "./MultiauthsampleApi.js"
export * as MultiauthsampleClient from "./MultiauthsampleClient.js"
export { OAuthACGCredentials, type OAuthACGFields } from "./OAuthACGCredentials.js"
export * as OAuthAuthorization from "./OAuthAuthorization.js"
export type {
  OAuthAuthorizationController,
  RefreshTokenOptions,
  RequestTokenOAuthACGOptions,
  RequestTokenOAuthCCGOptions,
  RequestTokenOAuthROPCGOptions,
  TokenCallOptions
} from "./OAuthAuthorizationController.js"
export { OAuthBearerTokenCredentials, type OAuthBearerTokenFields } from "./OAuthBearerTokenCredentials.js"
export { OAuthCCGCredentials, type OAuthCCGFields } from "./OAuthCCGCredentials.js"
export type {
  AuthorizationOptions,
  CodeOptions,
  OAuthACG,
  OAuthCCG,
  OAuthManager,
  OAuthROPCG
} from "./OAuthManagers.js"
export { OAuthProviderErrorEnum } from "./OAuthProviderErrorEnum.js"
export { OAuthROPCGCredentials, type OAuthROPCGFields } from "./OAuthROPCGCredentials.js"
export { OAuthScopeOAuthACGEnum } from "./OAuthScopeOAuthACGEnum.js"
export { OnServer } from "./OnServer.js"
export { openApiDocument } from "./OpenApiDocument.js"
export { security } from "./Security.js"
export { ServiceStatus } from "./ServiceStatus.js"
export { User } from "./User.js"
