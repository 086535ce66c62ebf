import * as HttpClient from "@effect/platform/HttpClient"
import { TokenEndpoint, TokenRequest } from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Configuration } from "../Configuration.js"
import * as OAuthAuthorization from "../OAuthAuthorization.js"
import type { OAuthAuthorizationController, TokenCallOptions } from "../OAuthAuthorizationController.js"
import { givenAuthorization } from "./givenAuthorization.js"
import { indexedParameters } from "./indexedParameters.js"
import { urlOf } from "./servers.js"

/** The calls of the controller, on the client that is given. */
export const makeOAuthAuthorization = (
  configuration: Configuration,
  http: HttpClient.HttpClient
): OAuthAuthorizationController => {
  const call = (
    endpoint: typeof OAuthAuthorization.token | typeof OAuthAuthorization.requestTokenOAuthCCG,
    { authorization, optionalFormParameters }: TokenCallOptions,
    form: { readonly grant_type: string } & Parameters<typeof TokenRequest.make>[0]
  ) =>
    TokenEndpoint.make({
      server: {
        tokenEndpoint: urlOf(configuration, endpoint),
        insecureOrigins: configuration.insecureOrigins,
        timeout: configuration.timeout,
        retry: Schedule.stop
      },
      clientAuthentication: givenAuthorization(authorization)
    }).pipe(
      Effect.provideService(HttpClient.HttpClient, http),
      Effect.flatMap((tokenEndpoint) =>
        tokenEndpoint.fetchToken({
          grantType: form.grant_type,
          identity: form.grant_type,
          request: TokenRequest.withAdditional(
            TokenRequest.make(form),
            indexedParameters(optionalFormParameters)
          )
        })
      )
    )

  const refreshToken: OAuthAuthorizationController["refreshTokenOAuthROPCG"] = (options) =>
    call(OAuthAuthorization.token, options, {
      grant_type: "refresh_token",
      refresh_token: options.refreshToken,
      scope: options.scope
    })

  return {
    requestTokenOAuthCCG: (options) =>
      call(OAuthAuthorization.requestTokenOAuthCCG, options, {
        grant_type: "client_credentials",
        scope: options.scope
      }),
    requestTokenOAuthACG: (options) =>
      call(OAuthAuthorization.token, options, {
        grant_type: "authorization_code",
        code: options.code,
        redirect_uri: options.redirectUri,
        code_verifier: options.codeVerifier
      }),
    refreshTokenOAuthACG: refreshToken,
    requestTokenOAuthROPCG: (options) =>
      call(OAuthAuthorization.token, options, {
        grant_type: "password",
        username: options.username,
        password: options.password,
        scope: options.scope
      }),
    refreshTokenOAuthROPCG: refreshToken
  }
}
