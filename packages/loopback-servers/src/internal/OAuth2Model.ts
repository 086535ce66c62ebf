import { randomUUID } from "node:crypto"
import type OAuth2Server from "@node-oauth/oauth2-server"
import type { RegisteredClient } from "../RegisteredClient.js"
import type { Accounts } from "./Accounts.js"

/** What the library asks of an application, kept in memory, and what its server can do besides. */
export interface OAuth2Model
  extends OAuth2Server.AuthorizationCodeModel,
    OAuth2Server.PasswordModel,
    OAuth2Server.RefreshTokenModel,
    OAuth2Server.ClientCredentialsModel {
  /** Begins a session of the user whose password it is. */
  readonly logIn: (username: string, password: string) => Login | undefined
  /** Only a token whose lifetime is not over. */
  readonly findAccessToken: (accessToken: string) => AccessToken | undefined
  readonly revokeAccessToken: (accessToken: string) => void
  readonly revokeSession: (refreshToken: string) => void
}

/** What the library carries along unseen as the user, from the login to every token that follows. */
export interface Login {
  readonly session: string
  readonly username: string | undefined
}

interface AccessToken {
  readonly clientId: string
  readonly scope: ReadonlyArray<string> | undefined
  readonly username: string | undefined
}

export const make = (options: {
  readonly clients: ReadonlyArray<RegisteredClient>
  readonly accounts: Accounts
  readonly scopes: ReadonlyArray<string>
  readonly accessTokenLifetime: number
}): OAuth2Model => {
  const accessTokens = new Map<string, OAuth2Server.Token>()
  const refreshTokens = new Map<string, OAuth2Server.RefreshToken>()
  const codes = new Map<string, OAuth2Server.AuthorizationCode>()

  const findAccessToken = (accessToken: string): OAuth2Server.Token | undefined => {
    const token = accessTokens.get(accessToken)
    return token?.accessTokenExpiresAt !== undefined && token.accessTokenExpiresAt.getTime() > Date.now()
      ? token
      : undefined
  }

  const revokeSession = (session: string): void => {
    for (const tokens of [accessTokens, refreshTokens]) {
      for (const [key, token] of tokens) if (loginOf(token).session === session) tokens.delete(key)
    }
  }

  const logIn = (username: string, password: string): Login | undefined =>
    options.accounts.hasPassword(username, password) ? login(username) : undefined

  return {
    // Of null, with which the library asks for a user who authorizes, its types say nothing.
    getClient: async (clientId, clientSecret: string | null | undefined) => {
      const client = options.clients.find((client) => client.clientId === clientId)
      if (client === undefined) return undefined
      const secret = client.authenticationMethod === "none" ? undefined : client.clientSecret
      if (clientSecret !== null && clientSecret !== secret) return undefined
      const redirectUris = [...(client.redirectUris ?? [])]
      const grants = ["password", "refresh_token", "client_credentials"]
      return {
        id: clientId,
        redirectUris,
        grants: redirectUris.length === 0 ? grants : [...grants, "authorization_code"]
      }
    },
    logIn,
    getUser: async (username, password) => logIn(username, password),
    getUserFromClient: async () => login(),
    validateScope: async (_user, _client, scope) => {
      if (scope === undefined) return [...options.scopes]
      return scope.every((name) => options.scopes.includes(name)) ? scope : undefined
    },
    validateRedirectUri: async (redirectUri, { redirectUris = [] }) =>
      [redirectUris].flat().some((registered) => isSameRedirect(registered, redirectUri)),
    saveAuthorizationCode: async (code, client, user) => {
      const saved = { ...code, client, user }
      codes.set(code.authorizationCode, saved)
      return saved
    },
    getAuthorizationCode: async (code) => codes.get(code),
    revokeAuthorizationCode: async ({ authorizationCode }) => codes.delete(authorizationCode),
    saveToken: async (token, client, user) => {
      const saved = { ...token, client, user }
      const { refreshToken } = saved
      accessTokens.set(saved.accessToken, saved)
      if (refreshToken !== undefined) refreshTokens.set(refreshToken, { ...saved, refreshToken })
      // The library tells the client what is left of the lifetime, cut down to the second: half a second
      // more makes that the lifetime.
      return {
        ...saved,
        accessTokenExpiresAt: new Date(Date.now() + options.accessTokenLifetime * 1000 + 500)
      }
    },
    getAccessToken: async (accessToken) => findAccessToken(accessToken),
    getRefreshToken: async (refreshToken) => refreshTokens.get(refreshToken),
    revokeToken: async ({ refreshToken }) => refreshTokens.delete(refreshToken),

    findAccessToken: (accessToken) => {
      const token = findAccessToken(accessToken)
      return token && { clientId: token.client.id, scope: token.scope, username: loginOf(token).username }
    },
    revokeAccessToken: (accessToken) => {
      accessTokens.delete(accessToken)
    },
    revokeSession: (refreshToken) => {
      const token = refreshTokens.get(refreshToken)
      if (token !== undefined) revokeSession(loginOf(token).session)
    }
  }
}

const login = (username?: string): Login => ({ username, session: randomUUID() })

const loginOf = ({ user: { session, username } }: { readonly user: OAuth2Server.User }): Login => ({
  session,
  username
})

const isSameRedirect = (registered: string, given: string): boolean =>
  registered === given || withoutPort(registered) === withoutPort(given)

/** Of a loopback address every port will do (RFC 8252, section 7.3); of others the port is a part of them. */
const withoutPort = (uri: string): string => {
  if (!/^http:\/\/(127\.0\.0\.1|\[::1\])[:/]/.test(uri) || !URL.canParse(uri)) return uri
  const url = new URL(uri)
  url.port = ""
  return url.href
}
