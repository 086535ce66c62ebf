import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Proof, TokenReply } from "./AuthorizationServer.js"
import { clients } from "./Protocol.js"

/** A session whose access token has run out, as far as the client knows. */
export interface Session {
  readonly origin: string
  readonly tokenEndpoint: string
  readonly clientId: string
  readonly clientSecret: string
  readonly accessToken: string
  readonly refreshToken: string
  /** In milliseconds since 1970: it is over. */
  readonly expiresAt: number
}

export const expiredSession = (
  server: { readonly origin: string; readonly tokenEndpoint: string },
  proof: Proof,
  { access_token, refresh_token }: TokenReply
): Session => ({
  ...clients[proof],
  origin: server.origin,
  tokenEndpoint: server.tokenEndpoint,
  accessToken: access_token,
  refreshToken: refresh_token,
  expiresAt: Date.now() - 60_000
})

/** A client that keeps the session. */
export interface Keeper {
  /** So many callers at once, each with the access token that its call was sent with, if it was. */
  readonly rush: (callers: number) => Effect.Effect<ReadonlyArray<Option.Option<string>>>
  /** What the client would refresh with the next time. */
  readonly refreshToken: Effect.Effect<Option.Option<string>>
}

/** A contender: how a client is given a session, driven as its documentation recommends. */
export interface Subject {
  readonly name: string
  readonly note?: string | undefined
  /** How the client proves itself to the token endpoint. */
  readonly proof: Proof
  /** What its session is for. Default: an API, and being refreshed. */
  readonly scope?: string | undefined
  /** Whether each caller sends a request of its own, so that fewer of them have to do. */
  readonly asksForEach?: boolean | undefined
  readonly keep: (session: Session) => Effect.Effect<Keeper, unknown, Scope.Scope>
}

/** A client whose callers are promises. */
export const keeper = (
  call: () => Promise<string>,
  refreshToken: () => Promise<string | null | undefined> | string | null | undefined
): Keeper => ({
  rush: (callers) =>
    Effect.promise(() =>
      Promise.all(
        Array.from({ length: callers }, async () => {
          try {
            return Option.some(await call())
          } catch {
            return Option.none()
          }
        })
      )
    ),
  refreshToken: Effect.map(
    Effect.promise(async () => refreshToken()),
    Option.fromNullable
  )
})
