/**
 * @since 0.1.0
 */
import type { AuthValidationException } from "@effect-oauth/client/AuthValidationException"
import type { TokenStorage } from "@effect-oauth/client/TokenStorage"
import type { TokenStoreError } from "@effect-oauth/client/TokenStoreError"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Commands from "./internal/commands.js"
import { type Connection, connect as connectClient } from "./internal/connection.js"
import { type Keys, keysOf } from "./internal/keys.js"
import { load, type Script, type Scripts } from "./internal/scripts.js"

/**
 * What is needed of a client of the package `redis`: `createClient`, `createClientPool`, `createCluster` and
 * `createSentinel` make one.
 *
 * @since 0.1.0
 * @category models
 */
export interface RedisClient {
  readonly withCommandOptions: (options: {
    readonly abortSignal: AbortSignal
    readonly typeMapping: Readonly<Record<string, never>>
  }) => RedisCommands
}

/**
 * The commands of a client that are used.
 *
 * @since 0.1.0
 * @category models
 */
export interface RedisCommands {
  readonly set: (key: string, text: string, options: SetOptions) => Promise<unknown>
  readonly evalSha: (sha: string, options: ScriptOptions) => Promise<unknown>
  readonly eval: (script: string, options: ScriptOptions) => Promise<unknown>
  readonly multi: () => RedisPipeline
}

/**
 * Commands that are sent together, on one connection.
 *
 * @since 0.1.0
 * @category models
 */
export interface RedisPipeline {
  readonly set: (key: string, text: string, options: SetOptions) => RedisPipeline
  readonly evalSha: (sha: string, options: ScriptOptions) => RedisPipeline
  readonly wait: (replicas: number, millis: number) => RedisPipeline
  readonly execAsPipeline: () => Promise<ReadonlyArray<unknown>>
}

/**
 * What a script is given.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScriptOptions {
  keys: Array<string>
  arguments: Array<string>
}

/**
 * How long a text is kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface SetOptions {
  expiration: { type: "PX"; value: number }
}

/**
 * How sessions are kept in Redis.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * What all keys begin with, before a colon. Default: `effect-oauth`. A brace in it is written as in a URL, since what
   * stands between braces decides which node of a cluster has a key.
   */
  readonly prefix?: string | undefined
  /** How long the lease of a process lasts that no longer renews it, because it was killed. Default: 10 seconds. */
  readonly leaseDuration?: Duration.DurationInput | undefined
  /**
   * How long Redis may take to answer, a lost connection included. Default: 3 seconds, so that a renewal which failed
   * can be tried again before the lease has run out.
   */
  readonly timeout?: Duration.DurationInput | undefined
  /**
   * How many replicas have to have received a session before it counts as stored: with fewer, storing fails with
   * `Unavailable`, and is tried again. Their answer is waited for half of `timeout` at most, during which nothing else
   * is done on that connection. Default: 0, which does not ask.
   */
  readonly replicas?: number | undefined
}

/**
 * How sessions are kept in a Redis that is connected to for them.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectOptions extends Options {
  /** `redis://user:password@host:6379/0`; `rediss://` for TLS; `unix:///path` for a socket. */
  readonly url: string | Redacted.Redacted
}

const defaultLease = Duration.seconds(10)
const defaultTimeout = Duration.seconds(3)

// Nobody's clock is exact, and an entry that stays too long does no harm.
const slack = Duration.hours(1)

/**
 * Keeps sessions in Redis on a client of yours, which you connect and close, and to whose `error` event you listen.
 *
 * @example
 * ```ts
 * import { TokenStore } from "@effect-oauth/client"
 * import { RedisTokenStorage } from "@effect-oauth/store-redis"
 * import { Effect } from "effect"
 * import { createCluster } from "redis"
 *
 * const cluster = Effect.tryPromise(() =>
 *   createCluster({ rootNodes: [{ url: "redis://127.0.0.1:7000" }] })
 *     .on("error", () => undefined)
 *     .connect()
 * )
 *
 * const Store = TokenStore.layerStorage(Effect.flatMap(cluster, (client) => RedisTokenStorage.make(client)))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (client: RedisClient, options: Options = {}): Effect.Effect<TokenStorage> =>
  Effect.map(load, (scripts) =>
    onConnection({ client: () => client, silent: () => undefined }, scripts, options)
  )

/**
 * Keeps sessions in Redis on a client that is made for them, and closed with the scope. It is connected when this
 * succeeds; it fails with `AuthValidationException` if the URL is none, and with `TokenStoreError` if Redis does not
 * answer or refuses the password. A connection that is lost later is made anew, as long as it takes; that it was lost,
 * and is back, is logged.
 *
 * @since 0.1.0
 * @category constructors
 */
