/**
 * @since 0.1.0
 */
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { APIException } from "./APIException.js"
import * as AuthScheme from "./AuthScheme.js"
import { AuthValidationException } from "./AuthValidationException.js"
import * as Authorization from "./internal/authorization.js"
import { discreetly, exporting } from "./internal/discreetTracer.js"
import * as Futility from "./internal/futility.js"
import { locally } from "./internal/locally.js"
import { countReplay } from "./internal/metrics.js"
import { matchOrigins, type OriginMatcher } from "./internal/origin.js"
import { type RedirectGuard, redirectGuard, requestInit } from "./internal/redirects.js"
import { sanitizeDefects, sanitizedCause, scrubberOf } from "./internal/secrets.js"
import { inSpan } from "./internal/spans.js"
import { unauthorizedError, unauthorizedResponse } from "./internal/unauthorizedView.js"
import { OAuthProviderException } from "./OAuthProviderException.js"
import type * as OAuthToken from "./OAuthToken.js"
import type { TokenError } from "./TokenError.js"
import { TokenManager, type TokenSource } from "./TokenManager.js"
import { TokenStoreError } from "./TokenStoreError.js"

/**
 * The tag of an `HttpClient` whose requests are authorized, and which can therefore fail for want of a token.
 *
 * @example
 * ```ts
 * import { AuthorizedHttpClient } from "@effect-oauth/client"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const client = yield* AuthorizedHttpClient.AuthorizedHttpClient
 *   const response = yield* client.get("https://api.example.com/user")
 *   return yield* response.json
 * }).pipe(Effect.catchTag("OAuthProviderException", (refusal) => Effect.fail(refusal.error)))
 * ```
 *
 * @since 0.1.0
 * @category tags
 */
export class AuthorizedHttpClient extends Context.Tag("@effect-oauth/client/AuthorizedHttpClient")<
  AuthorizedHttpClient,
  HttpClient.HttpClient.With<HttpClientError.HttpClientError | TokenError>
>() {}

/**
 * Which requests carry the token, and what happens when it is refused.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The origins that get the token, such as `https://api.example.com`; no other does. A path is not looked at. */
  readonly origins: ReadonlyArray<string | URL>
  /**
   * What becomes of a request to another origin: `reject` fails with an `AuthValidationException`, `pass` sends it
   * without the token. Default: `reject` for an authorized client, `pass` where it takes the place of `HttpClient`.
   * A request that brings an `Authorization` header of its own is sent as it is, to any origin.
   */
  readonly otherOrigins?: "reject" | "pass" | undefined
  /** Plain http origins on other machines that may get the token all the same, each by name. */
  readonly insecureOrigins?: ReadonlyArray<string> | undefined
  /** Which responses mean that the token is refused. Default: status 401. */
  readonly isRejected?: ((response: HttpClientResponse.HttpClientResponse) => boolean) | undefined
  /** Whether a request whose body is a stream may be sent twice: it has to yield its bytes anew. Default: false. */
  readonly replayStreams?: boolean | undefined
}

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

