import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"

/** A response whose body is there, and can be read once in any form. */
export const withBody = (
  response: HttpClientResponse.HttpClientResponse,
  body: string,
  status = response.status
): HttpClientResponse.HttpClientResponse => {
  // Of a string the constructor would say that it is plain text.
  const source = new Response(new TextEncoder().encode(body), { headers: response.headers })
  // It takes no status above 599, and with some of the others no body.
  Object.defineProperty(source, "status", { value: status })
  return HttpClientResponse.fromWeb(response.request, source)
}

/** Copies of a response, for several readers: a body can be read only once. */
export const copies = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<() => HttpClientResponse.HttpClientResponse, HttpClientError.ResponseError> =>
  Effect.map(response.text, (body) => () => withBody(response, body))
