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
export * as Environment from "./Environment.js"
export { MultiauthsampleApi } from "./MultiauthsampleApi.js"
export * as MultiauthsampleClient from "./MultiauthsampleClient.js"
export { OAuthACGCredentials, type OAuthACGFields } from "./OAuthACGCredentials.js"
export { OAuthROPCGCredentials, type OAuthROPCGFields } from "./OAuthROPCGCredentials.js"
export { User } from "./User.js"
