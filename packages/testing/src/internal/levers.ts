import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Ref from "effect/Ref"
import type { Service } from "../TestAuthorizationServer.js"
import { plain, redacted } from "./secretText.js"
import * as states from "./state.js"
import { introspect, withoutToken } from "./tokenManagement.js"

/** What a test can do to the server. */
export type Levers = Pick<
  Service,
  | "introspect"
  | "revoke"
  | "revokeAccessTokens"
  | "expire"
  | "expireAccessTokens"
  | "expireRefreshTokens"
  | "endSession"
  | "endSessions"
  | "setPassword"
  | "setClientSecret"
  | "goDown"
  | "comeBack"
  | "skewClock"
>

const expired =
  (now: number) =>
  <Token extends { readonly expiresAt: number }>(token: Token): Token => ({
    ...token,
    expiresAt: Math.min(token.expiresAt, now)
  })

export const make = (state: Ref.Ref<states.State>, issuer: string, now: Effect.Effect<number>): Levers => {
  const change = (f: (known: states.State) => Partial<states.State>): Effect.Effect<void> =>
    Ref.update(state, (known) => ({ ...known, ...f(known) }))
  const changeNow = (f: (known: states.State, now: number) => Partial<states.State>): Effect.Effect<void> =>
    Effect.flatMap(now, (millis) => change((known) => f(known, millis)))

  return {
    introspect: (token) =>
      Effect.zipWith(Ref.get(state), now, (known, millis) => introspect(known, issuer, millis, plain(token))),
    revoke: (token) => change((known) => withoutToken(known, plain(token))),
    revokeAccessTokens: change(({ accessTokens }) => ({
      accessTokens: HashMap.map(accessTokens, (token) => ({ ...token, isRevoked: true }))
    })),
    expire: (token) =>
      changeNow(({ accessTokens, refreshTokens }, millis) => ({
        accessTokens: HashMap.modify(accessTokens, plain(token), expired(millis)),
        refreshTokens: HashMap.modify(refreshTokens, plain(token), expired(millis))
      })),
    expireAccessTokens: changeNow(({ accessTokens }, millis) => ({
      accessTokens: HashMap.map(accessTokens, expired(millis))
    })),
    expireRefreshTokens: changeNow(({ refreshTokens }, millis) => ({
      refreshTokens: HashMap.map(refreshTokens, expired(millis))
    })),
    endSession: (token) =>
      change((known) => {
        const session = states.sessionOf(known, plain(token))
        return session === undefined ? known : states.endSession(known, session)
      }),
    endSessions: change(({ sessions }) => ({
      sessions: HashMap.map(sessions, (session) => ({ ...session, isOver: true }))
    })),
    setPassword: (username, password) =>
      change(({ passwords }) => ({ passwords: HashMap.set(passwords, username, redacted(password)) })),
    setClientSecret: (clientId, clientSecret) =>
      change(({ clients }) => ({
        clients: HashMap.modify(clients, clientId, (client) => ({
          ...client,
          clientSecret: redacted(clientSecret)
        }))
      })),
    goDown: change(() => ({ isDown: true })),
    comeBack: change(() => ({ isDown: false })),
    skewClock: (skew) =>
      change(() => ({
        skew: "ahead" in skew ? Duration.toMillis(skew.ahead) : -Duration.toMillis(skew.behind)
      }))
  }
}
