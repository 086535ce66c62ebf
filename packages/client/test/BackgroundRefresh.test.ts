import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Grant, OAuthToken, type TokenEvent, type TokenManager, TokenManagers } from "@effect-oauth/client"
import { Fault, type Journal, MalformedReply, type TestAuthorizationServer } from "@effect-oauth/testing"
import * as Array from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import * as FaultyStore from "./fixtures/faultyStore.js"
import * as MachineTime from "./fixtures/machineTime.js"
import { access, foreign, grant, invalidGrant, key, refreshOf, serverOf, world } from "./fixtures/world.js"

const seconds = 1000
const hour = 3600 * seconds

/** A test on a machine of its own. */
const onMachine =
  <A, E>(test: (machine: MachineTime.MachineTime) => Effect.Effect<A, E, Scope.Scope>) =>
  (): Effect.Effect<A, E, Scope.Scope> =>
    Effect.suspend(() => {
      const machine = MachineTime.make()
      return Effect.withClock(test(machine), machine.clock)
    })

const refreshesOf = (entries: ReadonlyArray<Journal.Entry>) =>
  entries.filter(({ grantType }) => grantType === "refresh_token")

const momentsOf = (entries: ReadonlyArray<Journal.Entry>) => entries.map(({ at }) => at)

/** A world in which a session has begun that is kept fresh, or not. */
const begun = (options: TestAuthorizationServer.Options = {}, managerOptions: TokenManager.Options = {}) =>
  Effect.gen(function* () {
    const { open, server, store } = yield* world(options)
    const manager = yield* open({ keepFresh: true, ...managerOptions })
    yield* manager.fetchToken({ grant })
    yield* MachineTime.settle
    return { manager, open, server, store }
  })

const listen = (manager: TokenManager.Service) =>
  Effect.gen(function* () {
    const heard: Array<TokenEvent.TokenEvent> = []
    yield* manager.events.pipe(
      Stream.runForEach((event) => Effect.sync(() => heard.push(event))),
      Effect.forkScoped
    )
    yield* MachineTime.settle
    return heard
  })

