import * as Predicate from "effect/Predicate"
import type { APIException } from "../APIException.js"

// As Node, Bun and undici name a connection that was not made. Where a platform does not say it, nobody knows.
const unreached: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ConnectionRefused",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT"
])

const isUnreached = (cause: unknown): boolean =>
  cause instanceof Error &&
  ((Predicate.hasProperty(cause, "code") && unreached.has(cause.code)) || isUnreached(cause.cause))

/**
 * Whether the server has surely not acted on the request: it was not reached, or has put us off. Of a lost reply, and of
 * a 5xx, which may be a gateway's, that is not known.
 */
export const isUntouched = ({ cause, isTransient, responseCode }: APIException): boolean =>
  responseCode === undefined ? isUnreached(cause) : isTransient && responseCode >= 400 && responseCode < 500
