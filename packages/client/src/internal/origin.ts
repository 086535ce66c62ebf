import * as Either from "effect/Either"
import { AuthValidationException } from "../AuthValidationException.js"

const isLoopback = (hostname: string): boolean =>
  hostname === "localhost" ||
  hostname.endsWith(".localhost") ||
  hostname === "[::1]" ||
  /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)

const parse = (what: string, url: string): Either.Either<URL, AuthValidationException> =>
  Either.try({
    try: () => new URL(url),
    // The text is not repeated: what is not a URL may be a secret in the wrong variable.
    catch: () => new AuthValidationException({ message: `${what} is not an absolute URL.` })
  })

const originsByName = (urls: ReadonlyArray<string>): ReadonlySet<string> =>
  new Set(urls.map((url) => (URL.canParse(url) ? new URL(url).origin : url)))

/**
 * The URL, if a secret may be sent there: https, or http to this machine, or an http origin that the user named on
 * purpose. No user information, which would end up in logs.
 */
export const secureUrl = (
  what: string,
  url: string,
  insecureOrigins: ReadonlyArray<string> = []
): Either.Either<URL, AuthValidationException> =>
  Either.flatMap(parse(what, url), (parsed) => {
    const refuse = (message: string) => Either.left(new AuthValidationException({ message }))
    if (parsed.username !== "" || parsed.password !== "") {
      return refuse(`${what} must not contain a user name or a password.`)
    }
    if (parsed.protocol === "https:") return Either.right(parsed)
    if (parsed.protocol !== "http:") {
      return refuse(`${what} (${parsed.protocol}//…) must be an https URL.`)
    }
    if (isLoopback(parsed.hostname) || originsByName(insecureOrigins).has(parsed.origin)) {
      return Either.right(parsed)
    }
    return refuse(
      `${what} (${parsed.origin}) is plain http on another machine, where tokens and passwords can be read on ` +
        `the way. Use https; or, if you must, name the origin in insecureOrigins: ["${parsed.origin}"].`
    )
  })

// A blob: URL has the origin of the page that made it, and goes elsewhere.
const isOfOrigin = (url: string, origins: ReadonlySet<string>): boolean => {
  if (!URL.canParse(url)) return false
  const { origin, protocol } = new URL(url)
  return (protocol === "https:" || protocol === "http:") && origins.has(origin)
}

/** Tells whether an absolute request URL is of one of the origins. */
export type OriginMatcher = (url: string) => boolean

/** Requests to these origins, and to no other, may carry the token. */
export const matchOrigins = (
  urls: ReadonlyArray<string | URL>,
  insecureOrigins: ReadonlyArray<string> = []
): Either.Either<OriginMatcher, AuthValidationException> =>
  Either.map(
    Either.all(
      urls.map((url) => secureUrl("An origin of the authorized client", String(url), insecureOrigins))
    ),
    (parsed) => {
      const origins = new Set(parsed.map((url) => url.origin))
      // A literal `scheme://host/` can be nothing else to a URL parser, so most requests need no parsing.
      const prefixes = Array.from(origins, (origin) => `${origin}/`)
      return (url) => {
        for (const prefix of prefixes) if (url.startsWith(prefix)) return true
        return isOfOrigin(url, origins)
      }
    }
  )
