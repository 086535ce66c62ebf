import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Secret } from "../TestAuthorizationServer.js"
import type { AuthenticationMethod, GrantType } from "../TestClient.js"

/** A client, with its defaults. */
export interface Client {
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted<string> | undefined
  readonly authenticationMethods: ReadonlyArray<AuthenticationMethod>
  readonly redirectUris: ReadonlyArray<string>
  readonly grantTypes: ReadonlyArray<GrantType>
  readonly scopes: ReadonlyArray<string>
}

/** What one authorization began: all tokens that come from it end with it. */
export interface Session {
  readonly clientId: string
  /** Absent for a client that acts for itself. */
  readonly username: string | undefined
  readonly scope: ReadonlyArray<string>
  readonly endsAt: number
  readonly isOver: boolean
}

export interface AccessToken {
  readonly session: number
  readonly scope: ReadonlyArray<string>
  readonly issuedAt: number
  readonly expiresAt: number
  readonly isRevoked: boolean
}

export interface RefreshToken {
  readonly session: number
  readonly issuedAt: number
  readonly expiresAt: number
  /** When it was exchanged for another one. */
  readonly spentAt: number | undefined
}

/** RFC 7636 section 4.3. */
export interface Challenge {
  readonly method: "S256" | "plain"
  readonly value: string
}

export interface Code {
  readonly clientId: string
  readonly username: string
  readonly scope: ReadonlyArray<string>
  readonly redirectUri: string
  /** Whether the authorization request named it: the token request has to, then (RFC 6749 section 4.1.3). */
  readonly isRedirectUriSent: boolean
  readonly challenge: Challenge | undefined
  readonly expiresAt: number
  /** The session that it began. */
  readonly spentFor: number | undefined
}

/** All that the server knows. Times are in milliseconds, by its own clock. */
export interface State {
  readonly clients: HashMap.HashMap<string, Client>
  readonly passwords: HashMap.HashMap<string, Redacted.Redacted<string>>
  readonly sessions: HashMap.HashMap<number, Session>
  readonly accessTokens: HashMap.HashMap<string, AccessToken>
  readonly refreshTokens: HashMap.HashMap<string, RefreshToken>
  readonly codes: HashMap.HashMap<string, Code>
  /** How many tokens and codes there were, whatever their kind. */
  readonly issued: number
  /** How much its clock is ahead. */
  readonly skew: number
  readonly isDown: boolean
}

export const make = (
  clients: ReadonlyArray<Client>,
  passwords: ReadonlyArray<readonly [username: string, password: Redacted.Redacted<string>]>
): State => ({
  clients: HashMap.fromIterable(clients.map((client) => [client.clientId, client])),
  passwords: HashMap.fromIterable(passwords),
  sessions: HashMap.empty(),
  accessTokens: HashMap.empty(),
  refreshTokens: HashMap.empty(),
  codes: HashMap.empty(),
  issued: 0,
  skew: 0,
  isDown: false
})

/** The session, if it is still on. */
export const liveSession = (state: State, session: number, now: number): Session | undefined => {
  const found = Option.getOrUndefined(HashMap.get(state.sessions, session))
  return found === undefined || found.isOver || found.endsAt <= now ? undefined : found
}

export const endSession = (state: State, session: number): State => ({
  ...state,
  sessions: HashMap.modify(state.sessions, session, (found) => ({ ...found, isOver: true }))
})

export interface Live<Token> {
  readonly token: Token
  readonly session: Session
}

/** The access token, if a resource may take it now. */
export const liveAccessToken = (state: State, text: string, now: number): Live<AccessToken> | undefined => {
  const token = Option.getOrUndefined(HashMap.get(state.accessTokens, text))
  if (token === undefined || token.isRevoked || token.expiresAt <= now) return undefined
  const session = liveSession(state, token.session, now)
  return session && { token, session }
}

/** The refresh token, if it can be exchanged now. */
export const liveRefreshToken = (state: State, text: string, now: number): Live<RefreshToken> | undefined => {
  const token = Option.getOrUndefined(HashMap.get(state.refreshTokens, text))
  if (token === undefined || token.spentAt !== undefined || token.expiresAt <= now) return undefined
  const session = liveSession(state, token.session, now)
  return session && { token, session }
}

/** The session that a token came from, whatever became of both. */
export const sessionOf = (state: State, text: string): number | undefined =>
  Option.getOrUndefined(HashMap.get(state.accessTokens, text))?.session ??
  Option.getOrUndefined(HashMap.get(state.refreshTokens, text))?.session

export const secretsOf = (state: State): ReadonlyArray<Secret> => {
  const issued = (name: string, texts: HashMap.HashMap<string, unknown>): ReadonlyArray<Secret> =>
    [...HashMap.keys(texts)].map((text) => ({ name, value: Redacted.make(text) }))
  return [
    ...[...state.passwords].map(([username, value]) => ({ name: `the password of ${username}`, value })),
    ...[...HashMap.values(state.clients)].flatMap(({ clientId, clientSecret }) =>
      clientSecret === undefined ? [] : [{ name: `the secret of ${clientId}`, value: clientSecret }]
    ),
    ...issued("an access token", state.accessTokens),
    ...issued("a refresh token", state.refreshTokens),
    ...issued("a code", state.codes)
  ]
}
