import { generateKeyPairSync, randomUUID } from "node:crypto"
import { IncomingMessage } from "node:http"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ClientMetadata, Configuration } from "oidc-provider"
import { Provider } from "oidc-provider/lib/provider.js"
import { type Introspect, inactive } from "./Introspection.js"
import * as Accounts from "./internal/Accounts.js"
import { inFrontOf } from "./internal/inFrontOf.js"
import * as Listener from "./internal/Listener.js"
import * as OidcStore from "./internal/OidcStore.js"
import * as passwordGrant from "./internal/passwordGrant.js"
import { wholeSeconds } from "./internal/wholeSeconds.js"
import { LoopbackServerError } from "./LoopbackServerError.js"
import { confidential, type RegisteredClient } from "./RegisteredClient.js"
import type { TokenServer, TokenServerOptions } from "./TokenServer.js"
import { alice } from "./User.js"

/**
 * A certified OpenID provider (the npm package `oidc-provider`): password, client credentials and refresh
 * grants, authorization codes with pages of its own for login and consent, revocation, introspection,
 * metadata. A refresh token that is used again ends the whole session: the newest refresh token and all
 * access tokens are dead too. Access tokens are opaque.
 */
export interface OidcProvider extends TokenServer {
  /**
   * It names itself so in each answer to an authorization request (RFC 9207). Its login page takes the name of a
   * user with any password.
   */
  readonly issuer: string
  readonly revocationEndpoint: string
  readonly introspectionEndpoint: string
  /** Where the server describes itself (RFC 8414). */
  readonly authorizationServerMetadata: string
}

/** What {@link make} can be told. `openid` and `offline_access` are among the scopes in any case. */
export interface Options extends TokenServerOptions {
  /** Default: `/oauth2/non-auth-server/revoke`. */
  readonly revocationPath?: string | undefined
  /** Default: `/oauth2/non-auth-server/introspect`. */
  readonly introspectionPath?: string | undefined
}

/**
 * Starts a provider on a free port of 127.0.0.1, with a store and a signing key of its own. It expects what
 * RFC 6749, section 2.3.1 says of HTTP Basic: id and secret form-encoded before they are joined.
 */
export const make = (options: Options = {}): Effect.Effect<OidcProvider, LoopbackServerError, Scope.Scope> =>
  Effect.gen(function* () {
    const paths = {
      authorization: options.authorizationPath ?? "/oauth/authorize",
      token: options.tokenPath ?? "/oauth2/non-auth-server/token",
      revocation: options.revocationPath ?? "/oauth2/non-auth-server/revoke",
      introspection: options.introspectionPath ?? "/oauth2/non-auth-server/introspect"
    }
    const scopes = options.scopes ?? ["api", "file_requests.read"]
    const accounts = Accounts.make(options.users ?? [alice])
    const store = OidcStore.make()
    const { serve, origin, requests } = yield* Listener.open("OidcProvider")

    const provider = yield* Effect.try({
      try: () => {
        const provider = withoutNotice(
          () =>
            new Provider(origin, {
              ...configuration(options),
              adapter: store.adapter,
              findAccount: (_, username) =>
                accounts.has(username)
                  ? { accountId: username, claims: () => ({ sub: username }) }
                  : undefined,
              routes: paths,
              scopes: ["openid", "offline_access", ...scopes]
            })
        )
        passwordGrant.register(provider, accounts, scopes)
        return provider
      },
      catch: (cause) => new LoopbackServerError({ server: "OidcProvider", cause })
    })

    const find = async (accessToken: string) =>
      (await provider.AccessToken.find(accessToken, { ignoreExpiration: true })) ??
      (await provider.ClientCredentials.find(accessToken, { ignoreExpiration: true }))

    const introspect: Introspect = (accessToken) =>
      Effect.promise(async () => {
        const token = await find(accessToken)
        if (token === undefined || !store.isAlive(token.kind, token.jti)) return inactive
        const username = token.kind === "AccessToken" ? token.accountId : undefined
        const { clientId, scope } = token
        return { active: true, clientId, scope, username, profile: accounts.profile(username) }
      })

    const answer = provider.callback()
    yield* serve(
      inFrontOf(
        ({ incoming, body, response }) => Effect.promise(() => answer(replay(incoming, body), response)),
        options.resource,
        introspect
      )
    )

    return {
      origin,
      issuer: origin,
      authorizationEndpoint: origin + paths.authorization,
      tokenEndpoint: origin + paths.token,
      revocationEndpoint: origin + paths.revocation,
      introspectionEndpoint: origin + paths.introspection,
      authorizationServerMetadata: `${origin}/.well-known/oauth-authorization-server`,
      requests,
      tokenRequests: Effect.map(requests, (all) => all.filter(({ path }) => path === paths.token)),
      introspect,
      revokeAccessToken: (accessToken) => Effect.promise(async () => (await find(accessToken))?.destroy()),
      revokeSession: (refreshToken) =>
        Effect.promise(async () => {
          const token = await provider.RefreshToken.find(refreshToken, { ignoreExpiration: true })
          if (token?.grantId !== undefined) store.revoke(token.grantId)
        })
    }
  })

