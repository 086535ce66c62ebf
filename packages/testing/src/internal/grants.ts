import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import { spaced } from "./incoming.js"
import { beginSession, grantedScope, issue, type Outcome, refuse, type TokenRequest } from "./issue.js"
import { isSame, redacted } from "./secretText.js"
import { type Code, endSession, liveSession, type State } from "./state.js"

/** What a grant makes of a request: a pure function of all that the server knows. */
export type Grant = (state: State, request: TokenRequest) => Outcome

const mayRefresh = ({ client, policy }: TokenRequest): boolean =>
  policy.refreshTokens !== "none" && client.grantTypes.includes("refresh_token")

/** RFC 6749 section 4.3. */
export const password: Grant = (state, request) => {
  const { client, parameters } = request
  const username = parameters.get("username")
  const given = parameters.get("password")
  if (username === undefined || given === undefined) {
    return refuse(state, "invalid_request", "username and password are required.")
  }
  const known = Option.getOrUndefined(HashMap.get(state.passwords, username))
  if (known === undefined || !isSame(known, redacted(given))) {
    return refuse(state, "invalid_grant", "The user is unknown, or the password is wrong.")
  }
  const scope = grantedScope(spaced(parameters.get("scope")), client.scopes)
  if (Either.isLeft(scope)) return [Either.left(scope.left), state]
  const [session, begun] = beginSession(state, request, { username, scope: scope.right })
  return issue(begun, request, session, scope.right, mayRefresh(request))
}

/** RFC 6749 section 4.4. There is no refresh token (section 4.4.3). */
export const clientCredentials: Grant = (state, request) => {
  const { client, parameters } = request
  if (client.clientSecret === undefined) {
    return refuse(state, "unauthorized_client", "A public client has no credentials (RFC 6749 section 4.4).")
  }
  const scope = grantedScope(spaced(parameters.get("scope")), client.scopes)
  if (Either.isLeft(scope)) return [Either.left(scope.left), state]
  const [session, begun] = beginSession(state, request, { username: undefined, scope: scope.right })
  return issue(begun, request, session, scope.right, false)
}

/** RFC 7636 section 4.6; a verifier without a challenge is a downgrade (RFC 9700 section 4.8.2). */
const isProved = ({ challenge }: Code, request: TokenRequest): boolean => {
  const verifier = request.parameters.get("code_verifier")
  if (challenge === undefined || verifier === undefined) {
    return challenge === undefined && verifier === undefined
  }
  return (challenge.method === "S256" ? request.challenge : verifier) === challenge.value
}

/** RFC 6749 section 4.1.3. A request that is refused does not spend the code. */
export const authorizationCode: Grant = (state, request) => {
  const { client, now, parameters } = request
  const text = parameters.get("code")
  if (text === undefined) return refuse(state, "invalid_request", "code is required.")
  const code = Option.getOrUndefined(HashMap.get(state.codes, text))
  if (code === undefined || code.clientId !== client.clientId) {
    return refuse(state, "invalid_grant", "The code is unknown, or another client's.")
  }
  // RFC 6749 section 4.1.2: what came of the first use ends with the second.
  if (code.spentFor !== undefined) {
    return refuse(endSession(state, code.spentFor), "invalid_grant", "The code has been used.")
  }
  if (code.expiresAt <= now) return refuse(state, "invalid_grant", "The code has expired.")
  const redirectUri = parameters.get("redirect_uri")
  if (redirectUri === undefined ? code.isRedirectUriSent : redirectUri !== code.redirectUri) {
    return refuse(state, "invalid_grant", "redirect_uri is not the one of the authorization request.")
  }
  if (!isProved(code, request)) {
    return refuse(state, "invalid_grant", "code_verifier does not fit the code_challenge.")
  }
  const [session, begun] = beginSession(state, request, { username: code.username, scope: code.scope })
  const spent = { ...begun, codes: HashMap.set(begun.codes, text, { ...code, spentFor: session }) }
  return issue(spent, request, session, code.scope, mayRefresh(request))
}

/** RFC 6749 section 6, with the rotation and the detection of reuse of RFC 9700 section 4.14.2. */
export const refreshToken: Grant = (state, request) => {
  const { client, now, parameters, policy } = request
  const text = parameters.get("refresh_token")
  if (text === undefined) return refuse(state, "invalid_request", "refresh_token is required.")
  const token = Option.getOrUndefined(HashMap.get(state.refreshTokens, text))
  if (token === undefined) return refuse(state, "invalid_grant", "The refresh token is unknown.")
  const session = liveSession(state, token.session, now)
  if (session === undefined) return refuse(state, "invalid_grant", "The session is over.")
  if (session.clientId !== client.clientId) {
    return refuse(state, "invalid_grant", "The refresh token is another client's.")
  }
  if (token.spentAt !== undefined && now - token.spentAt >= policy.reuseGrace) {
    const after = policy.onReuse === "endSession" ? endSession(state, token.session) : state
    return refuse(after, "invalid_grant", "The refresh token has been used.")
  }
  if (token.expiresAt <= now) return refuse(state, "invalid_grant", "The refresh token has expired.")
  // Only the access token is narrower: the refresh token keeps the scope of the session.
  const scope = grantedScope(spaced(parameters.get("scope")), session.scope)
  if (Either.isLeft(scope)) return [Either.left(scope.left), state]
  if (policy.refreshTokens !== "rotate") return issue(state, request, token.session, scope.right, false)
  const spent = { ...token, spentAt: token.spentAt ?? now }
  const rotated = { ...state, refreshTokens: HashMap.set(state.refreshTokens, text, spent) }
  return issue(rotated, request, token.session, scope.right, true)
}