describe("a session that nobody uses", () => {
  it.scoped(
    "does nothing and waits for nothing, unless it is kept fresh",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { manager, server } = yield* begun({}, { keepFresh: false })
        assert.strictEqual(machine.timers(), 0)
        yield* machine.pass("3 hours")
        assert.strictEqual(yield* server.requests, 1)
        assert.strictEqual(machine.timers(), 0)
        assert.strictEqual((yield* manager.status).state, "expired")
      })
    )
  )

  it.scoped(
    "is refreshed ahead of each expiry if it is kept fresh, at a moment of its own",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { manager, server } = yield* begun()
        yield* machine.pass("5 hours")
        const moments = momentsOf(yield* server.journal.tokenRequests)
        assert.strictEqual(moments.length, 6)
        const ahead = Array.zipWith(moments, moments.slice(1), (one, next) => (one + hour - next) / seconds)
        // Between the leeway of a minute and four fifths of it, on the next of the steps in which time passes.
        for (const left of ahead) assert.isTrue(left >= 46 && left <= 60, String(left))
        assert.isAbove(new Set(ahead).size, 1)
        assert.strictEqual((yield* manager.status).state, "valid")
        assert.strictEqual(access(yield* manager.getToken), "access-6")
        assert.deepStrictEqual(yield* server.journal.sentAgain, [])
      })
    )
  )

  it.scoped(
    "is kept fresh by the grant where there are no refresh tokens",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { server } = yield* begun({ refreshTokens: "none" })
        yield* machine.pass("3 hours")
        assert.deepStrictEqual(yield* server.journal.grantTypes, Array.replicate("password", 4))
      })
    )
  )

  it.scoped(
    "is not kept fresh without a way to",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { server } = yield* begun({ refreshTokens: "none" }, { grant: undefined })
        yield* machine.pass("3 hours")
        assert.strictEqual(yield* server.requests, 1)
        assert.strictEqual(machine.timers(), 0)
      })
    )
  )

  it.scoped(
    "is not begun for being kept fresh",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { open, server } = yield* world()
        const manager = yield* open({ keepFresh: true })
        yield* machine.pass("3 hours")
        assert.strictEqual(yield* server.requests, 0)
        assert.strictEqual(machine.timers(), 0)
        yield* manager.getToken
        yield* machine.pass("3 hours")
        assert.strictEqual(yield* server.requests, 4)
      })
    )
  )

  it.scoped(
    "is taken up from the store at once, and refreshed if it has to be",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { manager, open, server } = yield* begun({}, { keepFresh: false })
        const restarted = yield* open({ keepFresh: true, grant: undefined })
        const heard = yield* listen(restarted)
        assert.strictEqual((yield* restarted.status).state, "valid")
        yield* machine.pass("1 hour")
        assert.strictEqual(yield* server.requests, 2)
        yield* machine.suspend("1 day")
        yield* machine.pass("1 minute")
        assert.strictEqual(yield* server.requests, 3)
        assert.deepStrictEqual(
          heard.map(({ _tag }) => _tag),
          ["Refreshed", "Refreshed"]
        )
        assert.strictEqual(access(yield* manager.getToken), "access-3")
        assert.strictEqual(yield* server.requests, 3)
      })
    )
  )

  it.scoped(
    "is taken up from a store that was down at first",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { open, store } = yield* begun({}, { keepFresh: false })
        store.fail("read", 1000)
        const restarted = yield* open({ keepFresh: true })
        yield* machine.pass("10 minutes")
        assert.strictEqual((yield* restarted.status).state, "none")
        store.mend()
        yield* machine.pass("7 minutes")
        assert.strictEqual((yield* restarted.status).state, "valid")
      })
    )
  )

  it.scoped(
    "ends with its scope",
    onMachine((machine) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const { server } = yield* Scope.extend(begun(), scope)
        assert.isAbove(machine.timers(), 0)
        yield* Scope.close(scope, Exit.void)
        assert.strictEqual(machine.timers(), 0)
        yield* machine.pass("3 hours")
        assert.strictEqual(yield* server.requests, 1)
      })
    )
  )

  it.scoped(
    "is refreshed once by those who share it",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { open, server } = yield* begun()
        const siblings = yield* Effect.all(Array.replicate(open({ keepFresh: true }), 9))
        yield* machine.pass("5 hours")
        assert.strictEqual(yield* server.requests, 6)
        assert.deepStrictEqual(yield* server.journal.sentAgain, [])
        for (const sibling of siblings) {
          assert.strictEqual((yield* sibling.status).state, "valid")
          assert.strictEqual(access(yield* sibling.getToken), "access-6")
        }
      })
    )
  )

  it.scoped(
    "shares its flight with callers, who do not wait for it",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { manager, server } = yield* begun()
        yield* server.faults.next(Fault.latency("20 seconds"))
        yield* machine.pass(Duration.seconds(3600 - 45))
        const tokens = yield* Effect.all(Array.replicate(manager.getToken, 100), { concurrency: "unbounded" })
        assert.deepStrictEqual([...new Set(tokens.map(access))], ["access-1"])
        yield* machine.pass("20 seconds")
        assert.strictEqual(access(yield* manager.getToken), "access-2")
        assert.strictEqual(yield* server.requests, 2)
      })
    )
  )
})

