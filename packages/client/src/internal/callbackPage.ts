import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import type { AuthValidationException } from "../AuthValidationException.js"
import type { OAuthProviderException } from "../OAuthProviderException.js"

/** What somebody sees who comes back from the authorization server. */
export interface Page {
  readonly status: number
  readonly mark: "success" | "failure"
  readonly heading: string
  /** A paragraph each. */
  readonly texts: ReadonlyArray<string>
  /** What somebody else said, word by word. */
  readonly quotation?: ReadonlyArray<string | undefined> | undefined
}

/** The authorization is here. The token is not, yet. */
export const received: Page = {
  status: 200,
  mark: "success",
  heading: "Authorization received",
  texts: ["You can close this page and go back to the program that opened it."]
}

/** The answer came, and it is a no. */
export const failed = (error: OAuthProviderException | AuthValidationException): Page => {
  const texts = ["You can close this page, and try again from the program that opened it."]
  if (error._tag === "AuthValidationException") {
    return { status: 400, mark: "failure", heading: "Signing in failed", texts: [error.message, ...texts] }
  }
  const isDenial = error.error === "access_denied"
  return {
    status: 200,
    mark: "failure",
    heading: isDenial ? "Access was not granted" : "Signing in failed",
    texts: [
      isDenial
        ? "You declined, or the authorization server did not allow it. It says:"
        : "The authorization server reports an error:",
      ...texts
    ],
    quotation: [error.error, error.errorDescription, error.errorUri]
  }
}

/** Something that looks like the answer, but is to another question. */
export const unexpected: Page = {
  status: 400,
  mark: "failure",
  heading: "This is not the expected answer",
  texts: [
    "It belongs to another attempt to sign in, or to none. The one that is under way was not disturbed: " +
      "go on in the page that it opened, or start it again from the program."
  ]
}

/** A reply that nobody keeps, frames, or is told of by a `Referer`, and after which the connection is closed. */
export const respond = (page: Page): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.map(styleHash, (hash) =>
    HttpServerResponse.text(html(page), {
      status: page.status,
      contentType: "text/html; charset=utf-8",
      headers: {
        ...bareHeaders,
        "content-security-policy":
          `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; ` +
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
      }
    })
  )

/** What has nothing to do with an answer is told so in a word. */
export const refuse = (
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(`${text}\n`, { status, headers: { ...bareHeaders, ...headers } })

const bareHeaders = {
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  connection: "close"
}

const escapes = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#39;"]
])

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes.get(character) ?? "")

const paths = {
  success: '<path d="M14 25l7 7 13-15"/>',
  failure: '<path d="M17 17l14 14M31 17L17 31"/>'
}

const html = ({ mark, heading, texts: [first = "", ...others], quotation = [] }: Page): string => {
  const quoted = quotation.filter((text) => text !== undefined && text !== "")
  const paragraph = (text: string) => `<p>${escape(text)}</p>\n`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escape(heading)}</title>
<style>${style}</style>
</head>
<body>
<main class="${mark}">
<svg viewBox="0 0 48 48" aria-hidden="true"><circle cx="24" cy="24" r="22"/>${paths[mark]}</svg>
<h1>${escape(heading)}</h1>
${paragraph(first)}${quoted.length === 0 ? "" : `<blockquote>\n${quoted.map(quote).join("")}</blockquote>\n`}${others.map(paragraph).join("")}</main>
</body>
</html>
`
}

// Text that runs from right to left, or pretends to, stays within its own line.
const quote = (text: string | undefined = ""): string => `<p><bdi>${escape(text)}</bdi></p>\n`

const style = `
:root { color-scheme: light dark; --back: #f4f5f7; --card: #fff; --text: #1c2024; --soft: #565d66; --line: #dfe2e6; --good: #1a7f4b; --bad: #b42318 }
@media (prefers-color-scheme: dark) {
  :root { --back: #111315; --card: #1b1e21; --text: #eceef0; --soft: #a6adb5; --line: #33383d; --good: #4cc38a; --bad: #ff8b7d }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--back); color: var(--text); font: 1rem/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 27rem; padding: 2.5rem 2rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--card); text-align: center; overflow-wrap: anywhere }
svg { width: 3.5rem; fill: none; stroke: currentColor; stroke-width: 3; stroke-linecap: round; stroke-linejoin: round }
.success svg { color: var(--good) }
.failure svg { color: var(--bad) }
h1 { margin: 1rem 0 .5rem; font-size: 1.375rem; line-height: 1.3 }
p { margin: .5rem 0 0; color: var(--soft) }
blockquote { margin: 1rem 0; padding: .75rem 1rem; border-radius: .5rem; background: var(--back); text-align: start; font: .875rem/1.5 ui-monospace, monospace }
blockquote p { margin: 0; color: var(--text) }
`

const styleHash = Effect.map(
  Effect.promise(() => globalThis.crypto.subtle.digest("SHA-256", new TextEncoder().encode(style))),
  (digest) => Encoding.encodeBase64(new Uint8Array(digest))
)
