import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"

const haveNoBody: ReadonlyArray<number> = [204, 205, 304]

/** A response whose body is there, and can be read once in any form. */
export const withBody = (
  response: HttpClientResponse.HttpClientResponse,
  body: string
): HttpClientResponse.HttpClientResponse =>
  HttpClientResponse.fromWeb(
    response.request,
    new Response(haveNoBody.includes(response.status) ? null : body, {
      status: response.status,
      headers: response.headers
    })
  )

/** Copies of a response, for several readers: a body can be read only once. */
export const copies = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<() => HttpClientResponse.HttpClientResponse, HttpClientError.ResponseError> =>
  Effect.map(response.text, (body) => () => withBody(response, body))
