import { AuthValidationException } from "@effect-oauth/client/AuthValidationException"
import { TokenStoreError } from "@effect-oauth/client/TokenStoreError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import { createClient } from "redis"
import type { RedisClient } from "../RedisTokenStorage.js"
import { refusalOf } from "./refusals.js"

/** Where commands are sent. */
export interface Connection {
  readonly client: () => RedisClient
  /** Tells that a command had no answer in time. */
  readonly silent: (client: RedisClient) => void
}

const newClient = (
  url: string | Redacted.Redacted,
  connectTimeout: number,
  reconnectStrategy: (retries: number, cause: Error) => number | false
) =>
  createClient({
    url: Redacted.isRedacted(url) ? Redacted.value(url) : url,
    disableOfflineQueue: true,
    socket: { connectTimeout, reconnectStrategy }
  })

type OwnClient = ReturnType<typeof newClient>

const invalid = new AuthValidationException({
  message:
    "The URL of Redis cannot be used. It has to be like redis://user:password@host:6379/0, rediss://… for TLS, or unix:///path."
})

/**
 * A client of our own, until the scope closes. A connection that no longer answers, without being closed, is known by
 * a command that had no answer: its client is replaced, for a system may take a quarter of an hour to notice.
 */
export const connect = (
  url: string | Redacted.Redacted,
  patience: Duration.Duration
): Effect.Effect<Connection, AuthValidationException | TokenStoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const runtime = yield* Effect.runtime<never>()
    // All processes lose the server at one moment, and should not come back at one moment.
    const jitter = yield* Random.nextIntBetween(0, 200)
    const log = Runtime.runFork(runtime)
    let wasReady = false
    let isDown = false
    let lastFailure: unknown

    const lost = (why: string): void => {
      if (isDown) return
      isDown = true
      log(Effect.logWarning(`The connection to Redis was lost: ${why}`))
    }

    // Until it was ready once, what it refuses is a mistake in the settings.
    const reconnectAfter = (retries: number, cause: Error): number | false =>
      !wasReady && !refusalOf(cause).isPassing
        ? false
        : Math.min(50 * 2 ** Math.min(retries, 10), 2000) + jitter

    const open = (): OwnClient => {
      const client = newClient(url, Duration.toMillis(patience), reconnectAfter)
      // Without a listener, an error ends the process.
      client.on("error", (failure) => {
        lastFailure = failure
        if (wasReady && client === current) lost(refusalOf(failure).why)
      })
      client.on("ready", () => {
        wasReady = true
        if (!isDown) return
        isDown = false
        log(Effect.logInfo("The connection to Redis is back"))
      })
      return client
    }

    let current: OwnClient = yield* Effect.try({ try: open, catch: () => invalid })
    yield* Effect.addFinalizer(() => Effect.sync(() => current.destroy()))

    yield* Effect.tryPromise(() => current.connect()).pipe(
      Effect.timeout(patience),
      Effect.mapError(() =>
        TokenStoreError.unavailable(
          "read",
          `Redis cannot be reached: ${refusalOf(lastFailure).why}.`,
          lastFailure
        )
      )
    )

    return {
      client: () => current,
      silent: (client) => {
        if (client !== current || !current.isOpen) return
        lost("it no longer answers")
        const silent = current
        current = open()
        // It is tried until it succeeds, or is destroyed.
        current.connect().catch(() => undefined)
        silent.destroy()
      }
    }
  })
