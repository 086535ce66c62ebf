import { AuthScheme, type AuthValidationException, type TokenManager } from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Redacted from "effect/Redacted"
import type { Configuration, OAuthScheme } from "../Configuration.js"

/** What stands for each scheme of the declaration. */
export const makeSchemes = (
  configuration: Configuration,
  sources: { readonly [scheme in OAuthScheme]: TokenManager.TokenSource }
) => {
  const { apiHeaderCredentials, apiKeyCredentials, basicAuthCredentials } = configuration
  return {
    basicAuth: AuthScheme.basic({
      name: "BasicAuth",
      username: basicAuthCredentials?.username,
      password: basicAuthCredentials?.password
    }),
    apiKey: AuthScheme.apiKeyQuery({
      name: "ApiKey",
      parameters: { token: apiKeyCredentials?.token, "api-key": apiKeyCredentials?.apiKey }
    }),
    apiHeader: AuthScheme.apiKeyHeader({
      name: "ApiHeader",
      parameters: { token: apiHeaderCredentials?.token, "api-key": apiHeaderCredentials?.apiKey }
    }),
    OAuthCCG: AuthScheme.oauth({ name: "OAuthCCG", source: sources.OAuthCCG }),
    OAuthACG: AuthScheme.oauth({ name: "OAuthACG", source: sources.OAuthACG }),
    OAuthROPCG: AuthScheme.oauth({ name: "OAuthROPCG", source: sources.OAuthROPCG }),
    OAuthBearerToken: AuthScheme.bearer({
      name: "OAuthBearerToken",
      accessToken: configuration.oAuthBearerTokenCredentials?.accessToken
    }),
    CustomAuth: AuthScheme.custom({
      name: "CustomAuth",
      authorize: configuration.customAuthCredentials?.authorize ?? Effect.succeed
    })
  }
}

export type Schemes = ReturnType<typeof makeSchemes>

const nothing = Redacted.make("")

/** The scheme, and the `accessToken` header beside it, if that has a value. */
export const withAccessToken = <E>(
  scheme: AuthScheme.AuthScheme<E>,
  accessToken: Redacted.Redacted<string> | undefined
): AuthScheme.AuthScheme<E | AuthValidationException> =>
  accessToken === undefined || Equal.equals(accessToken, nothing)
    ? scheme
    : AuthScheme.and(scheme, AuthScheme.apiKeyHeader({ name: "AccessToken", parameters: { accessToken } }))
