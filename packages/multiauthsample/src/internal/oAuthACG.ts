import { AuthorizationRequest, AuthValidationException, Grant, type TokenManager } from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { CallError } from "../CallError.js"
import type { Configuration } from "../Configuration.js"
import * as OAuthAuthorization from "../OAuthAuthorization.js"
import type { OAuthACG } from "../OAuthManagers.js"
import { adding } from "./indexedParameters.js"
import { baseUrl, urlOf } from "./servers.js"
import * as session from "./session.js"

type Request = AuthorizationRequest.AuthorizationRequest

// Of users who never came back the oldest is forgotten.
const mostPending = 100

const refuse = (message: string): Effect.Effect<never, AuthValidationException> =>
  Effect.fail(new AuthValidationException({ message: `OAuthACG: ${message}` }))

/** The manager of the scheme, over its session: it knows which users are away. */
export const makeOAuthACG = (
  configuration: Configuration,
  manager: TokenManager.Service
): Effect.Effect<OAuthACG> =>
  Effect.map(Ref.make<ReadonlyArray<Request>>([]), (pending) => {
    const { oAuthClientId, oAuthRedirectUri, oAuthScopes } = configuration.oAuthACGCredentials ?? {}
    const server = baseUrl(configuration, "DEFAULT")

    const remember = (request: Request) =>
      Ref.update(pending, (requests) =>
        [...requests.filter(({ state }) => state !== request.state), request].slice(-mostPending)
      )

    /** A request is good for one answer, be it a token or a refusal. */
    const answered =
      (request: Request | undefined) =>
      <A>(exchange: Effect.Effect<A, CallError>): Effect.Effect<A, CallError> => {
        const forget = Ref.update(pending, (requests) =>
          requests.filter(({ state }) => state !== request?.state)
        )
        return exchange.pipe(
          Effect.tap(() => forget),
          Effect.tapErrorTag("OAuthProviderException", () => forget)
        )
      }

    const authorizationRequest: OAuthACG["authorizationRequest"] = ({ additionalParameters, state } = {}) =>
      oAuthClientId === undefined || oAuthRedirectUri === undefined
        ? refuse("oAuthClientId or oAuthRedirectUri is undefined.")
        : AuthorizationRequest.make({
            server: {
              issuer: configuration.issuer ?? server,
              authorizationEndpoint: `${server}/oauth/authorize`,
              tokenEndpoint: urlOf(configuration, OAuthAuthorization.token),
              insecureOrigins: configuration.insecureOrigins
            },
            clientId: oAuthClientId,
            redirectUri: oAuthRedirectUri,
            scope: oAuthScopes,
            state,
            additionalParameters
          })

    const pendingOf = (
      callback: AuthorizationRequest.Callback
    ): Effect.Effect<Request, AuthValidationException> =>
      Effect.flatMap(Ref.get(pending), (requests) => {
        const state = AuthorizationRequest.stateOf(callback)
        const request = requests.find((request) => Option.contains(state, request.state))
        return request === undefined
          ? refuse(
              "The callback answers no authorization request of this client: it has another state, was received already, " +
                "or its request is kept elsewhere and has to be given."
            )
          : Effect.succeed(request)
      })

    const onlyPending: Effect.Effect<Request | undefined, AuthValidationException> = Effect.flatMap(
      Ref.get(pending),
      ([request, ...others]) =>
        others.length === 0
          ? Effect.succeed(request)
          : refuse(
              "Several authorization requests are without an answer, and a code does not say which one it is for. " +
                "Use fetchTokenFromCallback with the whole callback URL."
            )
    )

    return {
      ...session.managed(manager),
      getAuthorizationUrl: (options) =>
        Effect.map(Effect.tap(authorizationRequest(options), remember), ({ url }) => url),
      authorizationRequest,
      fetchTokenFromCallback: (callback, options) =>
        Effect.flatMap(
          options?.request === undefined ? pendingOf(callback) : Effect.succeed(options.request),
          (request) =>
            AuthorizationRequest.receive(request, callback).pipe(
              Effect.flatMap((grant) =>
                manager.fetchToken({ grant, ...adding(options?.additionalParameters) })
              ),
              answered(request)
            )
        ),
      fetchToken: (code, options) =>
        Effect.flatMap(
          options?.request === undefined ? onlyPending : Effect.succeed(options.request),
          (request) => {
            const redirectUri = request?.redirectUri ?? oAuthRedirectUri
            if (redirectUri === undefined) return refuse("oAuthRedirectUri is undefined.")
            const grant = Grant.authorizationCode({ code, redirectUri, codeVerifier: request?.codeVerifier })
            return manager
              .fetchToken({ grant, ...adding(options?.additionalParameters) })
              .pipe(answered(request))
          }
        ),
      fetchTokenFromGrant: (grant, parameters) => manager.fetchToken({ grant, ...adding(parameters) }),
      refreshToken: (parameters) => manager.refreshToken(adding(parameters))
    }
  })
