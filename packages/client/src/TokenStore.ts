/**
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { apart } from "./internal/apart.js"
import { leasing } from "./internal/leasing.js"
import { lookAt } from "./internal/lookAt.js"
import { describeFailure, nameFailure } from "./internal/secrets.js"
import { countFailure } from "./internal/storeMetrics.js"
import { tokenSecrets } from "./internal/tokenSecrets.js"
import * as Turnstiles from "./internal/turnstiles.js"
import type * as OAuthToken from "./OAuthToken.js"
import * as TokenStorage from "./TokenStorage.js"
import { TokenStoreError } from "./TokenStoreError.js"

/**
 * What is stored under a key.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoredSession {
  readonly token: Option.Option<OAuthToken.OAuthToken>
  /** Grows with every write, so that a storage which went back to an older state is noticed. `None`: nobody counts. */
  readonly version: Option.Option<number>
  /**
   * Whether there is no token because the session was ended. If there is none and this is false, nothing was ever
   * stored, or the storage has lost it.
   */
  readonly isEnded: boolean
}

/**
 * Storage: where sessions outlive the process, and where everyone who shares a session meets.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** What is stored under the key. Takes no lease. */
  readonly read: (key: string) => Effect.Effect<StoredSession, TokenStoreError>
  /**
   * Takes the key's lease, reads the entry under it, runs `f`, which may talk to the network, stores the token that
   * `f` returns beside its result, and only then lets go. Nobody else is within `modify` of this key meanwhile, be it
   * in this process or in another that shares the storage. `None` ends the session.
   *
   * Returning the very `current.token` stores nothing. If `f` fails, nothing is stored. Waiting for the lease can be
   * interrupted. `f` and storing cannot, so that nothing is lost between them: what may be abandoned within `f` says
   * so with `Effect.interruptible`.
   *
   * A process that was stopped for longer than the lease lasts has lost it to another. What must not be done twice
   * is done after `confirm`, which fails with `LeaseLost` then; the write fails so in any case, and changes nothing.
   */
  readonly modify: <A, E, R, B = never>(
    key: string,
    f: (
      current: StoredSession,
      confirm: Effect.Effect<void, TokenStoreError>
    ) => Effect.Effect<readonly [result: A, next: Option.Option<OAuthToken.OAuthToken>], E, R>,
    options?: ModifyOptions<B>
  ) => Effect.Effect<A | B, E | TokenStoreError, R>
}

/**
 * How an entry is treated that cannot be read.
 *
 * @since 0.1.0
 * @category models
 */
export interface LeaseOptions {
  /**
   * What cannot be read (`Corrupt`, `Sealed`): `fail` (the default) leaves it as it is; `setAside` takes it for
   * nothing, and moves it out of the way, where nothing is lost, before something else is stored.
   */
  readonly unreadable?: "fail" | "setAside" | undefined
}

/**
 * How a session is modified.
 *
 * @since 0.1.0
 * @category models
 */
export interface ModifyOptions<B> extends LeaseOptions {
  /**
   * For those who would change nothing if somebody else has done it meanwhile: asked, while the lease is waited for, of
   * what is stored by then. `Some` is what `modify` ends with, without the lease, and without running `f`. Asks nothing
   * where there is no need to wait. Default: the lease is waited for in any case.
   *
   * A store of one's own is right without it, too: those who wait find out under the lease, one after the other.
   */
  readonly adopt?: ((stored: StoredSession) => Option.Option<B>) | undefined
}

/**
 * How a lease is waited for.
 *
 * @since 0.1.0
 * @category models
 */
export interface WaitOptions<E> extends LeaseOptions {
  /**
   * To be run with what is stored, whenever somebody else turned out to have the lease, before it is tried again. Where
   * it fails, the waiting ends with that. What cannot be read is passed over. A driver is right without it, too.
   */
  readonly whileWaiting?: ((stored: StoredSession) => Effect.Effect<void, E>) | undefined
}

/**
 * The tag of the store.
 *
 * @since 0.1.0
 * @category tags
 */
export class TokenStore extends Context.Tag("@effect-oauth/client/TokenStore")<TokenStore, Service>() {}

/**
 * The exclusive right to replace an entry, and the entry as it is under that right.
 *
 * @since 0.1.0
 * @category models
 */
