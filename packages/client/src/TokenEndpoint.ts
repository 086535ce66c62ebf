/**
 * @since 0.1.0
 */
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { APIException } from "./APIException.js"
import * as AuthorizationServer from "./AuthorizationServer.js"
import type { AuthValidationException } from "./AuthValidationException.js"
import type * as ClientAuthentication from "./ClientAuthentication.js"
import type * as Grant from "./Grant.js"
import { errorType } from "./internal/errorType.js"
import { recordRequest } from "./internal/metrics.js"
import { secureUrl } from "./internal/origin.js"
import { requestInit, withoutRedirects } from "./internal/redirects.js"
import { describeFailure, sanitizeDefects } from "./internal/secrets.js"
import { inSpan } from "./internal/spans.js"
import { interpret, type TokenReply, unusable } from "./internal/tokenReply.js"
import { isUntouched } from "./internal/untouched.js"
import type { OAuthProviderException } from "./OAuthProviderException.js"
import type * as OAuthToken from "./OAuthToken.js"
import * as TokenRequest from "./TokenRequest.js"

/**
 * Why a request to the token endpoint gave no token: what the server said, what the transport or an unexpected
 * reply was, or what could not be sent.
 *
 * @since 0.1.0
 * @category errors
 */
export type TokenEndpointError = OAuthProviderException | APIException | AuthValidationException

/**
 * What a request for a token can add.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestOptions<out E = never> {
  readonly additionalParameters?: TokenRequest.AdditionalParameters | undefined
  /**
   * Run before each attempt, the first and those that follow a transient failure. If it fails, nothing more is sent,
   * and its failure is the result: `TokenManager` confirms its lease so.
   */
  readonly beforeAttempt?: Effect.Effect<void, E> | undefined
}

/**
 * Acquisition: a request to the authorization server, a token or a typed failure. It keeps no token and knows no
 * session; `TokenManager` does.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.2
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** Which client talks to which server, without secrets: a part of the key under which a session is stored. */
  readonly identity: string
  /** Begins a session (RFC 6749 section 4). */
  readonly fetchToken: <E = never>(
    grant: Grant.Grant,
    options?: RequestOptions<E> | undefined
  ) => Effect.Effect<OAuthToken.OAuthToken, TokenEndpointError | E>
  /**
   * Refreshes a session (RFC 6749 section 6). The reply is returned as it came: one without a `refresh_token` means
   * that the one sent stays valid (see `OAuthToken.succeeding`).
   */
  readonly refreshToken: <E = never>(
    refreshToken: Redacted.Redacted<string>,
    options?: (RequestOptions<E> & { readonly scope?: string | undefined }) | undefined
  ) => Effect.Effect<OAuthToken.OAuthToken, TokenEndpointError | E>
  /** Tells the server to forget a token (RFC 7009). Does nothing where the server has no revocation endpoint. */
  readonly revokeToken: (
    token: Redacted.Redacted<string>,
    hint: "access_token" | "refresh_token"
  ) => Effect.Effect<void, TokenEndpointError>
}

/**
 * The tag of the token endpoint. Provide a `Service` of your own to test without a server.
 *
 * @example
 * ```ts
 * import { OAuthToken, TokenEndpoint } from "@effect-oauth/client"
 * import { Effect, Layer } from "effect"
 *
 * const Fake = Layer.succeed(TokenEndpoint.TokenEndpoint, {
 *   identity: "fake",
 *   fetchToken: () => OAuthToken.issue({ accessToken: "first", refreshToken: "r1", expiresIn: "1 hour" }),
 *   refreshToken: () => OAuthToken.issue({ accessToken: "second", refreshToken: "r2", expiresIn: "1 hour" }),
 *   revokeToken: () => Effect.void
 * })
 * ```
 *
 * @since 0.1.0
 * @category tags
 */
export class TokenEndpoint extends Context.Tag("@effect-oauth/client/TokenEndpoint")<
  TokenEndpoint,
  Service
>() {}

