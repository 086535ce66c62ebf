/**
 * @since 0.1.0
 */

import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpServer from "@effect/platform/HttpServer"
import type * as AuthorizationServer from "@effect-oauth/client/AuthorizationServer"
import { AuthValidationException } from "@effect-oauth/client/AuthValidationException"
import type * as ClientAuthentication from "@effect-oauth/client/ClientAuthentication"
import * as Grant from "@effect-oauth/client/Grant"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Faults from "./Faults.js"
import type { Introspection } from "./Introspection.js"
import * as assembly from "./internal/assembly.js"
import * as network from "./internal/network.js"
import { redacted } from "./internal/secretText.js"
import type * as Journal from "./Journal.js"
import * as TestClient from "./TestClient.js"
import * as TestResourceServer from "./TestResourceServer.js"
import * as TestUser from "./TestUser.js"
import type { UserNotReturned } from "./UserNotReturned.js"

/**
 * How long what the server issues is good.
 *
 * @since 0.1.0
 * @category models
 */
export interface Lifetimes {
  /** Default: 1 hour. */
  readonly accessToken?: Duration.DurationInput | undefined
  /** From when it is issued; a rotation issues a new one. Default: 30 days. */
  readonly refreshToken?: Duration.DurationInput | undefined
  /** From the authorization to the end of all that comes from it. Default: it does not end. */
  readonly session?: Duration.DurationInput | undefined
  /** Default: 1 minute. */
  readonly code?: Duration.DurationInput | undefined
}

/**
 * Where the endpoints are.
 *
 * @since 0.1.0
 * @category models
 */
export interface Paths {
  /** Default: `/authorize`. */
  readonly authorization?: string | undefined
  /** Default: `/token`. */
  readonly token?: string | undefined
  /** Default: `/revoke`. */
  readonly revocation?: string | undefined
  /** Default: `/introspect`. */
  readonly introspection?: string | undefined
}

/**
 * Who is known, and what the server does where the RFCs leave it to it. Nothing has to be said.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Default: `https://auth.test`. On a socket it is that of the socket. */
  readonly origin?: string | undefined
  readonly paths?: Paths | undefined
  /** Default: `TestClient.confidential` and `TestClient.native`. */
  readonly clients?: ReadonlyArray<TestClient.TestClient> | undefined
  /** Default: `TestUser.alice`. The first one is who comes to the authorization endpoint. */
  readonly users?: ReadonlyArray<TestUser.TestUser> | undefined
  /** What clients may ask for, and get if they do not ask. Default: `api` and `profile`. */
  readonly scopes?: ReadonlyArray<string> | undefined
  readonly lifetimes?: Lifetimes | undefined
  /**
   * `rotate`: a refresh spends the refresh token and brings a new one. `keep`: it stays good, and the reply has none.
   * `none`: there are no refresh tokens. Default: `rotate`.
   */
  readonly refreshTokens?: "rotate" | "keep" | "none" | undefined
  /**
   * What a refresh token does that is used again: it ends the whole session (RFC 9700 section 4.14.2), or is refused.
   * Default: `endSession`.
   */
  readonly onReuse?: "endSession" | "refuse" | undefined
  /** For how long a spent refresh token is still taken, as some servers allow for lost replies. Default: 0. */
  readonly reuseGrace?: Duration.DurationInput | undefined
  /** Who has to send a PKCE challenge (RFC 7636). Default: `of public clients`. */
  readonly proofKeys?: "required" | "of public clients" | "optional" | undefined
  /** Whether the method `plain` is taken beside `S256`. Default: false. */
  readonly plainProofKeys?: boolean | undefined
  /**
   * What is issued. It must be new each time. Default: `access-1` and `refresh-1`, then `access-2`, and so on; codes count
   * along.
   */
  readonly tokenText?: ((kind: "access" | "refresh" | "code", number: number) => string) | undefined
  readonly resource?: TestResourceServer.Options | undefined
  /** Who is asked about other origins. Default: nobody, as if there were no network. */
  readonly elsewhere?: HttpClient.HttpClient | undefined
}

/**
 * A token as a test has it.
 *
 * @since 0.1.0
 * @category models
 */