export interface Lease {
  readonly current: StoredSession
  /** Fails with `LeaseLost` if the lease has passed to somebody else. Asks the storage only if there is doubt. */
  readonly confirm: Effect.Effect<void, TokenStoreError>
  /**
   * Stores the next token, or ends the session, atomically; it is durable when this returns. Fails with `LeaseLost`,
   * and changes nothing, if the lease has passed to somebody else. It is interrupted, and has failed, after 10 seconds.
   */
  readonly replace: (next: Option.Option<OAuthToken.OAuthToken>) => Effect.Effect<void, TokenStoreError>
}

/**
 * What a kind of store has to provide: `make` builds the store from it. A storage that keeps texts has less to do as a
 * `TokenStorage`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Driver {
  readonly read: Service["read"]
  /**
   * Takes the key's lease among everyone who shares the storage, until the scope closes. It fails here, before a
   * refresh token is spent, where it can know that `replace` would.
   */
  readonly lease: <E = never>(
    key: string,
    options: WaitOptions<E>
  ) => Effect.Effect<Lease, E | TokenStoreError, Scope.Scope>
}

// A write that does not end must not keep everyone waiting who shares the key, nor a shutdown.
const withinPatience = <A>(write: Effect.Effect<A, TokenStoreError>): Effect.Effect<A, TokenStoreError> =>
  write.pipe(
    Effect.timeoutFail({
      duration: "10 seconds",
      onTimeout: () => TokenStoreError.unavailable("write", "The store did not write within 10 seconds.")
    }),
    apart
  )

// Drivers stand on the code of others, which dies where nobody said that it would.
const failingOnly = <A, E, R>(
  operation: TokenStoreError["operation"],
  effect: Effect.Effect<A, E | TokenStoreError, R>
): Effect.Effect<A, E | TokenStoreError, R> =>
  effect.pipe(
    Effect.catchAllDefect((defect) =>
      Effect.fail(TokenStoreError.unavailable(operation, `The store died of a ${operation}.`, defect))
    ),
    Effect.tapError((error) => (error instanceof TokenStoreError ? countFailure(error) : Effect.void))
  )

/** There is nothing to modify any more. */
class Adopted<B> extends Data.TaggedClass("Adopted")<{ readonly result: B }> {}

/**
 * A store on a driver. A driver's defect becomes a `TokenStoreError`; failures are counted by the metric
 * `oauth.token_store.failures`, tagged with operation and reason. The fibers that want a key stand in line here, so
 * that a driver sees one of them at a time for each key.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (driver: Driver): Service => {
  const turnstiles = Turnstiles.make()

  const take = <B>(key: string, { adopt, unreadable }: ModifyOptions<B>) => {
    const whileWaiting =
      adopt === undefined
        ? undefined
        : (stored: StoredSession) =>
            Option.match(adopt(stored), {
              onNone: () => Effect.void,
              onSome: (result) => Effect.fail(new Adopted({ result }))
            })
    return Effect.gen(function* () {
      const hasWaited = yield* turnstiles.pass(key)
      if (hasWaited && whileWaiting !== undefined) yield* lookAt(driver.read(key), whileWaiting)
      return yield* failingOnly("lease", driver.lease(key, { unreadable, whileWaiting }))
    })
  }

  return TokenStore.of({
    read: (key) => failingOnly("read", driver.read(key)),
    modify: (key, f, options = {}) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.scopedWith((scope) =>
          Effect.gen(function* () {
            const taken = yield* restore(Scope.extend(Effect.either(take(key, options)), scope))
            if (Either.isLeft(taken)) {
              return taken.left._tag === "Adopted" ? taken.left.result : yield* taken.left
            }
            const lease = taken.right
            const [result, next] = yield* f(lease.current, failingOnly("lease", lease.confirm))
            if (next !== lease.current.token) yield* failingOnly("write", withinPatience(lease.replace(next)))
            return result
          })
        )
      )
  })
}

/**
 * A store on a driver, which the effect builds.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerDriver = <E, R>(driver: Effect.Effect<Driver, E, R>): Layer.Layer<TokenStore, E, R> =>
  Layer.effect(TokenStore, Effect.map(driver, make))

/**
 * A store on a storage that processes share, which the effect builds.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerStorage = <E, R>(
  storage: Effect.Effect<TokenStorage.TokenStorage, E, R>
): Layer.Layer<TokenStore, E, R> => layerDriver(Effect.map(storage, leasing))

/** What is there where nobody counts, and only an end removes. */
const uncounted = (token: Option.Option<OAuthToken.OAuthToken>): StoredSession => ({
  token,
  version: Option.none(),
  isEnded: Option.isNone(token)
})

