/**
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { peekOf, visible } from "./internal/currentToken.js"
import * as IdleMap from "./internal/idleMap.js"
import type * as OAuthToken from "./OAuthToken.js"
import { SessionStatus } from "./SessionStatus.js"
import { TokenEndpoint } from "./TokenEndpoint.js"
import type { TokenError } from "./TokenError.js"
import * as TokenManager from "./TokenManager.js"
import type { TokenStore } from "./TokenStore.js"

/**
 * Many sessions in one process: a token manager for each key, such as a user or a tenant, made when somebody asks for
 * it, and let go when nobody does any more. What is stored stays.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** The token of the key to use now. See `TokenManager.Service`. */
  readonly getToken: (key: string) => Effect.Effect<OAuthToken.OAuthToken, TokenError>
  /** The manager of the key, which is kept at least as long as the function's effect runs. */
  readonly use: <A, E, R>(
    key: string,
    f: (manager: TokenManager.Service) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
  /** Where requests on behalf of the key get their tokens from: for `AuthorizedHttpClient.authorize`. */
  readonly source: (key: string) => TokenManager.TokenSource
  /**
   * How the session of the key is, as far as it is known in memory. A key that has no manager now is in the state `none`:
   * none is made for it, and one that there is is not kept any longer for being asked about.
   */
  readonly status: (key: string) => Effect.Effect<SessionStatus>
}

/**
 * The tag of the token managers.
 *
 * @since 0.1.0
 * @category tags
 */
export class TokenManagers extends Context.Tag("@effect-oauth/client/TokenManagers")<
  TokenManagers,
  Service
>() {}

/**
 * How sessions are kept by key.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * How the session of a key is kept. Where it names a `key`, that replaces client and token endpoint in the key under
   * which the session is stored; the key here and the grant's identity (user, scope, parameters) are a part of it in
   * any case, so that no key ever gets the token of another.
   */
  readonly session: (key: string) => TokenManager.Options
  /** How long a manager is kept that nobody uses, at least. Default: 5 minutes. */
  readonly idleTimeToLive?: Duration.DurationInput | undefined
}

const unknown = new SessionStatus({
  state: "none",
  expiry: Option.none(),
  isRenewing: false,
  isDurable: true,
  lastFailure: Option.none()
})

/**
 * Token managers by key. They live in the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options
): Effect.Effect<Service, never, TokenEndpoint | TokenStore | Scope.Scope> =>
  Effect.gen(function* () {
    const endpoint = yield* TokenEndpoint
    // Managers talk to the server and the store of their maker, whoever happens to ask for them first.
    const own = yield* Effect.context<TokenEndpoint | TokenStore>()
    const managers: IdleMap.IdleMap<TokenManager.Service> = yield* IdleMap.make({
      lookup: (key: string) =>
        Effect.suspend(() => {
          const session = options.session(key)
          return TokenManager.makeKept(
            {
              ...session,
              key: JSON.stringify([
                session.key ?? endpoint.identity,
                key,
                session.grant?.identity ?? "stored"
              ])
            },
            // Nobody else has a token that could not be stored, or keeps this session fresh here.
            (work) => managers.use(key, () => work),
            own
          )
        }).pipe(
          Effect.mapInputContext((given: Context.Context<Scope.Scope>) =>
            Context.add(own, Scope.Scope, Context.get(given, Scope.Scope))
          )
        ),
      idleTimeToLive: options.idleTimeToLive ?? "5 minutes"
    })

    const { use } = managers

    /** The token that is there, without anything to wait for. */
    const peek = (key: string, clock: Clock.Clock): OAuthToken.OAuthToken | undefined => {
      const manager = managers.unsafeTouch(key, clock.unsafeCurrentTimeMillis())
      return manager && peekOf(manager)(clock)
    }

    const getToken: Service["getToken"] = (key) =>
      Effect.clockWith((clock) => {
        const token = peek(key, clock)
        return token === undefined ? use(key, (manager) => manager.getToken) : Effect.succeed(token)
      })

    return TokenManagers.of({
      getToken,
      use,
      source: (key) =>
        visible(
          {
            getToken: getToken(key),
            isObtainable: use(key, (manager) => manager.isObtainable),
            replaceToken: (rejected) => use(key, (manager) => manager.replaceToken(rejected))
          },
          (clock) => peek(key, clock)
        ),
      status: (key) => Effect.suspend(() => managers.unsafePeek(key)?.status ?? Effect.succeed(unknown))
    })
  })

/**
 * Provides token managers by key.
 *
 * @example
 * ```ts
 * import { AuthorizedHttpClient, TokenManagers } from "@effect-oauth/client"
 * import { HttpClient } from "@effect/platform"
 * import { Effect } from "effect"
 *
 * // Sessions that were begun elsewhere, and are in the store.
 * const Managers = TokenManagers.layer({ session: () => ({}) })
 *
 * const profileOf = (user: string) =>
 *   Effect.gen(function* () {
 *     const managers = yield* TokenManagers.TokenManagers
 *     const client = yield* HttpClient.HttpClient
 *     const authorized = AuthorizedHttpClient.authorize(client, managers.source(user), {
 *       origins: ["https://api.example.com"]
 *     })
 *     return yield* authorized.get("https://api.example.com/profile")
 *   })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<TokenManagers, never, TokenEndpoint | TokenStore> =>
  Layer.scoped(TokenManagers, make(options))
