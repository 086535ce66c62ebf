import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

/** What is done on the pages of an authorization server. */
export interface Options {
  /** Default: `alice`. */
  readonly username?: string | undefined
  /** Default: `wonderland`. */
  readonly password?: string | undefined
  /** Whether the client is let in, or the whole is cancelled. Default: true. */
  readonly consent?: boolean | undefined
}

/** A page that nobody knows how to go on from. */
export class SignInError extends Data.TaggedError("SignInError")<{ readonly message: string }> {}

interface Page {
  readonly url: string
  readonly body: string
}

/** Where to go from a page; with fields, by posting them. */
interface Step {
  readonly url: string
  readonly fields?: URLSearchParams | undefined
}

const pattern = {
  form: /<form[^>]*>[\s\S]*?<\/form>/i,
  input: /<input[^>]*>/gi,
  passwordInput: /<input[^>]*type="password"/i,
  cancel: /<a [^>]*>[^<]*Cancel/i
}

const unescaped = (text: string): string =>
  text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code))).replaceAll("&amp;", "&")

const attribute = (tag: string, name: string): string | undefined => {
  const value = new RegExp(`\\b${name}="([^"]*)"`, "i").exec(tag)?.[1]
  return value === undefined ? undefined : unescaped(value)
}

const filled = (form: string, { password = "wonderland", username = "alice" }: Options): URLSearchParams => {
  const byType: Readonly<Record<string, string>> = { password, text: username }
  const fields = new URLSearchParams()
  for (const [input] of form.matchAll(pattern.input)) {
    const name = attribute(input, "name")
    if (name === undefined) continue
    fields.append(name, byType[attribute(input, "type") ?? "text"] ?? attribute(input, "value") ?? "")
  }
  return fields
}

/** What a user does on a page; nothing where they cannot go on. */
const stepFrom = ({ body, url }: Page, options: Options): Step | undefined => {
  const [form] = pattern.form.exec(body) ?? []
  if (form === undefined) return undefined
  if (options.consent === false && !pattern.passwordInput.test(form)) {
    const [cancel = ""] = pattern.cancel.exec(body) ?? []
    const href = attribute(cancel, "href")
    return href === undefined ? undefined : { url: new URL(href, url).href }
  }
  return { url: new URL(attribute(form, "action") ?? url, url).href, fields: filled(form, options) }
}

/** Visits pages with the cookies that they set, and follows redirects for as long as they stay at the server. */
const browse = (origin: string, signal: AbortSignal) => {
  const cookies = new Map<string, string>()
  const visit = async ({ fields, url }: Step): Promise<string | Page> => {
    const response = await fetch(url, {
      redirect: "manual",
      signal,
      headers: { cookie: Array.from(cookies, ([name, value]) => `${name}=${value}`).join("; ") },
      ...(fields !== undefined && { method: "POST", body: fields })
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (value === "") cookies.delete(name)
      else cookies.set(name, value)
    }
    const location = response.headers.get("location")
    if (location === null) return { url, body: await response.text() }
    const next = new URL(location, url)
    return next.origin === origin ? visit({ url: next.href }) : next.href
  }
  return visit
}

const mostPages = 4

/**
 * A user without a browser: follows an authorization request through the pages of a server, fills in what they ask
 * for, and gives the URL that the server sends the browser back to, without going there.
 */
export const signIn = (authorizationUrl: string, options: Options = {}): Effect.Effect<string, SignInError> =>
  Effect.tryPromise({
    try: async (signal) => {
      const visit = browse(new URL(authorizationUrl).origin, signal)
      let at = await visit({ url: authorizationUrl })
      for (let pages = 1; typeof at !== "string"; pages += 1) {
        const step = pages > mostPages ? undefined : stepFrom(at, options)
        if (step === undefined) {
          const text = at.body.replace(/<[^>]*>|\s+/g, " ").slice(0, 500)
          throw new SignInError({ message: `${at.url} says: ${text}` })
        }
        at = await visit(step)
      }
      return at
    },
    catch: (cause) => (cause instanceof SignInError ? cause : new SignInError({ message: String(cause) }))
  })
