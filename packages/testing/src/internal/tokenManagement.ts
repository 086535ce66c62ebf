import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { Introspection } from "../Introspection.js"
import { json, type Refusal, refusal, refused, wrongMethod } from "./answer.js"
import { authenticateClient } from "./authenticateClient.js"
import { form, type Incoming } from "./incoming.js"
import type { Outcome } from "./issue.js"
import { type Client, endSession, liveAccessToken, liveRefreshToken, type State, sessionOf } from "./state.js"

const seconds = (millis: number): number => Math.floor(millis / 1000)

export const introspect = (state: State, issuer: string, now: number, text: string): Introspection => {
  const access = liveAccessToken(state, text, now)
  const live = access ?? liveRefreshToken(state, text, now)
  if (live === undefined) return { active: false }
  const { session, token } = live
  const scope = (access?.token.scope ?? session.scope).join(" ")
  return {
    active: true,
    client_id: session.clientId,
    scope: scope === "" ? undefined : scope,
    username: session.username,
    sub: session.username ?? session.clientId,
    token_type: access && "Bearer",
    iat: seconds(token.issuedAt),
    exp: seconds(Math.min(token.expiresAt, session.endsAt)),
    iss: issuer
  }
}

/**
 * A token that is not known is no error (RFC 7009 section 2.2); one of another client is (section 2.1). With a refresh
 * token its whole session ends, an access token goes alone.
 */
export const revoke = (state: State, client: Client, text: string): Outcome<void> => {
  const session = sessionOf(state, text)
  if (session === undefined) return [Either.right(undefined), state]
  if (Option.getOrUndefined(HashMap.get(state.sessions, session))?.clientId !== client.clientId) {
    return [Either.left(refusal("invalid_grant", "The token is another client's.")), state]
  }
  return [Either.right(undefined), withoutToken(state, text)]
}

/** The access token is revoked, or the session of the refresh token is over. */
export const withoutToken = (state: State, text: string): State => {
  if (HashMap.has(state.accessTokens, text)) {
    const accessTokens = HashMap.modify(state.accessTokens, text, (token) => ({ ...token, isRevoked: true }))
    return { ...state, accessTokens }
  }
  const session = sessionOf(state, text)
  return session === undefined ? state : endSession(state, session)
}

const authenticated = (
  state: State,
  incoming: Incoming
): Either.Either<{ readonly client: Client; readonly token: string }, Refusal> =>
  Either.gen(function* () {
    const parameters = yield* form(incoming)
    const client = yield* authenticateClient(state, incoming.headers["authorization"], parameters)
    const token = parameters.get("token")
    if (token === undefined) return yield* Either.left(refusal("invalid_request", "token is required."))
    return { client, token }
  })

/** The revocation endpoint (RFC 7009). A `token_type_hint` is not needed to find the token. */
export const revocationEndpoint = (
  state: Ref.Ref<State>,
  incoming: Incoming
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  incoming.method !== "POST"
    ? Effect.succeed(wrongMethod("POST"))
    : Ref.modify(state, (known): Outcome<void> => {
        const asked = authenticated(known, incoming)
        if (Either.isLeft(asked)) return [Either.left(asked.left), known]
        return revoke(known, asked.right.client, asked.right.token)
      }).pipe(
        Effect.map(
          Either.match({ onLeft: refused, onRight: () => HttpServerResponse.empty({ status: 200 }) })
        )
      )

/** The introspection endpoint (RFC 7662), for any client that can prove itself (section 2.1). */
export const introspectionEndpoint = (
  state: Ref.Ref<State>,
  issuer: string,
  now: number,
  incoming: Incoming
): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  incoming.method !== "POST"
    ? Effect.succeed(wrongMethod("POST"))
    : Effect.map(Ref.get(state), (known) => {
        const asked = authenticated(known, incoming)
        if (Either.isLeft(asked)) return refused(asked.left)
        if (asked.right.client.clientSecret === undefined) {
          return refused(
            refusal("invalid_client", "A public client proves nothing (RFC 7662 section 2.1).", 401)
          )
        }
        return json(200, introspect(known, issuer, now, asked.right.token))
      })
