import type * as Headers from "@effect/platform/Headers"
import * as Duration from "effect/Duration"

/** `Retry-After` in both of its forms, seconds and an HTTP date (RFC 9110 section 10.2.3). */
export const retryAfter = (headers: Headers.Headers, nowMillis: number): Duration.Duration | undefined => {
  const value = headers["retry-after"]?.trim()
  if (value === undefined || value === "") return undefined
  if (/^\d+$/.test(value)) return Duration.seconds(Number(value))
  // A date begins with the day of the week; Date.parse would take a good deal more.
  const instant = /^[A-Z]/.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(instant) ? undefined : Duration.millis(Math.max(0, instant - nowMillis))
}
