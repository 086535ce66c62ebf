/**
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { errorType } from "./internal/errorType.js"
import type { TokenError } from "./TokenError.js"

/**
 * What state a session is in, as far as this process knows.
 *
 * - `none`: there is no token, for none was needed yet, or none could be had.
 * - `valid`: the token is good.
 * - `expiring`: it is still good and in use, and about to be replaced: now, or as soon as somebody needs it.
 * - `expired`: it has expired, or a resource refused it. Whoever needs one waits for another.
 * - `ended`: the server refused for good, and is not asked again until something changes, as by `fetchToken`. A token that
 *   is still good stays in use until it expires.
 * - `loggedOut`: ended on purpose, here or by somebody else who shares the session.
 *
 * @since 0.1.0
 * @category models
 */
export type State = "none" | "valid" | "expiring" | "expired" | "ended" | "loggedOut"

/**
 * Why the last try to get a token brought none.
 *
 * @since 0.1.0
 * @category models
 */
export interface Failure {
  readonly at: DateTime.Utc
  readonly error: TokenError
}

/**
 * A status as JSON. It holds no secret, no user and no key, and no word of the server's own.
 *
 * @since 0.1.0
 * @category models
 */
export interface Json {
  readonly state: State
  /** By ISO 8601; `null`: there is no token, or one that does not expire. */
  readonly expiry: string | null
  readonly isRenewing: boolean
  readonly isDurable: boolean
  /** `type` is the `error.type` of the spans and the metrics. */
  readonly lastFailure: { readonly at: string; readonly type: string; readonly isTransient: boolean } | null
}

/**
 * How a session is, for health endpoints. `JSON.stringify` makes a `Json` of it.
 *
 * @example
 * ```ts
 * import { HttpRouter, HttpServerResponse } from "@effect/platform"
 * import { TokenManager } from "@effect-oauth/client"
 * import { Effect } from "effect"
 *
 * const health = HttpRouter.empty.pipe(
 *   HttpRouter.get(
 *     "/health",
 *     Effect.gen(function* () {
 *       const { status } = yield* TokenManager.TokenManager
 *       const session = yield* status
 *       const isUp = session.state !== "ended" && session.state !== "loggedOut"
 *       return yield* HttpServerResponse.json(session, { status: isUp ? 200 : 503 })
 *     })
 *   )
 * )
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export class SessionStatus extends Data.Class<{
  readonly state: State
  /** When the token that is in use expires. `None`: there is none, or it does not expire. */
  readonly expiry: Option.Option<DateTime.Utc>
  /** Whether a new token is being asked for at this moment. */
  readonly isRenewing: boolean
  /** Whether the newest token is stored. If not, storing it is tried again until it succeeds. */
  readonly isDurable: boolean
  /** Since a token came last. */
  readonly lastFailure: Option.Option<Failure>
}> {
  /**
   * For health endpoints, which may be seen by anybody.
   *
   * @since 0.1.0
   */
  toJSON(): Json {
    return {
      state: this.state,
      expiry: Option.getOrNull(Option.map(this.expiry, DateTime.formatIso)),
      isRenewing: this.isRenewing,
      isDurable: this.isDurable,
      lastFailure: Option.getOrNull(
        Option.map(this.lastFailure, ({ at, error }) => ({
          at: DateTime.formatIso(at),
          type: errorType(error),
          isTransient: error.isTransient
        }))
      )
    }
  }
}
