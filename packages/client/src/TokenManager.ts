/**
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import { constTrue, identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { AuthValidationException } from "./AuthValidationException.js"
import type * as Grant from "./Grant.js"
import { visible } from "./internal/currentToken.js"
import * as EventHub from "./internal/eventHub.js"
import {
  expiryMillis,
  type Held,
  isLost,
  isRemains,
  isSame,
  isSameSession,
  reconcile,
  refreshTokenOf,
  unusable
} from "./internal/held.js"
import * as Keeper from "./internal/keeper.js"
import { landed, withinGrace } from "./internal/landed.js"
import { countSessions, recordLifetimeLeft } from "./internal/metrics.js"
import * as Pace from "./internal/pace.js"
import { type Aim, type Renewal, renew } from "./internal/renewal.js"
import { revoke } from "./internal/revocation.js"
import * as SingleFlight from "./internal/singleFlight.js"
import { awaitingLease } from "./internal/spans.js"
import { storeErrorOf } from "./internal/storeErrorOf.js"
import * as TokenUpdate from "./internal/tokenUpdate.js"
import { untilItSucceeds } from "./internal/untilItSucceeds.js"
import * as OAuthToken from "./OAuthToken.js"
import { type Failure, SessionStatus } from "./SessionStatus.js"
import { TokenEndpoint } from "./TokenEndpoint.js"
import type { TokenError } from "./TokenError.js"
import { TokenEvent } from "./TokenEvent.js"
import type * as TokenRequest from "./TokenRequest.js"
import { type StoredSession, TokenStore } from "./TokenStore.js"
import { TokenStoreError } from "./TokenStoreError.js"

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

const defaultLeeway = Duration.seconds(60)

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
 * newest token, or it keeps the session fresh.
 *
 * @internal
 * @since 0.1.0
 */
