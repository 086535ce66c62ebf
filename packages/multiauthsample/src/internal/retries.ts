import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { APIException } from "@effect-oauth/client"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Configuration } from "../Configuration.js"

type Policy = Pick<
  Configuration,
  "backoffFactor" | "maxRetries" | "retryMethods" | "retryStatuses" | "timeout"
>

type Attempt<E, R = never> = Effect.Effect<
  HttpClientResponse.HttpClientResponse,
  E | HttpClientError.HttpClientError,
  R
>

const longestBackoff = Duration.seconds(120)

/** The first retry comes at once, those after it ever later. */
const backoff = (policy: Policy, retry: number): Duration.Duration =>
  retry === 0
    ? Duration.zero
    : Duration.min(Duration.seconds(policy.backoffFactor * 2 ** retry), longestBackoff)

/** How long the server asked to wait; reads the response to its end, which lets its connection go. */
const askedToWait = (
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<Duration.Duration | undefined> =>
  Effect.map(APIException.fromResponse(response), ({ retryAfter }) =>
    retryAfter !== undefined && Duration.greaterThan(retryAfter, Duration.zero) ? retryAfter : undefined
  )

/**
 * Sends a request again after a failure of the network or one of the statuses. What would wait beyond the time that the
 * call has is not waited for: then what there is is the answer.
 */
export const retrying =
  (policy: Policy) =>
  <E, R>(
    client: HttpClient.HttpClient.With<E | HttpClientError.HttpClientError, R>
  ): HttpClient.HttpClient.With<E | HttpClientError.HttpClientError, R> => {
    const attempt = (
      request: HttpClientRequest.HttpClientRequest,
      retry: number,
      deadline: number
    ): Attempt<E, R> => {
      const sent = client.execute(request)
      // So that NaN is no number of times.
      if (!(retry < policy.maxRetries)) return sent
      const again = (wait: Duration.Duration, otherwise: Attempt<E>): Attempt<E, R> =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          now + Duration.toMillis(wait) > deadline
            ? otherwise
            : Effect.zipRight(Effect.sleep(wait), attempt(request, retry + 1, deadline))
        )
      return Effect.matchEffect(sent, {
        onFailure: (error) =>
          HttpClientError.isHttpClientError(error) &&
          error._tag === "RequestError" &&
          error.reason === "Transport"
            ? again(backoff(policy, retry), Effect.fail(error))
            : Effect.fail(error),
        onSuccess: (response) =>
          policy.retryStatuses.includes(response.status)
            ? Effect.flatMap(askedToWait(response), (asked) =>
                again(asked ?? backoff(policy, retry), Effect.succeed(response))
              )
            : Effect.succeed(response)
      })
    }
    return HttpClient.makeWith(
      (preprocessed: Effect.Effect<HttpClientRequest.HttpClientRequest>) =>
        Effect.flatMap(preprocessed, (request) =>
          policy.retryMethods.includes(request.method)
            ? Effect.flatMap(Clock.currentTimeMillis, (now) =>
                attempt(request, 0, now + Duration.toMillis(policy.timeout))
              )
            : client.execute(request)
        ),
      Effect.succeed
    )
  }
