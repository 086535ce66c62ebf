/**
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { APIException } from "./APIException.js"
import * as AuthScheme from "./AuthScheme.js"
import { AuthValidationException } from "./AuthValidationException.js"
import { authorizeOrigins, refuseAll } from "./internal/authorizedExchange.js"
import { matchOrigins } from "./internal/origin.js"
import { requestInit } from "./internal/redirects.js"
import { OAuthProviderException } from "./OAuthProviderException.js"
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