const authorizeOrigins = <E, R, E2>(
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

const refuseAll = <E, R>(
  error: AuthValidationException
): HttpClient.HttpClient.With<E | HttpClientError.HttpClientError | AuthValidationException, R> =>
  HttpClient.makeWith(
    (preprocessed: Effect.Effect<HttpClientRequest.HttpClientRequest>) =>
      Effect.zipRight(preprocessed, error),
    Effect.succeed
  )

const authorizeBy = <E, R, E2>(
  self: HttpClient.HttpClient.With<E, R>,
  authorizer: AuthScheme.Authorizer<E2>,
  options: Options
): HttpClient.HttpClient.With<E | E2 | HttpClientError.HttpClientError | AuthValidationException, R> =>
  Either.match(matchOrigins(options.origins, options.insecureOrigins), {
    onLeft: (error) => refuseAll<E, R>(error),
    onRight: (matches) => authorizeOrigins(self, authorizer, matches, options)
  })

const makeBy = <E>(
  authorizer: AuthScheme.Authorizer<E>,
  options: Options
): Effect.Effect<
  HttpClient.HttpClient.With<HttpClientError.HttpClientError | AuthValidationException | E>,
  AuthValidationException,
  HttpClient.HttpClient
> =>
  Effect.gen(function* () {
    const matches = yield* matchOrigins(options.origins, options.insecureOrigins)
    return authorizeOrigins(yield* HttpClient.HttpClient, authorizer, matches, options, yield* requestInit)
  })

/**
 * Authorizes the requests of a client with the tokens of a source, such as a `TokenManager`.
 *
 * The client that is given must not follow redirects by itself. The platform's `fetch` is kept from it, at each call;
 * that costs nothing where the context of the call says `redirect: "manual"` (`FetchHttpClient.RequestInit`), which a
 * client should be given in any case that goes through `fetch` only now and then.
 *
 * Requests to the named origins carry `Authorization: Bearer …` with the token of the moment; a request that has an
 * `Authorization` header already is left alone. When a resource answers 401 the token is replaced once and the
 * request sent once more, if its body can be; a second 401 is the answer. A redirect is returned as it is and never
 * followed with the token: put `HttpClient.followRedirects` outside, where each hop is checked anew. Put `retry`
 * outside as well, so that each attempt carries what is current.
 *
 * Nothing of the token can be seen in the responses and errors that come out. With an origin that cannot be trusted
 * with a token every request fails with an `AuthValidationException`; the layers fail in its place.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 * @example
 * ```ts
 * import { HttpClient } from "@effect/platform"
 * import { AuthorizedHttpClient, TokenManager } from "@effect-oauth/client"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const client = (yield* HttpClient.HttpClient).pipe(
 *     AuthorizedHttpClient.authorize(yield* TokenManager.TokenManager, { origins: ["https://api.example.com"] }),
 *     HttpClient.retryTransient({ times: 2 })
 *   )
 *   return yield* client.get("https://api.example.com/user")
 * })
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const authorize: {
  /**
   * @since 0.1.0
   * @category combinators
   */
  (
    source: TokenSource,
    options: Options
  ): <E, R>(
    self: HttpClient.HttpClient.With<E, R>
  ) => HttpClient.HttpClient.With<E | HttpClientError.HttpClientError | TokenError, R>
  /**
   * @since 0.1.0
   * @category combinators
   */
  <E, R>(
    self: HttpClient.HttpClient.With<E, R>,
    source: TokenSource,
    options: Options
  ): HttpClient.HttpClient.With<E | HttpClientError.HttpClientError | TokenError, R>
} = dual(3, <E, R>(self: HttpClient.HttpClient.With<E, R>, source: TokenSource, options: Options) =>
  authorizeBy(self, AuthScheme.ofSource(source), options)
)

/**
 * Authorizes the requests of a client with a scheme, or a combination of schemes: what it says of `authorize` holds for
 * each of them. A request that has an `Authorization` header already is left alone where the scheme would write one.
 *
 * @example
 * ```ts
 * import { HttpClient } from "@effect/platform"
 * import { AuthorizedHttpClient, AuthScheme } from "@effect-oauth/client"
 * import { Effect, Redacted } from "effect"
 *
 * const scheme = AuthScheme.apiKeyQuery({ parameters: { "api-key": Redacted.make("Qy7Xa9dK") } })
 *
 * const program = Effect.gen(function* () {
 *   const client = (yield* HttpClient.HttpClient).pipe(
 *     AuthorizedHttpClient.authorizeWith(scheme, { origins: ["https://api.example.com"] })
 *   )
 *   return yield* client.get("https://api.example.com/user")
 * })
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const authorizeWith: {
  /**
   * @since 0.1.0
   * @category combinators
   */
  <E2>(
    scheme: AuthScheme.AuthScheme<E2>,
    options: Options
  ): <E, R>(
    self: HttpClient.HttpClient.With<E, R>
  ) => HttpClient.HttpClient.With<E | E2 | HttpClientError.HttpClientError | AuthValidationException, R>
  /**
   * @since 0.1.0
   * @category combinators
   */
  <E, R, E2>(
    self: HttpClient.HttpClient.With<E, R>,
    scheme: AuthScheme.AuthScheme<E2>,
    options: Options
  ): HttpClient.HttpClient.With<E | E2 | HttpClientError.HttpClientError | AuthValidationException, R>
} = dual(
  3,
  <E, R, E2>(self: HttpClient.HttpClient.With<E, R>, scheme: AuthScheme.AuthScheme<E2>, options: Options) =>
    authorizeBy(self, scheme, options)
)

