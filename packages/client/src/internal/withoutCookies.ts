import * as Headers from "@effect/platform/Headers"

/** The headers of a reply without the sessions that it sets: an error may be printed. */
export const withoutCookies = (headers: Headers.Headers): Headers.Headers =>
  Headers.remove(headers, ["set-cookie", "set-cookie2"])
