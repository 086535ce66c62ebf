/**
 * @since 0.1.0
 */
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import {
  type APIException,
  AuthorizedHttpClient,
  type AuthValidationException,
  type OAuthToken,
  type TokenError,
  type TokenEvent,
  TokenManager,
  type TokenRequest,
  type TokenStore,
  type TokenStoreError
} from "@effect-oauth/client"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as Environment from "./Environment.js"
import { and } from "./internal/and.js"
import { expectJson, failTyped, refuseUnexpected, within } from "./internal/apiFailures.js"
import { indexedParameters } from "./internal/indexedParameters.js"
import * as session from "./internal/session.js"
import { MultiauthsampleApi } from "./MultiauthsampleApi.js"
import type { OAuthACGCredentials } from "./OAuthACGCredentials.js"
import type { OAuthROPCGCredentials } from "./OAuthROPCGCredentials.js"
import type { User } from "./User.js"

/**
 * Why a call failed: what the provider said, what the transport or an unexpected reply was, what could not be sent
 * for want of a token, what the store could not do.
 *
 * @since 0.1.0
 * @category errors
 */
export type CallError = TokenError

/**
 * The token of the scheme `OAuthROPCG`.
 *
 * @since 0.1.0
 * @category models
 */
export interface OAuthROPCG {
  /** Exchanges the user's credentials for a token, which is stored, becomes the current one, and is returned. */
  readonly fetchToken: (
    additionalParameters?: TokenRequest.AdditionalParameters | undefined
  ) => Effect.Effect<OAuthToken.OAuthToken, CallError>
  /** Refreshes the token; a reply without a refresh token keeps the old one. Stored, current and returned as well. */
  readonly refreshToken: (
    additionalParameters?: TokenRequest.AdditionalParameters | undefined
  ) => Effect.Effect<OAuthToken.OAuthToken, CallError>
  /** Whether there is no token, or only an expired one. */
  readonly isTokenExpired: Effect.Effect<boolean, TokenStoreError>
  /** The token as it is, valid or not. */
  readonly currentToken: Effect.Effect<Option.Option<OAuthToken.OAuthToken>, TokenStoreError>
  /** Revokes the token, where the server has a revocation endpoint, and removes it from the store. */
  readonly logout: Effect.Effect<void, CallError>
  /** What happens to the token. */
  readonly events: Stream.Stream<TokenEvent.TokenEvent>
}

/**
 * The MultiAuth-Sample API.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly oAuthROPCG: OAuthROPCG
  readonly authentication: {
    /**
     * The user of the token: `GET /oauth2/non-auth-server/user`. Needs a valid token of OAuthACG and one of
     * OAuthROPCG. Both are bearer tokens, so only one can be sent: that of OAuthROPCG.
     */
    readonly oAuthAuthorizationGrant: () => Effect.Effect<User, CallError>
  }
}

/**
 * The tag of the client.
 *
 * @example
 * ```ts
 * import { MultiauthsampleClient } from "multiauthsample"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const client = yield* MultiauthsampleClient.MultiauthsampleClient
 *   const user = yield* client.authentication.oAuthAuthorizationGrant()
 *   return user.name
 * })
 * ```
 *
 * @since 0.1.0
 * @category tags
 */
export class MultiauthsampleClient extends Context.Tag("multiauthsample/MultiauthsampleClient")<
  MultiauthsampleClient,
  Service
>() {}

/**
 * How the API is called.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Default: `TESTING`, which is this machine. */
  readonly environment?: Environment.Environment | undefined
  /** Chooses the `DEFAULT` server of `PRODUCTION`. Default: `SuiteCode.HEARTS`. */
  readonly suites?: Environment.SuiteCode | undefined
  /** Base URLs that take the place of those of the environment. */
  readonly servers?: { readonly [server in Environment.Server]?: string | undefined } | undefined
  /** Plain http origins on other machines that may get secrets all the same, each by name. */
  readonly insecureOrigins?: ReadonlyArray<string> | undefined
  /** The longest that a call may take. Default: 60 seconds. */
  readonly timeout?: Duration.DurationInput | undefined
  readonly oAuthROPCGCredentials?: OAuthROPCGCredentials | undefined
  readonly oAuthACGCredentials?: OAuthACGCredentials | undefined
  /**
   * How the client id and secret stand in Basic credentials: `form` as RFC 6749 section 2.3.1 wants it, or `raw` for
   * servers that do not decode them. Default: `form`.
   */
  readonly basicCredentials?: "form" | "raw" | undefined
  /** Whether tokens are fetched and refreshed without being asked. Default: true. */
  readonly autoRefresh?: boolean | undefined
  /** How long before its expiry a token is replaced. Default: 60 seconds, at most a tenth of its lifetime. */
  readonly leeway?: Duration.DurationInput | undefined
  /** Awaited after a new token was stored and before it is used. */
  readonly onTokenUpdate?: ((token: OAuthToken.OAuthToken) => Effect.Effect<void>) | undefined
  /** A revocation endpoint (RFC 7009), for `logout`. The servers of the environments have none. */
  readonly revocationEndpoint?: string | undefined
  /** When a request for a token is tried again after a transient failure. Default: three times within two seconds. */
  readonly tokenRetry?: Schedule.Schedule<unknown, APIException> | undefined
}

