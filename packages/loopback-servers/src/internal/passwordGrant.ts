import type { Provider, TokenEndpointGrantContext } from "oidc-provider"
import { InvalidGrant, InvalidRequest, InvalidScope } from "oidc-provider/lib/helpers/errors.js"
import type { Accounts } from "./Accounts.js"

interface Parameters {
  readonly username?: string | undefined
  readonly password?: string | undefined
}

/**
 * Teaches the provider the Resource Owner Password Credentials grant. The client has proved itself
 * before this runs; every later step of the tokens' life is the provider's own.
 *
 * @see RFC 6749, section 4.3
 */
export const register = (provider: Provider, accounts: Accounts, scopes: ReadonlyArray<string>): void =>
  provider.registerGrantType<Parameters>(
    "password",
    async (ctx: TokenEndpointGrantContext<Parameters>) => {
      const { client, params } = ctx.oidc
      const { username, password } = params
      if (!username) throw new InvalidRequest("missing required parameter 'username'")
      if (!password) throw new InvalidRequest("missing required parameter 'password'")
      if (!accounts.hasPassword(username, password)) throw new InvalidGrant("no such user and password")
      const scope = grantedScope(params.scope, scopes)

      const grant = new provider.Grant({ clientId: client.clientId, accountId: username })
      grant.addOIDCScope(scope)
      const grantId = await grant.save()
      const token = { client, accountId: username, grantId, gty: "password", scope }
      const accessToken = new provider.AccessToken(token)

      ctx.body = {
        access_token: await accessToken.save(),
        expires_in: accessToken.expiration,
        ...(scope.split(" ").includes("openid") && { id_token: await idToken(ctx, username) }),
        refresh_token: await new provider.RefreshToken(token).save(),
        scope,
        token_type: accessToken.tokenType
      }
    },
    ["username", "password", "scope"]
  )

const idToken = (ctx: TokenEndpointGrantContext<Parameters>, username: string): Promise<string> => {
  const token = new ctx.oidc.provider.IdToken({}, { ctx })
  token.set("sub", username)
  return token.issue({ use: "idtoken" })
}

const grantedScope = (requested: string | undefined, scopes: ReadonlyArray<string>): string => {
  const wanted = (requested ?? "").split(" ").filter((scope) => scope !== "")
  if (wanted.length === 0) return scopes.join(" ")
  const known = new Set(["openid", "offline_access", ...scopes])
  const unknown = wanted.filter((scope) => !known.has(scope)).join(" ")
  if (unknown !== "") throw new InvalidScope("requested scope is unknown", unknown)
  return [...new Set(wanted)].join(" ")
}
