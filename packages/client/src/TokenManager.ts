/**
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Grant from "./Grant.js"
import { visible } from "./internal/currentToken.js"
import { save } from "./internal/durability.js"
import { keepFresh } from "./internal/keepFresh.js"
import { withinGrace } from "./internal/landed.js"
import { logout } from "./internal/logout.js"
import { countSessions } from "./internal/metrics.js"
import * as Session from "./internal/session.js"
import * as Renewal from "./internal/sessionRenewal.js"
import * as SingleFlight from "./internal/singleFlight.js"
import * as TokenSupply from "./internal/tokenSupply.js"
import type * as OAuthToken from "./OAuthToken.js"
import type { SessionStatus } from "./SessionStatus.js"
import { TokenEndpoint } from "./TokenEndpoint.js"
import type { TokenError } from "./TokenError.js"
import type { TokenEvent } from "./TokenEvent.js"
import type * as TokenRequest from "./TokenRequest.js"
import { TokenStore } from "./TokenStore.js"
import type { TokenStoreError } from "./TokenStoreError.js"

/**
 * What a request for a token can add.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestOptions {
  /** Sent with this request only. */
  readonly additionalParameters?: TokenRequest.AdditionalParameters | undefined
}

/**
 * Where an authorized request gets its token from, and what it does when a resource refuses it.
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenSource {
  /** The token to use now. */
  readonly getToken: Effect.Effect<OAuthToken.OAuthToken, TokenError>
  /**
   * The token to use instead of one that a resource refused: the current one if that is another, else a new one.
   * Fails with an `AuthValidationException` when there is no way to get one.
   */
  readonly replaceToken: (rejected: OAuthToken.OAuthToken) => Effect.Effect<OAuthToken.OAuthToken, TokenError>
  /**
   * Whether `getToken` can give a token: there is a valid one, or a way to get one. Asks no server. Default: it can.
   */
  readonly isObtainable?: Effect.Effect<boolean, TokenStoreError> | undefined
}

/**
 * Refresh: keeps one session alive, in this process and in the store.
 *
 * Any number of fibers may call anything at the same time. Those who need a token that is not there wait for one
 * request; each can be interrupted or time out alone, and the request goes on for the others.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service extends TokenSource {
  /**
   * The token to use now. A good one is returned at once; while one that is about to expire is still good, it is
   * returned at once and replaced in the background. Otherwise the stored one is taken up, or the session is
   * refreshed, or begun by the grant.
   *
   * Fails with the server's refusal (`OAuthProviderException`), which is remembered and repeated without another
   * request until something changes; with an `APIException` when the server was not reached; with a
   * `TokenStoreError` when the store fails before anything was spent; with an `AuthValidationException` when nothing
   * can be done.
   */
  readonly getToken: Effect.Effect<OAuthToken.OAuthToken, TokenError>
  /**
   * Whether `getToken` has anything to give or to try: a valid token, a refresh token, a grant. If not, it would fail
   * with an `AuthValidationException`, or with the refusal that ended the session. Asks no server.
   */
  readonly isObtainable: Effect.Effect<boolean, TokenStoreError>
  /**
   * Begins a new session, whatever there is. With a `grant`, by that one this once. Asks the server in any case. What is
   * stored and cannot be read is set aside.
   */
  readonly fetchToken: (
    options?: (RequestOptions & { readonly grant?: Grant.Grant | undefined }) | undefined
  ) => Effect.Effect<OAuthToken.OAuthToken, TokenError>
  /** Refreshes the session now, expired or not. Asks the server, unless somebody has just refreshed. */
  readonly refreshToken: (
    options?: RequestOptions | undefined
  ) => Effect.Effect<OAuthToken.OAuthToken, TokenError>
  /** The token as it is, valid or not, from memory or from the store. Asks no server. */
  readonly currentToken: Effect.Effect<Option.Option<OAuthToken.OAuthToken>, TokenStoreError>
  /** Whether there is no token, or only an expired one. Asks no server. */
  readonly isTokenExpired: Effect.Effect<boolean, TokenStoreError>
  /**
   * Ends the session: revokes its refresh token and its access token, where the server has a revocation endpoint, then
   * removes it from the store, where a mark of its end stays. Until `fetchToken` begins a new one, whoever needs a token
   * gets an `AuthValidationException`, here and wherever else the session was in use. If the server cannot be told, the
   * session is kept, so that it can be tried again.
   */
  readonly logout: Effect.Effect<void, TokenError>
  /** What happens to the session from now on. A slow reader misses events beyond 256. */
  readonly events: Stream.Stream<TokenEvent>
  /** How the session is, as far as it is known in memory: for health endpoints. Asks neither a server nor the store. */
  readonly status: Effect.Effect<SessionStatus>
}

/**
 * The tag of the token manager.
 *
 * @since 0.1.0
 * @category tags
 */
export class TokenManager extends Context.Tag("@effect-oauth/client/TokenManager")<TokenManager, Service>() {}

