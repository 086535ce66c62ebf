/**
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Redacted from "effect/Redacted"
import { AuthValidationException } from "./AuthValidationException.js"
import { base64 } from "./internal/base64.js"
import { formEncode } from "./internal/formEncode.js"
import * as TokenRequest from "./TokenRequest.js"

/**
 * How a client proves to the token endpoint who it is (RFC 6749 section 2.3): a function on the request, chosen by
 * value. Write one of your own for a method that is not here.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3
 * @since 0.1.0
 * @category models
 */
export interface ClientAuthentication {
  /** As in the IANA registry of token endpoint authentication methods, e.g. `client_secret_basic`. */
  readonly method: string
  readonly clientId: string
  readonly authenticate: (
    request: TokenRequest.TokenRequest
  ) => Effect.Effect<TokenRequest.TokenRequest, AuthValidationException>
}

/**
 * The identifier and the secret that the authorization server gave to the client.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClientCredentials {
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted<string>
}

const withBasic = (
  request: TokenRequest.TokenRequest,
  credentials: ClientCredentials,
  encode: (text: string) => string
): TokenRequest.TokenRequest => {
  const { clientId, clientSecret } = credentials
  const encoded = base64(`${encode(clientId)}:${encode(Redacted.value(clientSecret))}`)
  return TokenRequest.setHeader(request, "authorization", Redacted.make(`Basic ${encoded}`), [
    Redacted.make(encoded),
    clientSecret
  ])
}

/**
 * `client_secret_basic`: an `Authorization: Basic` header over the form-encoded identifier and secret, as RFC 6749
 * section 2.3.1 wants it. What most servers expect.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
 * @example
 * ```ts
 * import { ClientAuthentication } from "@effect-oauth/client"
 * import { Redacted } from "effect"
 *
 * const authentication = ClientAuthentication.clientSecretBasic({
 *   clientId: "s6BhdRkqt3",
 *   clientSecret: Redacted.make("7Fjfp0ZBr1KtDRbnfVdmIw")
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const clientSecretBasic = (credentials: ClientCredentials): ClientAuthentication => ({
  method: "client_secret_basic",
  clientId: credentials.clientId,
  authenticate: (request) => Effect.sync(() => withBasic(request, credentials, formEncode))
})

/**
 * `client_secret_basic` without the form-encoding, for servers that decode plain Basic credentials (RFC 7617, UTF-8)
 * and would take the encoded ones for the secret. An identifier with a colon cannot be sent this way and fails with
 * an `AuthValidationException`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7617#section-2
 * @since 0.1.0
 * @category constructors
 */
export const clientSecretBasicRaw = (credentials: ClientCredentials): ClientAuthentication => ({
  method: "client_secret_basic",
  clientId: credentials.clientId,
  authenticate: (request) =>
    credentials.clientId.includes(":")
      ? Effect.fail(
          new AuthValidationException({
            message:
              "A client id with a colon cannot be sent in raw Basic credentials: use clientSecretBasic."
          })
        )
      : Effect.sync(() => withBasic(request, credentials, identity))
})

/**
 * `client_secret_post`: identifier and secret as parameters of the form. RFC 6749 section 2.3.1 advises against it
 * where the server understands Basic.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
 * @since 0.1.0
 * @category constructors
 */
export const clientSecretPost = (credentials: ClientCredentials): ClientAuthentication => ({
  method: "client_secret_post",
  clientId: credentials.clientId,
  authenticate: (request) =>
    Effect.succeed(
      TokenRequest.append(request, [
        ["client_id", credentials.clientId],
        ["client_secret", credentials.clientSecret]
      ])
    )
})

/**
 * `none`: a public client, which has no secret and only says who it is (RFC 6749 section 3.2.1).
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.2.1
 * @since 0.1.0
 * @category constructors
 */
export const none = (client: { readonly clientId: string }): ClientAuthentication => ({
  method: "none",
  clientId: client.clientId,
  authenticate: (request) => Effect.succeed(TokenRequest.append(request, [["client_id", client.clientId]]))
})
