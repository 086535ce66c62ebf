import type * as HttpClient from "@effect/platform/HttpClient"
import {
  type AuthorizationServer,
  AuthValidationException,
  ClientAuthentication,
  Grant,
  TokenEndpoint,
  TokenManager,
  TokenStore
} from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { OAuthACGCredentials } from "../OAuthACGCredentials.js"
import type { OAuthROPCGCredentials } from "../OAuthROPCGCredentials.js"

type Credentials = OAuthROPCGCredentials | OAuthACGCredentials

/** How the sessions of all schemes are kept. */
export interface SessionOptions
  extends Pick<TokenManager.Options, "autoRefresh" | "leeway" | "onTokenUpdate"> {
  readonly server: AuthorizationServer.AuthorizationServer
  readonly basicCredentials?: "form" | "raw" | undefined
}

const emptySecret = Redacted.make("")

const refuseEmpty = (
  name: string,
  credentials: Credentials
): Effect.Effect<void, AuthValidationException> => {
  const empty = Object.entries(credentials).find(
    ([, value]) => value === "" || Equal.equals(value, emptySecret)
  )
  return empty === undefined
    ? Effect.void
    : Effect.fail(new AuthValidationException({ message: `${name}: ${empty[0]} is empty.` }))
}

const impossible = (name: string): AuthValidationException =>
  new AuthValidationException({
    message: `${name}: OAuthToken is undefined or expired.`
  })

/** A token alone: good until it expires, and nobody to ask for another. */
const withoutClient = (name: string): TokenEndpoint.Service => ({
  identity: name,
  fetchToken: () => Effect.fail(impossible(name)),
  refreshToken: () => Effect.fail(impossible(name)),
  revokeToken: () => Effect.void
})

const endpointOf = (name: string, credentials: Credentials, options: SessionOptions) => {
  const { oAuthClientId: clientId, oAuthClientSecret: clientSecret } = credentials
  if (clientId === undefined || clientSecret === undefined) return Effect.succeed(withoutClient(name))
  const authenticate =
    options.basicCredentials === "raw"
      ? ClientAuthentication.clientSecretBasicRaw
      : ClientAuthentication.clientSecretBasic
  return TokenEndpoint.make({
    server: options.server,
    clientAuthentication: authenticate({ clientId, clientSecret })
  })
}

const grantOf = (credentials: Credentials): Grant.Grant | undefined =>
  "oAuthUsername" in credentials &&
  credentials.oAuthUsername !== undefined &&
  credentials.oAuthPassword !== undefined
    ? Grant.password({ username: credentials.oAuthUsername, password: credentials.oAuthPassword })
    : undefined

/** A scheme without credentials: it never has a token, and says so. The sessions of others are none of its business. */
export const unconfigured = (name: string): Effect.Effect<TokenManager.Service, never, Scope.Scope> =>
  TokenManager.make({ name, key: name, autoRefresh: false }).pipe(
    Effect.provideService(TokenEndpoint.TokenEndpoint, withoutClient(name)),
    Effect.provide(Layer.fresh(TokenStore.layerMemory))
  )

/** Whether a scheme can ask a server for a token. */
export const canAsk = (credentials: Credentials | undefined, options: SessionOptions): boolean =>
  credentials?.oAuthClientId !== undefined && options.autoRefresh !== false

/** The session of a scheme, kept for as long as the scope is open. */
export const make = (
  name: string,
  credentials: Credentials,
  options: SessionOptions
): Effect.Effect<
  TokenManager.Service,
  AuthValidationException,
  HttpClient.HttpClient | TokenStore.TokenStore | Scope.Scope
> =>
  Effect.gen(function* () {
    yield* refuseEmpty(name, credentials)
    const endpoint = yield* endpointOf(name, credentials, options)
    return yield* TokenManager.make({
      name,
      grant: grantOf(credentials),
      initialToken: credentials.oAuthToken,
      autoRefresh: options.autoRefresh,
      leeway: options.leeway,
      onTokenUpdate: options.onTokenUpdate
    }).pipe(Effect.provideService(TokenEndpoint.TokenEndpoint, endpoint))
  })