describe("time that does not pass evenly", () => {
  it.scoped(
    "a machine that slept through the expiry refreshes once when it wakes up",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { manager, server } = yield* begun()
        for (const night of [1, 2, 3]) {
          yield* machine.suspend("9 hours")
          yield* machine.pass("1 minute")
          assert.strictEqual(yield* server.requests, 1 + night)
          assert.strictEqual((yield* manager.status).state, "valid")
        }
      })
    )
  )

  it.scoped(
    "a token that lives for longer than a timer can wait is replaced in time",
    onMachine((machine) =>
      Effect.gen(function* () {
        const lifetime = Duration.days(60)
        const { server } = yield* begun({ lifetimes: { accessToken: lifetime } }, { leeway: "1 day" })
        yield* machine.pass("1 hour")
        // A machine that is hardly ever awake, so that the test does not last.
        yield* machine.suspend(Duration.days(58))
        yield* machine.pass("1 hour")
        assert.strictEqual(yield* server.requests, 1)
        yield* machine.suspend("29 hours")
        yield* machine.pass("2 hours")
        assert.strictEqual(yield* server.requests, 2)
      })
    )
  )

  /** A session, and when the server was asked for a token, by the time that truly passes. */
  const watched = (machine: MachineTime.MachineTime) =>
    Effect.gen(function* () {
      const { open, server } = yield* world()
      const asked: Array<number> = []
      const note = Fault.make("noted", ({ act }) =>
        Effect.suspend(() => {
          asked.push(machine.elapsed())
          return act
        })
      )
      yield* server.faults.when(() => true, note)
      const manager = yield* open({ keepFresh: true })
      yield* manager.getToken
      yield* MachineTime.settle
      return { asked, manager }
    })

  it.scoped(
    "a wall clock that is set ahead is noticed within a minute",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { asked, manager } = yield* watched(machine)
        machine.setWallClock("5 hours")
        yield* machine.pass("1 minute")
        assert.strictEqual(asked.length, 2)
        assert.strictEqual((yield* manager.status).state, "valid")
      })
    )
  )

  it.scoped(
    "a wall clock that is set back keeps no token for longer than it lives",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { asked } = yield* watched(machine)
        machine.setWallClock("5 hours", "back")
        yield* machine.pass("61 minutes")
        assert.strictEqual(asked.length, 2)
        assert.isBelow(asked[1] ?? 0, hour)
      })
    )
  )

  it.scoped(
    "nor after a refresh that failed, with a store that reads its tokens anew each time",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { manager, server, store } = yield* begun()
        store.sibling.write(key, new OAuthToken.OAuthToken({ ...(yield* manager.getToken) }))
        machine.setWallClock("5 hours", "back")
        yield* server.faults.next(Fault.connectionFailure)
        yield* machine.pass("1 hour")
        assert.strictEqual(yield* server.requests, 3)
        assert.strictEqual(access(yield* manager.getToken), "access-2")
      })
    )
  )

  const step = FastCheck.record({
    minutes: FastCheck.integer({ min: 1, max: 90 }),
    set: FastCheck.constantFrom("not", "ahead", "back"),
    by: FastCheck.integer({ min: 1, max: 86_400 }),
    sleeps: FastCheck.boolean()
  })

  it.scoped.prop(
    "however clocks are set and machines sleep, no token is kept for longer than it lives, and requests stay few",
    [FastCheck.array(step, { minLength: 1, maxLength: 8 })],
    ([steps]) =>
      onMachine((machine) =>
        Effect.gen(function* () {
          const { asked, manager } = yield* watched(machine)
          for (const { by, minutes, set, sleeps } of steps) {
            if (set === "ahead" || set === "back") machine.setWallClock(Duration.seconds(by), set)
            const asleepSince = machine.elapsed()
            if (sleeps) yield* machine.suspend(Duration.seconds(by))
            yield* machine.pass(Duration.minutes(minutes))
            // What expired meanwhile was replaced within a minute; a clock that was set back hides how long it slept.
            if (set !== "back") assert.strictEqual((yield* manager.status).state, "valid")
            const awake = asked.filter((at) => at >= asleepSince + (sleeps ? by * seconds : 0))
            const gaps = Array.zipWith(awake, awake.slice(1), (one, next) => next - one)
            for (const gap of gaps) assert.isBelow(gap, hour)
          }
          const jumps = steps.filter(({ set, sleeps }) => set === "ahead" || sleeps).length
          assert.isAtMost(asked.length, 1 + jumps + Math.ceil(machine.elapsed() / (hour - 60 * seconds)))
          assert.isAtMost(machine.timers(), 1)
        })
      )(),
    { fastCheck: { numRuns: 60 } }
  )
})

