import type OAuth2Server from "@node-oauth/oauth2-server"

/** The grants that a session begins with. A refreshed token stays one of the grant that its session began with. */
export type GrantName = "authorization_code" | "client_credentials" | "password"

/** A session, from the grant that it began with through every refresh. The library carries it along as its user. */
export interface Session {
  readonly id: string
  readonly grant: GrantName
  /** Absent where the client acts for itself. */
  readonly username: string | undefined
}

/** What is known of an access token. */
export type Introspection =
  | { readonly _tag: "Unknown" }
  | { readonly _tag: "Expired" }
  | { readonly _tag: "Live"; readonly session: Session; readonly scope: ReadonlyArray<string> }

/** The tokens and codes that were issued, in memory. */
export interface Tokens {
  readonly introspect: (accessToken: string) => Introspection
  readonly save: (token: OAuth2Server.Token) => void
  readonly findRefreshToken: (refreshToken: string) => OAuth2Server.RefreshToken | undefined
  /** Takes a refresh token out of use. False if it is not in use. */
  readonly spendRefreshToken: (refreshToken: string) => boolean
  readonly saveCode: (code: OAuth2Server.AuthorizationCode) => void
  readonly findCode: (code: string) => OAuth2Server.AuthorizationCode | undefined
  /** Takes a code out of use. False if it is not in use. */
  readonly spendCode: (code: string) => boolean
  /** From now on no access token is good that was issued so far; the refresh tokens still are. */
  readonly expireAccessTokens: () => void
}

/** How long what is over is remembered, so that a caller can be told so. */
const memory = 60 * 60 * 1000

export const make = (): Tokens => {
  const accessTokens = new Map<string, OAuth2Server.Token>()
  const refreshTokens = new Map<string, OAuth2Server.RefreshToken>()
  const codes = new Map<string, OAuth2Server.AuthorizationCode>()
  /** The spent refresh tokens and codes, and the session of each. */
  const spent = new Map<string, { readonly session: string; readonly at: number }>()

  const forget = (): void => {
    const limit = Date.now() - memory
    const isOver = (at: Date | undefined): boolean => at !== undefined && at.getTime() < limit
    for (const [key, token] of accessTokens) if (isOver(token.accessTokenExpiresAt)) accessTokens.delete(key)
    for (const [key, token] of refreshTokens)
      if (isOver(token.refreshTokenExpiresAt)) refreshTokens.delete(key)
    for (const [key, code] of codes) if (isOver(code.expiresAt)) codes.delete(key)
    for (const [key, { at }] of spent) if (at < limit) spent.delete(key)
  }

  /** Who comes with what is spent may be a thief, or robbed by one: the session ends (RFC 9700, section 4.14.2). */
  const endSessionOf = (secret: string): void => {
    const session = spent.get(secret)?.session
    if (session === undefined) return
    for (const tokens of [accessTokens, refreshTokens]) {
      for (const [key, token] of tokens) if (sessionOf(token).id === session) tokens.delete(key)
    }
  }

  const spend = <A extends Owned>(kept: Map<string, A>, secret: string): boolean => {
    const entry = kept.get(secret)
    if (entry === undefined) return false
    kept.delete(secret)
    spent.set(secret, { session: sessionOf(entry).id, at: Date.now() })
    return true
  }

  const find = <A>(kept: Map<string, A>, secret: string): A | undefined => {
    endSessionOf(secret)
    return kept.get(secret)
  }

  return {
    introspect: (accessToken) => {
      const token = accessTokens.get(accessToken)
      if (token === undefined) return { _tag: "Unknown" }
      return token.accessTokenExpiresAt !== undefined && token.accessTokenExpiresAt.getTime() <= Date.now()
        ? { _tag: "Expired" }
        : { _tag: "Live", session: sessionOf(token), scope: token.scope ?? [] }
    },
    save: (token) => {
      forget()
      accessTokens.set(token.accessToken, token)
      const { refreshToken } = token
      if (refreshToken !== undefined) refreshTokens.set(refreshToken, { ...token, refreshToken })
    },
    findRefreshToken: (refreshToken) => find(refreshTokens, refreshToken),
    spendRefreshToken: (refreshToken) => spend(refreshTokens, refreshToken),
    saveCode: (code) => {
      forget()
      codes.set(code.authorizationCode, code)
    },
    findCode: (code) => find(codes, code),
    spendCode: (code) => spend(codes, code),
    expireAccessTokens: () => {
      const now = new Date()
      for (const [key, token] of accessTokens) accessTokens.set(key, { ...token, accessTokenExpiresAt: now })
    }
  }
}

/** What the library keeps for us beside a token or a code. */
interface Owned {
  readonly user: OAuth2Server.User
}

const sessionOf = ({ user: { id, grant, username } }: Owned): Session => ({ id, grant, username })