export type TokenText = string | Redacted.Redacted<string>

/**
 * What nobody but the server, its clients and its users may see.
 *
 * @since 0.1.0
 * @category models
 */
export interface Secret {
  /** What it is, such as `the password of alice` or `a refresh token`. */
  readonly name: string
  readonly value: Redacted.Redacted<string>
}

/**
 * An authorization server that a test has in its hands, and the resource server that takes its tokens. Both keep time by
 * the `Clock` of whoever asks: the test clock, in a test.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly origin: string
  /** Where the resource server is. */
  readonly resourceOrigin: string
  /** For `TokenEndpoint` and `AuthorizationRequest`. */
  readonly endpoints: AuthorizationServer.AuthorizationServer
  readonly introspectionEndpoint: string
  /** Where the server describes itself (RFC 8414). */
  readonly metadataUrl: string
  /** How the first client proves itself. */
  readonly clientAuthentication: ClientAuthentication.ClientAuthentication
  /** The name and the password of the first user, as they were at the beginning. */
  readonly grant: Grant.Grant
  readonly journal: Journal.Journal
  readonly faults: Faults.Faults
  /** All that it keeps secret: passwords and client secrets as they are now, tokens and codes whether good or not. */
  readonly secrets: Effect.Effect<ReadonlyArray<Secret>>
  /**
   * Plays the user: goes to the authorization endpoint and gives the URL that they are sent back to. Default: the first
   * user, who agrees.
   */
  readonly authorize: (
    authorizationUrl: string,
    options?: { readonly username?: string | undefined; readonly approve?: boolean | undefined } | undefined
  ) => Effect.Effect<string, UserNotReturned>
  /** What the server knows about a token, without a request. */
  readonly introspect: (token: TokenText) => Effect.Effect<Introspection>
  /** Revokes an access token, or ends the session of a refresh token. Unknown: nothing happens. */
  readonly revoke: (token: TokenText) => Effect.Effect<void>
  /** Revokes all access tokens that there are. */
  readonly revokeAccessTokens: Effect.Effect<void>
  /** Has an access token or a refresh token expire now. Unknown: nothing happens. */
  readonly expire: (token: TokenText) => Effect.Effect<void>
  /** Has all access tokens expire now that there are: earlier than clients believe. */
  readonly expireAccessTokens: Effect.Effect<void>
  /** Has all refresh tokens expire now that there are. */
  readonly expireRefreshTokens: Effect.Effect<void>
  /** Ends the session that a token came from. Unknown: nothing happens. */
  readonly endSession: (token: TokenText) => Effect.Effect<void>
  /** Ends all sessions. */
  readonly endSessions: Effect.Effect<void>
  /** Sets the password of a user, who may be a new one. Sessions go on. */
  readonly setPassword: (username: string, password: TokenText) => Effect.Effect<void>
  /** Sets the secret of a client. Sessions go on. Unknown: nothing happens. */
  readonly setClientSecret: (clientId: string, clientSecret: TokenText) => Effect.Effect<void>
  /** Connections to the authorization server fail from now on. The resource server stays up. */
  readonly goDown: Effect.Effect<void>
  readonly comeBack: Effect.Effect<void>
  /** Sets the clock of both servers so much ahead of the true one, or behind it. */
  readonly skewClock: (
    by: { readonly ahead: Duration.DurationInput } | { readonly behind: Duration.DurationInput }
  ) => Effect.Effect<void>
}

/**
 * The tag of the server.
 *
 * @example
 * ```ts
 * import { TestAuthorizationServer } from "@effect-oauth/testing"
 * import { Effect } from "effect"
 *
 * const outage = Effect.gen(function* () {
 *   const server = yield* TestAuthorizationServer.TestAuthorizationServer
 *   yield* server.goDown
 * })
 * ```
 *
 * @since 0.1.0
 * @category tags
 */
export class TestAuthorizationServer extends Context.Tag("@effect-oauth/testing/TestAuthorizationServer")<
  TestAuthorizationServer,
  Service
>() {}