/**
 * The `HttpClient` of the environment, authorized by the `TokenManager` of the environment. Fails with an
 * `AuthValidationException` when an origin is not one that can be trusted with a token.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options
): Effect.Effect<
  HttpClient.HttpClient.With<HttpClientError.HttpClientError | TokenError>,
  AuthValidationException,
  HttpClient.HttpClient | TokenManager
> => Effect.flatMap(TokenManager, (manager) => makeBy(AuthScheme.ofSource(manager), options))

/**
 * The `HttpClient` of the environment, authorized by a scheme. Fails with an `AuthValidationException` when an origin is
 * not one that can be trusted with a secret.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeWith = <E>(
  scheme: AuthScheme.AuthScheme<E>,
  options: Options
): Effect.Effect<
  HttpClient.HttpClient.With<HttpClientError.HttpClientError | AuthValidationException | E>,
  AuthValidationException,
  HttpClient.HttpClient
> => makeBy(scheme, options)

/**
 * Provides the authorized client under a tag of its own, so that `HttpClient` stays what it was and our failures stay
 * typed.
 *
 * @example
 * ```ts
 * import { FetchHttpClient } from "@effect/platform"
 * import { AuthorizedHttpClient } from "@effect-oauth/client"
 * import { Layer } from "effect"
 *
 * const Http = AuthorizedHttpClient.layer({ origins: ["https://api.example.com"] }).pipe(
 *   Layer.provide(FetchHttpClient.layer)
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<AuthorizedHttpClient, AuthValidationException, HttpClient.HttpClient | TokenManager> =>
  Layer.effect(AuthorizedHttpClient, make(options))

/**
 * Provides a client that is authorized by a scheme, under the same tag.
 *
 * @example
 * ```ts
 * import { FetchHttpClient } from "@effect/platform"
 * import { AuthorizedHttpClient, AuthScheme } from "@effect-oauth/client"
 * import { Layer, Redacted } from "effect"
 *
 * const Http = AuthorizedHttpClient.layerWith(
 *   AuthScheme.basic({ username: "johndoe", password: Redacted.make("A3ddj3w") }),
 *   { origins: ["https://api.example.com"] }
 * ).pipe(Layer.provide(FetchHttpClient.layer))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerWith = (
  scheme: AuthScheme.AuthScheme<TokenError>,
  options: Options
): Layer.Layer<AuthorizedHttpClient, AuthValidationException, HttpClient.HttpClient> =>
  Layer.effect(AuthorizedHttpClient, makeWith(scheme, options))

/**
 * Provides the authorized client with options from the configuration.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<Options>
): Layer.Layer<
  AuthorizedHttpClient,
  AuthValidationException | ConfigError.ConfigError,
  HttpClient.HttpClient | TokenManager
> => Layer.effect(AuthorizedHttpClient, Effect.flatMap(Config.unwrap(config), make))

/**
 * Replaces `HttpClient` for code that knows nothing of tokens. Requests to other origins pass without the token,
 * unless `otherOrigins` says otherwise. Such code can only fail with an `HttpClientError`, so our failures travel as
 * a `RequestError` with reason `Encode`, which `HttpClient.retryTransient` does not take for a fault of the network;
 * `tokenError` brings them back.
 *
 * @example
 * ```ts
 * import { FetchHttpClient, HttpClient } from "@effect/platform"
 * import { AuthorizedHttpClient } from "@effect-oauth/client"
 * import { Effect, Layer } from "effect"
 *
 * const Http = AuthorizedHttpClient.layerHttpClient({ origins: ["https://api.example.com"] }).pipe(
 *   Layer.provide(FetchHttpClient.layer)
 * )
 *
 * const program = HttpClient.get("https://api.example.com/user").pipe(
 *   Effect.catchTag("RequestError", (error) => Effect.fail(AuthorizedHttpClient.tokenError(error))),
 *   Effect.provide(Http)
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerHttpClient = (
  options: Options
): Layer.Layer<HttpClient.HttpClient, AuthValidationException, HttpClient.HttpClient | TokenManager> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(make({ ...options, otherOrigins: options.otherOrigins ?? "pass" }), (client) =>
      HttpClient.makeWith(
        (preprocessed: Effect.Effect<HttpClientRequest.HttpClientRequest>) =>
          Effect.flatMap(preprocessed, (request) =>
            Effect.mapError(client.execute(request), (error) =>
              HttpClientError.isHttpClientError(error)
                ? error
                : new HttpClientError.RequestError({
                    request,
                    reason: "Encode",
                    cause: error,
                    description: error.message
                  })
            )
          ),
        Effect.succeed
      )
    )
  )

const isTokenError = (cause: unknown): cause is TokenError =>
  cause instanceof OAuthProviderException ||
  cause instanceof APIException ||
  cause instanceof AuthValidationException ||
  cause instanceof TokenStoreError

/**
 * The failure of ours that an `HttpClientError` carries, if it does.
 *
 * @since 0.1.0
 * @category accessors
 */
export const tokenError = (error: HttpClientError.HttpClientError): Option.Option<TokenError> =>
  error._tag === "RequestError" && isTokenError(error.cause) ? Option.some(error.cause) : Option.none()
