import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import type * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { ApiSecurity, AuthorizedHttpClient, type AuthValidationException } from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import { flow, identity } from "effect/Function"
import * as Authentication from "../Authentication.js"
import type { AuthenticationController } from "../AuthenticationController.js"
import type { CallError } from "../CallError.js"
import type { Configuration } from "../Configuration.js"
import { MultiauthsampleApi } from "../MultiauthsampleApi.js"
import { expectJson, failTyped, refuseUnexpected, takeAnySuccess, within } from "./apiFailures.js"
import { withCallBack } from "./callBack.js"
import { retrying } from "./retries.js"
import { type Schemes, withAccessToken } from "./schemes.js"
import { baseUrl } from "./servers.js"

type EndpointName = HttpApiEndpoint.HttpApiEndpoint.Name<
  HttpApiGroup.HttpApiGroup.Endpoints<typeof Authentication.authentication>
>

type Client = HttpClient.HttpClient.With<CallError>

const json = (client: Client): Client =>
  expectJson(HttpClient.mapRequest(client, HttpClientRequest.acceptJson))

/** The calls of the controller, each secured as its declaration says. */
export const makeAuthentication = (
  configuration: Configuration,
  schemes: Schemes
): Effect.Effect<AuthenticationController, AuthValidationException, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const server = baseUrl(configuration, "DEFAULT")

    // Each attempt is authorized anew. What is told of a call is told outside of that, and once.
    const clientFor = (requirement: ApiSecurity.Requirement<keyof Schemes>) =>
      AuthorizedHttpClient.makeWith(
        withAccessToken(ApiSecurity.schemeFor(requirement, schemes), configuration.accessToken),
        { origins: [server], insecureOrigins: configuration.insecureOrigins }
      ).pipe(
        Effect.map((client) =>
          client.pipe(retrying(configuration), withCallBack(configuration.httpCallBack), failTyped)
        )
      )

    const call = <Name extends EndpointName>(
      endpoint: { readonly name: Name } & ApiSecurity.Secured<keyof Schemes>,
      reading: (client: Client) => Client = identity
    ) =>
      Effect.flatMap(clientFor(ApiSecurity.requirementOf(endpoint)), (client) =>
        HttpApiClient.endpoint(MultiauthsampleApi, {
          group: "authentication",
          endpoint: endpoint.name,
          httpClient: takeAnySuccess(reading(client)),
          baseUrl: server
        })
      )

    const oAuthBearerToken = yield* call(Authentication.oAuthBearerToken)
    const customAuthentication = yield* call(Authentication.customAuthentication)
    const customQueryOrHeaderAuthentication = yield* call(Authentication.customQueryOrHeaderAuthentication)
    const oAuthGrantTypesOrCombinations = yield* call(Authentication.oAuthGrantTypesOrCombinations)
    const noAuth = yield* call(Authentication.noAuth)
    const oAuthClientCredentialsGrant = yield* call(Authentication.oAuthClientCredentialsGrant, json)
    const basicAuthAndApiHeaderAuth = yield* call(Authentication.basicAuthAndApiHeaderAuth)
    const oAuthAuthorizationGrant = yield* call(Authentication.oAuthAuthorizationGrant, json)
    const multipleAuthCombination = yield* call(Authentication.multipleAuthCombination)

    const whole = flow(refuseUnexpected, within(configuration.timeout))

    return {
      oAuthBearerToken: () => whole(oAuthBearerToken({})),
      customAuthentication: () => whole(customAuthentication({})),
      customQueryOrHeaderAuthentication: () => whole(customQueryOrHeaderAuthentication({})),
      oAuthGrantTypesOrCombinations: () => whole(oAuthGrantTypesOrCombinations({})),
      noAuth: () => whole(noAuth({ urlParams: { array: "true" } })),
      oAuthClientCredentialsGrant: () => whole(oAuthClientCredentialsGrant({})),
      basicAuthAndApiHeaderAuth: () => whole(basicAuthAndApiHeaderAuth({})),
      oAuthAuthorizationGrant: () => whole(oAuthAuthorizationGrant({})),
      multipleAuthCombination: () => whole(multipleAuthCombination({}))
    }
  })