describe("a session that cannot be kept fresh", () => {
  it.scoped(
    "because the server is down tries at growing intervals, and is fresh again when it is back",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { manager, server } = yield* begun()
        yield* server.always(Fault.connectionFailure)
        yield* machine.pass("1 hour")
        const inTime = (yield* server.journal.tokenRequests).length - 1
        assert.isTrue(inTime >= 6 && inTime <= 14, String(inTime))
        yield* machine.pass("1 hour")
        const late = momentsOf((yield* server.journal.tokenRequests).slice(1 + inTime))
        // Doubled from 6 seconds on up to 5 minutes, a fifth more or less.
        assert.isTrue(late.length >= 14 && late.length <= 24, String(late.length))
        assert.strictEqual((yield* manager.status).state, "expired")
        yield* machine.pass("20 hours")
        assert.isAtMost((yield* server.requests) - 1 - inTime - late.length, (20 * 60) / 4 + 1)
        yield* server.faults.clear
        yield* machine.pass("6 minutes")
        assert.strictEqual((yield* manager.status).state, "valid")
      })
    )
  )

  it.scoped(
    "tries at moments that are not those of others",
    onMachine((machine) =>
      Effect.gen(function* () {
        const worlds = yield* Effect.forEach(Array.range(1, 20), (seed) =>
          Effect.withRandom(begun(), Random.make(seed))
        )
        for (const { server } of worlds) yield* server.always(Fault.connectionFailure)
        yield* machine.pass("2 hours")
        const tries = yield* Effect.forEach(worlds, ({ server }) =>
          Effect.map(server.journal.tokenRequests, momentsOf)
        )
        assert.isAbove(new Set(tries.map((moments) => moments.at(-1))).size, 15)
        // Nor at an even pace, when the intervals do not grow any more.
        const intervals = tries.map((moments) => (moments.at(-1) ?? 0) - (moments.at(-2) ?? 0))
        assert.isAbove(new Set(intervals).size, 15)
        for (const interval of intervals)
          assert.isTrue(interval >= 240 * seconds && interval <= 360 * seconds)
      })
    )
  )

  it.scoped(
    "waits for as long as the server asks, up to an hour",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { server } = yield* begun()
        yield* server.always(Fault.tooManyRequests({ retryAfter: "20 minutes" }))
        yield* machine.pass("2 hours")
        assert.strictEqual(yield* server.requests, 1 + 4)
        yield* server.always(Fault.tooManyRequests({ retryAfter: "10 days" }))
        yield* machine.pass("4 hours")
        const waited = yield* server.requests
        assert.isTrue(waited >= 1 + 4 + 3 && waited <= 1 + 4 + 5, String(waited))
      })
    )
  )

  it.scoped(
    "because the server refused for good rests until a session begins",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { manager, server } = yield* begun({}, { grant: undefined })
        yield* server.always(invalidGrant)
        yield* machine.pass("3 hours")
        assert.strictEqual(yield* server.requests, 2)
        assert.strictEqual(machine.timers(), 0)
        assert.strictEqual((yield* manager.status).state, "ended")
        yield* server.faults.clear
        yield* manager.fetchToken({ grant })
        yield* machine.pass("3 hours")
        assert.strictEqual(yield* server.requests, 2 + 1 + 3)
      })
    )
  )

  it.scoped(
    "because the client is refused for good rests, though it has a refresh token and a grant",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { manager, server } = yield* begun()
        yield* server.always(Fault.refuse("invalid_client"))
        yield* machine.pass("3 hours")
        assert.strictEqual(yield* server.requests, 2)
        assert.strictEqual(machine.timers(), 0)
        assert.strictEqual((yield* manager.status).state, "ended")
        yield* server.faults.clear
        yield* manager.fetchToken()
        yield* machine.pass("3 hours")
        assert.strictEqual(yield* server.requests, 2 + 1 + 3)
      })
    )
  )

  it.scoped(
    "because it was logged out rests until a session begins",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { manager, open, server } = yield* begun()
        const sibling = yield* open({ keepFresh: true })
        yield* MachineTime.settle
        yield* manager.logout
        yield* MachineTime.settle
        assert.strictEqual((yield* manager.status).state, "loggedOut")
        yield* machine.pass("3 hours")
        assert.strictEqual(yield* server.requests, 1)
        assert.strictEqual((yield* sibling.status).state, "loggedOut")
        assert.strictEqual(machine.timers(), 0)
        yield* manager.fetchToken()
        yield* machine.pass("3 hours")
        assert.strictEqual(yield* server.requests, 1 + 1 + 3)
      })
    )
  )

  it.scoped(
    "because its tokens have expired when they come asks for few",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { server } = yield* begun({ lifetimes: { accessToken: 0 } })
        yield* machine.pass("10 hours")
        assert.isAtMost(yield* server.requests, 1 + 12 + (10 * 60) / 4)
      })
    )
  )

  /** A reply that has no lifetime, but the moment of the expiry. */
  const expiringIn = (lifetime: number) =>
    Fault.make("absolute expiry", (exchange) =>
      Effect.flatMap(exchange.now, (now) =>
        MalformedReply.withMembers({ expires_in: undefined, expiry: now / seconds + lifetime }).apply(
          exchange
        )
      )
    )

  it.scoped(
    "because no token is good for as long as the leeway asks for few",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { manager, server } = yield* begun({}, { leeway: "2 hours" })
        yield* server.always(expiringIn(3600))
        yield* manager.fetchToken()
        yield* machine.pass("2 hours")
        assert.isAtMost(yield* server.requests, 2 + 12 + (2 * 60) / 4)
        assert.strictEqual((yield* manager.status).state, "expiring")
      })
    )
  )

  it.scoped(
    "for as long as the leeway has a token that is good all the same",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { manager, server } = yield* begun()
        yield* server.always(expiringIn(30))
        yield* manager.fetchToken()
        for (let minute = 0; minute < 60; minute++) {
          yield* machine.pass("1 minute")
          assert.strictEqual((yield* manager.status).state, "expiring")
        }
        const count = yield* server.requests
        assert.isTrue(count > 3600 / 30 && count <= 2 + 6 + 3600 / 18, String(count))
      })
    )
  )

  it.scoped(
    "for longer than a second gets tokens that live for a second no more often than that",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { server } = yield* begun({ lifetimes: { accessToken: "1 second" } })
        yield* machine.pass("5 minutes")
        const count = yield* server.requests
        assert.isTrue(count > 200 && count <= 301, String(count))
      })
    )
  )

  it.scoped(
    "because the store is down goes on when it is back, and spends nothing twice",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { manager, server, store } = yield* begun()
        for (const operation of ["read", "lease", "write"] as const) store.fail(operation, 100_000)
        yield* machine.pass("3 hours")
        assert.strictEqual(yield* server.requests, 1)
        store.mend()
        yield* machine.pass("7 minutes")
        assert.strictEqual((yield* manager.status).state, "valid")
        assert.deepStrictEqual(yield* server.journal.sentAgain, [])
      })
    )
  )

  it.scoped(
    "because the store dies is tried at growing intervals, too",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { store } = yield* begun()
        let reads = 0
        store.before(
          "read",
          Effect.sync(() => {
            reads += 1
          })
        )
        store.fail("read", 100_000, "die")
        yield* machine.pass("10 hours")
        assert.isTrue(reads > 100 && reads < 250, String(reads))
      }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)))
    )
  )
})