/**
 * Which server, and how the client proves who it is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly server: AuthorizationServer.AuthorizationServer
  readonly clientAuthentication: ClientAuthentication.ClientAuthentication
}

const defaultTimeout = Duration.seconds(30)
const defaultMaxResponseBytes = 1024 * 1024

// Beyond this a caller is better served by a failure that says how long to wait.
const longestRetryAfter = Duration.seconds(30)

const reveal = (value: string | Redacted.Redacted<string>): string =>
  Redacted.isRedacted(value) ? Redacted.value(value) : value

const secretsOf = (request: TokenRequest.TokenRequest): ReadonlyArray<string> =>
  [
    ...request.parameters.map(([, value]) => value),
    ...Object.values(request.headers),
    ...request.secrets
  ].flatMap((value) => (Redacted.isRedacted(value) ? [Redacted.value(value)] : []))

const toHttp = (endpoint: URL, request: TokenRequest.TokenRequest): HttpClientRequest.HttpClientRequest => {
  const form = new URLSearchParams(
    request.parameters.map(([name, value]) => [name, reveal(value)])
  ).toString()
  return HttpClientRequest.post(endpoint).pipe(
    HttpClientRequest.accept("application/json"),
    HttpClientRequest.setHeaders(Record.map(request.headers, Redacted.value)),
    HttpClientRequest.setBody(
      HttpBody.uint8Array(new TextEncoder().encode(form), "application/x-www-form-urlencoded")
    )
  )
}

const tooLong = (reply: TokenReply, maxBytes: number): APIException =>
  unusable(reply, `a body of more than ${maxBytes} bytes, which was not read to its end`)

const readBody = (response: HttpClientResponse.HttpClientResponse, reply: TokenReply, maxBytes: number) =>
  Effect.suspend(() => {
    const decoder = new TextDecoder()
    let size = 0
    let text = ""
    return response.stream.pipe(
      // Before it runs: a fiber of the stream logs what it fails of, and that has the request in it.
      Stream.catchTag("ResponseError", (error) =>
        error.reason === "EmptyBody"
          ? Stream.empty
          : Stream.fail(
              new APIException({
                reason: `The token endpoint answered ${reply.status}, and the connection broke within the body.`,
                responseCode: reply.status,
                isTransient: true,
                cause: describeFailure(error.cause, reply.secrets)
              })
            )
      ),
      Stream.runForEach((chunk) => {
        size += chunk.length
        if (size > maxBytes) return Effect.fail(tooLong(reply, maxBytes))
        text += decoder.decode(chunk, { stream: true })
        return Effect.void
      }),
      Effect.map(() => text + decoder.decode())
    )
  })

const unreachable = (
  error: HttpClientError.HttpClientError,
  endpoint: URL,
  secrets: ReadonlyArray<string>
): APIException =>
  new APIException({
    reason: `The authorization server at ${endpoint.origin} could not be reached.`,
    isTransient: error._tag === "RequestError" && error.reason === "Transport",
    cause: describeFailure(error.cause, secrets)
  })

/** The duration of a request, and what came of it; a request that was abandoned has neither. */
const measured =
  (grantType: string | undefined) =>
  <A, E, R>(
    request: Effect.Effect<Either.Either<A, OAuthProviderException>, E, R>
  ): Effect.Effect<Either.Either<A, OAuthProviderException>, E, R> =>
    grantType === undefined
      ? request
      : Effect.flatMap(Effect.clock, (clock) => {
          const start = clock.unsafeCurrentTimeNanos()
          const record = (failure: unknown) =>
            recordRequest(Number(clock.unsafeCurrentTimeNanos() - start) / 1e9, {
              "oauth.grant_type": grantType,
              "error.type": failure === undefined ? undefined : errorType(failure)
            })
          return Effect.tapBoth(request, {
            onFailure: record,
            onSuccess: (outcome) => record(Either.isLeft(outcome) ? outcome.left : undefined)
          })
        })

const waitForRetryAfter = (schedule: Schedule.Schedule<unknown, APIException>) =>
  Schedule.identity<APIException>().pipe(
    Schedule.intersect(schedule),
    Schedule.modifyDelay(([error], delay) => Duration.max(delay, error.retryAfter ?? Duration.zero)),
    Schedule.whileInput(
      (error: APIException) =>
        error.isTransient && Duration.lessThanOrEqualTo(error.retryAfter ?? Duration.zero, longestRetryAfter)
    )
  )

