/**
 * @since 0.1.0
 */
import type * as Headers from "@effect/platform/Headers"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type * as Effect from "effect/Effect"

/**
 * A request that came with a good token.
 *
 * @since 0.1.0
 * @category models
 */
export interface Call {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** Without `Authorization`. */
  readonly headers: Headers.Headers
  readonly body: string
  readonly clientId: string
  /** Absent for a client that acts for itself. */
  readonly username: string | undefined
  readonly scope: ReadonlyArray<string>
}

/**
 * What the resource does with such a request.
 *
 * @since 0.1.0
 * @category models
 */
export type Handler = (call: Call) => Effect.Effect<HttpServerResponse.HttpServerResponse>

/**
 * How the resource server behaves.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Default: `https://api.test`. On a socket, the resources are where the authorization server has no endpoint. */
  readonly origin?: string | undefined
  /** Default: `echo`. */
  readonly handler?: Handler | undefined
  /** The scopes that a request needs, each of them. Default: none. */
  readonly requiredScope?: ((method: string, path: string) => ReadonlyArray<string>) | undefined
}

/**
 * Where the resource server is, unless it is told otherwise.
 *
 * @since 0.1.0
 * @category models
 */
export const origin = "https://api.test"

/**
 * Answers what it was asked, and by whom, as JSON: `method`, `path`, `query`, `body`, `clientId`, `username`, `scope`.
 *
 * @example
 * ```ts
 * import { HttpServerResponse } from "@effect/platform"
 * import { TestAuthorizationServer, TestResourceServer } from "@effect-oauth/testing"
 *
 * const Servers = TestAuthorizationServer.layer({
 *   resource: {
 *     handler: (call) =>
 *       call.path === "/user"
 *         ? HttpServerResponse.unsafeJson({ id: 1, name: call.username })
 *         : TestResourceServer.echo(call)
 *   }
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const echo: Handler = ({ body, clientId, method, path, query, scope, username }) =>
  HttpServerResponse.unsafeJson({
    method,
    path,
    query: Object.fromEntries(query),
    body,
    clientId,
    username,
    scope: scope.join(" ")
  })
