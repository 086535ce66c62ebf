import { randomBytes } from "node:crypto"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Redacted from "effect/Redacted"
import * as form from "./form.js"
import { sameSecret } from "./sameSecret.js"

const cookie = "sample_server_form"

const isFormKey = (value: string | undefined): value is string => /^[\w-]{43}$/.test(value ?? "")

/**
 * Puts a key into a cookie of the browser and into the form of its page. A browser that has one keeps it, so that a
 * second tab does not take it from the first.
 */
export const give = (
  { cookies }: HttpServerRequest.HttpServerRequest,
  page: (formKey: string) => HttpServerResponse.HttpServerResponse
): HttpServerResponse.HttpServerResponse => {
  const kept = cookies[cookie]
  const formKey = isFormKey(kept) ? kept : randomBytes(32).toString("base64url")
  return HttpServerResponse.unsafeSetCookie(page(formKey), cookie, formKey, {
    httpOnly: true,
    sameSite: "strict",
    path: "/oauth"
  })
}

/** Whether a form comes from such a page: it brings the key of its browser, and no page of another origin sent it. */
export const isBroughtBack = (
  { cookies, headers }: HttpServerRequest.HttpServerRequest,
  fields: form.Parameters
): boolean => {
  const { host, origin } = headers
  const formKey = cookies[cookie]
  return (
    (origin === undefined || origin === `http://${host}`) &&
    isFormKey(formKey) &&
    sameSecret(Redacted.make(formKey), form.valueOf(fields, "form_key") ?? "")
  )
}
