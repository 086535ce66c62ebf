import { AuthorizationRequest, AuthValidationException, Grant, type TokenManager } from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { CallError } from "../CallError.js"
import type { Configuration } from "../Configuration.js"
import * as OAuthAuthorization from "../OAuthAuthorization.js"
import type { CodeOptions, OAuthACG } from "../OAuthManagers.js"
import { adding } from "./indexedParameters.js"
import { baseUrl, urlOf } from "./servers.js"
import * as session from "./session.js"

type Request = AuthorizationRequest.AuthorizationRequest

// Of users who never came back the oldest is forgotten.
const mostPending = 100

const refuse = (message: string): Effect.Effect<never, AuthValidationException> =>
  Effect.fail(new AuthValidationException({ message: `OAuthACG: ${message}` }))

/** One of the requests that are without an answer, or why it is none of them. */
type Choice<R extends Request | undefined> = (requests: ReadonlyArray<Request>) => Either.Either<R, string>

const answeredBy =
  (callback: AuthorizationRequest.Callback): Choice<Request> =>
  (requests) => {
    const state = AuthorizationRequest.stateOf(callback)
    return Either.fromNullable(
      requests.find((request) => Option.contains(state, request.state)),
      () =>
        "The callback answers no authorization request of this client: it has another state, was received already, " +
        "or its request is kept elsewhere and has to be given."
    )
  }

const theOnlyOne: Choice<Request | undefined> = ([request, ...others]) =>
  others.length === 0
    ? Either.right(request)
    : Either.left(
        "Several authorization requests are without an answer, and a code does not say which one it is for. " +
          "Use fetchTokenFromCallback with the whole callback URL."
      )

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

    /** Takes a request away, so that no second answer to it is exchanged at the same time. */
    const take = <R extends Request | undefined>(
      choose: Choice<R>
    ): Effect.Effect<R, AuthValidationException> =>
      Effect.flatMap(
        Ref.modify(pending, (requests) => {
          const choice = choose(requests)
          const others = Either.isRight(choice) ? requests.filter((one) => one !== choice.right) : requests
          return [choice, others] as const
        }),
        Either.match({ onLeft: refuse, onRight: Effect.succeed })
      )

    /** A request is good for one answer, be it a token or a refusal; one that came to neither can come again. */
    const putBackAfter = (request: Request | undefined, error: CallError): Effect.Effect<void> =>
      request === undefined || error._tag === "OAuthProviderException" ? Effect.void : remember(request)

    /** Exchanges the answer to a request: the one that is given, or else one that is remembered. */
    const exchange = <R extends Request | undefined>(
      options: CodeOptions | undefined,
      choose: Choice<R>,
      grantFor: (request: R | Request) => Effect.Effect<Grant.Grant, CallError>
    ) => {
      const fetchTokenFor = (request: R | Request) =>
        Effect.flatMap(grantFor(request), (grant) =>
          manager.fetchToken({ grant, ...adding(options?.additionalParameters) })
        )
      return options?.request === undefined
        ? Effect.flatMap(take(choose), (request) =>
            Effect.tapError(fetchTokenFor(request), (error) => putBackAfter(request, error))
          )
        : fetchTokenFor(options.request)
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

    return {
      ...session.managed(manager),
      getAuthorizationUrl: (options) =>
        Effect.map(Effect.tap(authorizationRequest(options), remember), ({ url }) => url),
      authorizationRequest,
      fetchTokenFromCallback: (callback, options) =>
        exchange(options, answeredBy(callback), (request) => AuthorizationRequest.receive(request, callback)),
      fetchToken: (code, options) =>
        exchange(options, theOnlyOne, (request) => {
          const redirectUri = request?.redirectUri ?? oAuthRedirectUri
          return redirectUri === undefined
            ? refuse("oAuthRedirectUri is undefined.")
            : Effect.succeed(
                Grant.authorizationCode({ code, redirectUri, codeVerifier: request?.codeVerifier })
              )
        }),
      fetchTokenFromGrant: (grant, parameters) => manager.fetchToken({ grant, ...adding(parameters) }),
      refreshToken: (parameters) => manager.refreshToken(adding(parameters))
    }
  })
