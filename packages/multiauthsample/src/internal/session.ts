import type * as HttpClient from "@effect/platform/HttpClient"
import {
  AuthValidationException,
  ClientAuthentication,
  type Grant,
  type OAuthToken,
  TokenEndpoint,
  TokenManager,
  TokenStore
} from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { Configuration, OAuthScheme } from "../Configuration.js"
import type { OAuthManager } from "../OAuthManagers.js"

interface Credentials {
  readonly oAuthClientId?: string | undefined
  readonly oAuthClientSecret?: Redacted.Redacted<string> | undefined
  readonly oAuthToken?: OAuthToken.OAuthToken | undefined
}

/** Whose session it is, and how it begins and goes on. */
export interface Session {
  readonly scheme: OAuthScheme
  readonly credentials: Credentials | undefined
  readonly tokenEndpoint: string
  /** Begins it without being asked. */
  readonly grant?: Grant.Grant | undefined
  /** Sent with each refresh. */
  readonly refreshScope?: string | undefined
}

const emptySecret = Redacted.make("")

const refuseEmpty = ({ credentials, scheme }: Session): Effect.Effect<void, AuthValidationException> => {
  const empty = Object.entries(credentials ?? {}).find(
    ([, value]) => value === "" || Equal.equals(value, emptySecret)
  )
  return empty === undefined
    ? Effect.void
    : Effect.fail(new AuthValidationException({ message: `${scheme}: ${empty[0]} is empty.` }))
}

const impossible = (scheme: OAuthScheme): AuthValidationException =>
  new AuthValidationException({ message: `${scheme}: OAuthToken is undefined or expired.` })

/** A token alone: good until it expires, and nobody to ask for another. */
const withoutClient = (scheme: OAuthScheme): TokenEndpoint.Service => ({
  identity: scheme,
  fetchToken: () => Effect.fail(impossible(scheme)),
  refreshToken: () => Effect.fail(impossible(scheme)),
  revokeToken: () => Effect.void
})

const endpointOf = (
  { credentials, refreshScope, scheme, tokenEndpoint }: Session,
  configuration: Configuration
): Effect.Effect<TokenEndpoint.Service, AuthValidationException, HttpClient.HttpClient> => {
  const { oAuthClientId: clientId, oAuthClientSecret: clientSecret } = credentials ?? {}
  if (clientId === undefined || clientSecret === undefined) return Effect.succeed(withoutClient(scheme))
  const authenticate =
    configuration.basicCredentials === "raw"
      ? ClientAuthentication.clientSecretBasicRaw
      : ClientAuthentication.clientSecretBasic
  return Effect.map(
    TokenEndpoint.make({
      server: {
        tokenEndpoint,
        revocationEndpoint: configuration.revocationEndpoint,
        insecureOrigins: configuration.insecureOrigins,
        retry: configuration.tokenRetry
      },
      clientAuthentication: authenticate({ clientId, clientSecret })
    }),
    (endpoint) => ({
      ...endpoint,
      // A client has a session of each scheme.
      identity: `${endpoint.identity}|${scheme}`,
      refreshToken: (refreshToken, options) =>
        endpoint.refreshToken(refreshToken, { ...options, scope: options?.scope ?? refreshScope })
    })
  )
}

/** A scheme without credentials never has a token, and the sessions of others are none of its business. */
const isolated = <A, E, R>(effect: Effect.Effect<A, E, R | TokenStore.TokenStore>) =>
  Effect.provide(effect, Layer.fresh(TokenStore.layerMemory))

/** The session of a scheme, kept for as long as the scope is open. */
export const make = (
  session: Session,
  configuration: Configuration
): Effect.Effect<
  TokenManager.Service,
  AuthValidationException,
  HttpClient.HttpClient | TokenStore.TokenStore | Scope.Scope
> =>
  Effect.gen(function* () {
    const { credentials, grant, scheme } = session
    yield* refuseEmpty(session)
    const endpoint = yield* endpointOf(session, configuration)
    const { onTokenUpdate } = configuration
    const manager = TokenManager.make({
      name: scheme,
      grant,
      initialToken: credentials?.oAuthToken,
      autoRefresh: configuration.autoRefresh,
      leeway: configuration.leeway,
      onTokenUpdate: onTokenUpdate === undefined ? undefined : (token) => onTokenUpdate(token, scheme)
    }).pipe(Effect.provideService(TokenEndpoint.TokenEndpoint, endpoint))
    return yield* credentials === undefined ? isolated(manager) : manager
  })

/** What users of a session see of it in any case. */
export const managed = (manager: TokenManager.Service): OAuthManager => ({
  isTokenExpired: manager.isTokenExpired,
  currentToken: manager.currentToken,
  logout: manager.logout,
  events: manager.events
})
