import * as Headers from "@effect/platform/Headers"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Predicate from "effect/Predicate"
import { formEncode } from "./formEncode.js"

const placeholder = "<redacted>"

const percentEncoded = (secret: string): string => formEncode(secret).replaceAll("+", "%20")

// As encodeURIComponent would do it, which fails where a text is not well-formed.
const uriEncoded = (secret: string): string =>
  percentEncoded(secret).replace(/%(?:21|27|28|29|7E)/g, (code) => decodeURIComponent(code))

const jsonEscaped = (secret: string): string => JSON.stringify(secret).slice(1, -1)

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

// Of an encoded form the hexadecimal digits may be of either case.
const inAnyCase = (pattern: string): string =>
  pattern.replace(/%[0-9a-f]{2}|\\\\u[0-9a-f]{4}/gi, (code) =>
    code.replace(/[a-f]/gi, (digit) => `[${digit.toLowerCase()}${digit.toUpperCase()}]`)
  )

const toPattern = (form: string): string => {
  const pattern = inAnyCase(escapeRegExp(form))
  // What is this short is replaced only where it stands alone, or half of every sentence would go.
  return form.length < 4 ? `(?<!\\w)${pattern}(?!\\w)` : pattern
}

// Engines take no expression that is too long, and a secret can have any length.
const longestPiece = 2000
const longestExpression = 10_000

/** Of one length, so that none is so short that it is found elsewhere. */
const toPieces = (form: string): ReadonlyArray<string> => {
  const count = Math.ceil(form.length / longestPiece)
  const length = Math.ceil(form.length / count)
  return Array.from({ length: count }, (_, index) => form.slice(index * length, (index + 1) * length))
}

const toExpressions = (forms: Iterable<string>): ReadonlyArray<RegExp> => {
  // The longest first: of a secret that begins with another nothing may be left.
  const pieces = Array.from(forms)
    .flatMap(toPieces)
    .sort((one, other) => other.length - one.length)
  const expressions: Array<string> = []
  for (const pattern of pieces.map(toPattern)) {
    const last = expressions.at(-1)
    if (last === undefined || last.length + pattern.length > longestExpression) expressions.push(pattern)
    else expressions[expressions.length - 1] = `${last}|${pattern}`
  }
  return expressions.map((expression) => new RegExp(expression, "g"))
}

// What no encoding changes.
const isPlain = (secret: string): boolean => /^[\w.*-]+$/.test(secret)

/** A secret as it may be echoed. */
const formsOf = (secret: string): ReadonlyArray<string> =>
  isPlain(secret)
    ? [secret]
    : [secret, formEncode(secret), percentEncoded(secret), uriEncoded(secret), jsonEscaped(secret)]
        // A redirect may name the URL that was asked for in its own query.
        .flatMap((form) => [form, percentEncoded(form)])

/**
 * Removes what we sent in confidence from the texts that somebody else wrote: authorization servers, proxies and
 * drivers do echo passwords and tokens in their messages.
 */
export const scrubber = (secrets: Iterable<string>): ((text: string) => string) => {
  const forms = new Set(
    Array.from(secrets)
      // Transports cut off the blanks around a header.
      .flatMap((secret) => [secret, secret.trim()])
      .filter((secret) => secret.trim() !== "")
      .flatMap(formsOf)
  )
  if (forms.size === 0) return identity
  let expressions: ReadonlyArray<RegExp> | undefined
  const [only] = forms.size === 1 ? forms : []
  return (text) => {
    // Most texts hold none, and most secrets have one form.
    if (only !== undefined && !text.includes(only)) return text
    expressions ??= toExpressions(forms)
    return expressions.reduce((shown, expression) => shown.replace(expression, placeholder), text)
  }
}

const scrubbers = new WeakMap<ReadonlyArray<string>, (text: string) => string>()

/** `scrubber`, once for the secrets of a token, which go along with many requests. */
export const scrubberOf = (secrets: ReadonlyArray<string>): ((text: string) => string) => {
  const known = scrubbers.get(secrets)
  if (known !== undefined) return known
  const made = scrubber(secrets)
  scrubbers.set(secrets, made)
  return made
}

export const scrub = (text: string, secrets: Iterable<string>): string => scrubber(secrets)(text)

