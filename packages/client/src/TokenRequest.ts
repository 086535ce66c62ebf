/**
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { AuthValidationException } from "./AuthValidationException.js"

/**
 * A request to the token endpoint before it is sent: form parameters in order, and headers. What is secret in it is
 * `Redacted` until the moment it goes out.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.2
 * @since 0.1.0
 * @category models
 */
export interface TokenRequest {
  readonly parameters: ReadonlyArray<readonly [name: string, value: string | Redacted.Redacted<string>]>
  readonly headers: Readonly<Record<string, Redacted.Redacted<string>>>
  /** What the headers hold in disguise, such as a secret within Basic credentials: it is taken out of replies, too. */
  readonly secrets: ReadonlyArray<Redacted.Redacted<string>>
}

/**
 * What a parameter can be: lists are sent as one parameter a value (RFC 8707 allows that of `resource`), booleans as
 * `true` and `false`; `undefined` is not sent.
 *
 * @since 0.1.0
 * @category models
 */
export type ParameterValue = string | number | boolean | Redacted.Redacted<string>

/**
 * Parameters beyond those of the grant: `audience`, `resource`, an extension of the server's. They follow the grant's,
 * and cannot replace what the grant or the client authentication sends: such a name is refused with an
 * `AuthValidationException` before anything is sent.
 *
 * @since 0.1.0
 * @category models
 */
export type AdditionalParameters = Readonly<
  Record<string, ParameterValue | ReadonlyArray<ParameterValue> | undefined>
>

const reserved = new Set([
  "grant_type",
  "client_id",
  "client_secret",
  "client_assertion",
  "client_assertion_type",
  "username",
  "password",
  "refresh_token",
  "code",
  "code_verifier",
  "redirect_uri",
  "assertion",
  "device_code"
])

/**
 * A request with the parameters of a grant, in the order given, `undefined` left out.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  parameters: Readonly<Record<string, string | Redacted.Redacted<string> | undefined>>
): TokenRequest => ({
  parameters: Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]]
  ),
  headers: {},
  secrets: []
})

const encodeValue = (value: ParameterValue): string | Redacted.Redacted<string> =>
  Redacted.isRedacted(value) ? value : String(value)

/**
 * The request with additional parameters, which are sent last. Fails with an `AuthValidationException` if one has a
 * name that belongs to the grant or to the client authentication, or that the request has already.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withAdditional = (
  request: TokenRequest,
  additional: AdditionalParameters | undefined
): Effect.Effect<TokenRequest, AuthValidationException> => {
  if (additional === undefined) return Effect.succeed(request)
  const taken = new Set(request.parameters.map(([name]) => name))
  const parameters = [...request.parameters]
  for (const [name, value] of Object.entries(additional)) {
    if (value === undefined) continue
    if (reserved.has(name) || taken.has(name)) {
      return Effect.fail(
        new AuthValidationException({
          message: `The additional parameter "${name}" is set by the grant or the client authentication and cannot be replaced.`
        })
      )
    }
    for (const one of typeof value === "object" && !Redacted.isRedacted(value) ? value : [value]) {
      parameters.push([name, encodeValue(one)])
    }
  }
  return Effect.succeed({ ...request, parameters })
}

/**
 * The request with more parameters, at its end.
 *
 * @since 0.1.0
 * @category combinators
 */
export const append = (request: TokenRequest, parameters: TokenRequest["parameters"]): TokenRequest => ({
  ...request,
  parameters: [...request.parameters, ...parameters]
})

/**
 * The request with a header, and the secrets that the header holds in disguise.
 *
 * @since 0.1.0
 * @category combinators
 */
export const setHeader = (
  request: TokenRequest,
  name: string,
  value: Redacted.Redacted<string>,
  secrets: ReadonlyArray<Redacted.Redacted<string>> = []
): TokenRequest => ({
  ...request,
  headers: { ...request.headers, [name]: value },
  secrets: [...request.secrets, ...secrets]
})
