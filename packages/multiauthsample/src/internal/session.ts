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
import { tokenDigest } from "./tokenDigest.js"

interface Credentials {
  readonly oAuthClientId?: string | undefined
  readonly oAuthClientSecret?: Redacted.Redacted<string> | undefined
  readonly oAuthUsername?: string | undefined
  readonly oAuthPassword?: Redacted.Redacted<string> | undefined
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

const pairs = [
  ["oAuthClientId", "oAuthClientSecret"],
  ["oAuthUsername", "oAuthPassword"]
] as const

/** What is wrong with credentials, if anything is. */
const problemOf = (credentials: Credentials): string | undefined => {
  const [empty] = Object.entries(credentials).flatMap(([name, value]) =>
    value === "" || Equal.equals(value, emptySecret) ? [name] : []
  )
  if (empty !== undefined) return `${empty} is empty`
  const [absent] = pairs.flatMap((pair) => {
    const names = pair.filter((name) => credentials[name] === undefined)
    return names.length === 1 ? names : []
  })
  return absent === undefined ? undefined : `${absent} is undefined`
}

const refuse = (message: string): Effect.Effect<never, AuthValidationException> =>
  Effect.fail(new AuthValidationException({ message }))

/** A token alone: good until it expires, and nobody to ask for another. */
const withoutClient = (scheme: OAuthScheme): TokenEndpoint.Service => {
  const impossible = refuse(`${scheme}: oAuthClientId and oAuthClientSecret are undefined.`)
  return {
    identity: scheme,
    fetchToken: () => impossible,
    refreshToken: () => impossible,
    revokeToken: () => Effect.void
  }
}

/** By what the session is told from those of others who have the same client, where its grant does not name them. */
const ownerOf = (
  { credentials, grant }: Session,
  { sessionKey }: Configuration
): Effect.Effect<ReadonlyArray<string>> => {
  if (sessionKey !== undefined) return Effect.succeed([JSON.stringify(sessionKey)])
  const token = credentials?.oAuthToken
  return grant === undefined && token !== undefined
    ? Effect.map(tokenDigest(token), (digest) => [digest])
    : Effect.succeed([])
}

const endpointOf = (
  session: Session,
  client: ClientAuthentication.ClientCredentials,
  configuration: Configuration
): Effect.Effect<TokenEndpoint.Service, AuthValidationException, HttpClient.HttpClient> => {
  const { refreshScope, scheme, tokenEndpoint } = session
  const authenticate =
    configuration.basicCredentials === "raw"
      ? ClientAuthentication.clientSecretBasicRaw
      : ClientAuthentication.clientSecretBasic
  return Effect.zipWith(
    TokenEndpoint.make({
      server: {
        tokenEndpoint,
        revocationEndpoint: configuration.revocationEndpoint,
        insecureOrigins: configuration.insecureOrigins,
        retry: configuration.tokenRetry
      },
      clientAuthentication: authenticate(client)
    }),
    ownerOf(session, configuration),
    (endpoint, owner) => ({
      ...endpoint,
      // A client has a session of each scheme.
      identity: [endpoint.identity, scheme, ...owner].join("|"),
      refreshToken: (refreshToken, options) =>
        endpoint.refreshToken(refreshToken, { ...options, scope: options?.scope ?? refreshScope })
    })
  )
}

/** What is never renewed is never stored, and the sessions of others are none of its business. */
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
    const { credentials = {}, grant, scheme } = session
    // Users of whom nobody knows who they are would have one session.
    if (configuration.sessionKey === "") return yield* refuse("sessionKey is empty.")
    const problem = problemOf(credentials)
    if (problem !== undefined) return yield* refuse(`${scheme}: ${problem}.`)
    const { oAuthClientId: clientId, oAuthClientSecret: clientSecret, oAuthToken: initialToken } = credentials
    const { autoRefresh, leeway, onTokenUpdate } = configuration
    const keep = (endpoint: TokenEndpoint.Service, options: TokenManager.Options) =>
      TokenManager.make({
        name: scheme,
        initialToken,
        leeway,
        onTokenUpdate: onTokenUpdate === undefined ? undefined : (token) => onTokenUpdate(token, scheme),
        ...options
      }).pipe(Effect.provideService(TokenEndpoint.TokenEndpoint, endpoint))
    return yield* clientId === undefined || clientSecret === undefined
      ? isolated(keep(withoutClient(scheme), { autoRefresh: false }))
      : Effect.flatMap(endpointOf(session, { clientId, clientSecret }, configuration), (endpoint) =>
          keep(endpoint, { autoRefresh, grant })
        )
  })

/** What users of a session see of it in any case. */
export const managed = (manager: TokenManager.Service): OAuthManager => ({
  isTokenExpired: manager.isTokenExpired,
  currentToken: manager.currentToken,
  logout: manager.logout,
  events: manager.events
})
