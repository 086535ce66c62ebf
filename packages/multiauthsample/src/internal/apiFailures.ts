import type * as HttpApiError from "@effect/platform/HttpApiError"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { APIException, type TokenError } from "@effect-oauth/client"
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import { withBody } from "./wholeResponse.js"

const unreachable = (error: HttpClientError.RequestError): APIException =>
  new APIException({
    reason: `The API could not be reached (${error.reason}).`,
    isTransient: error.reason === "Transport",
    cause: error.cause
  })

const contentTypeOf = (response: HttpClientResponse.HttpClientResponse): string =>
  response.headers["content-type"] ?? "no content type"

const unreadable = (error: HttpClientError.ResponseError): APIException =>
  new APIException({
    reason:
      `The API answered ${error.response.status} (${contentTypeOf(error.response)}) ` +
      "with a body that could not be read.",
    responseCode: error.response.status,
    isTransient: false,
    cause: error.cause
  })

const fromHttp = (error: HttpClientError.HttpClientError): APIException =>
  error._tag === "RequestError" ? unreachable(error) : unreadable(error)

/** Every status but 2xx becomes an `APIException`, and so does every failure of the transport. */
export const failTyped = <R>(
  client: HttpClient.HttpClient.With<HttpClientError.HttpClientError | TokenError, R>
): HttpClient.HttpClient.With<TokenError, R> =>
  HttpClient.makeWith(
    (preprocessed: Effect.Effect<HttpClientRequest.HttpClientRequest>) =>
      Effect.flatMap(preprocessed, client.execute).pipe(
        Effect.flatMap((response) =>
          response.status >= 200 && response.status < 300
            ? Effect.succeed(response)
            : Effect.flatMap(APIException.fromResponse(response), Effect.fail)
        ),
        Effect.mapError((error) => (HttpClientError.isHttpClientError(error) ? fromHttp(error) : error))
      ),
    Effect.succeed
  )

/** Not all transports take the mark away that a text in UTF-8 may begin with. */
const textOf = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<string, APIException> =>
  Effect.mapBoth(response.text, { onFailure: fromHttp, onSuccess: (body) => body.replace(/^\uFEFF/, "") })

const isJson = (body: string): boolean => {
  try {
    JSON.parse(body)
    return true
  } catch {
    return false
  }
}

/** For endpoints that answer with JSON: whatever else comes with a 2xx is an `APIException`. */
export const expectJson = <R>(
  client: HttpClient.HttpClient.With<TokenError, R>
): HttpClient.HttpClient.With<TokenError, R> =>
  HttpClient.transformResponse(client, (call) =>
    Effect.flatMap(call, (response) =>
      Effect.flatMap(textOf(response), (body) =>
        isJson(body)
          ? // A body can be read once, so the one that was read takes its place.
            Effect.succeed(withBody(response, body))
          : Effect.flatMap(
              APIException.fromResponse(
                response,
                `The API answered ${response.status} (${contentTypeOf(response)}) with a body that is not JSON.`
              ),
              Effect.fail
            )
      )
    )
  )

/** The declaration has one status of success, but every 2xx is one. */
export const takeAnySuccess = <R>(
  client: HttpClient.HttpClient.With<TokenError, R>
): HttpClient.HttpClient.With<TokenError, R> =>
  HttpClient.transformResponse(client, (call) =>
    Effect.flatMap(call, (response) =>
      response.status === 200
        ? Effect.succeed(response)
        : Effect.map(textOf(response), (body) => withBody(response, body, 200))
    )
  )

const unexpected = (issues: ReadonlyArray<{ readonly path: ReadonlyArray<PropertyKey> }>): APIException =>
  new APIException({
    reason: `The API's reply is not what it declares: ${placesOf(issues).join(", ")}.`,
    isTransient: false
  })

// The messages of the issues quote the reply; where they are is enough.
const placesOf = (issues: ReadonlyArray<{ readonly path: ReadonlyArray<PropertyKey> }>) =>
  Arr.dedupe(issues.map(({ path }) => `at ${path.map(String).join(".") || "the top"}`))

/** The whole call, to the last byte of the reply, has this long. */
export const within =
  (timeout: Duration.Duration) =>
  <A, R>(call: Effect.Effect<A, TokenError, R>): Effect.Effect<A, TokenError, R> =>
    Effect.timeoutFail(call, {
      duration: timeout,
      onTimeout: () =>
        new APIException({
          reason: `The API did not answer within ${Duration.format(timeout)}.`,
          isTransient: true
        })
    })

/** A reply that does not fit the declaration becomes an `APIException` that says where, and quotes nothing. */
export const refuseUnexpected = <A, R>(
  call: Effect.Effect<
    A,
    HttpApiError.HttpApiDecodeError | HttpClientError.HttpClientError | ParseResult.ParseError | TokenError,
    R
  >
): Effect.Effect<A, TokenError, R> =>
  Effect.catchTags(call, {
    ParseError: (error) => Effect.fail(unexpected(ParseResult.ArrayFormatter.formatErrorSync(error))),
    HttpApiDecodeError: ({ issues }) => Effect.fail(unexpected(issues)),
    RequestError: (error) => Effect.fail(fromHttp(error)),
    ResponseError: (error) => Effect.fail(fromHttp(error))
  })
