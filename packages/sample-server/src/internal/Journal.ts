import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpIncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { RecordedRequest } from "../RecordedRequest.js"
import * as form from "./form.js"
import { note, noted } from "./Outcome.js"

/** What is known of the requests. */
export interface Journal {
  /** Every request of the app gets an answer and is recorded. */
  readonly around: <E, R>(app: HttpApp.Default<E, R>) => HttpApp.Default<never, R>
  readonly requests: Effect.Effect<ReadonlyArray<RecordedRequest>>
}

export const make = (options: {
  readonly remembered: number
  readonly onAnswered: (request: RecordedRequest) => Effect.Effect<void>
}): Journal => {
  const kept: Array<RecordedRequest> = []
  const keep = (record: RecordedRequest): void => {
    if (options.remembered === 0) return
    if (kept.length >= options.remembered) kept.shift()
    kept.push(record)
  }

  return {
    requests: Effect.sync(() => [...kept]),
    around: (app) =>
      Effect.gen(function* () {
        const at = Date.now()
        const request = yield* HttpServerRequest.HttpServerRequest
        const [duration, response] = yield* Effect.timed(Effect.catchAllCause(app, answerTo))
        const { headers, method, url } = request
        const fields = yield* Effect.orElseSucceed(form.read(request), () => [])
        const record: RecordedRequest = {
          at,
          method,
          path: url.replace(/\?.*$/s, ""),
          query: form.queryOf(request),
          headers: { ...headers },
          body: fields.length === 0 ? "" : yield* Effect.orElseSucceed(request.text, () => ""),
          form: fields,
          status: response.status,
          outcome: yield* noted,
          duration
        }
        keep(record)
        yield* options.onAnswered(record)
        return response
      }).pipe(HttpIncomingMessage.withMaxBodySize(Option.some(form.longest)))
  }
}

/** The answer where there is none: no such path, a caller that is gone, or a defect of ours. */
const answerTo = (cause: Cause.Cause<unknown>): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.gen(function* () {
    const [response] = yield* HttpServerError.causeResponse(cause)
    const { status } = response
    if (status === 404) {
      yield* note("no such endpoint")
      return HttpServerResponse.unsafeJson(
        { message: "There is no endpoint with this method and path." },
        { status }
      )
    }
    if (Cause.isInterruptedOnly(cause)) {
      yield* note("the caller is gone")
      return response
    }
    const defect = Cause.squash(cause)
    yield* note(`failed: ${defect instanceof Error ? defect.name : "not an error"}`)
    return HttpServerResponse.unsafeJson(
      { error: "server_error", message: "The sample server has a defect." },
      { status }
    )
  })