// What clients go by.
const isGoneBy = (name: string): boolean =>
  /^(?:age|cache-control|content-(?:encoding|length|range|type)|date|expires|last-modified|location|retry-after)$/.test(
    name
  )

// There, what is shorter is a word or a number that happens to be a secret.
const shortestThere = 8

/** A redirect goes where it went: its host is no secret, and its query is where a key is repeated. */
const splitLocation = (location: string): readonly [host: string, path: string, query: string] => {
  const [host = ""] = /^(?:[a-z][a-z\d+.-]*:)?\/\/[^/?#@]*(?=[/?#]|$)/i.exec(location) ?? []
  const [path = ""] = /^[^?#]*/.exec(location.slice(host.length)) ?? []
  return [host, path, location.slice(host.length + path.length)]
}

/** Headers that do not show what was sent in confidence, and by which a client can still go. */
export const scrubHeaders = (headers: Headers.Headers, secrets: ReadonlyArray<string>): Headers.Headers => {
  const scrubbed = scrubber(secrets)
  const long = secrets.filter(({ length }) => length >= shortestThere)
  const scrubbedOfLong = long.length === secrets.length ? scrubbed : scrubber(long)
  const hide = (name: string, value: string): string => {
    if (!isGoneBy(name)) return scrubbed(value)
    if (name !== "location") return scrubbedOfLong(value)
    const [host, path, query] = splitLocation(value)
    return host + scrubbedOfLong(path) + scrubbed(query)
  }
  return Headers.fromInput(Object.entries(headers).map(([name, value]) => [name, hide(name, value)] as const))
}

const longest = 300

const shortened = (text: string, secrets: Iterable<string>): string => scrub(text, secrets).slice(0, longest)

const codeOf = (failure: object): string | undefined =>
  Predicate.hasProperty(failure, "code") && typeof failure.code === "string" ? failure.code : undefined

/**
 * What a foreign failure says of itself, without what it holds: errors of HTTP clients and database drivers carry
 * the request, the headers or the bound values, and print them. Name, code and message survive, the message
 * scrubbed and shortened; so does the chain of causes, three deep.
 */
export const describeFailure = (
  failure: unknown,
  secrets: ReadonlyArray<string>,
  depth = 3
): Error | undefined => {
  if (failure === undefined || failure === null) return undefined
  if (!(failure instanceof Error)) {
    if (Predicate.hasProperty(failure, "_tag") && typeof failure._tag === "string") {
      return new Error(shortened(failure._tag, secrets))
    }
    return typeof failure === "string" ? new Error(shortened(failure, secrets)) : undefined
  }
  const cause = depth > 1 ? describeFailure(failure.cause, secrets, depth - 1) : undefined
  // What a parser says quotes a part of the text, too short a part to be recognised.
  const message = failure instanceof SyntaxError ? "" : shortened(failure.message, secrets)
  const description = new Error(message, cause === undefined ? undefined : { cause })
  description.name = shortened(failure.name, secrets)
  const code = codeOf(failure)
  return code === undefined ? description : Object.assign(description, { code: shortened(code, secrets) })
}

/** What kind of failure it is, and nothing that it says: for failures that may quote what nobody here knows. */
export const nameFailure = (failure: unknown): Error => {
  if (!(failure instanceof Error)) return new Error("a failure that is no Error")
  const code = codeOf(failure)
  const name = /^[\w.]{1,60}$/.test(failure.name) ? failure.name : "Error"
  return new Error(code !== undefined && /^[\w.]{1,40}$/.test(code) ? `${name} (${code})` : name)
}

/** The same cause, its defects without secrets. */
export const sanitizedCause = <E>(cause: Cause.Cause<E>, secrets: ReadonlyArray<string>): Cause.Cause<E> =>
  Cause.isDie(cause)
    ? Cause.die(
        describeFailure(Cause.squash(cause), secrets) ?? new Error("a defect that says nothing of itself")
      )
    : cause

/** A defect of something that was handed secrets stays a defect, without them. */
export const sanitizeDefects =
  (secrets: ReadonlyArray<string>) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.catchAllCause(effect, (cause) => Effect.failCause(sanitizedCause(cause, secrets)))
