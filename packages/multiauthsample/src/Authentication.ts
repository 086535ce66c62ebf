/**
 * @since 0.1.0
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { ApiSecurity } from "@effect-oauth/client"
import * as Schema from "effect/Schema"
import { ReplyText } from "./internal/replyText.js"
import { security } from "./Security.js"
import { ServiceStatus } from "./ServiceStatus.js"
import { User } from "./User.js"

const { and, or } = ApiSecurity

/**
 * Needs a token of `OAuthBearerToken`.
 *
 * @since 0.1.0
 * @category models
 */
export const oAuthBearerToken = HttpApiEndpoint.get("oAuthBearerToken", "/auth/oauth2")
  .addSuccess(ReplyText)
  .annotate(OpenApi.Summary, "A bearer token")
  .annotate(OpenApi.Description, "Needs a token of OAuthBearerToken.")
  .pipe(ApiSecurity.require(security.OAuthBearerToken))

/**
 * Needs what `CustomAuth` puts on the request.
 *
 * @since 0.1.0
 * @category models
 */
export const customAuthentication = HttpApiEndpoint.get("customAuthentication", "/auth/customAuthentication")
  .addSuccess(ReplyText)
  .annotate(OpenApi.Summary, "Whatever the user of the API puts on the request")
  .annotate(OpenApi.Description, "Needs what CustomAuth puts on the request.")
  .pipe(ApiSecurity.require(security.CustomAuth))

/**
 * Needs the keys of `apiKey` in the query, or those of `apiHeader` in headers.
 *
 * @since 0.1.0
 * @category models
 */
export const customQueryOrHeaderAuthentication = HttpApiEndpoint.get(
  "customQueryOrHeaderAuthentication",
  "/auth/customQueryOrHeaderParam"
)
  .addSuccess(ReplyText)
  .annotate(OpenApi.Summary, "Keys in the query, or in headers")
  .annotate(OpenApi.Description, "Needs the keys of apiKey in the query, or those of apiHeader in headers.")
  .pipe(ApiSecurity.require(or(security.apiKey, security.apiHeader)))

/**
 * Needs a token of `OAuthCCG`, or one of `OAuthBearerToken`.
 *
 * @since 0.1.0
 * @category models
 */
export const oAuthGrantTypesOrCombinations = HttpApiEndpoint.get(
  "oAuthGrantTypesOrCombinations",
  "/oauth2/oauthOrCombination"
)
  .addSuccess(ReplyText)
  .annotate(OpenApi.Summary, "A token of the client, or a bearer token")
  .annotate(OpenApi.Description, "Needs a token of OAuthCCG, or one of OAuthBearerToken.")
  .pipe(ApiSecurity.require(or(security.OAuthCCG, security.OAuthBearerToken)))

/**
 * Needs nothing. Its query is always the same.
 *
 * @deprecated since 0.0.1-alpha
 * @since 0.1.0
 * @category models
 */
export const noAuth = HttpApiEndpoint.get("noAuth", "/auth/noAuth")
  .setUrlParams(Schema.Struct({ array: Schema.Literal("true") }))
  .addSuccess(ReplyText)
  .annotate(OpenApi.Deprecated, true)
  .annotate(OpenApi.Summary, "No authentication")
  .annotate(OpenApi.Description, "Needs nothing. Deprecated since 0.0.1-alpha.")
  .pipe(ApiSecurity.require(ApiSecurity.none))

/**
 * Needs a token of `OAuthCCG`.
 *
 * @since 0.1.0
 * @category models
 */
export const oAuthClientCredentialsGrant = HttpApiEndpoint.get(
  "oAuthClientCredentialsGrant",
  "/oauth2/non-auth-server/status"
)
  .addSuccess(ServiceStatus)
  .annotate(OpenApi.Summary, "The status of the service")
  .annotate(OpenApi.Description, "How the service is doing. Needs a token of OAuthCCG.")
  .pipe(ApiSecurity.require(security.OAuthCCG))

/**
 * Needs the credentials of `basicAuth`, the keys of `apiKey` and those of `apiHeader`.
 *
 * @since 0.1.0
 * @category models
 */
export const basicAuthAndApiHeaderAuth = HttpApiEndpoint.get(
  "basicAuthAndApiHeaderAuth",
  "/auth/basicAndApiKeyAndApiHeader"
)
  .addSuccess(ReplyText)
  .annotate(OpenApi.Summary, "Basic credentials, keys in the query and keys in headers")
  .annotate(
    OpenApi.Description,
    "Needs the credentials of basicAuth, the keys of apiKey and those of apiHeader."
  )
  .pipe(ApiSecurity.require(and(security.basicAuth, security.apiKey, security.apiHeader)))

/**
 * Needs a token of `OAuthACG` and one of `OAuthROPCG`. Both are bearer tokens, so only one of them can be sent.
 *
 * @since 0.1.0
 * @category models
 */
export const oAuthAuthorizationGrant = HttpApiEndpoint.get(
  "oAuthAuthorizationGrant",
  "/oauth2/non-auth-server/user"
)
  .addSuccess(User)
  .annotate(OpenApi.Summary, "The user of the token")
  .annotate(
    OpenApi.Description,
    "The user of the token. Needs a valid token of OAuthACG and one of OAuthROPCG; both are bearer tokens, and " +
      "the one that is sent is that of OAuthROPCG."
  )
  .pipe(ApiSecurity.require(and(security.OAuthACG, security.OAuthROPCG)))

/**
 * Needs `CustomAuth`, or a token of `OAuthBearerToken`, or all of `basicAuth`, `apiKey` and `apiHeader`.
 *
 * @deprecated Where `CustomAuth` asks for nothing, none of the others is ever used.
 * @since 0.1.0
 * @category models
 */
export const multipleAuthCombination = HttpApiEndpoint.get(
  "multipleAuthCombination",
  "/auth/multipleAuthCombination"
)
  .addSuccess(ReplyText)
  .annotate(OpenApi.Deprecated, true)
  .annotate(OpenApi.Summary, "Any of several combinations")
  .annotate(
    OpenApi.Description,
    "Needs CustomAuth, or a token of OAuthBearerToken, or all of basicAuth, apiKey and apiHeader."
  )
  .pipe(
    ApiSecurity.require(
      or(
        security.CustomAuth,
        security.OAuthBearerToken,
        and(security.basicAuth, security.apiKey, security.apiHeader)
      )
    )
  )

/**
 * The calls that show how requests are authenticated, all of them `GET`s on the server `DEFAULT`.
 *
 * @since 0.1.0
 * @category models
 */
export const authentication = HttpApiGroup.make("authentication")
  .annotate(OpenApi.Description, "The calls that show how requests are authenticated.")
  .add(oAuthBearerToken)
  .add(customAuthentication)
  .add(customQueryOrHeaderAuthentication)
  .add(oAuthGrantTypesOrCombinations)
  .add(noAuth)
  .add(oAuthClientCredentialsGrant)
  .add(basicAuthAndApiHeaderAuth)
  .add(oAuthAuthorizationGrant)
  .add(multipleAuthCombination)
