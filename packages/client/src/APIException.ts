/**
 * @since 0.1.0
 */
import type * as Headers from "@effect/platform/Headers"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { retryAfter } from "./internal/retryAfter.js"
import { isTransientStatus } from "./internal/transience.js"
import { withoutCookies } from "./internal/withoutCookies.js"

/**
 * The reply that an `APIException` is about. Its body can hold anything, so it is `Redacted`: there for those who
 * unwrap it on purpose, absent from logs.
 *
 * @since 0.1.0
 * @category models
 */
export interface APIResponse {
  readonly statusCode: number
  /** Without the headers that set cookies. */
  readonly headers: Headers.Headers
  readonly body: Redacted.Redacted<string>
}

/**
 * No usable answer came: the server could not be reached or took too long, or its reply is not one that the
 * protocol or the API allows (a status, an HTML page, truncated JSON, no `access_token`, …). `reason` says which,
 * naming status and content type and never a part of the body.
 *
 * `isTransient` tells whether trying again can help (the network, a timeout, 408, 425, 429 and 5xx), `retryAfter`
 * how long the server asked to wait. `cause` is a description of the transport's own failure (name, code,
 * message), not the failure itself, which would carry the request.
 *
 * @example
 * ```ts
 * import { Effect, Schedule } from "effect"
 * import { APIException } from "@effect-oauth/client"
 *
 * declare const call: Effect.Effect<string, APIException>
 *
 * const patient = Effect.retry(call, {
 *   while: (error) => error.isTransient,
 *   schedule: Schedule.exponential("1 second").pipe(Schedule.intersect(Schedule.recurs(3)))
 * })
 * ```
 *
 * @since 0.1.0
 * @category errors
 */
export class APIException extends Data.TaggedError("APIException")<{
  readonly reason: string
  /** The status of the reply; absent when there was none. */
  readonly responseCode?: number | undefined
  readonly response?: APIResponse | undefined
  readonly isTransient: boolean
  readonly retryAfter?: Duration.Duration | undefined
  /**
   * A malformed reply may still hold the refresh token that the server has just rotated to. It is kept here, and
   * `TokenManager` stores it: the session survives the reply that could not be used.
   */
  readonly refreshToken?: Redacted.Redacted<string> | undefined
  readonly cause?: unknown
}> {
  /**
   * What a response is that the API does not allow, such as one of status 404: its status, its headers, and its body
   * as far as it can be read.
   *
   * @since 0.1.0
   */
  static fromResponse(
    response: HttpClientResponse.HttpClientResponse,
    reason = "HTTP response not OK."
  ): Effect.Effect<APIException> {
    return Effect.zipWith(
      Effect.orElseSucceed(response.text, () => ""),
      Clock.currentTimeMillis,
      (body, now) =>
        new APIException({
          reason,
          responseCode: response.status,
          response: {
            statusCode: response.status,
            headers: withoutCookies(response.headers),
            body: Redacted.make(body)
          },
          isTransient: isTransientStatus(response.status),
          retryAfter: retryAfter(response.headers, now)
        })
    )
  }

  /**
   * The reason.
   *
   * @since 0.1.0
   */
  override get message(): string {
    return this.reason
  }
}
