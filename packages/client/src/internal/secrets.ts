import * as Predicate from "effect/Predicate"

const placeholder = "<redacted>"

const formEncoded = (secret: string): string => new URLSearchParams([["", secret]]).toString().slice(1)

const jsonEscaped = (secret: string): string => JSON.stringify(secret).slice(1, -1)

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/**
 * Removes what we sent in confidence from a text that somebody else wrote: authorization servers, proxies and
 * drivers do echo passwords and tokens in their messages. Secrets of fewer than four characters are only
 * replaced where they stand alone, or half of every sentence would go.
 */
export const scrub = (text: string, secrets: Iterable<string>): string => {
  let clean = text
  for (const secret of secrets) {
    if (secret === "") continue
    const forms = new Set([secret, formEncoded(secret), encodeURIComponent(secret), jsonEscaped(secret)])
    for (const form of forms) {
      clean =
        form.length < 4
          ? clean.replace(new RegExp(`(?<![\\w])${escapeRegExp(form)}(?![\\w])`, "g"), placeholder)
          : clean.split(form).join(placeholder)
    }
  }
  return clean
}

const longest = 300

/**
 * What a foreign failure says of itself, without what it holds: errors of HTTP clients and database drivers carry
 * the request, the headers or the bound values, and print them. Name, code and message survive, the message
 * scrubbed and shortened; so does the chain of causes, three deep.
 */
export const describeFailure = (failure: unknown, secrets: ReadonlyArray<string>, depth = 3): unknown => {
  if (failure === undefined || failure === null) return undefined
  if (!(failure instanceof Error)) {
    if (Predicate.hasProperty(failure, "_tag") && typeof failure._tag === "string") {
      return new Error(scrub(failure._tag, secrets).slice(0, longest))
    }
    return typeof failure === "string" ? new Error(scrub(failure, secrets).slice(0, longest)) : undefined
  }
  const cause = depth > 1 ? describeFailure(failure.cause, secrets, depth - 1) : undefined
  const description = new Error(
    scrub(failure.message, secrets).slice(0, longest),
    cause === undefined ? undefined : { cause }
  )
  description.name = scrub(failure.name, secrets)
  if (Predicate.hasProperty(failure, "code") && typeof failure.code === "string") {
    Object.assign(description, { code: scrub(failure.code, secrets) })
  }
  return description
}
