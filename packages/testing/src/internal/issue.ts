import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import { type Refusal, refusal } from "./answer.js"
import type { Policy } from "./policy.js"
import type { Client, Session, State } from "./state.js"

/** The successful reply of RFC 6749 section 5.1. */
export interface TokenReply {
  readonly access_token: string
  readonly token_type: "Bearer"
  readonly expires_in: number
  readonly refresh_token?: string | undefined
  readonly scope?: string | undefined
}

/** What came of a request, and what the server knows from then on. */
export type Outcome<A = TokenReply> = readonly [answer: Either.Either<A, Refusal>, state: State]

/** A request whose client has proved itself. */
export interface TokenRequest {
  readonly client: Client
  readonly parameters: ReadonlyMap<string, string>
  readonly now: number
  readonly policy: Policy
  /** By the method `S256`, of the `code_verifier`, if there is one. */
  readonly challenge: string | undefined
}

export const refuse = (state: State, error: string, description: string): Outcome<never> => [
  Either.left(refusal(error, description)),
  state
]

/** What may be granted of what was asked for (RFC 6749 section 3.3): all that is allowed, if nothing was. */
export const grantedScope = (
  asked: ReadonlyArray<string>,
  allowed: ReadonlyArray<string>
): Either.Either<ReadonlyArray<string>, Refusal> => {
  if (asked.length === 0) return Either.right(allowed)
  return asked.every((scope) => allowed.includes(scope))
    ? Either.right([...new Set(asked)])
    : Either.left(refusal("invalid_scope", `The scope may be some of: ${allowed.join(" ")}.`))
}

export const beginSession = (
  state: State,
  { client, now, policy }: TokenRequest,
  session: Pick<Session, "username" | "scope">
): readonly [id: number, state: State] => {
  const id = HashMap.size(state.sessions) + 1
  const begun = {
    ...session,
    clientId: client.clientId,
    endsAt: now + policy.sessionLifetime,
    isOver: false
  }
  return [id, { ...state, sessions: HashMap.set(state.sessions, id, begun) }]
}

/** Issues an access token, and with `withRefreshToken` one to refresh it with. */
export const issue = (
  state: State,
  { now, policy }: TokenRequest,
  session: number,
  scope: ReadonlyArray<string>,
  withRefreshToken: boolean
): Outcome => {
  const number = state.issued + 1
  const accessToken = policy.tokenText("access", number)
  const refreshToken = withRefreshToken ? policy.tokenText("refresh", number) : undefined
  return [
    Either.right({
      access_token: accessToken,
      token_type: "Bearer",
      expires_in: Math.floor(policy.accessTokenLifetime / 1000),
      refresh_token: refreshToken,
      scope: scope.length === 0 ? undefined : scope.join(" ")
    }),
    {
      ...state,
      issued: number,
      accessTokens: HashMap.set(state.accessTokens, accessToken, {
        session,
        scope,
        issuedAt: now,
        expiresAt: now + policy.accessTokenLifetime,
        isRevoked: false
      }),
      refreshTokens:
        refreshToken === undefined
          ? state.refreshTokens
          : HashMap.set(state.refreshTokens, refreshToken, {
              session,
              issuedAt: now,
              expiresAt: now + policy.refreshTokenLifetime,
              spentAt: undefined
            })
    }
  ]
}
