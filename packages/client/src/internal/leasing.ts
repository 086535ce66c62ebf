import type * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as OAuthToken from "../OAuthToken.js"
import type { TokenStorage } from "../TokenStorage.js"
import type { Driver, Lease, StoredSession, WaitOptions } from "../TokenStore.js"
import { TokenStoreError } from "../TokenStoreError.js"
import { apart } from "./apart.js"
import { lookAt } from "./lookAt.js"
import { decode, encode, encodeEnd } from "./storedText.js"

const answerPatience = Duration.seconds(10)
const leasePatience = Duration.seconds(60)

// How long the mark of an ended session is of use to those who still hold its token.
const endIsRemembered = Duration.days(30)

// Soon at first, since most refreshes are short; apart from each other, since all began to wait at one moment.
const knocking = Schedule.exponential("5 millis", 1.5).pipe(
  Schedule.union(Schedule.spaced("100 millis")),
  Schedule.jittered,
  Schedule.upTo(leasePatience)
)

const none: StoredSession = { token: Option.none(), version: Option.none(), isEnded: false }

/** What some servers tell of the life of a refresh token: seconds from its issue. */
const refreshLifetime = (token: OAuthToken.OAuthToken): Option.Option<Duration.Duration> => {
  const properties = Redacted.value(token.additionalProperties)
  const seconds = properties["refresh_expires_in"] ?? properties["refresh_token_expires_in"]
  // Zero is what Keycloak says of one that never expires.
  return typeof seconds === "number" && seconds > 0 ? Option.some(Duration.seconds(seconds)) : Option.none()
}

/** When a session that is stored now ends by itself, as far as anybody knows. */
const endOf = (token: OAuthToken.OAuthToken, now: DateTime.Utc): Option.Option<DateTime.Utc> =>
  Option.isNone(token.refreshToken)
    ? token.expiry
    : Option.map(refreshLifetime(token), (lifetime) =>
        DateTime.max(
          DateTime.addDuration(now, lifetime),
          Option.getOrElse(token.expiry, () => now)
        )
      )

