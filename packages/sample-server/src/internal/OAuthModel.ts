import { randomUUID } from "node:crypto"
import type OAuth2Server from "@node-oauth/oauth2-server"
import * as Redacted from "effect/Redacted"
import type { Fixtures } from "../Fixtures.js"
import { isAllowedRedirectUri } from "./redirectUri.js"
import { sameSecret } from "./sameSecret.js"
import type { GrantName, Session, Tokens } from "./Tokens.js"

/** What the library asks of an application, for all its grants and for its authorization endpoint. */
export interface OAuthModel
  extends OAuth2Server.AuthorizationCodeModel,
    OAuth2Server.ClientCredentialsModel,
    OAuth2Server.PasswordModel,
    OAuth2Server.RefreshTokenModel {
  readonly validateScope: (
    user: OAuth2Server.User,
    client: OAuth2Server.Client,
    scope?: Array<string>
  ) => Promise<Array<string> | undefined>
}

/** What the model stands on. */
export interface Options {
  readonly fixtures: Fixtures
  readonly tokens: Tokens
  /** What the client may ask for at the servers of this model. */
  readonly grants: ReadonlyArray<GrantName | "refresh_token">
  readonly scopes: ReadonlyArray<string>
  readonly redirectUris: ReadonlyArray<string>
  /** In seconds. */
  readonly accessTokenLifetime: number
}

/** Begins the session of a user, or of the client itself. */
export const newSession = (grant: GrantName, username?: string): Session => ({
  id: randomUUID(),
  grant,
  username
})

export const make = ({ fixtures, tokens, ...options }: Options): OAuthModel => {
  const client: OAuth2Server.Client = {
    id: fixtures.clientId,
    grants: [...options.grants],
    // For a request that names none, and as the library refuses a client without one.
    redirectUris: [...options.redirectUris, "http://localhost/"]
  }

  return {
    // The authorization endpoint asks with `null` for a client that does not prove itself there.
    getClient: async (clientId, clientSecret: string | null | undefined) =>
      clientId === fixtures.clientId &&
      (clientSecret === null || sameSecret(fixtures.clientSecret, clientSecret ?? ""))
        ? client
        : undefined,
    getUser: async (username, password) =>
      username === fixtures.username && sameSecret(fixtures.password, password)
        ? newSession("password", username)
        : undefined,
    getUserFromClient: async () => newSession("client_credentials"),
    validateScope: async (_user, _client, scope) => {
      if (scope === undefined) return [...options.scopes]
      return scope.every((name) => options.scopes.includes(name)) ? scope : undefined
    },
    validateRedirectUri: async (redirectUri) => isAllowedRedirectUri(redirectUri, options.redirectUris),

    saveAuthorizationCode: async (code, client, user) => {
      const saved = { ...code, client, user }
      tokens.saveCode(saved)
      return saved
    },
    getAuthorizationCode: async (code) =>
      sameSecret(fixtures.authorizationCode, code)
        ? {
            authorizationCode: code,
            expiresAt: new Date(Date.now() + 60_000),
            // Without one, the library takes whatever comes with the code.
            redirectUri: "",
            scope: [...options.scopes],
            client,
            user: newSession("authorization_code", fixtures.username)
          }
        : tokens.findCode(code),
    revokeAuthorizationCode: async ({ authorizationCode }) =>
      authorizationCode === Redacted.value(fixtures.authorizationCode) || tokens.spendCode(authorizationCode),

    saveToken: async (token, client, user) => {
      const saved = { ...token, client, user }
      tokens.save(saved)
      // The library tells the client what is left of the lifetime, cut down to the second: half a second more makes
      // that the lifetime.
      const accessTokenExpiresAt = new Date(Date.now() + options.accessTokenLifetime * 1000 + 500)
      return { ...saved, accessTokenExpiresAt }
    },
    // For the library's own check of requests, which is not used here: see `Check`.
    getAccessToken: async () => undefined,
    getRefreshToken: async (refreshToken) => tokens.findRefreshToken(refreshToken),
    revokeToken: async ({ refreshToken }) => tokens.spendRefreshToken(refreshToken)
  }
}
