import { createHash } from "node:crypto"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { type Html, html } from "./html.js"

/** What the user has to know before saying yes. */
export interface Consent {
  readonly clientId: string
  readonly scopes: ReadonlyArray<string>
  readonly redirectUri: string
  /** Goes back with the form, to show that it was this page that was filled in. */
  readonly formKey: string
  /** Why the page is here again. */
  readonly problem?: string | undefined
  readonly username?: string | undefined
}

/** Asks for the user's name and password, and whether the client may do what it asks for. */
export const consent = (
  { clientId, formKey, problem, redirectUri, scopes, username = "" }: Consent,
  status: number
): HttpServerResponse.HttpServerResponse =>
  page(
    status,
    "Sign in and allow",
    html`<h1>Let <b>${clientId}</b> in?</h1>
<p>It wants to act for you at the <b>MultiAuth-Sample API</b>${scopes.length > 0 ? ", with:" : "."}</p>
<ul>${scopes.map((scope) => html`<li><code>${scope}</code></li>`)}</ul>
<form method="post">
<input type="hidden" name="form_key" value="${formKey}">
${problem === undefined ? "" : html`<p class="problem" role="alert">${problem}</p>`}
<label>User name <input name="username" value="${username}" autocomplete="username" autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<div>
<button name="decision" value="allow">Sign in and allow</button>
<button name="decision" value="deny" class="quiet">No, go back</button>
</div>
</form>
<p class="small">You will be sent to <code>${redirectUri}</code>. This is a sample server: its user and password were
printed where it was started.</p>`
  )

/** Tells what is wrong with a request whose sender must not be sent anywhere. */
export const refusal = (status: number, problem: string): HttpServerResponse.HttpServerResponse =>
  page(
    status,
    "This request cannot be answered",
    html`<h1>This request cannot be answered</h1>
<p class="problem" role="alert">${problem}</p>
<p class="small">You were not sent anywhere. Start again from the program that you came from; if this happens again,
that program has to be mended.</p>`
  )

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0; min-height: 100vh; display: grid; place-items: center }
main { box-sizing: border-box; width: min(27rem, 100vw); padding: 2rem; border-radius: 1rem; border: 1px solid #8885;
  overflow-wrap: anywhere }
h1 { margin-top: 0; font-size: 1.4rem; font-weight: 500 }
label { display: block; margin: 1rem 0 }
input { box-sizing: border-box; width: 100%; padding: .6rem; font: inherit; border: 1px solid #8888; border-radius: .5rem }
button { padding: .6rem 1rem; font: inherit; border: 0; border-radius: .5rem; background: #2457c5; color: #fff; cursor: pointer }
button.quiet { background: none; color: inherit; text-decoration: underline }
.problem { padding: .6rem .8rem; border-radius: .5rem; border-left: 4px solid #c0392b; background: #c0392b22 }
.small { font-size: .85rem; opacity: .8 }
`

/** No script, nothing from elsewhere, and in no frame, where somebody else could lead the user's hand. */
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  "base-uri 'none'",
  "frame-ancestors 'none'"
].join("; ")

const page = (status: number, title: string, body: Html): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} - MultiAuth-Sample</title>
<style>${{ html: style }}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.html,
    {
      status,
      contentType: "text/html; charset=utf-8",
      headers: {
        "cache-control": "no-store",
        "content-security-policy": policy,
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY"
      }
    }
  )
