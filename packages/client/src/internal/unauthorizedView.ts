import type * as Cookies from "@effect/platform/Cookies"
import type * as Headers from "@effect/platform/Headers"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import type * as UrlParams from "@effect/platform/UrlParams"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import type * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { describeFailure, scrub, scrubHeaders } from "./secrets.js"

type ResponseError = HttpClientError.ResponseError

/**
 * A response to an authorized request, on the request as its caller wrote it. The responses and errors of HTTP
 * clients hold the request that was sent, and print its headers.
 */
class UnauthorizedResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly request: HttpClientRequest.HttpClientRequest
  readonly #sent: HttpClientResponse.HttpClientResponse
  readonly #secrets: ReadonlyArray<string>
  #headers: Headers.Headers | undefined

  constructor(
    request: HttpClientRequest.HttpClientRequest,
    sent: HttpClientResponse.HttpClientResponse,
    secrets: ReadonlyArray<string>
  ) {
    super()
    this.request = request
    this.#sent = sent
    this.#secrets = secrets
  }

  get [HttpClientResponse.TypeId](): HttpClientResponse.TypeId {
    return HttpClientResponse.TypeId
  }

  get [HttpIncomingMessage.TypeId](): HttpIncomingMessage.TypeId {
    return HttpIncomingMessage.TypeId
  }

  #body<A>(body: Effect.Effect<A, ResponseError>): Effect.Effect<A, ResponseError> {
    // What succeeds passes by, which `mapError` would take up and put down again.
    return Effect.catchAll(body, (error) => Effect.fail(this.#hide(error)))
  }

  #hide(error: ResponseError): ResponseError {
    return new HttpClientError.ResponseError({
      request: this.request,
      response: this,
      reason: error.reason,
      cause: describeFailure(error.cause, this.#secrets),
      ...(error.description !== undefined && { description: scrub(error.description, this.#secrets) })
    })
  }

  get status(): number {
    return this.#sent.status
  }

  // An API may echo what it was sent.
  get headers(): Headers.Headers {
    this.#headers ??= scrubHeaders(this.#sent.headers, this.#secrets)
    return this.#headers
  }

  get cookies(): Cookies.Cookies {
    return this.#sent.cookies
  }

  get remoteAddress(): Option.Option<string> {
    return this.#sent.remoteAddress
  }

  get json(): Effect.Effect<unknown, ResponseError> {
    return this.#body(this.#sent.json)
  }

  get text(): Effect.Effect<string, ResponseError> {
    return this.#body(this.#sent.text)
  }

  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, ResponseError> {
    return this.#body(this.#sent.urlParamsBody)
  }

  get arrayBuffer(): Effect.Effect<ArrayBuffer, ResponseError> {
    return this.#body(this.#sent.arrayBuffer)
  }

  get formData(): Effect.Effect<FormData, ResponseError> {
    return this.#body(this.#sent.formData)
  }

  get stream(): Stream.Stream<Uint8Array, ResponseError> {
    return Stream.mapError(this.#sent.stream, (error) => this.#hide(error))
  }

  // For the same reason the body is left out.
  toJSON(): unknown {
    return {
      _id: "@effect/platform/HttpClientResponse",
      request: this.request.toJSON(),
      status: this.status,
      headers: Inspectable.redact(this.headers)
    }
  }
}

export const unauthorizedResponse = (
  request: HttpClientRequest.HttpClientRequest,
  sent: HttpClientResponse.HttpClientResponse,
  secrets: ReadonlyArray<string>
): HttpClientResponse.HttpClientResponse => new UnauthorizedResponse(request, sent, secrets)

/** The same failure, on the request as its caller wrote it. */
export const unauthorizedError = <E>(
  request: HttpClientRequest.HttpClientRequest,
  error: E,
  secrets: ReadonlyArray<string>
): E | HttpClientError.HttpClientError => {
  if (!HttpClientError.isHttpClientError(error)) return error
  const common = {
    request,
    cause: describeFailure(error.cause, secrets),
    ...(error.description !== undefined && { description: scrub(error.description, secrets) })
  }
  return error._tag === "RequestError"
    ? new HttpClientError.RequestError({ ...common, reason: error.reason })
    : new HttpClientError.ResponseError({
        ...common,
        reason: error.reason,
        response: unauthorizedResponse(request, error.response, secrets)
      })
}
