import * as Duration from "effect/Duration"
import type { RecordedRequest } from "./RecordedRequest.js"

/**
 * A request in a line: time (UTC), method, path, status, duration, and what came of it. Of the query, the headers and the
 * body there is nothing, as secrets are there.
 *
 * ```
 * 14:03:05.120  GET   /auth/oauth2                       200    2 ms  OAuthBearerToken
 * ```
 */
export const line = ({ at, duration, method, outcome, path, status }: RecordedRequest): string =>
  [
    new Date(at).toISOString().slice(11, 23),
    method.padEnd(4),
    path.padEnd(33),
    String(status),
    `${Math.round(Duration.toMillis(duration))} ms`.padStart(6),
    outcome
  ].join("  ")