/**
 * Keeps sessions in memory: they end with the process. For tests, and for grants that can begin anew at any time.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<TokenStore> = layerDriver(
  Effect.sync(() => {
    const entries = new Map<string, OAuthToken.OAuthToken>()
    const read: Driver["read"] = (key) => Effect.sync(() => uncounted(Option.fromNullable(entries.get(key))))
    return {
      read,
      lease: (key) =>
        Effect.map(read(key), (current) => ({
          current,
          confirm: Effect.void,
          replace: (next) =>
            Effect.sync(() => {
              if (Option.isSome(next)) entries.set(key, next.value)
              else entries.delete(key)
            })
        }))
    }
  })
)

/**
 * Keeps one session in a file, in the stored form that `OAuthToken.Stored` documents: a file that the generated
 * Python SDK of the MultiAuth-Sample API wrote can be taken over. `TokenStorage.file` tells the rest.
 *
 * @example
 * ```ts
 * import { NodeContext } from "@effect/platform-node"
 * import { TokenStore } from "@effect-oauth/client"
 * import { Layer } from "effect"
 *
 * const Store = TokenStore.layerFile("session.json").pipe(Layer.provide(NodeContext.layer))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layerFile = (
  path: string,
  options?: TokenStorage.FileOptions
): Layer.Layer<TokenStore, never, FileSystem.FileSystem | Path.Path> =>
  layerStorage(TokenStorage.file(path, options))

/**
 * Keeps each session in a file of its own within a folder, named after a hash of the key; otherwise as `layerFile`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerDirectory = (
  directory: string,
  options?: TokenStorage.FileOptions
): Layer.Layer<TokenStore, never, FileSystem.FileSystem | Path.Path> =>
  layerStorage(TokenStorage.directory(directory, options))

/**
 * Keeps sessions wherever two functions of yours put them, such as a table of a database. `save` is given `None` to
 * remove an entry. What they fail with becomes a `TokenStoreError` (`Unavailable`), described without the values that
 * were to be stored. The lease holds within one process.
 *
 * @example
 * ```ts
 * import { OAuthToken, TokenStore } from "@effect-oauth/client"
 * import { Effect, Option } from "effect"
 *
 * declare const database: {
 *   readonly loadTokens: (key: string) => Promise<OAuthToken.TokenJson | undefined>
 *   readonly saveTokens: (key: string, tokens: OAuthToken.TokenJson | undefined) => Promise<void>
 * }
 *
 * const Store = TokenStore.fromFunctions({
 *   load: (key) =>
 *     Effect.tryPromise(() => database.loadTokens(key)).pipe(Effect.flatMap(OAuthToken.fromStored)),
 *   save: (key, token) =>
 *     Effect.tryPromise(() =>
 *       database.saveTokens(key, Option.getOrUndefined(Option.map(token, OAuthToken.toStored)))
 *     )
 * })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const fromFunctions = <E1, R1, E2, R2>(functions: {
  readonly load: (key: string) => Effect.Effect<Option.Option<OAuthToken.OAuthToken>, E1, R1>
  readonly save: (key: string, token: Option.Option<OAuthToken.OAuthToken>) => Effect.Effect<void, E2, R2>
}): Layer.Layer<TokenStore, never, R1 | R2> =>
  layerDriver(
    Effect.map(Effect.context<R1 | R2>(), (context): Driver => {
      const failing =
        (operation: "read" | "write", describe: (failure: unknown) => unknown) =>
        <A, E>(effect: Effect.Effect<A, E, R1 | R2>): Effect.Effect<A, TokenStoreError> => {
          const fail = (failure: unknown) =>
            Effect.fail(
              new TokenStoreError({
                reason: "Unavailable",
                operation,
                message: `The function that ${operation === "read" ? "loads" : "saves"} tokens failed.`,
                cause: describe(failure)
              })
            )
          // Drivers reject where nobody said that they would: that is a failure of the store like any other.
          return effect.pipe(Effect.catchAllDefect(fail), Effect.catchAll(fail), Effect.provide(context))
        }
      // What was to be loaded is not known, so it cannot be taken out of what the failure says.
      const read: Driver["read"] = (key) =>
        Effect.map(failing("read", nameFailure)(functions.load(key)), uncounted)
      return {
        read,
        lease: (key) =>
          Effect.map(read(key), (current) => ({
            current,
            confirm: Effect.void,
            replace: (next) =>
              failing("write", (failure) =>
                describeFailure(failure, [...tokenSecrets(current.token), ...tokenSecrets(next)])
              )(functions.save(key, next))
          }))
      }
    })
  )