describe("a defect of a tracer", () => {
  it.scoped(
    "ends one try, and not that the session is kept fresh",
    onMachine((machine) =>
      Effect.gen(function* () {
        const native = yield* Effect.tracer
        let defects = 0
        const tracer = Tracer.make({
          context: native.context,
          span: (...parts) => {
            if (defects === 0) return native.span(...parts)
            defects -= 1
            throw new Error("no span")
          }
        })
        yield* Effect.gen(function* () {
          const { manager, server } = yield* begun()
          defects = 3
          yield* machine.pass("70 minutes")
          assert.strictEqual(defects, 0)
          assert.strictEqual(yield* server.requests, 2)
          assert.strictEqual((yield* manager.status).state, "valid")
        }).pipe(Effect.withTracer(tracer))
      })
    )
  )
})

describe("a process", () => {
  it.live("that forgets to close the scope of a session that is kept fresh ends all the same", () =>
    Effect.async<void>((resume) => {
      const child = execFile(
        process.execPath,
        ["--import", "tsx", fileURLToPath(new URL("fixtures/forgottenScope.ts", import.meta.url))],
        { cwd: fileURLToPath(new URL("../../..", import.meta.url)), timeout: 20_000, killSignal: "SIGKILL" },
        (failure, standardOutput, standardError) =>
          resume(
            Effect.sync(() => {
              assert.isNull(failure, `${failure?.message}${standardError}`)
              assert.strictEqual(standardOutput, "fetched, kept fresh, done\n")
            })
          )
      )
      return Effect.sync(() => child.kill("SIGKILL"))
    })
  )
})