const userAgent = HttpClient.mapRequest(HttpClientRequest.setHeader("user-agent", "APIMATIC 3.0"))

const acceptJson = HttpClient.mapRequest(HttpClientRequest.acceptJson)

const defaultServerOf = (options: Options): string => {
  const url =
    options.servers?.DEFAULT ??
    Environment.baseUrl(
      options.environment ?? "TESTING",
      "DEFAULT",
      options.suites ?? Environment.SuiteCode.HEARTS
    )
  return url.replace(/\/+$/, "")
}

const defaultTimeout = Duration.seconds(60)

/**
 * The client of the API. Fails with an `AuthValidationException` when a server is not one to which secrets can be
 * sent, or a credential is empty.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options
): Effect.Effect<
  Service,
  AuthValidationException,
  HttpClient.HttpClient | TokenStore.TokenStore | Scope.Scope
> =>
  Effect.gen(function* () {
    const http = userAgent(yield* HttpClient.HttpClient)
    const defaultServer = defaultServerOf(options)
    const timeout = Duration.decode(options.timeout ?? defaultTimeout)
    const sessionOptions: session.SessionOptions = {
      server: {
        tokenEndpoint: `${defaultServer}/oauth2/non-auth-server/token`,
        revocationEndpoint: options.revocationEndpoint,
        insecureOrigins: options.insecureOrigins,
        retry: options.tokenRetry
      },
      basicCredentials: options.basicCredentials,
      autoRefresh: options.autoRefresh,
      leeway: options.leeway,
      onTokenUpdate: options.onTokenUpdate
    }
    const keep = (name: string, credentials: OAuthROPCGCredentials | OAuthACGCredentials | undefined) =>
      credentials === undefined
        ? session.unconfigured(name)
        : Effect.provideService(session.make(name, credentials, sessionOptions), HttpClient.HttpClient, http)
    const oAuthROPCG = yield* keep("OAuthROPCG", options.oAuthROPCGCredentials)
    const oAuthACG = yield* keep("OAuthACG", options.oAuthACGCredentials)

    const authorized = yield* AuthorizedHttpClient.make({
      origins: [defaultServer],
      insecureOrigins: options.insecureOrigins
    }).pipe(
      Effect.provideService(HttpClient.HttpClient, acceptJson(http)),
      Effect.provideService(TokenManager.TokenManager, {
        ...oAuthROPCG,
        ...and(oAuthACG, oAuthROPCG, session.canAsk(options.oAuthROPCGCredentials, sessionOptions))
      })
    )
    const oAuthAuthorizationGrant = yield* HttpApiClient.endpoint(MultiauthsampleApi, {
      group: "authentication",
      endpoint: "oAuthAuthorizationGrant",
      httpClient: expectJson(failTyped(authorized)),
      baseUrl: defaultServer
    })

    return MultiauthsampleClient.of({
      oAuthROPCG: {
        fetchToken: (parameters) => oAuthROPCG.fetchToken(requestOptions(parameters)),
        refreshToken: (parameters) => oAuthROPCG.refreshToken(requestOptions(parameters)),
        isTokenExpired: oAuthROPCG.isTokenExpired,
        currentToken: oAuthROPCG.currentToken,
        logout: oAuthROPCG.logout,
        events: oAuthROPCG.events
      },
      authentication: {
        oAuthAuthorizationGrant: () => refuseUnexpected(oAuthAuthorizationGrant({})).pipe(within(timeout))
      }
    })
  })

const requestOptions = (parameters: TokenRequest.AdditionalParameters | undefined) =>
  parameters === undefined ? undefined : { additionalParameters: indexedParameters(parameters) }

/**
 * Provides the client of the API.
 *
 * @example
 * ```ts
 * import { FetchHttpClient } from "@effect/platform"
 * import { TokenStore } from "@effect-oauth/client"
 * import { Layer, Redacted } from "effect"
 * import { MultiauthsampleClient, OAuthROPCGCredentials } from "multiauthsample"
 *
 * const Client = MultiauthsampleClient.layer({
 *   oAuthROPCGCredentials: new OAuthROPCGCredentials({
 *     oAuthClientId: "client",
 *     oAuthClientSecret: Redacted.make("client-secret"),
 *     oAuthUsername: "alice",
 *     oAuthPassword: Redacted.make("wonderland")
 *   })
 * }).pipe(Layer.provide([TokenStore.layerMemory, FetchHttpClient.layer]))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<
  MultiauthsampleClient,
  AuthValidationException,
  HttpClient.HttpClient | TokenStore.TokenStore
> => Layer.scoped(MultiauthsampleClient, make(options))

/**
 * Provides the client of the API that the configuration describes.
 *
 * @example
 * ```ts
 * import { Config } from "effect"
 * import { MultiauthsampleClient, OAuthROPCGCredentials } from "multiauthsample"
 *
 * const Client = MultiauthsampleClient.layerConfig({
 *   oAuthROPCGCredentials: OAuthROPCGCredentials.config("MULTIAUTHSAMPLE")
 * })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<Options>
): Layer.Layer<
  MultiauthsampleClient,
  AuthValidationException | ConfigError.ConfigError,
  HttpClient.HttpClient | TokenStore.TokenStore
> => Layer.scoped(MultiauthsampleClient, Effect.flatMap(Config.unwrap(config), make))
