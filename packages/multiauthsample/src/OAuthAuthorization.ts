/**
 * @since 0.1.0
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { ApiSecurity } from "@effect-oauth/client"
import * as Schema from "effect/Schema"
import { optionalInteger, optionalText, others, Secret } from "./internal/fields.js"
import { openApiServers } from "./internal/openApiServers.js"
import { OAuthProviderErrorEnum } from "./OAuthProviderErrorEnum.js"
import { OnServer } from "./OnServer.js"

const grantType = <Type extends string>(type: Type) =>
  Schema.propertySignature(Schema.Literal(type)).pipe(Schema.fromKey("grant_type"))

const scope = Schema.optional(Schema.String)

/**
 * What asks for a token in the name of the client.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 * @since 0.1.0
 * @category schemas
 */
export const ClientCredentialsForm = Schema.Struct({
  grantType: grantType("client_credentials"),
  scope
})
  .pipe(HttpApiSchema.withEncoding({ kind: "UrlParams" }))
  .annotations({ identifier: "ClientCredentialsForm" })

/**
 * What exchanges an authorization code for a token.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3
 * @see https://www.rfc-editor.org/rfc/rfc7636#section-4.5
 * @since 0.1.0
 * @category schemas
 */
export const AuthorizationCodeForm = Schema.Struct({
  grantType: grantType("authorization_code"),
  code: Secret,
  redirectUri: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("redirect_uri")),
  codeVerifier: Schema.optional(Secret)
    .pipe(Schema.fromKey("code_verifier"))
    .annotations({ description: "The verifier of PKCE, where the user was sent away with a challenge." })
})
  .pipe(HttpApiSchema.withEncoding({ kind: "UrlParams" }))
  .annotations({ identifier: "AuthorizationCodeForm" })

/**
 * What exchanges a user's name and password for a token.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.3
 * @since 0.1.0
 * @category schemas
 */
export const PasswordForm = Schema.Struct({
  grantType: grantType("password"),
  username: Schema.String,
  password: Secret,
  scope
})
  .pipe(HttpApiSchema.withEncoding({ kind: "UrlParams" }))
  .annotations({ identifier: "PasswordForm" })

/**
 * What refreshes a token, of `OAuthACG` as well as of `OAuthROPCG`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-6
 * @since 0.1.0
 * @category schemas
 */
export const RefreshTokenForm = Schema.Struct({
  grantType: grantType("refresh_token"),
  refreshToken: Schema.propertySignature(Secret)
    .pipe(Schema.fromKey("refresh_token"))
    .annotations({ description: "The refresh token." }),
  scope
})
  .pipe(HttpApiSchema.withEncoding({ kind: "UrlParams" }))
  .annotations({ identifier: "RefreshTokenForm" })

/**
 * What the token paths answer with, as it stands on the wire. Fields that are not listed are kept as they came.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 * @since 0.1.0
 * @category schemas
 */
export const TokenReply = Schema.Struct(
  {
    accessToken: Schema.propertySignature(Secret)
      .pipe(Schema.fromKey("access_token"))
      .annotations({ description: "The access token." }),
    tokenType: Schema.propertySignature(Schema.String).pipe(Schema.fromKey("token_type")),
    expiresIn: optionalInteger.pipe(Schema.fromKey("expires_in")),
    scope: optionalText,
    expiry: optionalInteger,
    refreshToken: Schema.optionalWith(Secret, { nullable: true })
      .annotations({ description: "What the next token can be had by." })
      .pipe(Schema.fromKey("refresh_token"))
  },
  others
).annotations({ identifier: "OAuthToken", description: "A token." })

/**
 * What the token paths refuse with. `error` is one of `OAuthProviderErrorEnum`, or a word of the provider's own.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 * @since 0.1.0
 * @category schemas
 */
export const RefusalReply = Schema.Struct(
  {
    error: Schema.Union(Schema.Literal(...Object.values(OAuthProviderErrorEnum)), Schema.String),
    errorDescription: optionalText.pipe(Schema.fromKey("error_description")),
    errorUri: optionalText.pipe(Schema.fromKey("error_uri"))
  },
  others
)

const refused = RefusalReply.annotations(
  HttpApiSchema.annotations({
    status: 400,
    identifier: "OAuthProviderException",
    description: "The provider refuses."
  })
)

const unknownClient = RefusalReply.annotations(
  HttpApiSchema.annotations({
    status: 401,
    identifier: "OAuthProviderException",
    description: "The provider does not know the client, or not by this secret."
  })
)

const headers = Schema.Struct({
  authorization: Schema.optional(
    Secret.annotations({
      description: "Who the client is, such as Basic credentials of its id and its secret."
    })
  )
})

// OpenAPI has its readers ignore a parameter of this name.
const clientSaysWhoItIs =
  "The header `Authorization` says who the client is, by its id and its secret (RFC 6749 section 2.3.1)."

/**
 * Begins a session of `OAuthCCG`. The only endpoint on the server `AUTH`.
 *
 * @since 0.1.0
 * @category models
 */
export const requestTokenOAuthCCG = HttpApiEndpoint.post("requestTokenOAuthCCG", "/request_token")
  .setHeaders(headers)
  .setPayload(ClientCredentialsForm)
  .addSuccess(TokenReply)
  .addError(refused)
  .addError(unknownClient)
  .annotate(OpenApi.Summary, "A token in the name of the client")
  .annotate(OpenApi.Description, `Begins a session of OAuthCCG. ${clientSaysWhoItIs}`)
  .annotate(OnServer, "AUTH")
  .annotate(OpenApi.Override, { servers: openApiServers("AUTH") })
  .pipe(ApiSecurity.require(ApiSecurity.none))

/**
 * Begins and refreshes sessions of `OAuthACG` and `OAuthROPCG`: four calls, told apart by their form.
 *
 * @since 0.1.0
 * @category models
 */
export const token = HttpApiEndpoint.post("token", "/oauth2/non-auth-server/token")
  .annotate(OpenApi.Summary, "A token for a code, for a name and password, or for a refresh token")
  .annotate(
    OpenApi.Description,
    `Begins and refreshes sessions of OAuthACG and OAuthROPCG. ${clientSaysWhoItIs}`
  )
  .setHeaders(headers)
  .setPayload(Schema.Union(AuthorizationCodeForm, PasswordForm, RefreshTokenForm))
  .addSuccess(TokenReply)
  .addError(refused)
  .addError(unknownClient)
  .pipe(ApiSecurity.require(ApiSecurity.none))

/**
 * The calls that exchange credentials for tokens. They need no scheme: who makes one brings the `Authorization` header.
 *
 * @since 0.1.0
 * @category models
 */
export const oAuthAuthorization = HttpApiGroup.make("oAuthAuthorization")
  .annotate(OpenApi.Description, "The calls that exchange credentials for tokens.")
  .add(requestTokenOAuthCCG)
  .add(token)
