/**
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { AuthValidationException } from "./AuthValidationException.js"
import * as TokenRequest from "./TokenRequest.js"

/**
 * How a session begins: the parameters of the request that turns an authorization into a token (RFC 6749 section 4).
 * A grant that is given to a `TokenManager` is used whenever there is no session, also when one has ended.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4
 * @since 0.1.0
 * @category models
 */
export interface Grant {
  /** The `grant_type` that is sent. */
  readonly grantType: string
  /** Whose session it is, in words without secrets: two grants with one identity share their stored session. */
  readonly identity: string
  /** Evaluated anew for each request, so that a grant can ask for what it needs. */
  readonly request: Effect.Effect<TokenRequest.TokenRequest, AuthValidationException>
  /**
   * Whether the server takes it once, as a code. Then a request is sent again only if the one before was surely not acted
   * upon: the server was not reached, or it answered 408, 425 or 429. Default: false.
   */
  readonly isUsedOnce?: boolean | undefined
}

/**
 * What the Resource Owner Password Credentials grant needs.
 *
 * @since 0.1.0
 * @category models
 */
export interface PasswordOptions {
  readonly username: string
  readonly password: Redacted.Redacted<string>
  /** Space-delimited, or a list. Default: none is sent, and the server decides. */
  readonly scope?: string | ReadonlyArray<string> | undefined
  /** Sent with each request that begins a session. */
  readonly additionalParameters?: TokenRequest.AdditionalParameters | undefined
}

// Hidden values are all one: what they are must not be known.
const identifyValue = (value: TokenRequest.ParameterValue): unknown =>
  Redacted.isRedacted(value) ? { hidden: true } : String(value)

const identifyParameters = (parameters: TokenRequest.AdditionalParameters = {}): unknown =>
  Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => [
      name,
      typeof value === "object" && !Redacted.isRedacted(value)
        ? value.map(identifyValue)
        : identifyValue(value ?? "")
    ])

/**
 * The Resource Owner Password Credentials grant (RFC 6749 section 4.3): the user's name and password, for programs
 * that act for a user who trusts them with both.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.3
 * @example
 * ```ts
 * import { Grant } from "@effect-oauth/client"
 * import { Redacted } from "effect"
 *
 * const grant = Grant.password({ username: "johndoe", password: Redacted.make("A3ddj3w"), scope: ["api"] })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const password = (options: PasswordOptions): Grant => {
  const scope = scopeOf(options.scope)
  return {
    grantType: "password",
    identity: JSON.stringify([
      "password",
      options.username,
      scope ?? null,
      identifyParameters(options.additionalParameters)
    ]),
    request: TokenRequest.withAdditional(
      TokenRequest.make({
        grant_type: "password",
        username: options.username,
        password: options.password,
        scope
      }),
      options.additionalParameters
    )
  }
}

const scopeOf = (scope: string | ReadonlyArray<string> | undefined): string | undefined => {
  const asked = typeof scope === "object" ? scope.join(" ") : scope
  return asked === "" ? undefined : asked
}

/**
 * What the Client Credentials grant needs.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClientCredentialsOptions {
  /** Space-delimited, or a list. Default: none is sent, and the server decides. */
  readonly scope?: string | ReadonlyArray<string> | undefined
  /** Sent with each request. */
  readonly additionalParameters?: TokenRequest.AdditionalParameters | undefined
}

/**
 * The Client Credentials grant (RFC 6749 section 4.4): the client acts for itself, and its authentication is all that is
 * needed. There is no refresh token as a rule: a token that expires is followed by another one of this grant.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 * @example
 * ```ts
 * import { Grant, TokenManager } from "@effect-oauth/client"
 *
 * const Manager = TokenManager.layer({ grant: Grant.clientCredentials({ scope: ["reports"] }) })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const clientCredentials = (options: ClientCredentialsOptions = {}): Grant => {
  const scope = scopeOf(options.scope)
  return {
    grantType: "client_credentials",
    identity: JSON.stringify([
      "client_credentials",
      scope ?? null,
      identifyParameters(options.additionalParameters)
    ]),
    request: TokenRequest.withAdditional(
      TokenRequest.make({ grant_type: "client_credentials", scope }),
      options.additionalParameters
    )
  }
}

/**
 * What the Authorization Code grant needs.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthorizationCodeOptions {
  /** What the authorization server has sent along with the user. */
  readonly code: Redacted.Redacted<string>
  /** The redirect URI of the authorization request, letter by letter. */
  readonly redirectUri: string
  /** The `code_verifier` of the authorization request (RFC 7636), if that had a challenge. */
  readonly codeVerifier?: Redacted.Redacted<string> | undefined
  /** Sent with the request. */
  readonly additionalParameters?: TokenRequest.AdditionalParameters | undefined
}

/**
 * The Authorization Code grant (RFC 6749 section 4.1): the user has authorized the client at the authorization server,
 * and came back with a code. `AuthorizationRequest` sends them there, and makes this of their coming back.
 *
 * A code begins one session and is spent. Give it to `fetchToken` of a `TokenManager` that has no grant of its own: once
 * the session has ended, nobody but the user can begin another, and a manager that has the code for its grant would send
 * it again. Servers answer that by ending what came of it, if not more (RFC 6749 section 4.1.2): that is why a request
 * whose reply was lost is not repeated, either. Send the user there anew then.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3
 * @example
 * ```ts
 * import { Grant, TokenManager } from "@effect-oauth/client"
 * import { Effect, Redacted } from "effect"
 *
 * const login = (code: string, codeVerifier: Redacted.Redacted<string>) =>
 *   Effect.flatMap(TokenManager.TokenManager, (manager) =>
 *     manager.fetchToken({
 *       grant: Grant.authorizationCode({
 *         code: Redacted.make(code),
 *         redirectUri: "https://app.example.com/callback",
 *         codeVerifier
 *       })
 *     })
 *   )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const authorizationCode = (options: AuthorizationCodeOptions): Grant => ({
  grantType: "authorization_code",
  // Whose session it begins is not known: nobody else's, at any rate.
  identity: JSON.stringify(["authorization_code", globalThis.crypto.randomUUID()]),
  request: TokenRequest.withAdditional(
    TokenRequest.make({
      grant_type: "authorization_code",
      code: options.code,
      redirect_uri: options.redirectUri,
      code_verifier: options.codeVerifier
    }),
    options.additionalParameters
  ),
  isUsedOnce: true
})
