/**
 * @since 0.1.0
 */
import { ApiSecurity } from "@effect-oauth/client"
import * as Environment from "./Environment.js"
import { OAuthScopeOAuthACGEnum } from "./OAuthScopeOAuthACGEnum.js"

const defaultServer = Environment.baseUrl("TESTING", "DEFAULT")
const authServer = Environment.baseUrl("TESTING", "AUTH")
const tokenUrl = `${defaultServer}/oauth2/non-auth-server/token`

/**
 * The eight schemes of the API, by their names, as requirements for endpoints. The addresses of the authorization server
 * are those of `TESTING`.
 *
 * @since 0.1.0
 * @category models
 */
export const security = ApiSecurity.make({
  basicAuth: ApiSecurity.basic(),
  apiKey: ApiSecurity.apiKey({ in: "query", names: ["token", "api-key"] }),
  apiHeader: ApiSecurity.apiKey({ in: "header", names: ["token", "api-key"] }),
  OAuthCCG: ApiSecurity.oauth2({ clientCredentials: { tokenUrl: `${authServer}/request_token` } }),
  OAuthACG: ApiSecurity.oauth2({
    authorizationCode: {
      authorizationUrl: `${defaultServer}/oauth/authorize`,
      tokenUrl,
      scopes: { [OAuthScopeOAuthACGEnum.READ_SCOPE]: "Read file requests." }
    }
  }),
  OAuthROPCG: ApiSecurity.oauth2({ password: { tokenUrl } }),
  OAuthBearerToken: ApiSecurity.bearer(),
  CustomAuth: ApiSecurity.custom({ description: "Whatever the user of the API puts on the request." })
})