/**
 * Where the server is, unless it is told otherwise.
 *
 * @since 0.1.0
 * @category models
 */
export const origin = "https://auth.test"

/**
 * The endpoints of the server, unless it is told otherwise.
 *
 * @since 0.1.0
 * @category models
 */
export const endpoints: AuthorizationServer.AuthorizationServer = assembly.endpointsAt(origin, {})

const assemble = (options: Options, at: string, resourceOrigin: string) =>
  Effect.gen(function* () {
    const clients = options.clients ?? [TestClient.confidential, TestClient.native]
    const users = options.users ?? [TestUser.alice]
    const [client = TestClient.confidential] = clients
    const [user = TestUser.alice] = users
    const { answer, ...levers } = yield* assembly.make({
      ...options,
      clients,
      users,
      origin: at,
      resource: {
        origin: resourceOrigin,
        handler: options.resource?.handler ?? TestResourceServer.echo,
        requiredScope: options.resource?.requiredScope ?? (() => [])
      }
    })
    const service = TestAuthorizationServer.of({
      ...levers,
      origin: at,
      resourceOrigin,
      clientAuthentication: TestClient.authentication(client),
      grant: Grant.password({ username: user.username, password: redacted(user.password) })
    })
    return { answer, service }
  })

/**
 * The server, and a client whose network is it and its resource server, and nothing else.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options = {}
): Effect.Effect<{ readonly server: Service; readonly client: HttpClient.HttpClient }> =>
  Effect.gen(function* () {
    const at = options.origin ?? origin
    const resourceOrigin = options.resource?.origin ?? TestResourceServer.origin
    const { answer, service } = yield* assemble(options, at, resourceOrigin)
    return { server: service, client: network.client([at, resourceOrigin], answer, options.elsewhere) }
  })

/**
 * Provides the server, and the `HttpClient` of the program that is tested: all in memory.
 *
 * @example
 * ```ts
 * import { TestAuthorizationServer } from "@effect-oauth/testing"
 *
 * const Servers = TestAuthorizationServer.layer({
 *   users: [{ username: "bob", password: "builder" }],
 *   lifetimes: { accessToken: "5 minutes" }
 * })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<TestAuthorizationServer | HttpClient.HttpClient> =>
  Layer.effectContext(
    Effect.map(make(options), ({ client, server }) =>
      Context.make(TestAuthorizationServer, server).pipe(Context.add(HttpClient.HttpClient, client))
    )
  )

const originOf = (address: HttpServer.Address): Effect.Effect<string, AuthValidationException> => {
  if (address._tag === "UnixAddress") {
    return new AuthValidationException({
      message: `A server on the socket ${address.path} has no URL. Have it listen on a port, such as { port: 0 }.`
    })
  }
  const isAny = address.hostname === "0.0.0.0" || address.hostname === "::"
  const host = isAny ? "127.0.0.1" : address.hostname
  return Effect.succeed(`http://${host.includes(":") ? `[${host}]` : host}:${address.port}`)
}

/**
 * Serves on the `HttpServer` of the environment, as long as the scope is open. The resource server is at the same
 * origin, wherever there is no endpoint.
 *
 * @since 0.1.0
 * @category constructors
 */
export const serve = (
  options: Options = {}
): Effect.Effect<Service, AuthValidationException, HttpServer.HttpServer | Scope.Scope> =>
  Effect.gen(function* () {
    const server = yield* HttpServer.HttpServer
    const at = yield* originOf(server.address)
    const { answer, service } = yield* assemble(options, at, at)
    yield* network.serve(server, at, answer)
    return service
  })

/**
 * Provides the same server on a real socket. Its time is that of the `Clock` of the layer.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http"
 * import { NodeHttpServer } from "@effect/platform-node"
 * import { TestAuthorizationServer } from "@effect-oauth/testing"
 * import { Layer } from "effect"
 *
 * const OnSocket = TestAuthorizationServer.layerServer().pipe(
 *   Layer.provide(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerServer = (
  options?: Options
): Layer.Layer<TestAuthorizationServer, AuthValidationException, HttpServer.HttpServer> =>
  Layer.scoped(TestAuthorizationServer, serve(options))