/**
 * How a session is kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Begins a session when there is none, and after one has ended. Without it only a stored session can be used. */
  readonly grant?: Grant.Grant | undefined
  /**
   * The key under which the session is stored. Default: client, token endpoint and the grant's identity (user, scope,
   * parameters), so that no two sessions meet by accident.
   */
  readonly key?: string | undefined
  /** A token that you kept elsewhere. If the store has one, too, the one that expires later is used. */
  readonly initialToken?: OAuthToken.OAuthToken | undefined
  /**
   * How long before its expiry a token is replaced in the background. Default: 60 seconds; never more than a tenth of
   * the token's lifetime. Up to a fifth of it is left out at random, so that instances do not refresh in step.
   */
  readonly leeway?: Duration.DurationInput | undefined
  /**
   * Whether the token is replaced ahead of its expiry also when nobody asks for one, from when there is one: the stored
   * one is taken up at once. Default: false; a session that nobody uses does nothing then, not even wait.
   *
   * It ends with the scope, and holds up no process that is about to end. Tries that fail come at growing intervals, up
   * to 5 minutes. It rests while the session is ended or logged out, until `fetchToken` begins another. `TokenManagers`
   * does not let go of a manager that keeps a session fresh.
   */
  readonly keepFresh?: boolean | undefined
  /**
   * Whether tokens are fetched and refreshed without being asked. Default: true. If false, whoever needs a token when
   * there is no valid one gets an `AuthValidationException`.
   */
  readonly autoRefresh?: boolean | undefined
  /**
   * Run, and awaited for up to 30 seconds, after a new token was stored and before anyone else gets it. Within it
   * `getToken` is the new token; to fetch, to refresh and to log out fails with an `AuthValidationException`. That is
   * known of its fiber and the fibers that it forks: what it runs by a runtime of its own waits until it is cut off.
   */
  readonly onTokenUpdate?: ((token: OAuthToken.OAuthToken) => Effect.Effect<void>) | undefined
  /** Names the scheme in messages. Default: `OAuth`. */
  readonly name?: string | undefined
}

/** What is seldom asked for is made when it is: there may be very many sessions. */
const serviceOf = (session: Session.Session): Service =>
  visible(
    TokenManager.of({
      getToken: TokenSupply.getToken(session),
      isObtainable: Effect.suspend(() => TokenSupply.isObtainable(session)),
      replaceToken: TokenSupply.replaceToken(session),
      fetchToken: Renewal.fetchToken(session),
      refreshToken: Renewal.refreshToken(session),
      currentToken: Effect.suspend(() => TokenSupply.currentToken(session)),
      isTokenExpired: Effect.suspend(() => TokenSupply.isTokenExpired(session)),
      logout: Effect.suspend(() => logout(session)),
      events: Stream.suspend(() => session.hub.events()),
      status: Effect.suspend(() => Session.status(session))
    }),
    (clock) =>
      session.held !== undefined && clock.unsafeCurrentTimeMillis() < session.held.freshUntil
        ? session.held.token
        : undefined
  )

/**
 * The keeper of one session. The scope owns its requests: when it closes, a request that is under way is awaited for a
 * moment, so that what it brings is stored.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options = {}
): Effect.Effect<Service, never, TokenEndpoint | TokenStore | Scope.Scope> => makeKept(options, identity)

/**
 * `make`, with something around the times in which the manager is needed though nobody uses it: nobody else has its
 * newest token, or it keeps the session fresh. `shared` are the services that its requests have, if many sessions have
 * the same ones.
 *
 * @internal
 * @since 0.1.0
 */
export const makeKept = (
  options: Options,
  whileNeeded: <E>(work: Effect.Effect<void, E>) => Effect.Effect<void, E>,
  shared?: Context.Context<never>
): Effect.Effect<Service, never, TokenEndpoint | TokenStore | Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const session = Session.make(options, {
      endpoint: yield* TokenEndpoint,
      store: yield* TokenStore,
      scope,
      flight: yield* SingleFlight.make<OAuthToken.OAuthToken, TokenError>(scope, shared),
      whileNeeded
    })
    if (options.initialToken !== undefined) yield* Session.hold(session, options.initialToken, "Given")

    yield* countSessions(1)
    // On the scope itself: `Effect.addFinalizer` would keep what the fiber that made this session has around it.
    yield* Scope.addFinalizer(
      scope,
      Effect.suspend(() => Effect.zipRight(countSessions(-1), withinGrace(save(session))))
    )
    if (session.keeperLatch !== undefined) yield* keepFresh(session, session.keeperLatch)
    return serviceOf(session)
  })

/**
 * Provides the keeper of one session.
 *
 * @example
 * ```ts
 * import { Grant, TokenManager } from "@effect-oauth/client"
 * import { Console, Redacted } from "effect"
 *
 * const Manager = TokenManager.layer({
 *   grant: Grant.password({ username: "johndoe", password: Redacted.make("A3ddj3w") }),
 *   onTokenUpdate: () => Console.log("a new token was stored")
 * })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<TokenManager, never, TokenEndpoint | TokenStore> =>
  Layer.scoped(TokenManager, make(options))

/**
 * Provides the keeper of the session that the configuration names.
 *
 * @example
 * ```ts
 * import { Grant, TokenManager } from "@effect-oauth/client"
 * import { Config } from "effect"
 *
 * const Manager = TokenManager.layerConfig({
 *   grant: Config.map(
 *     Config.all({ username: Config.string("API_USERNAME"), password: Config.redacted("API_PASSWORD") }),
 *     Grant.password
 *   )
 * })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  config: Config.Config.Wrap<Options>
): Layer.Layer<TokenManager, ConfigError.ConfigError, TokenEndpoint | TokenStore> =>
  Layer.scoped(TokenManager, Effect.flatMap(Config.unwrap(config), make))