export const connect = (
  options: ConnectOptions
): Effect.Effect<TokenStorage, AuthValidationException | TokenStoreError, Scope.Scope> =>
  Effect.zipWith(connectClient(options.url, timeoutOf(options)), load, (connection, scripts) =>
    onConnection(connection, scripts, options)
  )

const timeoutOf = ({ timeout = defaultTimeout }: Options): Duration.Duration => Duration.decode(timeout)

const onConnection = (connection: Connection, scripts: Scripts, options: Options): TokenStorage => {
  const { prefix = "effect-oauth", replicas = 0 } = options
  const leaseDuration = Duration.decode(options.leaseDuration ?? defaultLease)
  const leaseMillis = Math.ceil(Duration.toMillis(leaseDuration))
  const commands = Commands.make(connection, timeoutOf(options))

  const withKeys = <A>(
    key: string,
    use: (keys: Keys) => Effect.Effect<A, TokenStoreError>
  ): Effect.Effect<A, TokenStoreError> => Effect.flatMap(keysOf(prefix, key), use)

  /** Whether the lease was this holder's, and so it was written. */
  const wrote = (call: Commands.Call, reply: unknown): Effect.Effect<boolean, TokenStoreError> =>
    reply === evicted
      ? Effect.fail(commands.failed(call, "its memory is so scarce that it removed what was to be stored"))
      : Effect.succeed(isDone(reply))

  /** That it is written once more does no harm. */
  const writtenToReplicas = (script: Script, call: Commands.Call): Effect.Effect<boolean, TokenStoreError> =>
    Effect.flatMap(commands.runOnReplicas(script, call, replicas), ({ reply, acknowledged }) =>
      acknowledged >= replicas
        ? wrote(call, reply)
        : Effect.fail(
            commands.failed(call, `only ${acknowledged} of ${replicas} replicas have told that they have it`)
          )
    )

  const write = (script: Script, call: Commands.Call): Effect.Effect<boolean, TokenStoreError> =>
    commands.run(script, call).pipe(
      Effect.flatMap((reply) => wrote(call, reply)),
      Effect.flatMap((isHeld) =>
        isHeld && replicas > 0 ? writtenToReplicas(script, call) : Effect.succeed(isHeld)
      )
    )

  return {
    describe: (key) => Effect.map(keysOf(prefix, key), ({ session }) => placeOf(session)),
    marksEnd: true,
    leaseDuration,
    read: (key) =>
      withKeys(key, (keys) => Effect.map(commands.run(scripts.read, callOf("read", keys, [])), textOf)),
    acquire: (key, holder) =>
      withKeys(key, (keys) =>
        Effect.map(commands.run(scripts.acquire, callOf("lease", keys, [holder, leaseMillis])), (reply) =>
          Array.isArray(reply) && isDone(reply[0]) ? Option.some({ text: textOf(reply[1]) }) : Option.none()
        )
      ),
    renew: (key, holder) =>
      withKeys(key, (keys) =>
        Effect.map(commands.run(scripts.renew, callOf("lease", keys, [holder, leaseMillis])), isDone)
      ),
    replace: (key, holder, text, endsAt) =>
      withKeys(key, (keys) =>
        Option.match(text, {
          onNone: () => write(scripts.remove, callOf("write", keys, [holder])),
          onSome: (content) =>
            Effect.flatMap(DateTime.now, (now) => {
              const lasts = Option.map(endsAt, (end) => lifeUntil(end, now))
              const draft = keys.draft(holder)
              return write(scripts.replace, {
                ...callOf("write", keys, [holder, ...Option.toArray(lasts)], draft),
                draft: { key: draft, text: content, millis: leaseMillis }
              })
            })
        })
      ),
    setAside: (key, holder) =>
      withKeys(key, (keys) =>
        Effect.map(
          commands.run(scripts.setAside, callOf("write", keys, [holder], keys.unreadable(holder))),
          (reply) => Option.map(textOf(reply), placeOf)
        )
      ),
    release: (key, holder) =>
      withKeys(key, (keys) => Effect.asVoid(commands.run(scripts.release, callOf("lease", keys, [holder]))))
  }
}

const callOf = (
  operation: Commands.Operation,
  { lease, session }: Keys,
  args: ReadonlyArray<string | number>,
  third?: string
): Commands.Call => ({
  operation,
  place: placeOf(session),
  keys: third === undefined ? [lease, session] : [lease, session, third],
  arguments: args.map(String)
})

const placeOf = (redisKey: string): string => `The Redis entry ${redisKey}`

// The server is told a duration, as its clock is another than the one that tells when a session ends.
const lifeUntil = (end: DateTime.Utc, now: DateTime.Utc): number =>
  Math.max(Math.ceil(end.epochMillis - now.epochMillis), 0) + Duration.toMillis(slack)

const evicted = 2

const isDone = (reply: unknown): boolean => reply === 1

const textOf = (reply: unknown): Option.Option<string> =>
  typeof reply === "string" ? Option.some(reply) : Option.none()
