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

const pattern = { form: /<form[^>]*>[\s\S]*?<\/form>/i, input: /<input[^>]*>/gi }

const attribute = (tag: string, name: string): string | undefined =>
  new RegExp(`\\b${name}="([^"]*)"`, "i").exec(tag)?.[1]?.replaceAll("&amp;", "&")

const filled = (form: string, { password = "wonderland", username = "alice" }: Options): URLSearchParams => {
  const fields = new URLSearchParams()
  for (const [input] of form.matchAll(pattern.input)) {
    const name = attribute(input, "name")
    if (name === undefined) continue
    const value =
      attribute(input, "type") === "password"
        ? password
        : attribute(input, "type") === "text"
          ? username
          : (attribute(input, "value") ?? "")
    fields.append(name, value)
  }
  return fields
}

/**
 * A user without a browser: follows an authorization request through the pages of a server, fills in what they ask
 * for, and gives the URL that the server sends the browser back to, without going there.
 */
export const signIn = (authorizationUrl: string, options: Options = {}): Effect.Effect<string, SignInError> =>
  Effect.tryPromise({
    try: async (signal) => {
      const { origin } = new URL(authorizationUrl)
      const cookies = new Map<string, string>()

      /** Follows redirects for as long as they stay at the server. */
      const visit = async (url: string, body?: URLSearchParams): Promise<string | Page> => {
        const response = await fetch(url, {
          redirect: "manual",
          signal,
          headers: { cookie: Array.from(cookies, ([name, value]) => `${name}=${value}`).join("; ") },
          ...(body !== undefined && { method: "POST", body })
        })
        for (const cookie of response.headers.getSetCookie()) {
          const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
          if (value === "") cookies.delete(name)
          else cookies.set(name, value)
        }
        const location = response.headers.get("location")
        if (location === null) return { url, body: await response.text() }
        const next = new URL(location, url)
        return next.origin === origin ? visit(next.href) : next.href
      }

      let at = await visit(authorizationUrl)
      for (let pages = 0; typeof at !== "string"; pages += 1) {
        const [form] = pattern.form.exec(at.body) ?? []
        const isLogin = form !== undefined && /type="password"/i.test(form)
        const abort = /href="([^"]*\/abort)"/i.exec(at.body)?.[1]
        if (form === undefined || pages > 4) {
          throw new SignInError({
            message: `${at.url} says: ${at.body.replace(/<[^>]*>|\s+/g, " ").slice(0, 500)}`
          })
        }
        at =
          options.consent === false && !isLogin && abort !== undefined
            ? await visit(new URL(abort, at.url).href)
            : await visit(new URL(attribute(form, "action") ?? at.url, at.url).href, filled(form, options))
      }
      return at
    },
    catch: (cause) => (cause instanceof SignInError ? cause : new SignInError({ message: String(cause) }))
  })
