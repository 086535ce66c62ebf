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
  const asked = typeof options.scope === "object" ? options.scope.join(" ") : options.scope
  const scope = asked === "" ? undefined : asked
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
