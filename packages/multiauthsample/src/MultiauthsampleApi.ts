/**
 * @since 0.1.0
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as OpenApi from "@effect/platform/OpenApi"
import { ApiSecurity } from "@effect-oauth/client"
import { authentication } from "./Authentication.js"
import { openApiServers } from "./internal/openApiServers.js"
import { oAuthAuthorization } from "./OAuthAuthorization.js"
import { security } from "./Security.js"

/**
 * The MultiAuth-Sample API, declared once: the client, the OpenAPI document and the sample server come from this.
 *
 * @since 0.1.0
 * @category models
 */
export const MultiauthsampleApi = HttpApi.make("multiauthsample")
  .add(authentication)
  .add(oAuthAuthorization)
  .annotateContext(
    OpenApi.annotations({
      title: "MultiAuth-Sample",
      version: "1.0.0",
      description: "An API that is authenticated in every way that there is.",
      servers: openApiServers("DEFAULT")
    })
  )
  .pipe(ApiSecurity.declare(security))
