/**
 * @since 0.1.0
 */
import * as ClientAuthentication from "@effect-oauth/client/ClientAuthentication"
import type * as Redacted from "effect/Redacted"
import { redacted } from "./internal/secretText.js"

/**
 * How a client may prove itself: each of `ClientAuthentication`. `client_secret_basic` wants identifier and secret
 * form-encoded (RFC 6749 section 2.3.1), `client_secret_basic_raw` as they are.
 *
 * @since 0.1.0
 * @category models
 */
export type AuthenticationMethod =
  | "client_secret_basic"
  | "client_secret_basic_raw"
  | "client_secret_post"
  | "none"

/**
 * The grants of the server.
 *
 * @since 0.1.0
 * @category models
 */
export type GrantType = "password" | "client_credentials" | "authorization_code" | "refresh_token"

/**
 * A client that is registered at the authorization server.
 *
 * @since 0.1.0
 * @category models
 */
export interface TestClient {
  readonly clientId: string
  /** Without one the client is a public one. */
  readonly clientSecret?: string | Redacted.Redacted<string> | undefined
  /**
   * The methods that are taken from it. Default: `client_secret_basic` and `client_secret_post` with a secret, `none`
   * without.
   */
  readonly authenticationMethods?: ReadonlyArray<AuthenticationMethod> | undefined
  /**
   * Where users may be sent back to, letter by letter; of a loopback address any port will do (RFC 8252 section 7.3).
   * Default: `https://app.test/callback` and `http://127.0.0.1/callback`.
   */
  readonly redirectUris?: ReadonlyArray<string> | undefined
  /** What it may use. Default: all, but a public client no client credentials. */
  readonly grantTypes?: ReadonlyArray<GrantType> | undefined
  /** What it may ask for. Default: all scopes of the server. */
  readonly scopes?: ReadonlyArray<string> | undefined
}

/**
 * The client that the server knows unless it is told others: `client`, with the secret `client-secret`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const confidential: TestClient = { clientId: "client", clientSecret: "client-secret" }

/**
 * A client without a secret, such as a command line: `native`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const native: TestClient = { clientId: "native" }

/**
 * How a program that is tested proves to be this client, by the first of its methods.
 *
 * @example
 * ```ts
 * import { TokenEndpoint } from "@effect-oauth/client"
 * import { TestAuthorizationServer, TestClient } from "@effect-oauth/testing"
 *
 * const Endpoint = TokenEndpoint.layer({
 *   server: TestAuthorizationServer.endpoints,
 *   clientAuthentication: TestClient.authentication(TestClient.confidential)
 * })
 * ```
 *
 * @since 0.1.0
 * @category accessors
 */
export const authentication = (client: TestClient): ClientAuthentication.ClientAuthentication => {
  const { authenticationMethods, clientId, clientSecret } = client
  if (clientSecret === undefined) return ClientAuthentication.none({ clientId })
  const credentials = { clientId, clientSecret: redacted(clientSecret) }
  switch (authenticationMethods?.[0] ?? "client_secret_basic") {
    case "client_secret_basic":
      return ClientAuthentication.clientSecretBasic(credentials)
    case "client_secret_basic_raw":
      return ClientAuthentication.clientSecretBasicRaw(credentials)
    case "client_secret_post":
      return ClientAuthentication.clientSecretPost(credentials)
    case "none":
      return ClientAuthentication.none({ clientId })
  }
}