export const makeKept = (
  options: Options,
  whileNeeded: <E>(work: Effect.Effect<void, E>) => Effect.Effect<void, E>
): Effect.Effect<Service, never, TokenEndpoint | TokenStore | Scope.Scope> =>
  Effect.gen(function* () {
    const endpoint = yield* TokenEndpoint
    const store = yield* TokenStore
    const scope = yield* Effect.scope
    const hub = EventHub.make(scope)
    const publish = (event: TokenEvent) => hub.publish(event)
    const modify = awaitingLease(store)
    const pace = Pace.make()
    const flight = yield* SingleFlight.make<OAuthToken.OAuthToken, TokenError>(scope)

    const name = options.name ?? "OAuth"
    const update = TokenUpdate.make(options.onTokenUpdate, name)
    const keeperLatch = options.keepFresh === true ? Effect.unsafeMakeLatch(true) : undefined
    /** Has whoever keeps the session fresh look again. */
    const wakeKeeper = () => keeperLatch?.unsafeOpen()
    const key = options.key ?? [endpoint.identity, options.grant?.identity ?? "stored"].join("|")
    const leeway = Duration.decode(options.leeway ?? defaultLeeway)
    const autoRefresh = options.autoRefresh ?? true
    const grant = Option.fromNullable(options.grant)
    const impossible = `${name}: OAuthToken is undefined or expired.`
    const endedElsewhere = `${name}: the session was ended by another process; fetchToken begins a new one.`

    let held: Held | undefined
    let restored = false
    let loggedOut = false
    let loggedOutElsewhere = false
    let logouts = 0
    let lastVersion = 0
    let rejected: Redacted.Redacted<string> | undefined
    let ended:
      | { readonly error: TokenError; readonly session: Option.Option<OAuthToken.OAuthToken> }
      | undefined
    /** The token that is being replaced while it is good. */
    let ahead: OAuthToken.OAuthToken | undefined
    let lastFailure: Failure | undefined

    const canRenew = (token: OAuthToken.OAuthToken): boolean =>
      autoRefresh && (Option.isSome(token.refreshToken) || Option.isSome(grant))

    const isRejected = (token: OAuthToken.OAuthToken): boolean =>
      rejected !== undefined && Equal.equals(rejected, token.accessToken)

    const isSameAccess = (one: Option.Option<OAuthToken.OAuthToken>, other: OAuthToken.OAuthToken): boolean =>
      Option.exists(one, ({ accessToken }) => Equal.equals(accessToken, other.accessToken))

    const isCurrent = (token: OAuthToken.OAuthToken): boolean =>
      held !== undefined && isSameAccess(Option.some(held.token), token)

    const hold = (
      token: OAuthToken.OAuthToken,
      origin: Held["origin"],
      replaces: Option.Option<OAuthToken.OAuthToken> = Option.none()
    ): Effect.Effect<Held> =>
      Effect.map(Random.next, (random) => {
        // Before the store was asked nobody knows whether this token is still the one.
        const isUsable = restored && !loggedOut && !isRejected(token)
        const usableUntil = isUsable ? expiryMillis(token) : Number.NEGATIVE_INFINITY
        const ahead = Duration.toMillis(OAuthToken.effectiveLeeway(token, leeway)) * (1 - random / 5)
        held = {
          token,
          shown: Option.some(token),
          result: Effect.succeed(token),
          origin,
          replaces,
          // One that does not expire is fresh for ever, however long the leeway.
          freshUntil:
            canRenew(token) && usableUntil < Number.POSITIVE_INFINITY ? usableUntil - ahead : usableUntil,
          usableUntil
        }
        wakeKeeper()
        return held
      })

    const holdAgain = Effect.suspend(() =>
      held === undefined ? Effect.void : Effect.asVoid(hold(held.token, held.origin, held.replaces))
    )

    if (options.initialToken !== undefined) yield* hold(options.initialToken, "Given")

    const reread = Effect.suspend(() =>
      store.read(key).pipe(
        Effect.map(({ token }) => token),
        Effect.catchAllCause(() => Effect.succeed(Option.none<OAuthToken.OAuthToken>()))
      )
    )

    const countedIn = ({ version }: StoredSession): number => Option.getOrElse(version, () => 0)

    /** Stores a token that is in use but could not be stored, again and again, until it is stored or superseded. */
    const save: Effect.Effect<void, TokenStoreError> = Effect.suspend(() => {
      const unsaved = held
      if (unsaved === undefined || unsaved.origin !== "Unsaved") return Effect.void
      return store
        .modify(key, (stored) =>
          Effect.sync(() => {
            const isNewest =
              held === unsaved && isSameSession(reconcile(unsaved, stored), Option.some(unsaved.token))
            if (isNewest) lastVersion = countedIn(stored) + 1
            return isNewest ? [true, Option.some(unsaved.token)] : [false, stored.token]
          })
        )
        .pipe(
          Effect.flatMap((isSaved): Effect.Effect<void, TokenStoreError> => {
            // Another may have come to be held meanwhile that could not be stored, either.
            if (held !== unsaved) return save
            held = { ...unsaved, origin: "Stored" }
            return isSaved ? publish(TokenEvent.Durable({ key, token: unsaved.token })) : Effect.void
          })
        )
    })

    const keepSaving = untilItSucceeds(save, whileNeeded, scope)

    yield* countSessions(1)
    // On the scope itself: `Effect.addFinalizer` would keep what the fiber that made this session has around it.
    yield* Scope.addFinalizer(
      scope,
      Effect.suspend(() => Effect.zipRight(countSessions(-1), withinGrace(save)))
    )

    /** The newest state of the session, once it is known what is stored; what the storage has lost is stored again. */
    const newestOf = (stored: StoredSession): Effect.Effect<Option.Option<OAuthToken.OAuthToken>> =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const lost = held !== undefined && isLost(held, stored, lastVersion, now) ? held : undefined
        lastVersion = Math.max(lost === undefined ? lastVersion : 0, countedIn(stored))
        if (lost !== undefined) {
          const { token } = lost
          held = { ...lost, origin: "Unsaved", replaces: stored.token }
          const error = new TokenStoreError({
            reason: "Lost",
            operation: "read",
            message: "The storage no longer has the session that was stored in it. It is stored again."
          })
          yield* publish(TokenEvent.NotDurable({ key, token, error }))
          yield* keepSaving
        }
        return reconcile(held, stored)
      })

    const endedByOthers = Effect.suspend(() => {
      held = undefined
      rejected = undefined
      ahead = undefined
      loggedOutElsewhere = true
      wakeKeeper()
      return publish(TokenEvent.LoggedOut({ key }))
    })

    /** Whoever shares the session may have ended it. */
    const noticeEnd = (stored: StoredSession): Effect.Effect<void> =>
      Effect.suspend(() => {
        if (Option.isSome(stored.token)) loggedOutElsewhere = false
        return Option.isNone(stored.token) && stored.isEnded && held?.origin === "Stored"
          ? endedByOthers
          : Effect.void
      })

    /** The new token is the state of the session at once, and is handed out after `onTokenUpdate`. */
    const takeOver = (
      token: OAuthToken.OAuthToken,
      origin: Held["origin"],
      replaces: Option.Option<OAuthToken.OAuthToken>
    ): Effect.Effect<void> =>
      Effect.gen(function* () {
        const previous = held
        const next = yield* hold(token, origin, replaces)
        if (options.onTokenUpdate === undefined) return
        held = {
          ...next,
          shown: previous?.shown ?? Option.none(),
          result: previous?.result ?? next.result,
          // So that each call asks whether it comes from within the callback.
          freshUntil: Number.NEGATIVE_INFINITY,
          usableUntil: previous?.usableUntil ?? Number.NEGATIVE_INFINITY
        }
        yield* update.notify(token)
        if (isCurrent(token)) yield* holdAgain
      })

    /** What a token left of the one that it replaces, if that was to be replaced while it was good. */
    const succeeded = (token: OAuthToken.OAuthToken): Effect.Effect<void> =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const replaced = ahead
        ahead = undefined
        lastFailure = undefined
        return Effect.zipRight(
          pace.succeeded(
            OAuthToken.isExpiredAt(token, DateTime.unsafeMake(now), leeway),
            expiryMillis(token) - now
          ),
          replaced === undefined
            ? Effect.void
            : recordLifetimeLeft(Math.max(expiryMillis(replaced) - now, 0) / 1000)
        )
      })

    /** Takes up a token that was there already: in the store, by a sibling, or in the options. */
    const takeUp = (token: OAuthToken.OAuthToken): Effect.Effect<OAuthToken.OAuthToken> =>
      Effect.gen(function* () {
        const known = held !== undefined && isSame(held.token, token) ? held : undefined
        const wasRestored = restored
        restored = true
        ended = undefined
        yield* hold(token, known?.origin ?? "Stored", known?.replaces)
        if (known === undefined || !wasRestored) yield* succeeded(token)
        if (!wasRestored) yield* publish(TokenEvent.Restored({ key, token }))
        else if (known === undefined) yield* publish(TokenEvent.Adopted({ key, token }))
        return token
      })

    const cameToBe = (outcome: "adopted" | "refreshed" | "issued") =>
      Effect.annotateCurrentSpan("oauth.outcome", outcome)

    const adopt = (token: OAuthToken.OAuthToken) => Effect.zipRight(cameToBe("adopted"), takeUp(token))

    /** A renewal that failed may have changed the session all the same: its refresh token is spent, or replaced. */
    const holdAfterFailure = (
      session: Option.Option<OAuthToken.OAuthToken>,
      replaces: Option.Option<OAuthToken.OAuthToken>,
      storeError: TokenStoreError | undefined
    ): Effect.Effect<void> => {
      if (Option.isNone(session)) return Effect.void
      const known = held !== undefined && isSame(held.token, session.value) ? held : undefined
      if (known?.origin === "Given") return Effect.asVoid(hold(session.value, "Given"))
      if (storeError === undefined) {
        return Effect.zipRight(
          hold(known?.token ?? session.value, "Stored"),
          known?.origin === "Unsaved"
            ? publish(TokenEvent.Durable({ key, token: session.value }))
            : Effect.void
        )
      }
      if (isSameSession(session, replaces))
        return Effect.asVoid(hold(known?.token ?? session.value, "Stored"))
      return Effect.zipRight(hold(session.value, "Unsaved", known?.replaces ?? replaces), keepSaving)
    }

    /** What a renewal came to becomes the state of this manager, and known to whom it concerns. */
    const settle = (
      { result, session }: Renewal,
      stored: Option.Option<OAuthToken.OAuthToken>,
      storeError: TokenStoreError | undefined,
      isFinal: (session: Option.Option<OAuthToken.OAuthToken>) => boolean,
      again: Option.Option<Effect.Effect<OAuthToken.OAuthToken, TokenError>>
    ): Effect.Effect<OAuthToken.OAuthToken, TokenError> =>
      Effect.gen(function* () {
        let replaces = stored
        if (storeError?.reason === "LeaseLost") {
          // Whoever took the lease over has written: what is stored there counts, also if it has to be refreshed.
          const theirs = yield* Effect.orElseSucceed(store.read(key), () => undefined)
          if (theirs?.isEnded === true && Option.isSome(again)) {
            yield* endedByOthers
            return yield* new AuthValidationException({ message: endedElsewhere })
          }
          const session = theirs?.token ?? Option.none()
          if (Option.isSome(session) && !isSameSession(session, stored) && !isRemains(session, stored)) {
            if (!isRejected(session.value) && !(yield* OAuthToken.isExpired(session.value))) {
              return yield* adopt(session.value)
            }
            if (Option.isSome(again) && Option.isSome(session.value.refreshToken)) {
              return yield* Effect.zipRight(adopt(session.value), again.value)
            }
            replaces = session
          }
        }
        if (Either.isLeft(result)) {
          const error = result.left
          restored = true
          yield* holdAfterFailure(session, replaces, storeError)
          if (error._tag === "OAuthProviderException" && !error.isTransient && isFinal(session)) {
            ended = { error, session }
            ahead = undefined
            yield* publish(TokenEvent.SessionEnded({ key, error }))
          }
          return yield* error
        }
        const { by, token } = result.right
        if (by === "Adopted") return yield* adopt(token)
        restored = true
        ended = undefined
        loggedOutElsewhere = false
        rejected = undefined
        yield* cameToBe(by === "Issued" ? "issued" : "refreshed")
        yield* succeeded(token)
        yield* takeOver(token, storeError === undefined ? "Stored" : "Unsaved", replaces)
        yield* publish(TokenEvent[by]({ key, token }))
        if (storeError !== undefined) {
          yield* publish(TokenEvent.NotDurable({ key, token, error: storeError }))
          yield* keepSaving
        }
        return token
      })

    /** Of an interrupted transaction nobody knows whether it was stored, unless the store is asked. */
    const whyNotStored = (
      exit: Exit.Exit<unknown, TokenStoreError | AuthValidationException>,
      { session }: Renewal
    ): Effect.Effect<TokenStoreError | undefined> =>
      Exit.isInterrupted(exit)
        ? Effect.map(reread, (stored) =>
            isSameSession(stored, session)
              ? undefined
              : (storeErrorOf(exit) ??
                TokenStoreError.unavailable("write", "Storing the token was interrupted."))
          )
        : Effect.succeed(storeErrorOf(exit))

    /** What is stored, if under the lease nothing would be left to do but to adopt it. */
    const adoptable = (aim: Aim, stored: StoredSession, now: number): Option.Option<OAuthToken.OAuthToken> =>
      loggedOut ||
      held?.origin === "Unsaved" ||
      Option.isNone(stored.token) ||
      isLost(held, stored, lastVersion, now)
        ? Option.none()
        : Option.filter(reconcile(held, stored), (token) => aim.accepts(token, DateTime.unsafeMake(now)))

    /** `isFinal` tells whether a refusal is what the next who needs a token would get, too. */
    const renewUnderLease = (
      aim: Aim,
      isFinal: (session: Option.Option<OAuthToken.OAuthToken>) => boolean = constTrue,
      attempts = 3
    ): Effect.Effect<OAuthToken.OAuthToken, TokenError> =>
      Effect.uninterruptibleMask((restore) => {
        let landedRenewal:
          | { readonly renewal: Renewal; readonly stored: Option.Option<OAuthToken.OAuthToken> }
          | undefined
        const mayAdopt = aim.refresh && attempts > 1
        const transaction = Effect.clockWith((clock) =>
          modify(
            key,
            (stored, confirm) =>
              Effect.gen(function* () {
                yield* noticeEnd(stored)
                if (aim.refresh && loggedOutElsewhere) {
                  return yield* new AuthValidationException({ message: endedElsewhere })
                }
                const session = yield* newestOf(stored)
                const storeChange = Effect.map(
                  reread,
                  Option.filter((token) => !isSameSession(Option.some(token), stored.token))
                )
                const renewal = yield* landed(renew(endpoint, aim, session, storeChange, confirm))
                landedRenewal = { renewal, stored: stored.token }
                // What was obtained is stored even if only its expiry is new; after a failure, what has changed.
                const isStoredAlready = Either.match(renewal.result, {
                  onLeft: () => isSameSession(renewal.session, session) && held?.origin !== "Unsaved",
                  onRight: ({ by }) => by === "Adopted"
                })
                if (isStoredAlready) return [undefined, stored.token] as const
                lastVersion = countedIn(stored) + 1
                return [undefined, renewal.session] as const
              }),
            {
              unreadable: aim.refresh ? "fail" : "setAside",
              adopt: mayAdopt
                ? (stored) => Option.as(adoptable(aim, stored, clock.unsafeCurrentTimeMillis()), stored)
                : undefined
            }
          )
        )
        return Effect.flatMap(Effect.exit(restore(transaction)), (exit) => {
          // Whatever became of the lease and of the caller: what the server has done is not forgotten.
          if (landedRenewal !== undefined) {
            const { renewal, stored } = landedRenewal
            return Effect.flatMap(whyNotStored(exit, renewal), (storeError) =>
              settle(
                renewal,
                stored,
                storeError,
                isFinal,
                // A login that somebody asked for is not done twice.
                aim.refresh && attempts > 1
                  ? Option.some(restore(renewUnderLease(aim, isFinal, attempts - 1)))
                  : Option.none()
              )
            )
          }
          if (Exit.isSuccess(exit) && exit.value !== undefined) {
            const stored = exit.value
            return Effect.flatMap(Clock.currentTimeMillis, (now) =>
              Option.match(adoptable(aim, stored, now), {
                onNone: () => restore(renewUnderLease(aim, isFinal, attempts - 1)),
                onSome: (token) =>
                  noticeEnd(stored).pipe(Effect.zipRight(newestOf(stored)), Effect.zipRight(adopt(token)))
              })
            )
          }
          // Somebody took the lease over before anything was spent: what they stored may do.
          if (attempts > 1 && storeErrorOf(exit)?.reason === "LeaseLost") {
            return restore(renewUnderLease(aim, isFinal, attempts - 1))
          }
          return Exit.isFailure(exit)
            ? Effect.failCause(exit.cause)
            : Effect.dieMessage("TokenStore.modify ran nothing")
        })
      })

    /** The flight of those who need a token: what is stored may do; a refusal that still stands is repeated. */
    const renewSession = (aim: Aim): Effect.Effect<OAuthToken.OAuthToken, TokenError> =>
      Effect.gen(function* () {
        const now = yield* DateTime.now
        const read = yield* Effect.either(store.read(key))
        const session = Either.isRight(read)
          ? yield* Effect.zipRight(noticeEnd(read.right), newestOf(read.right))
          : Option.map(Option.fromNullable(held), ({ token }) => token)
        if (Option.isSome(session) && aim.accepts(session.value, now)) return yield* adopt(session.value)
        if (Either.isLeft(read)) return yield* read.left
        if (loggedOutElsewhere) return yield* new AuthValidationException({ message: endedElsewhere })
        if (ended !== undefined && isSameSession(ended.session, session)) return yield* ended.error
        ended = undefined
        if (!autoRefresh) return yield* new AuthValidationException({ message: impossible })
        return yield* renewUnderLease(aim)
      })

    const isStillGood = Effect.map(
      Clock.currentTimeMillis,
      (now) => held !== undefined && now < held.usableUntil
    )

    /** A failure is an event; what is only repeated is none, nor is that there is no way to get a token. */
    const reporting = (
      renewal: Effect.Effect<OAuthToken.OAuthToken, TokenError>
    ): Effect.Effect<OAuthToken.OAuthToken, TokenError> =>
      Effect.tapError(renewal, (error) => {
        if (error._tag === "AuthValidationException" || error === lastFailure?.error) return Effect.void
        return Effect.zipWith(DateTime.now, isStillGood, (at, whileValid) => {
          lastFailure = { at, error }
          return TokenEvent.RefreshFailed({ key, error, whileValid })
        }).pipe(Effect.flatMap(publish))
      })

    const needed = Effect.suspend(() =>
      renewSession({
        accepts: (token, now) => !OAuthToken.isExpiredAt(token, now) && !isRejected(token),
        refresh: true,
        grant,
        impossible
      }).pipe(
        reporting,
        // There is no other token, so the refused one is the one to use for as long as it lasts.
        Effect.tapErrorTag("AuthValidationException", () => {
          if (held === undefined || !isRejected(held.token)) return Effect.void
          rejected = undefined
          return holdAgain
        })
      )
    )

    /** Replaces a token before anybody needs another; when that fails, the next try is some way off. */
    const refreshAhead = ({ token: current }: Held): Effect.Effect<OAuthToken.OAuthToken, TokenError> =>
      Effect.zipRight(
        Effect.map(Clock.currentTimeMillis, (now) => {
          // What does not expire, was refused, or had expired before, is not replaced while it was good.
          if (held !== undefined && now < held.usableUntil && Option.isSome(current.expiry)) ahead = current
        }),
        renewSession({
          accepts: (token, now) => !isSame(token, current) && !OAuthToken.isExpiredAt(token, now),
          refresh: true,
          grant,
          impossible
        })
      ).pipe(
        reporting,
        Effect.tapErrorCause((cause) =>
          Effect.flatMap(isStillGood, (isGood) =>
            pace.failed(
              Duration.toMillis(OAuthToken.effectiveLeeway(current, leeway)),
              isGood,
              Option.getOrUndefined(Cause.failureOption(cause))
            )
          )
        )
      )

    const getTokenSlowly = (now: number): Effect.Effect<OAuthToken.OAuthToken, TokenError> => {
      if (loggedOut) {
        return new AuthValidationException({
          message: `${name}: logged out; fetchToken begins a new session.`
        })
      }
      return Effect.flatMap(update.underWay, (token) =>
        token === undefined ? getTokenOf(held, now) : Effect.succeed(token)
      )
    }

    const getTokenOf = (
      current: Held | undefined,
      now: number
    ): Effect.Effect<OAuthToken.OAuthToken, TokenError> => {
      if (current === undefined || now >= current.usableUntil) return flight.join(needed)
      if (ended !== undefined || flight.isFlying()) return current.result
      return Effect.flatMap(pace.wait, (millis) =>
        millis > 0 ? current.result : Effect.zipRight(flight.launch(refreshAhead(current)), current.result)
      )
    }

    const getToken: Service["getToken"] = Effect.clockWith((clock) => {
      const now = clock.unsafeCurrentTimeMillis()
      return held !== undefined && now < held.freshUntil ? held.result : getTokenSlowly(now)
    })

    const afterUpdate = Effect.flatMap(update.underWay, (token) =>
      token === undefined ? Effect.zipRight(flight.settled, getToken) : Effect.succeed(token)
    )

    const replaceToken: Service["replaceToken"] = (refused) =>
      Effect.suspend(() => {
        const current = held
        if (loggedOut) return getToken
        if (current === undefined) {
          // What was refused may be what is stored, which nobody has looked at since this manager was made.
          return restored
            ? getToken
            : Effect.flatMap(currentToken, (token) =>
                Option.isSome(token) ? replaceToken(refused) : getToken
              )
        }
        if (!isCurrent(refused)) {
          // While onTokenUpdate runs the token before the current one is handed out, which is of no use here.
          return isSameAccess(current.shown, refused) ? afterUpdate : getToken
        }
        if (!autoRefresh) return new AuthValidationException({ message: impossible })
        if (isRejected(current.token)) return flight.join(needed)
        rejected = refused.accessToken
        held = unusable(current)
        return publish(TokenEvent.Rejected({ key, token: refused })).pipe(
          // A flight from before the refusal may end with the refused token.
          Effect.zipRight(flight.settled),
          Effect.zipRight(
            Effect.suspend(() => (isCurrent(refused) && !loggedOut ? flight.join(needed) : getToken))
          )
        )
      })

    /** A flight that somebody asked for; those who ask for the same at the same time share it. */
    const onRequest = (name: string | undefined, renewal: Effect.Effect<OAuthToken.OAuthToken, TokenError>) =>
      flight
        .next(
          name,
          Effect.suspend(() => {
            ended = undefined
            return renewal
          }).pipe(reporting)
        )
        .pipe(update.unlessWithin)

    const fetchToken: Service["fetchToken"] = (request) =>
      Effect.suspend(() => {
        const logoutsBefore = logouts
        return onRequest(
          request === undefined ? "fetch" : undefined,
          renewUnderLease(
            {
              accepts: () => false,
              refresh: false,
              grant: Option.orElse(Option.fromNullable(request?.grant), () => grant),
              additionalParameters: request?.additionalParameters,
              impossible: `${name}: there is no grant to begin a session with.`
            },
            // What is refused to other parameters, or while there is a session, says nothing of what comes next.
            (session) => request === undefined && Option.isNone(refreshTokenOf(session))
          ).pipe(
            Effect.tap(() => {
              // Who logs out meanwhile means the session that begins here.
              if (!loggedOut || logouts !== logoutsBefore) return Effect.void
              loggedOut = false
              return holdAgain
            })
          )
        )
      })

    const refreshToken: Service["refreshToken"] = (request) =>
      Effect.suspend(() => {
        const before = held?.token
        return onRequest(
          request === undefined ? "refresh" : undefined,
          renewUnderLease(
            {
              accepts: (token, now) =>
                before !== undefined && !isSame(token, before) && !OAuthToken.isExpiredAt(token, now),
              refresh: true,
              grant: Option.none(),
              additionalParameters: request?.additionalParameters,
              impossible: `${name}: there is no refresh token.`
            },
            (session) =>
              request === undefined && (Option.isNone(grant) || Option.isSome(refreshTokenOf(session)))
          )
        )
      })

    const currentToken: Service["currentToken"] = Effect.suspend(() => {
      if (loggedOut) return Effect.succeedNone
      if (restored) return Effect.succeed(held === undefined ? Option.none() : held.shown)
      const logoutsBefore = logouts
      return store.read(key).pipe(
        Effect.flatMap((stored) => {
          if (loggedOut) return Effect.succeedNone
          // A logout that began meanwhile may have ended what was read, or have failed.
          if (logouts !== logoutsBefore) return currentToken
          return Effect.flatMap(newestOf(stored), (session) => Effect.transposeMapOption(session, takeUp))
        })
      )
    })

    /** What the storage no longer has is stored, so that ending it leaves a mark for whoever else has it. */
    const saveWhatIsLost = () =>
      store.read(key).pipe(Effect.flatMap(newestOf), Effect.zipRight(save), Effect.ignore)

    const logout: Service["logout"] = update.unlessWithin(
      Effect.suspend(() => {
        let ending: Held | undefined
        loggedOut = true
        logouts += 1
        if (held !== undefined) held = unusable(held)
        wakeKeeper()
        return flight.settled.pipe(
          Effect.zipRight(saveWhatIsLost()),
          Effect.zipRight(
            modify(key, (stored) =>
              Effect.map(Effect.interruptible(revoke(endpoint, reconcile(held, stored))), () => {
                // From here on nothing may store the token again.
                ending = held
                held = undefined
                return [undefined, Option.none()] as const
              })
            )
          ),
          Effect.zipRight(
            Effect.suspend(() => {
              ended = undefined
              rejected = undefined
              ahead = undefined
              lastFailure = undefined
              lastVersion = 0
              return publish(TokenEvent.LoggedOut({ key }))
            })
          ),
          Effect.onError(() =>
            Effect.suspend(() => {
              held ??= ending
              loggedOut = false
              return holdAgain
            })
          )
        )
      })
    )

    const isObtainable: Service["isObtainable"] = Effect.flatMap(Clock.currentTimeMillis, (now) => {
      if (held !== undefined && now < held.usableUntil) return Effect.succeed(true)
      if (loggedOut || loggedOutElsewhere) return Effect.succeed(false)
      if (autoRefresh && Option.isSome(grant)) return Effect.succeed(true)
      return Effect.map(currentToken, (token) =>
        Option.exists(token, (one) => canRenew(one) || (expiryMillis(one) > now && !isRejected(one)))
      )
    })

    const stateAt = (now: number): SessionStatus["state"] => {
      if (loggedOut || loggedOutElsewhere) return "loggedOut"
      if (ended !== undefined) return "ended"
      if (held !== undefined && now < held.usableUntil) return now < held.freshUntil ? "valid" : "expiring"
      return held === undefined || !restored ? "none" : "expired"
    }

    const status: Service["status"] = Effect.map(
      Clock.currentTimeMillis,
      (now) =>
        new SessionStatus({
          state: stateAt(now),
          expiry: Option.flatMap(held?.shown ?? Option.none(), ({ expiry }) => expiry),
          isRenewing: flight.isFlying(),
          isDurable: held?.origin !== "Unsaved",
          lastFailure: Option.fromNullable(lastFailure)
        })
    )

    if (keeperLatch !== undefined) {
      let hasLooked = false
      // What is stored is taken up without being asked.
      const look = currentToken.pipe(
        Effect.tap(() => {
          hasLooked = true
        }),
        Effect.catchAllCause((cause) =>
          pace.failed(0, false, Option.getOrUndefined(Cause.failureOption(cause)))
        )
      )
      const isResting = (token: OAuthToken.OAuthToken): boolean =>
        loggedOut || ended !== undefined || !canRenew(token)
      yield* Keeper.make({
        scope,
        latch: keeperLatch,
        perishable: () => {
          if (!restored && !hasLooked) return { identity: "stored", freshUntil: Number.NEGATIVE_INFINITY }
          return held === undefined || isResting(held.token)
            ? undefined
            : { identity: held.token, freshUntil: held.freshUntil }
        },
        wait: pace.wait,
        renew: Effect.suspend(() =>
          restored && held !== undefined
            ? Effect.zipRight(flight.launch(refreshAhead(held)), flight.settled)
            : Effect.asVoid(look)
        ),
        whileKeeping: whileNeeded
      })
    }

    const service = TokenManager.of({
      getToken,
      isObtainable,
      replaceToken,
      fetchToken,
      refreshToken,
      currentToken,
      isTokenExpired: Effect.flatMap(currentToken, (token) =>
        Option.isNone(token) || isRejected(token.value)
          ? Effect.succeed(true)
          : OAuthToken.isExpired(token.value)
      ),
      logout,
      events: Stream.suspend(() => hub.events()),
      status
    })
    return visible(service, (clock) =>
      held !== undefined && clock.unsafeCurrentTimeMillis() < held.freshUntil ? held.token : undefined
    )
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