describe("many sessions", () => {
  const users = ["alice", "bob", "carol"].map((username) => ({ username, password: "A3ddj3w" }))

  const kept = (isKept: (user: string) => boolean) =>
    Effect.gen(function* () {
      const server = yield* serverOf({ users })
      const store = FaultyStore.make()
      const managers = yield* TokenManagers.make({
        session: (username) => ({
          grant: Grant.password({ username, password: Redacted.make("A3ddj3w") }),
          keepFresh: isKept(username)
        })
      }).pipe(Effect.provide(Layer.merge(server.layer, store.layer)))
      for (const { username } of users) yield* managers.getToken(username)
      yield* MachineTime.settle
      const refreshes = Effect.map(server.journal.entries, (entries) => refreshesOf(entries).length)
      return { managers, refreshes, server }
    })

  it.scoped(
    "are kept fresh each by itself, those that are to be, and let go of, those that are not",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { managers, refreshes } = yield* kept((user) => user === "alice")
        yield* machine.pass("3 hours")
        assert.strictEqual(yield* refreshes, 3)
        assert.strictEqual((yield* managers.status("alice")).state, "valid")
        assert.strictEqual((yield* managers.status("bob")).state, "none")
      })
    )
  )

  it.scoped(
    "are let go of when there is nothing to keep fresh any more",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { managers, refreshes } = yield* kept(() => true)
        yield* managers.use("bob", (manager) => manager.logout)
        yield* machine.pass("10 minutes")
        assert.strictEqual((yield* managers.status("bob")).state, "none")
        assert.strictEqual((yield* managers.status("carol")).state, "valid")
        yield* machine.pass("1 hour")
        assert.strictEqual(yield* refreshes, 2)
      })
    )
  )

  it.scoped(
    "fail each for itself",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { managers, server } = yield* kept(() => true)
        const bobs = yield* managers.use("bob", (manager) => manager.currentToken)
        const refreshToken = refreshOf(Option.getOrUndefined(bobs))
        yield* server.faults.when(
          ({ parameters: { refresh_token } }) =>
            Redacted.isRedacted(refresh_token) && Redacted.value(refresh_token) === refreshToken,
          Fault.connectionFailure
        )
        yield* machine.pass("65 minutes")
        assert.strictEqual((yield* managers.status("alice")).state, "valid")
        assert.strictEqual((yield* managers.status("bob")).state, "expired")
        assert.strictEqual((yield* managers.status("carol")).state, "valid")
      })
    )
  )
})

describe("a refresh that a call starts in the background", () => {
  it.scoped(
    "is put off by a clock that nobody sets",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { open, server } = yield* world()
        const manager = yield* open()
        yield* manager.getToken
        yield* machine.pass("3570 seconds")
        yield* server.always(Fault.connectionFailure)
        yield* manager.getToken
        yield* MachineTime.settle
        assert.strictEqual(yield* server.requests, 2)
        machine.setWallClock("10 seconds", "back")
        yield* server.faults.clear
        yield* machine.pass("5 seconds")
        yield* manager.getToken
        yield* MachineTime.settle
        assert.strictEqual(yield* server.requests, 2)
        yield* machine.pass("2 seconds")
        yield* manager.getToken
        yield* MachineTime.settle
        assert.strictEqual(access(yield* manager.getToken), "access-2")
      }).pipe(Effect.withRandom(Random.fixed([0.5])))
    )
  )

  it.scoped(
    "is not repeated while the server asks for patience",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { open, server } = yield* world()
        const manager = yield* open()
        yield* manager.getToken
        yield* server.always(Fault.tooManyRequests({ retryAfter: "40 seconds" }))
        for (let left = 60; left > 0; left--) {
          yield* machine.pass(left === 60 ? "59 minutes" : "1 second")
          assert.strictEqual(access(yield* manager.getToken), "access-1")
          yield* MachineTime.settle
        }
        assert.isAtMost(yield* server.requests, 3)
      })
    )
  )

  it.scoped(
    "takes up what a sibling stored that knows nothing of leases",
    onMachine((machine) =>
      Effect.gen(function* () {
        const { open, server, store } = yield* world()
        const manager = yield* open()
        yield* manager.getToken
        yield* machine.pass("3560 seconds")
        store.sibling.write(key, yield* foreign("sibling", "sibling-refresh"))
        assert.strictEqual(access(yield* manager.getToken), "access-1")
        yield* MachineTime.settle
        assert.strictEqual(access(yield* manager.getToken), "sibling")
        assert.strictEqual(yield* server.requests, 1)
      })
    )
  )
})