/**
 * The token endpoint of a server, through the `HttpClient` of the environment, which must not be one that follows
 * redirects by itself (`HttpClient.followRedirects`): `fetch` is told not to, the other transports never do.
 *
 * Requests follow no redirect, carry no trace headers, end after `server.timeout`, and read at most
 * `server.maxResponseBytes`. Transient failures are tried again as `server.retry` says, except those of a grant that is
 * used once and may have been. Fails with an `AuthValidationException` when an endpoint is not a URL to which secrets can
 * be sent.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options
): Effect.Effect<Service, AuthValidationException, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const { clientAuthentication, server } = options
    const tokenEndpoint = yield* secureUrl("The token endpoint", server.tokenEndpoint, server.insecureOrigins)
    const revocationEndpoint =
      server.revocationEndpoint === undefined
        ? Option.none()
        : Option.some(
            yield* secureUrl("The revocation endpoint", server.revocationEndpoint, server.insecureOrigins)
          )
    const timeout = Duration.decode(server.timeout ?? defaultTimeout)
    const maxBytes = server.maxResponseBytes ?? defaultMaxResponseBytes
    const retry = waitForRetryAfter(server.retry ?? AuthorizationServer.defaultRetry)
    const retryUntouched = retry.pipe(Schedule.whileInput(isUntouched))
    const client = (yield* HttpClient.HttpClient).pipe(
      HttpClient.withTracerPropagation(false),
      // Servers echo secrets in headers, which the client's own span would show; ours says what is needed.
      HttpClient.withTracerDisabledWhen(() => true),
      HttpClient.transformResponse(withoutRedirects(yield* requestInit))
    )

    const attempt = (endpoint: URL, request: TokenRequest.TokenRequest, secrets: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        const sentAt = yield* DateTime.now
        const response = yield* client
          .execute(toHttp(endpoint, request))
          .pipe(Effect.mapError((error) => unreachable(error, endpoint, secrets)))
        yield* Effect.annotateCurrentSpan("http.response.status_code", response.status)
        const head = {
          status: response.status,
          headers: response.headers,
          body: "",
          sentAt,
          receivedAt: yield* DateTime.now,
          secrets
        }
        const body = yield* readBody(response, head, maxBytes)
        return { ...head, body }
      }).pipe(
        sanitizeDefects(secrets),
        Effect.timeoutFail({
          duration: timeout,
          onTimeout: () =>
            new APIException({
              reason: `The authorization server at ${endpoint.origin} did not answer within ${Duration.format(timeout)}.`,
              isTransient: true,
              cause: Object.assign(new Error("no answer in time"), { name: "TimeoutException" })
            })
        })
      )

    const send = <A, E = never>(
      endpoint: URL,
      request: TokenRequest.TokenRequest,
      read: (reply: TokenReply) => Either.Either<A, OAuthProviderException | APIException>,
      grantType: string | undefined,
      beforeAttempt: Effect.Effect<void, E> = Effect.void,
      isUsedOnce = false
    ): Effect.Effect<A, TokenEndpointError | E> =>
      Effect.flatMap(clientAuthentication.authenticate(request), (authenticated) => {
        // Only what may be tried again is a failure here.
        const answer = attempt(endpoint, authenticated, secretsOf(authenticated)).pipe(
          Effect.map(read),
          Effect.flatMap((outcome): Effect.Effect<Either.Either<A, OAuthProviderException>, APIException> => {
            if (Either.isRight(outcome)) return Effect.succeed(Either.right(outcome.right))
            return outcome.left._tag === "APIException"
              ? outcome.left
              : Effect.succeed(Either.left(outcome.left))
          }),
          measured(grantType)
        )
        let attempts = 0
        return Effect.either(beforeAttempt).pipe(
          Effect.flatMap(
            (allowed): Effect.Effect<Either.Either<A, OAuthProviderException | E>, APIException> => {
              if (Either.isLeft(allowed)) return Effect.succeed(Either.left(allowed.left))
              return attempts++ === 0
                ? answer
                : Effect.zipRight(
                    Effect.annotateCurrentSpan("http.request.resend_count", attempts - 1),
                    answer
                  )
            }
          ),
          Effect.retry(isUsedOnce ? retryUntouched : retry),
          Effect.flatMap(identity)
        )
      })

    const traced = (
      name: string,
      { hostname, port, protocol }: URL,
      attributes: Readonly<Record<string, string>>
    ) =>
      inSpan(name, {
        kind: "client",
        attributes: {
          "http.request.method": "POST",
          "server.address": hostname,
          "server.port": Number(port || (protocol === "http:" ? 80 : 443)),
          "oauth.client_id": clientAuthentication.clientId,
          ...attributes
        }
      })

    return TokenEndpoint.of({
      identity: `${clientAuthentication.clientId}@${tokenEndpoint.href}`,
      fetchToken: (grant, fetchOptions) =>
        grant.request.pipe(
          Effect.flatMap((request) =>
            TokenRequest.withAdditional(request, fetchOptions?.additionalParameters)
          ),
          Effect.flatMap((request) =>
            send(
              tokenEndpoint,
              request,
              interpret,
              grant.grantType,
              fetchOptions?.beforeAttempt,
              grant.isUsedOnce
            )
          ),
          traced("oauth.token.fetch", tokenEndpoint, { "oauth.grant_type": grant.grantType })
        ),
      refreshToken: (refreshToken, refreshOptions) =>
        TokenRequest.withAdditional(
          TokenRequest.make({
            grant_type: "refresh_token",
            refresh_token: refreshToken,
            scope: refreshOptions?.scope
          }),
          refreshOptions?.additionalParameters
        ).pipe(
          Effect.flatMap((request) =>
            send(tokenEndpoint, request, interpret, "refresh_token", refreshOptions?.beforeAttempt)
          ),
          traced("oauth.token.refresh", tokenEndpoint, { "oauth.grant_type": "refresh_token" })
        ),
      revokeToken: (token, hint) =>
        Option.match(revocationEndpoint, {
          onNone: () => Effect.void,
          onSome: (endpoint) =>
            send(
              endpoint,
              TokenRequest.make({ token, token_type_hint: hint }),
              (reply) => (reply.status === 200 ? Either.void : Either.map(interpret(reply), () => undefined)),
              undefined
            ).pipe(traced("oauth.token.revoke", endpoint, { "oauth.token_type_hint": hint }))
        })
    })
  })

/**
 * Provides the token endpoint of a server.
 *
 * @example
 * ```ts
 * import { FetchHttpClient } from "@effect/platform"
 * import { ClientAuthentication, TokenEndpoint } from "@effect-oauth/client"
 * import { Layer, Redacted } from "effect"
 *
 * const Endpoint = TokenEndpoint.layer({
 *   server: { tokenEndpoint: "https://login.example.com/oauth2/token" },
 *   clientAuthentication: ClientAuthentication.clientSecretBasic({
 *     clientId: "my-service",
 *     clientSecret: Redacted.make("7Fjfp0ZBr1KtDRbnfVdmIw")
 *   })
 * }).pipe(Layer.provide(FetchHttpClient.layer))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<TokenEndpoint, AuthValidationException, HttpClient.HttpClient> =>
  Layer.effect(TokenEndpoint, make(options))

/**
 * Provides the token endpoint of a server that the configuration names.
 *
 * @example
 * ```ts
 * import { ClientAuthentication, TokenEndpoint } from "@effect-oauth/client"
 * import { Config } from "effect"
 *
 * const Endpoint = TokenEndpoint.layerConfig({
 *   server: { tokenEndpoint: Config.string("TOKEN_ENDPOINT") },
 *   clientAuthentication: Config.map(
 *     Config.all({ clientId: Config.string("CLIENT_ID"), clientSecret: Config.redacted("CLIENT_SECRET") }),
 *     ClientAuthentication.clientSecretBasic
 *   )
 * })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<Options>
): Layer.Layer<TokenEndpoint, AuthValidationException | ConfigError.ConfigError, HttpClient.HttpClient> =>
  Layer.effect(TokenEndpoint, Effect.flatMap(Config.unwrap(config), make))
