import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Options } from "../AuthorizedHttpClient.js"
import type * as AuthScheme from "../AuthScheme.js"
import { AuthValidationException } from "../AuthValidationException.js"
import type * as OAuthToken from "../OAuthToken.js"
import * as Authorization from "./authorization.js"
import { discreetly, exporting } from "./discreetTracer.js"
import * as Futility from "./futility.js"
import { locally } from "./locally.js"
import { countReplay } from "./metrics.js"
import type { OriginMatcher } from "./origin.js"
import { type RedirectGuard, redirectGuard } from "./redirects.js"
import { sanitizeDefects, sanitizedCause, scrubberOf } from "./secrets.js"
import { inSpan } from "./spans.js"
import { unauthorizedError, unauthorizedResponse } from "./unauthorizedView.js"

const isUnauthorized = (response: HttpClientResponse.HttpClientResponse): boolean => response.status === 401

// Streams and generators come in many shapes, and can be read once; these can be read again.
const isWhole = (body: unknown): boolean =>
  typeof body === "string" ||
  body instanceof ArrayBuffer ||
  ArrayBuffer.isView(body) ||
  body instanceof Blob ||
  body instanceof URLSearchParams ||
  body instanceof FormData

const isReplayable = (request: HttpClientRequest.HttpClientRequest, replayStreams: boolean): boolean => {
  switch (request.body._tag) {
    case "Empty":
    case "Uint8Array":
    case "FormData":
      return true
    case "Raw":
      return isWhole(request.body.body)
    case "Stream":
      return replayStreams
  }
}

// The refused reply is not read to its end; what is left of it is let go.
const discard = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<void> =>
  Effect.ignore(Effect.raceFirst(Stream.runDrain(response.stream), Effect.yieldNow()))

/** Why a request failed, with nothing of what it was authorized with. */
const hide = <E>(
  cause: Cause.Cause<E>,
  request: HttpClientRequest.HttpClientRequest,
  secrets: ReadonlyArray<string>
): Cause.Cause<E | HttpClientError.HttpClientError> =>
  Cause.map(sanitizedCause(cause, secrets), (error) => unauthorizedError(request, error, secrets))

/** Sends what is authorized so that nothing of that can be seen afterwards: in the reply, the failure, the span. */
const sendInConfidence = <E, R>(
  self: HttpClient.HttpClient.With<E, R>,
  request: HttpClientRequest.HttpClientRequest,
  sent: HttpClientRequest.HttpClientRequest,
  { headerNames, isDroppedAcrossOrigins, secrets }: Authorization.Confidence,
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  guard: RedirectGuard
): Effect.Effect<HttpClientResponse.HttpClientResponse, E, R> => {
  const guarded = guard(self.execute(sent), fiber, isDroppedAcrossOrigins)
  const tracer = exporting(fiber)
  const traced =
    tracer === undefined
      ? guarded
      : discreetly(guarded, fiber, tracer, {
          text: scrubberOf(secrets),
          cause: (cause) => hide(cause, request, secrets)
        })
  return headerNames.length === 0
    ? traced
    : locally(Headers.currentRedactedNames, [
        ...fiber.getFiberRef(Headers.currentRedactedNames),
        ...headerNames
      ])(traced)
}