/** A driver on a storage: texts become sessions, and leases are waited for, renewed, confirmed and given back. */
export const leasing = (storage: TokenStorage): Driver => {
  const { marksEnd, sealing } = storage
  const leaseMillis = Duration.toMillis(storage.leaseDuration)

  const interpret = (
    text: Option.Option<string>,
    key: string
  ): Effect.Effect<StoredSession, TokenStoreError> =>
    Option.match(text, {
      onNone: () => Effect.succeed({ ...none, isEnded: !marksEnd }),
      onSome: (content) =>
        Effect.flatMap(sealing?.open(key, content) ?? Effect.succeed(content), (opened) =>
          decode(opened, key, storage.describe(key))
        )
    })

  const sealed = (key: string, text: string): Effect.Effect<string, TokenStoreError> =>
    sealing?.seal(key, text) ?? Effect.succeed(text)

  const failed = (
    key: string,
    reason: TokenStoreError["reason"],
    operation: TokenStoreError["operation"],
    what: string
  ): Effect.Effect<never, TokenStoreError> =>
    Effect.flatMap(
      storage.describe(key),
      (place) => new TokenStoreError({ reason, operation, message: `${place} ${what}` })
    )

  const answering = <A>(
    key: string,
    operation: TokenStoreError["operation"],
    effect: Effect.Effect<A, TokenStoreError>,
    patience = answerPatience
  ): Effect.Effect<A, TokenStoreError> =>
    Effect.interruptible(effect).pipe(
      Effect.timeoutOption(patience),
      Effect.flatMap(
        Option.match({
          onNone: () =>
            failed(key, "Unavailable", operation, `did not answer within ${Duration.format(patience)}.`),
          onSome: (answer) => Effect.succeed(answer)
        })
      )
    )

  const read = (key: string): Effect.Effect<StoredSession, TokenStoreError> =>
    Effect.flatMap(answering(key, "read", storage.read(key)), (text) => interpret(text, key))

  const leaseLost = (key: string, operation: TokenStoreError["operation"]) =>
    failed(key, "LeaseLost", operation, "has passed to another process, whose session was left as it is.")

  const release = (key: string, holder: string): Effect.Effect<void> =>
    Effect.ignore(apart(answering(key, "lease", storage.release(key, holder))))

  /** An attempt that is given up, by its caller or for lack of an answer, may have succeeded: what it took is given back. */
  const attempt = (key: string, holder: string) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        // A lease lasts from when it was asked for, however late the answer is.
        const since = moment(yield* Effect.clock)
        const fiber = yield* Effect.forkDaemon(
          Effect.interruptible(answering(key, "lease", storage.acquire(key, holder)))
        )
        const exit = yield* Effect.exit(restore(Fiber.join(fiber)))
        if (Exit.isFailure(exit)) {
          yield* Effect.forkDaemon(Effect.zipRight(Fiber.await(fiber), release(key, holder)))
        }
        return Option.map(yield* exit, ({ text }) => ({ text, since }))
      })
    )

  const acquire = <E>(key: string, holder: string, whileWaiting: WaitOptions<E>["whileWaiting"]) =>
    Effect.suspend(() => {
      let hasOnlyWaited = false
      // Before an attempt rather than after it: what is stored by then, those who wait need not take the lease to see.
      const look =
        whileWaiting === undefined
          ? Effect.void
          : Effect.tapError(lookAt(read(key), whileWaiting), () =>
              Effect.sync(() => {
                hasOnlyWaited = true
              })
            )
      return Effect.acquireReleaseInterruptible(
        Effect.gen(function* () {
          const pause = yield* Schedule.driver(knocking)
          let taken = yield* attempt(key, holder)
          while (Option.isNone(taken)) {
            yield* Effect.catchAll(pause.next(undefined), () =>
              failed(key, "Unavailable", "lease", "was in use by another process for 60 seconds.")
            )
            yield* look
            taken = yield* attempt(key, holder)
          }
          return taken.value
        }),
        // Where every attempt was answered there is nothing to give back.
        () => (hasOnlyWaited ? Effect.void : release(key, holder))
      )
    })

  const lease = <E>(key: string, options: WaitOptions<E>) =>
    Effect.gen(function* () {
      const holder = globalThis.crypto.randomUUID()
      const { since, text } = yield* acquire(key, holder, options.whileWaiting)
      const clock = yield* Effect.clock
      let confirmedAt = since
      let isLost = false

      const renew = Effect.suspend(() => {
        const before = moment(clock)
        return storage.renew(key, holder).pipe(
          // One that does not answer must leave time for another before the lease has run out.
          (renewal) => answering(key, "lease", renewal, Duration.millis(leaseMillis / 3)),
          Effect.catchAllDefect((defect) =>
            Effect.fail(TokenStoreError.unavailable("lease", "The storage died of a renewal.", defect))
          ),
          Effect.tap((isHeld) =>
            Effect.sync(() => {
              if (isHeld) confirmedAt = before
              else isLost = true
            })
          ),
          Effect.asVoid
        )
      })

      // A renewal that failed is tried again soon: the storage may be back before the lease has run out.
      yield* Effect.sleep(leaseMillis / 3).pipe(
        Effect.zipRight(Effect.retry(renew, Schedule.spaced(leaseMillis / 10))),
        Effect.repeat({ until: () => isLost }),
        Effect.interruptible,
        Effect.forkScoped
      )

      const confirm = Effect.suspend(() =>
        isLost || elapsed(confirmedAt, moment(clock)) < leaseMillis / 2 ? Effect.void : renew
      ).pipe(Effect.flatMap(() => (isLost ? leaseLost(key, "lease") : Effect.void)))

      const current = yield* interpret(text, key).pipe(
        Effect.map((session) => ({ session, isReadable: true })),
        Effect.catchIf(
          ({ reason }) => options.unreadable === "setAside" && (reason === "Corrupt" || reason === "Sealed"),
          () => Effect.succeed({ session: none, isReadable: false })
        )
      )

      const makeRoom = Effect.suspend(() => (current.isReadable ? Effect.void : setAside(key, holder)))

      const replace: Lease["replace"] = (next) =>
        Effect.gen(function* () {
          const now = yield* DateTime.now
          // After a storage lost its count, or was removed, the time is still greater than what was counted before.
          const version = Math.max(Option.getOrElse(current.session.version, () => 0) + 1, now.epochMillis)
          yield* makeRoom
          const plain = Option.match(next, {
            onNone: () => (marksEnd ? Option.some(encodeEnd(key, version)) : Option.none()),
            onSome: (token) => Option.some(encode(token, key, version))
          })
          const endsAt = Option.match(next, {
            onNone: () => Option.some(DateTime.addDuration(now, endIsRemembered)),
            onSome: (token) => endOf(token, now)
          })
          const text = yield* Effect.transposeMapOption(plain, (content) => sealed(key, content))
          const isHeld = yield* storage.replace(key, holder, text, endsAt)
          if (!isHeld) return yield* leaseLost(key, "write")
        })

      return { current: current.session, confirm, replace }
    })

  const setAside = (key: string, holder: string): Effect.Effect<void, TokenStoreError> =>
    Effect.gen(function* () {
      const place = yield* storage.setAside(key, holder)
      if (Option.isNone(place)) return yield* leaseLost(key, "write")
      yield* Effect.logWarning(`What could not be read as a session is now ${place.value}`)
    })

  return { read, lease }
}

interface Moment {
  readonly wall: number
  readonly monotonic: number
}

const moment = (clock: Clock.Clock): Moment => ({
  wall: clock.unsafeCurrentTimeMillis(),
  monotonic: Number(clock.unsafeCurrentTimeNanos() / 1_000_000n)
})

/** The greater of what two clocks tell: one stands still while a machine sleeps, the other can be set. */
const elapsed = (since: Moment, now: Moment): number =>
  Math.max(Math.abs(now.wall - since.wall), now.monotonic - since.monotonic)