/** Says every thing that the provider would otherwise take from a default and print a notice about. */
const configuration = (options: Options): Configuration => {
  const accessToken = wholeSeconds(options.accessTokenLifetime ?? "2 seconds")
  return {
    clients: (options.clients ?? [confidential]).map(clientMetadata),
    clientAuthMethods: ["client_secret_basic", "client_secret_post", "none"],
    cookies: { keys: [randomUUID()] },
    jwks: { keys: [signingKey()] },
    rotateRefreshToken: options.rotateRefreshToken ?? true,
    renderError: (ctx, { error, error_description }) => {
      ctx.type = "text/plain"
      ctx.body = `${error}: ${error_description}`
    },
    issueRefreshToken: (_, client) => client.grantTypeAllowed("refresh_token"),
    ttl: {
      AccessToken: accessToken,
      ClientCredentials: accessToken,
      IdToken: accessToken,
      RefreshToken: wholeSeconds(options.refreshTokenLifetime ?? "1 day"),
      Interaction: wholeSeconds("1 hour"),
      Session: wholeSeconds("1 day"),
      // A session lasts as long as its refresh tokens follow each other.
      Grant: wholeSeconds("3650 days")
    },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: (options.clients ?? []).some(isRedirected) },
      introspection: {
        enabled: true,
        allowedPolicy: (_, client, token) => token.clientId === client.clientId
      },
      revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId }
    }
  }
}

const isRedirected = ({ redirectUris = [] }: RegisteredClient): boolean => redirectUris.length > 0

const clientMetadata = (client: RegisteredClient): ClientMetadata => {
  const { redirectUris = [] } = client
  const grants = ["password", "refresh_token", ...(isRedirected(client) ? ["authorization_code"] : [])]
  return {
    client_id: client.clientId,
    token_endpoint_auth_method: client.authenticationMethod,
    id_token_signed_response_alg: "ES256",
    application_type: redirectUris.some((uri) => uri.startsWith("http:")) ? "native" : "web",
    redirect_uris: [...redirectUris],
    response_types: isRedirected(client) ? ["code"] : [],
    ...(client.authenticationMethod === "none"
      ? { grant_types: grants }
      : { client_secret: client.clientSecret, grant_types: [...grants, "client_credentials"] })
  }
}

/** That its own pages are for development is known here; the provider says it on the terminal of every test. */
const withoutNotice = <A>(make: () => A): A => {
  const { warn } = console
  console.warn = (message: unknown) => {
    if (!String(message).includes("devInteractions")) warn(message)
  }
  try {
    return make()
  } finally {
    console.warn = warn
  }
}

const signingKey = () => ({
  ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }),
  kid: randomUUID(),
  alg: "ES256",
  use: "sig"
})

/** The request once more, for a server that wants to read its body itself. */
const replay = (incoming: IncomingMessage, body: Buffer): IncomingMessage => {
  const again = new IncomingMessage(incoming.socket)
  again.method = incoming.method
  again.url = incoming.url
  again.httpVersion = incoming.httpVersion
  again.httpVersionMajor = incoming.httpVersionMajor
  again.httpVersionMinor = incoming.httpVersionMinor
  again.headers = incoming.headers
  again.rawHeaders = incoming.rawHeaders
  again.complete = true
  again.push(body)
  again.push(null)
  return again
}
