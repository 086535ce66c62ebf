/**
 * @since 0.1.0
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { User } from "./User.js"

/**
 * The calls that show how requests are authenticated.
 *
 * @since 0.1.0
 * @category models
 */
export const authentication = HttpApiGroup.make("authentication").add(
  HttpApiEndpoint.get("oAuthAuthorizationGrant", "/oauth2/non-auth-server/user")
    .addSuccess(User)
    .annotate(
      OpenApi.Description,
      "The user of the token. Needs a valid token of OAuthACG and one of OAuthROPCG; both are bearer tokens, " +
        "and the one that is sent is that of OAuthROPCG."
    )
)

/**
 * The MultiAuth-Sample API, declared once: the client is derived from this.
 *
 * @since 0.1.0
 * @category models
 */
export const MultiauthsampleApi = HttpApi.make("multiauthsample").add(authentication)
