import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import type { HttpCallBack } from "../Configuration.js"
import { copies } from "./wholeResponse.js"

/** Tells of each request and of each response. What is told is what comes in here: a request without credentials. */
export const withCallBack =
  ({ onAfterResponse, onBeforeRequest }: HttpCallBack = {}) =>
  <E, R>(
    client: HttpClient.HttpClient.With<E | HttpClientError.HttpClientError, R>
  ): HttpClient.HttpClient.With<E | HttpClientError.HttpClientError, R> =>
    HttpClient.makeWith(
      (preprocessed: Effect.Effect<HttpClientRequest.HttpClientRequest>) =>
        Effect.gen(function* () {
          const request = yield* preprocessed
          if (onBeforeRequest !== undefined) yield* onBeforeRequest(request)
          const response = yield* client.execute(request)
          if (onAfterResponse === undefined) return response
          const copy = yield* copies(response)
          yield* onAfterResponse(copy())
          return copy()
        }),
      Effect.succeed
    )
