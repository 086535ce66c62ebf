import { assert, describe, it } from "@effect/vitest"
import type { OAuthToken, TokenManager } from "@effect-oauth/client"
import { Fault, Journal } from "@effect-oauth/testing"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { access, invalidGrant, key, malformed, refreshOf, world } from "./fixtures/world.js"

/** What the next request for a token meets. `ended`: the session, if it is a refresh, and the server says so. */
const outcomes = {
  issued: Fault.none,
  unreachable: Fault.connectionFailure,
  lost: Fault.lostReply,
  malformed,
  ended: invalidGrant,
  "refused for good": Fault.refuse("invalid_client"),
  "refused for now": Fault.refuse("temporarily_unavailable")
}

type Outcome = keyof typeof outcomes

type Step =
  | {
      readonly call: "getToken" | "refreshToken" | "fetchToken" | "replaceToken" | "logout"
      readonly by: number
      /** How many call at the same moment. */
      readonly callers: number
      /** After how many seconds the caller gives up. */
      readonly patience?: number
    }
  | { readonly interrupt: number }
  | { readonly advance: number }
  | { readonly setTime: number }
  | { readonly next: Outcome; readonly latency: number }
  | { readonly revocationFails: true }
  | { readonly store: "read" | "lease" | "write"; readonly times: number; readonly how: "fail" | "die" }
  | { readonly store: "mended" }

const call: FastCheck.Arbitrary<Step> = FastCheck.record(
  {
    call: FastCheck.constantFrom(
      ...([
        "getToken",
        "getToken",
        "getToken",
        "refreshToken",
        "replaceToken",
        "fetchToken",
        "logout"
      ] as const)
    ),
    by: FastCheck.nat(1),
    callers: FastCheck.constantFrom(1, 1, 1, 3),
    patience: FastCheck.constantFrom(1, 10)
  },
  { requiredKeys: ["call", "by", "callers"] }
)

const time: FastCheck.Arbitrary<Step> = FastCheck.oneof(
  {
    weight: 6,
    arbitrary: FastCheck.record({ advance: FastCheck.constantFrom(1, 5, 28, 40, 3555, 3600, 7200) })
  },
  {
    weight: 1,
    arbitrary: FastCheck.record({ setTime: FastCheck.constantFrom(0, 1800, 3570, 100_000, 1_000_000) })
  }
)

const server: FastCheck.Arbitrary<Step> = FastCheck.record({
  next: FastCheck.constantFrom<Outcome>(
    "issued",
    "unreachable",
    "lost",
    "malformed",
    "ended",
    "refused for good",
    "refused for now"
  ),
  latency: FastCheck.constantFrom(0, 3, 30)
})

const storage = (operations: ReadonlyArray<"read" | "lease" | "write">): FastCheck.Arbitrary<Step> =>
  FastCheck.oneof(
    FastCheck.record({
      store: FastCheck.constantFrom(...operations),
      times: FastCheck.constantFrom(1, 2, 3, 1000),
      how: FastCheck.constantFrom<"fail" | "die">("fail", "fail", "fail", "die")
    }).map((fault) => (fault.store === "write" ? fault : { ...fault, how: "fail" as const })),
    FastCheck.constant<Step>({ store: "mended" })
  )

const steps = (operations: ReadonlyArray<"read" | "lease" | "write">) =>
  FastCheck.array(
    FastCheck.oneof(
      { weight: 10, arbitrary: call },
      { weight: 5, arbitrary: time },
      { weight: 4, arbitrary: server },
      { weight: 2, arbitrary: storage(operations) },
      { weight: 1, arbitrary: FastCheck.record({ interrupt: FastCheck.nat(9) }) },
      { weight: 1, arbitrary: FastCheck.constant<Step>({ revocationFails: true }) }
    ),
    { minLength: 5, maxLength: 40, size: "max" }
  )

/** Lets every fiber run until it waits for something. */
const idle = Effect.async<void>((resume) => {
  const immediate = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(immediate))
})

