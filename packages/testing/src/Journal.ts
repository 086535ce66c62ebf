/**
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"

/**
 * What can be asked: an endpoint of the authorization server, the resource server, or nothing that there is.
 *
 * @since 0.1.0
 * @category models
 */
export type Endpoint =
  | "authorization"
  | "token"
  | "revocation"
  | "introspection"
  | "metadata"
  | "resource"
  | "none"

/**
 * A request as it arrived, and what became of it. What can be secret in it is `Redacted`: unwrap it on purpose.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry {
  readonly endpoint: Endpoint
  /** When it arrived, in milliseconds by the `Clock` of who asked. */
  readonly at: number
  readonly method: string
  readonly path: string
  /** Of the query and of a form. Names and values of the protocol are in clear, all else is not. */
  readonly parameters: Readonly<Record<string, string | Redacted.Redacted<string>>>
  readonly grantType?: string | undefined
  /** As the request says, in the `Authorization` header or the form. */
  readonly clientId?: string | undefined
  readonly username?: string | undefined
  /** The bearer token that it carries. */
  readonly accessToken?: Redacted.Redacted<string> | undefined
  /** The name of the fault that it met. */
  readonly fault?: string | undefined
  /**
   * `Pending` until it is answered; `Disconnected` if it never was, as the connection was lost; `Abandoned` if whoever
   * asked went away.
   */
  readonly outcome: "Pending" | "Answered" | "Disconnected" | "Abandoned"
  /** The status that it was answered. */
  readonly status?: number | undefined
  /** The `error` that it was answered. */
  readonly error?: string | undefined
  /** The refresh token that it was answered, as the answer left. */
  readonly newRefreshToken?: Redacted.Redacted<string> | undefined
}

/**
 * What the servers were asked, in the order of arrival.
 *
 * @example
 * ```ts
 * import { Journal, TestAuthorizationServer } from "@effect-oauth/testing"
 * import { Effect } from "effect"
 *
 * const refreshes = Effect.gen(function* () {
 *   const { journal } = yield* TestAuthorizationServer.TestAuthorizationServer
 *   return yield* journal.count(Journal.hasGrantType("refresh_token"))
 * })
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export interface Journal {
  readonly entries: Effect.Effect<ReadonlyArray<Entry>>
  /** Those at the token endpoint. */
  readonly tokenRequests: Effect.Effect<ReadonlyArray<Entry>>
  /** Those at the resource server. */
  readonly resourceRequests: Effect.Effect<ReadonlyArray<Entry>>
  /** The grant types that were asked for, in order. */
  readonly grantTypes: Effect.Effect<ReadonlyArray<string>>
  /** Each request in a line, such as `token refresh_token 200` or `GET /user 401 invalid_token`. */
  readonly lines: Effect.Effect<ReadonlyArray<string>>
  /** How many there were. Default: of any kind. */
  readonly count: (which?: Which) => Effect.Effect<number>
  /** The latest one. Default: of any kind. */
  readonly last: (which?: Which) => Effect.Effect<Option.Option<Entry>>
  /** The most that were under way at the same moment. Default: of any kind. */
  readonly mostAtOnce: (which?: Which) => Effect.Effect<number>
  /**
   * Refreshes with a refresh token whose fate a client knew: one before was answered with another refresh token, or
   * with `invalid_grant`. A server with detection of reuse ends the session for it.
   */
  readonly sentAgain: Effect.Effect<ReadonlyArray<Entry>>
  /** Those that arrived since this was asked before, for a test in several steps. */
  readonly sinceLast: Effect.Effect<ReadonlyArray<Entry>>
  /** Forgets all of them. */
  readonly clear: Effect.Effect<void>
}

/**
 * Which requests are meant.
 *
 * @since 0.1.0
 * @category models
 */
export type Which = (entry: Entry) => boolean

/**
 * Requests to this endpoint.
 *
 * @since 0.1.0
 * @category refinements
 */
export const isAt =
  (endpoint: Endpoint): Which =>
  (entry) =>
    entry.endpoint === endpoint

/**
 * Requests for a token by this grant.
 *
 * @since 0.1.0
 * @category refinements
 */
export const hasGrantType =
  (grantType: string): Which =>
  (entry) =>
    entry.endpoint === "token" && entry.grantType === grantType

/**
 * A request in a line: what was asked, and the status, the error and the fault that it met.
 *
 * @since 0.1.0
 * @category accessors
 */
export const line = (entry: Entry): string =>
  [
    ...(entry.endpoint === "resource" || entry.endpoint === "none"
      ? [entry.method, entry.path]
      : [entry.endpoint, entry.grantType]),
    entry.outcome === "Answered" ? entry.status : entry.outcome.toLowerCase(),
    entry.error,
    entry.fault === undefined ? undefined : `(${entry.fault})`
  ]
    .filter((part) => part !== undefined)
    .join(" ")
