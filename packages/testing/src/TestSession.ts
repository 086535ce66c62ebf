/**
 * @since 0.1.0
 */

import type * as HttpClient from "@effect/platform/HttpClient"
import type * as AuthorizationServer from "@effect-oauth/client/AuthorizationServer"
import * as AuthorizedHttpClient from "@effect-oauth/client/AuthorizedHttpClient"
import type { AuthValidationException } from "@effect-oauth/client/AuthValidationException"
import * as TokenEndpoint from "@effect-oauth/client/TokenEndpoint"
import * as TokenManager from "@effect-oauth/client/TokenManager"
import * as TokenStore from "@effect-oauth/client/TokenStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { TestAuthorizationServer } from "./TestAuthorizationServer.js"

/**
 * The services of a session.
 *
 * @since 0.1.0
 * @category models
 */
export type Services =
  | AuthorizedHttpClient.AuthorizedHttpClient
  | TokenManager.TokenManager
  | TokenEndpoint.TokenEndpoint
  | TokenStore.TokenStore

/**
 * Those of the `TokenManager`, and what else a program that is tested may have chosen.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends TokenManager.Options {
  /** How the program talks to the server, such as its `retry` and its `timeout`. */
  readonly server?: Partial<AuthorizationServer.AuthorizationServer> | undefined
  /** How it calls the API. Default: the origin of the resource server is the only one. */
  readonly client?: Partial<AuthorizedHttpClient.Options> | undefined
}

/**
 * Provides a session of the first user with the first client of the server, kept in memory, and an
 * `AuthorizedHttpClient` for the resource server: for programs that take these from their environment.
 *
 * @example
 * ```ts
 * import { AuthorizedHttpClient } from "@effect-oauth/client"
 * import { TestAuthorizationServer, TestSession } from "@effect-oauth/testing"
 * import { Effect, Layer } from "effect"
 *
 * const Session = TestSession.layer().pipe(Layer.provideMerge(TestAuthorizationServer.layer()))
 *
 * const program = Effect.gen(function* () {
 *   const client = yield* AuthorizedHttpClient.AuthorizedHttpClient
 *   return yield* client.get("https://api.test/user")
 * }).pipe(Effect.provide(Session))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = ({
  client,
  server,
  ...options
}: Options = {}): Layer.Layer<
  Services,
  AuthValidationException,
  TestAuthorizationServer | HttpClient.HttpClient
> =>
  Layer.unwrapEffect(
    Effect.map(TestAuthorizationServer, ({ clientAuthentication, endpoints, grant, resourceOrigin }) =>
      AuthorizedHttpClient.layer({ origins: [resourceOrigin], ...client }).pipe(
        Layer.provideMerge(TokenManager.layer({ grant, ...options })),
        Layer.provideMerge(
          TokenEndpoint.layer({ server: { ...endpoints, ...server }, clientAuthentication })
        ),
        Layer.provideMerge(TokenStore.layerMemory)
      )
    )
  )