/** A clock like the `TestClock`, for many short runs: it looks only once whether all fibers wait. */
const makeClock = () => {
  let now = 0
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>()
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => now,
    unsafeCurrentTimeNanos: () => BigInt(now) * 1_000_000n,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanos: Effect.sync(() => BigInt(now) * 1_000_000n),
    sleep: (duration) =>
      Effect.async<void>((resume) => {
        const sleeper = { until: now + Duration.toMillis(duration), wake: () => resume(Effect.void) }
        sleepers.add(sleeper)
        return Effect.sync(() => sleepers.delete(sleeper))
      })
  }
  const setTime = (time: number): Effect.Effect<void> =>
    Effect.gen(function* () {
      yield* idle
      const due = [...sleepers].filter(({ until }) => until <= time).sort((a, b) => a.until - b.until)[0]
      if (due === undefined) {
        now = time
        return
      }
      now = due.until
      sleepers.delete(due)
      due.wake()
      yield* setTime(time)
    })
  return { clock, setTime, adjust: (seconds: number) => Effect.suspend(() => setTime(now + seconds * 1000)) }
}

/** Plays the steps against managers of one session, and then checks all that must hold after any steps. */
const play = (
  run: {
    readonly steps: ReadonlyArray<Step>
    readonly seed: number
    readonly lifetime: number
    readonly callback: number
  },
  siblings: number
) => {
  const { adjust, clock, setTime } = makeClock()
  return Effect.gen(function* () {
    const { open, server, store } = yield* world({ lifetimes: { accessToken: `${run.lifetime} seconds` } })
    const { endSession, faults, journal } = server
    let delay = run.callback
    const onTokenUpdate = () => (delay === 0 ? Effect.void : Effect.sleep(`${delay} seconds`))
    const managers = yield* Effect.replicateEffect(open({ onTokenUpdate }), siblings)
    const callers: Array<Fiber.RuntimeFiber<unknown, unknown>> = []
    const seen = new Map<string, OAuthToken.OAuthToken>()
    const seenUnstored = new Set<string>()
    const declaredUnstored = new Set<string>()
    let calls = 0
    let latest = 0

    for (const manager of managers) {
      yield* manager.events.pipe(
        Stream.runForEach((event) =>
          Effect.sync(() => {
            if (event._tag === "NotDurable") declaredUnstored.add(access(event.token))
          })
        ),
        Effect.forkScoped
      )
    }
    yield* idle

    const see = (token: OAuthToken.OAuthToken) =>
      Effect.sync(() => {
        seen.set(access(token), token)
        if (!store.hasStored(access(token))) seenUnstored.add(access(token))
      })

    const calling = (manager: TokenManager.Service, name: Extract<Step, { call: unknown }>["call"]) => {
      if (name === "logout") return manager.logout
      if (name === "getToken") return Effect.tap(manager.getToken, see)
      if (name === "fetchToken") return Effect.tap(manager.fetchToken(), see)
      if (name === "refreshToken") return Effect.tap(manager.refreshToken(), see)
      const refused = [...seen.values()].at(-1)
      return refused === undefined ? Effect.void : Effect.tap(manager.replaceToken(refused), see)
    }

    for (const step of run.steps) {
      if ("call" in step) {
        const manager = managers[step.by % siblings]
        if (manager === undefined) continue
        const effect = calling(manager, step.call)
        for (let caller = 0; caller < step.callers; caller++) {
          calls += 1
          callers.push(
            yield* Effect.forkScoped(
              step.patience === undefined ? effect : Effect.timeoutOption(effect, `${step.patience} seconds`)
            )
          )
        }
        yield* idle
      } else if ("interrupt" in step) {
        const caller = callers[step.interrupt]
        if (caller !== undefined) yield* Fiber.interruptFork(caller)
      } else if ("advance" in step) {
        yield* adjust(step.advance)
      } else if ("setTime" in step) {
        yield* setTime(step.setTime * 1000)
      } else if ("next" in step) {
        const { [step.next]: outcome } = outcomes
        const met = Fault.make(step.next, (exchange) => {
          const { refresh_token: sent = "" } = exchange.request.parameters
          return Effect.zipRight(
            step.next === "ended" ? endSession(sent) : Effect.void,
            outcome.apply(exchange)
          )
        })
        yield* faults.next(Fault.all(met, Fault.latency(`${step.latency} seconds`)))
      } else if ("revocationFails" in step) {
        yield* server.nextRevocations(Fault.connectionFailure)
      } else if (step.store === "mended") {
        store.mend()
      } else {
        store.fail(step.store, step.times, step.how)
      }
      latest = Math.max(latest, clock.unsafeCurrentTimeMillis())
      for (const manager of managers) {
        const token = yield* Effect.exit(manager.currentToken)
        if (Exit.isSuccess(token) && Option.isSome(token.value)) yield* see(token.value.value)
      }
    }

    // All is well again, and what is on its way comes.
    yield* faults.clear
    store.mend()
    yield* setTime(latest + 100_000)
    yield* adjust(31)
    yield* adjust(31)
    yield* idle

    assert.strictEqual(
      callers.filter((caller) => Option.isNone(Effect.runSync(Fiber.poll(caller)))).length,
      0,
      "callers that never came back"
    )
    assert.deepStrictEqual(yield* journal.sentAgain, [], "refresh tokens sent again after a known outcome")
    assert.isAtMost(yield* journal.mostAtOnce(Journal.isAt("token")), 1, "requests at one time")
    assert.deepStrictEqual(
      [...seenUnstored].filter((token) => !declaredUnstored.has(token)),
      [],
      "tokens seen before they were stored, or said not to be"
    )
    // A refresh that is refused and a login, at most.
    assert.isAtMost(yield* journal.count(Journal.hasGrantType("password")), calls, "logins")
    assert.isAtMost(yield* journal.count(Journal.hasGrantType("refresh_token")), calls, "refreshes")

    // A login whose reply is malformed does not begin a session.
    const last = yield* journal.last(
      ({ fault = "", grantType, newRefreshToken }) =>
        newRefreshToken !== undefined && (grantType === "refresh_token" || !fault.startsWith("malformed"))
    )
    const lastRefreshToken = Option.getOrUndefined(last)?.newRefreshToken
    if (lastRefreshToken !== undefined && (yield* server.introspect(lastRefreshToken)).active) {
      const known = [refreshOf(store.stored(key))]
      for (const manager of managers) {
        known.push(refreshOf(Option.getOrUndefined(yield* manager.currentToken)))
      }
      assert.include(known, Redacted.value(lastRefreshToken), "the session that the server keeps")
    }

    delay = 0
    for (const manager of managers) {
      const token = yield* manager.fetchToken()
      if (run.lifetime > 0) assert.strictEqual(access(yield* manager.getToken), access(token))
    }
  }).pipe(
    Effect.withRandom(Random.make(run.seed)),
    Effect.withClock(clock),
    Effect.provide(Logger.remove(Logger.defaultLogger))
  )
}

const seed = FastCheck.nat()
/** How many seconds `onTokenUpdate` takes: more than 30 is more than it is given. */
const callback = FastCheck.constantFrom(0, 0, 4, 50)
const lifetime = FastCheck.constantFrom(0, 30, 3600, 3600, 3600)

describe("whatever happens in whatever order", () => {
  it.scoped.prop(
    "one manager on a store that fails, too, keeps its promises",
    { steps: steps(["read", "lease", "write", "write", "write"]), seed, lifetime, callback },
    (run) => play(run, 1),
    { timeout: 60_000, fastCheck: { numRuns: 100 } }
  )

  // While nothing can be written, two managers cannot know of each other's tokens.
  it.scoped.prop(
    "two managers on one store that can be written keep their promises",
    { steps: steps(["read", "lease"]), seed, lifetime, callback },
    (run) => play(run, 2),
    { timeout: 60_000, fastCheck: { numRuns: 100 } }
  )
})
