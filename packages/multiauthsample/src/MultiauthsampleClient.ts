/**
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import { type AuthValidationException, Grant, type TokenStore } from "@effect-oauth/client"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { AuthenticationController } from "./AuthenticationController.js"
import { Configuration, type ConfigurationOptions } from "./Configuration.js"
import { makeAuthentication } from "./internal/authentication.js"
import { adding } from "./internal/indexedParameters.js"
import { makeOAuthACG } from "./internal/oAuthACG.js"
import { makeOAuthAuthorization } from "./internal/oAuthAuthorization.js"
import { makeSchemes } from "./internal/schemes.js"
import { checkServers, urlOf } from "./internal/servers.js"
import * as session from "./internal/session.js"
import { userAgent } from "./internal/userAgent.js"
import type { OAuthACGCredentials } from "./OAuthACGCredentials.js"
import * as OAuthAuthorization from "./OAuthAuthorization.js"
import type { OAuthAuthorizationController } from "./OAuthAuthorizationController.js"
import type { OAuthCCGCredentials } from "./OAuthCCGCredentials.js"
import type { OAuthACG, OAuthCCG, OAuthROPCG } from "./OAuthManagers.js"
import type { OAuthROPCGCredentials } from "./OAuthROPCGCredentials.js"

/**
 * The MultiAuth-Sample API.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly authentication: AuthenticationController
  readonly oAuthAuthorization: OAuthAuthorizationController
  readonly oAuthCCG: OAuthCCG
  readonly oAuthACG: OAuthACG
  readonly oAuthROPCG: OAuthROPCG
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

const clientCredentialsOf = (credentials: OAuthCCGCredentials | undefined): Grant.Grant | undefined =>
  credentials?.oAuthClientId === undefined ? undefined : Grant.clientCredentials()

const passwordOf = (credentials: OAuthROPCGCredentials | undefined): Grant.Grant | undefined =>
  credentials?.oAuthUsername === undefined || credentials.oAuthPassword === undefined
    ? undefined
    : Grant.password({ username: credentials.oAuthUsername, password: credentials.oAuthPassword })

const scopeOf = (credentials: OAuthACGCredentials | undefined): string | undefined => {
  const scope = credentials?.oAuthScopes?.join(" ")
  return scope === "" ? undefined : scope
}

/**
 * The client of the API. Fails with an `AuthValidationException` when a server is not one that paths can follow, or to
 * which secrets can be sent, and when a credential is empty, or missing beside its other half.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: ConfigurationOptions = {}
): Effect.Effect<
  Service,
  AuthValidationException,
  HttpClient.HttpClient | TokenStore.TokenStore | Scope.Scope
> =>
  Effect.gen(function* () {
    const configuration = new Configuration(options)
    yield* checkServers(configuration)
    const http = yield* HttpClient.HttpClient
    const { oAuthCCGCredentials, oAuthROPCGCredentials } = configuration

    const oAuthCCG = yield* session.make(
      {
        scheme: "OAuthCCG",
        credentials: oAuthCCGCredentials,
        tokenEndpoint: urlOf(configuration, OAuthAuthorization.requestTokenOAuthCCG),
        grant: clientCredentialsOf(oAuthCCGCredentials)
      },
      configuration
    )
    const oAuthROPCG = yield* session.make(
      {
        scheme: "OAuthROPCG",
        credentials: oAuthROPCGCredentials,
        tokenEndpoint: urlOf(configuration, OAuthAuthorization.token),
        grant: passwordOf(oAuthROPCGCredentials)
      },
      configuration
    )
    const oAuthACG = yield* session.make(
      {
        scheme: "OAuthACG",
        credentials: configuration.oAuthACGCredentials,
        tokenEndpoint: urlOf(configuration, OAuthAuthorization.token),
        refreshScope: scopeOf(configuration.oAuthACGCredentials)
      },
      configuration
    )

    return MultiauthsampleClient.of({
      authentication: yield* makeAuthentication(
        configuration,
        makeSchemes(configuration, { OAuthCCG: oAuthCCG, OAuthACG: oAuthACG, OAuthROPCG: oAuthROPCG })
      ),
      oAuthAuthorization: makeOAuthAuthorization(configuration, http),
      oAuthCCG: {
        ...session.managed(oAuthCCG),
        fetchToken: (parameters) => oAuthCCG.fetchToken(adding(parameters))
      },
      oAuthACG: yield* makeOAuthACG(configuration, oAuthACG),
      oAuthROPCG: {
        ...session.managed(oAuthROPCG),
        fetchToken: (parameters) => oAuthROPCG.fetchToken(adding(parameters)),
        refreshToken: (parameters) => oAuthROPCG.refreshToken(adding(parameters))
      }
    })
  }).pipe(Effect.updateService(HttpClient.HttpClient, userAgent))

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
  options: ConfigurationOptions = {}
): Layer.Layer<
  MultiauthsampleClient,
  AuthValidationException,
  HttpClient.HttpClient | TokenStore.TokenStore
> => Layer.scoped(MultiauthsampleClient, make(options))

/**
 * Provides the client of the API that the configuration describes: `Configuration.config`, or a `Config` for each option.
 *
 * @example
 * ```ts
 * import { Configuration, MultiauthsampleClient } from "multiauthsample"
 *
 * const Client = MultiauthsampleClient.layerConfig(Configuration.config("MULTIAUTHSAMPLE"))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<ConfigurationOptions>
): Layer.Layer<
  MultiauthsampleClient,
  AuthValidationException | ConfigError.ConfigError,
  HttpClient.HttpClient | TokenStore.TokenStore
> => Layer.scoped(MultiauthsampleClient, Effect.flatMap(Config.unwrap(config), make))