/** A client whose requests to the origins that match are authorized, and sent once more when that was refused. */
export const authorizeOrigins = <E, R, E2>(
  self: HttpClient.HttpClient.With<E, R>,
  authorizer: AuthScheme.Authorizer<E2>,
  matches: OriginMatcher,
  options: Options,
  init?: RequestInit | undefined
): HttpClient.HttpClient.With<E | E2 | HttpClientError.HttpClientError | AuthValidationException, R> => {
  type Answer = Effect.Effect<
    HttpClientResponse.HttpClientResponse,
    E | E2 | HttpClientError.HttpClientError | AuthValidationException,
    R
  >
  const otherOrigins = options.otherOrigins ?? "reject"
  const isRejected = options.isRejected ?? isUnauthorized
  const replayStreams = options.replayStreams ?? false
  const futility = Futility.make()
  const guard = redirectGuard(init)

  const sendCustom = (
    request: HttpClientRequest.HttpClientRequest,
    authorization: Authorization.Authorization<E2>,
    carried: HttpClientRequest.HttpClientRequest,
    fiber: Fiber.RuntimeFiber<unknown, unknown>
  ): Answer =>
    Authorization.carryCustom(carried, authorization).pipe(
      Effect.mapError((error) => unauthorizedError(request, error, authorization.secrets)),
      sanitizeDefects(authorization.secrets),
      Effect.flatMap((sent): Answer => {
        // A function of the user's can have changed where it goes to.
        if (!matches(sent.request.url)) return notNamed(sent.request)
        return Effect.matchCauseEffect(sendInConfidence(self, request, sent.request, sent, fiber, guard), {
          onFailure: (cause) => Effect.failCause(hide(cause, request, sent.secrets)),
          onSuccess: (response) => Effect.succeed(unauthorizedResponse(request, response, sent.secrets))
        })
      })
    )

  const send = (
    request: HttpClientRequest.HttpClientRequest,
    authorization: Authorization.Authorization<E2>,
    fiber: Fiber.RuntimeFiber<unknown, unknown>,
    onResponse: (response: HttpClientResponse.HttpClientResponse) => Answer
  ): Answer => {
    const carried = Authorization.carry(request, authorization)
    if (authorization.custom.length > 0) {
      return Effect.flatMap(sendCustom(request, authorization, carried, fiber), onResponse)
    }
    const { secrets } = authorization
    // One step for both outcomes; what a failure needs is made up when there is one.
    return Effect.matchCauseEffect(sendInConfidence(self, request, carried, authorization, fiber, guard), {
      onFailure: (cause) => Effect.failCause(hide(cause, request, secrets)),
      onSuccess: (response) => onResponse(unauthorizedResponse(request, response, secrets))
    })
  }

  /** A call that is sent again, of which it is told and counted what became. */
  const replay = (
    request: HttpClientRequest.HttpClientRequest,
    refused: OAuthToken.OAuthToken,
    authorization: Authorization.Authorization<E2>
  ): Answer => {
    const became = (outcome: "accepted" | "rejected" | "failed") =>
      Effect.zipRight(Effect.annotateCurrentSpan("oauth.outcome", outcome), countReplay(outcome))
    return Effect.withFiberRuntime<
      HttpClientResponse.HttpClientResponse,
      E | E2 | HttpClientError.HttpClientError | AuthValidationException,
      R
    >((fiber) => send(request, authorization, fiber, Effect.succeed)).pipe(
      Effect.onExit((exit) => {
        if (Exit.isFailure(exit)) return became("failed")
        const isAccepted = !isRejected(exit.value)
        if (authorization.replaceable !== undefined) {
          futility.replayed(request, refused, authorization.replaceable.token, isAccepted)
        }
        return became(isAccepted ? "accepted" : "rejected")
      }),
      inSpan("oauth.replay")
    )
  }

  const answerRefusal = (
    request: HttpClientRequest.HttpClientRequest,
    refused: Authorization.Replaceable<E2>,
    response: HttpClientResponse.HttpClientResponse
  ): Answer => {
    if (futility.isFutile(request, refused.token)) return Effect.succeed(response)
    return refused.replace.pipe(
      Effect.map(Option.some),
      // There is no other token: the refusal is the answer.
      Effect.catchAll((error) =>
        error instanceof AuthValidationException ? Effect.succeedNone : Effect.fail(error)
      ),
      Effect.tapError(() => discard(response)),
      Effect.flatMap((authorization) =>
        Option.isSome(authorization) && isReplayable(request, replayStreams)
          ? Effect.zipRight(discard(response), replay(request, refused.token, authorization.value))
          : Effect.succeed(response)
      )
    )
  }

  const sendOnce = (
    request: HttpClientRequest.HttpClientRequest,
    authorization: Authorization.Authorization<E2>,
    fiber: Fiber.RuntimeFiber<unknown, unknown>
  ): Answer => {
    const { replaceable } = authorization
    return send(request, authorization, fiber, (response) => {
      if (replaceable === undefined) return Effect.succeed(response)
      if (isRejected(response)) return answerRefusal(request, replaceable, response)
      futility.accepted(request, replaceable.token)
      return Effect.succeed(response)
    })
  }

  // The way of nearly all calls: what authorizes them is there, and they are sent within a single step.
  const authorized = (request: HttpClientRequest.HttpClientRequest): Answer =>
    Effect.withFiberRuntime((fiber) => {
      const atHand = authorizer.atHand?.(fiber)
      return atHand === undefined
        ? Effect.flatMap(authorizer.authorization, (authorization) => sendOnce(request, authorization, fiber))
        : sendOnce(request, atHand, fiber)
    })

  const isAuthorizedAlready = (request: HttpClientRequest.HttpClientRequest): boolean =>
    authorizer.isAuthorizationHeader && request.headers["authorization"] !== undefined

  const answer = (request: HttpClientRequest.HttpClientRequest): Answer => {
    if (isAuthorizedAlready(request)) return self.execute(request)
    if (matches(request.url)) return authorized(request)
    return otherOrigins === "pass" ? self.execute(request) : notNamed(request)
  }

  // A finished request comes in here each time that anything outside sends it again, so each sending gets the token
  // of its own moment.
  return HttpClient.makeWith(
    (preprocessed: Effect.Effect<HttpClientRequest.HttpClientRequest>) =>
      Effect.flatMap(preprocessed, answer),
    Effect.succeed
  )
}

const notNamed = (
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<never, AuthValidationException> =>
  Effect.fail(
    new AuthValidationException({
      message:
        `${URL.canParse(request.url) ? new URL(request.url).origin : "A request without an absolute URL"} is none of ` +
        "the origins that get the token. Name it in origins, or use another client for it."
    })
  )

/** A client that sends nothing, for this reason. */
export const refuseAll = <E, R>(
  error: AuthValidationException
): HttpClient.HttpClient.With<E | HttpClientError.HttpClientError | AuthValidationException, R> =>
  HttpClient.makeWith(
    (preprocessed: Effect.Effect<HttpClientRequest.HttpClientRequest>) =>
      Effect.zipRight(preprocessed, error),
    Effect.succeed
  )
