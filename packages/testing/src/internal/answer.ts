import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as DateTime from "effect/DateTime"

/** What the protocol says when it says no (RFC 6749 section 5.2). */
export interface Refusal {
  readonly error: string
  readonly description: string
  readonly status: number
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export const refusal = (error: string, description: string, status = 400): Refusal => ({
  error,
  description,
  status
})

/** RFC 6749 section 5.1: nobody may keep what has a token in it. */
const unkept = { "cache-control": "no-store", pragma: "no-cache" }

export const json = (
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(JSON.stringify(value), {
    status,
    contentType: "application/json",
    headers: { ...unkept, ...headers }
  })

export const refused = ({
  description,
  error,
  headers,
  status
}: Refusal): HttpServerResponse.HttpServerResponse =>
  json(status, { error, error_description: description }, headers)

export const wrongMethod = (allowed: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(`The only method here is ${allowed}.`, { status: 405, headers: { allow: allowed } })

export const notFound: HttpServerResponse.HttpServerResponse = HttpServerResponse.text(
  "The authorization server has no endpoint here.",
  { status: 404 }
)

/** RFC 9110 section 5.6.7. */
export const httpDate = (millis: number): string =>
  DateTime.toDateUtc(DateTime.unsafeMake(millis)).toUTCString()

/** RFC 6750 section 3.1: a request without a token is told no error code. */
export const unauthorized = (error?: "invalid_token"): HttpServerResponse.HttpServerResponse =>
  json(
    401,
    { error: error ?? "unauthorized" },
    { "www-authenticate": `Bearer realm="api"${error === undefined ? "" : `, error="${error}"`}` }
  )
