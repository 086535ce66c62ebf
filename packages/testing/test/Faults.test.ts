import { HttpServerResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { TokenEndpoint, TokenManager } from "@effect-oauth/client"
import { Fault, Journal, TestAuthorizationServer, TestSession } from "@effect-oauth/testing"
import { Deferred, Duration, Effect, Fiber, Layer, Option, Redacted, Schedule, TestClock } from "effect"
import { call, logIn, refresh, Server, sessionAt, shown } from "./fixtures/asking.js"

const Once = TestSession.layer({ server: { retry: Schedule.stop } }).pipe(
  Layer.provideMerge(TestAuthorizationServer.layer())
)

/** What one request for a token becomes, when it meets the fault, and how long that takes. */
const met = (fault: Fault.Fault, patience: Duration.DurationInput = "40 seconds") =>
  Effect.gen(function* () {
    const { faults, grant, introspect, journal } = yield* Server
    const endpoint = yield* TokenEndpoint.TokenEndpoint
    yield* faults.next(fault)
    const asking = yield* Effect.fork(
      Effect.timed(
        Effect.match(endpoint.fetchToken(grant), { onSuccess: () => "token", onFailure: (error) => error })
      )
    )
    yield* TestClock.adjust(patience)
    const [took, outcome] = yield* Fiber.join(asking)
    return {
      outcome: typeof outcome === "string" ? outcome : shown(outcome),
      retryAfter: typeof outcome === "string" || !("retryAfter" in outcome) ? undefined : outcome.retryAfter,
      seconds: Duration.toSeconds(took),
      hasActed: (yield* introspect("access-1")).active,
      lines: yield* journal.lines
    }
  }).pipe(Effect.provide(Once))

describe("a fault, as TokenEndpoint sees it", () => {
  it.effect("latency", () =>
    Effect.gen(function* () {
      const { hasActed, lines, outcome, seconds } = yield* met(Fault.latency("20 seconds"))
      assert.deepStrictEqual([outcome, seconds, hasActed], ["token", 20, true])
      assert.deepStrictEqual(lines, ["token password 200 (latency)"])
    })
  )

  it.effect("latency beyond its patience: the server has acted", () =>
    Effect.gen(function* () {
      const { hasActed, lines, outcome, seconds } = yield* met(Fault.latency("35 seconds"))
      assert.match(outcome, /^APIException transient: .*did not answer within 30s/)
      assert.deepStrictEqual([seconds, hasActed], [30, true])
      assert.deepStrictEqual(lines, ["token password abandoned (latency)"])
    })
  )

  it.effect("late arrival: the server has not acted", () =>
    Effect.gen(function* () {
      assert.isFalse((yield* met(Fault.lateArrival("35 seconds"))).hasActed)
      const { hasActed, outcome } = yield* met(Fault.lateArrival("5 seconds"))
      assert.deepStrictEqual([outcome, hasActed], ["token", true])
    })
  )

  for (const [fault, hasActed] of [
    [Fault.hang, false],
    [Fault.hangingReply, true]
  ] as const) {
    it.effect(fault.name, () =>
      Effect.gen(function* () {
        const result = yield* met(fault)
        assert.match(result.outcome, /^APIException transient: .*did not answer within 30s/)
        assert.strictEqual(result.hasActed, hasActed)
      })
    )
  }

  for (const [fault, hasActed] of [
    [Fault.connectionFailure, false],
    [Fault.lostReply, true]
  ] as const) {
    it.effect(fault.name, () =>
      Effect.gen(function* () {
        const result = yield* met(fault)
        assert.match(result.outcome, /^APIException transient: .*could not be reached/)
        assert.strictEqual(result.hasActed, hasActed)
        assert.deepStrictEqual(result.lines, [`token password disconnected (${fault.name})`])
      })
    )
  }

  for (const code of [500, 502, 504]) {
    it.effect(`status ${code}`, () =>
      Effect.gen(function* () {
        const { hasActed, outcome } = yield* met(Fault.status(code))
        assert.match(outcome, new RegExp(`^APIException transient: .* ${code} \\(text/html`))
        assert.isFalse(hasActed)
      })
    )
  }

  for (const as of ["seconds", "date"] as const) {
    it.effect(`429 and 503 with Retry-After as ${as}`, () =>
      Effect.gen(function* () {
        for (const fault of [Fault.tooManyRequests, Fault.unavailable]) {
          const { outcome, retryAfter } = yield* met(fault({ retryAfter: "7 seconds", as }))
          assert.match(outcome, /^APIException transient/)
          assert.strictEqual(retryAfter && Duration.toSeconds(retryAfter), 7)
        }
        assert.isUndefined((yield* met(Fault.tooManyRequests())).retryAfter)
      })
    )
  }

  it.effect("Retry-After is seconds, or the date by the clock of the server", () =>
    Effect.gen(function* () {
      const { faults, skewClock } = yield* Server
      yield* TestClock.adjust("1 hours")
      yield* skewClock({ ahead: "5 minutes" })
      const retryAfter = "1500 millis"
      yield* faults.next(
        Fault.tooManyRequests({ retryAfter }),
        Fault.unavailable({ retryAfter, as: "date" }),
        Fault.unavailable()
      )
      const replies = [yield* logIn(), yield* logIn(), yield* logIn()]
      assert.deepStrictEqual(
        replies.map(({ headers, status }) => [status, headers["retry-after"]]),
        [
          [429, "2"],
          [503, "Thu, 01 Jan 1970 01:05:02 GMT"],
          [503, undefined]
        ]
      )
    }).pipe(Effect.provide(TestAuthorizationServer.layer()))
  )

  it.effect("a refusal", () =>
    Effect.gen(function* () {
      const { body, status } = yield* Effect.gen(function* () {
        yield* (yield* Server).faults.next(
          Fault.refuse("consent_required", {
            status: 403,
            description: "Ask alice.",
            uri: "https://auth.test/why"
          })
        )
        return yield* logIn()
      }).pipe(Effect.provide(TestAuthorizationServer.layer()))
      assert.strictEqual(status, 403)
      assert.deepStrictEqual(body, {
        error: "consent_required",
        error_description: "Ask alice.",
        error_uri: "https://auth.test/why"
      })
      assert.strictEqual((yield* met(Fault.refuse("slow_down"))).outcome, "OAuthProviderException slow_down")
      const { hasActed, lines } = yield* met(Fault.refuse("invalid_client"))
      assert.deepStrictEqual(lines, ["token password 401 invalid_client (refuse invalid_client)"])
      assert.isFalse(hasActed)
    })
  )

  it.effect("one of its own", () =>
    Effect.gen(function* () {
      const page = HttpServerResponse.text("<h1>Log in to the Wi-Fi</h1>", { contentType: "text/html" })
      assert.match((yield* met(Fault.instead(page))).outcome, /an HTML or XML page/)
      const renamed = Fault.altered("renamed", HttpServerResponse.setHeader("x-test", "1"))
      assert.strictEqual((yield* met(renamed)).outcome, "token")
    })
  )

  it.effect("several at once, from the server to the client", () =>
    Effect.gen(function* () {
      const { hasActed, lines, outcome, seconds } = yield* met(
        Fault.all(Fault.latency("10 seconds"), Fault.lostReply)
      )
      assert.match(outcome, /^APIException transient: .*could not be reached/)
      assert.deepStrictEqual([hasActed, seconds], [true, 10])
      assert.deepStrictEqual(lines, ["token password disconnected (latency, lostReply)"])
      const other = yield* met(Fault.all(Fault.hang, Fault.latency("1 seconds")))
      assert.isFalse(other.hasActed)
    })
  )
})

describe("a fault that is held back", () => {
  it.effect("answers when it is released, and the server has acted at once", () =>
    Effect.gen(function* () {
      const { faults, introspect, journal } = yield* Server
      const released = yield* Deferred.make<void>()
      yield* faults.next(Fault.heldUntil(Deferred.await(released)))
      const asking = yield* Effect.fork(logIn())
      yield* TestClock.adjust("1 hour")
      assert.isTrue((yield* introspect("refresh-1")).active)
      assert.deepStrictEqual(yield* journal.lines, ["token password pending (heldUntil)"])
      assert.isTrue(Option.isNone(yield* Fiber.poll(asking)))
      yield* Deferred.succeed(released, undefined)
      assert.strictEqual((yield* Fiber.join(asking)).status, 200)
    }).pipe(Effect.provide(TestAuthorizationServer.layer()))
  )

  for (const [news, fault] of [
    ["a refusal", Fault.refuse("invalid_grant")],
    ["a connection that fails", Fault.connectionFailure],
    ["a lost reply", Fault.lostReply]
  ] as const) {
    it.effect(`may be ${news}`, () =>
      Effect.gen(function* () {
        const released = Effect.sleep("5 seconds")
        assert.strictEqual((yield* met(Fault.all(fault, Fault.heldUntil(released)))).seconds, 5)
        assert.strictEqual((yield* met(Fault.all(fault, Fault.latency("5 seconds")))).seconds, 5)
      })
    )
  }
})

describe("a fault of one's own", () => {
  it.effect("knows what was asked, also among others", () =>
    Effect.gen(function* () {
      const { endSession, faults } = yield* Server
      const over = Fault.make("over", ({ act, request }) =>
        Effect.zipRight(endSession(request.parameters["refresh_token"] ?? ""), act)
      )
      for (const _ of [1, 2]) yield* logIn()
      yield* faults.next(Fault.all(over, Fault.latency(0)))
      assert.strictEqual((yield* refresh("refresh-1")).body["error"], "invalid_grant")
      assert.strictEqual((yield* refresh("refresh-2")).status, 200)
    }).pipe(Effect.provide(TestAuthorizationServer.layer()))
  )
})

describe("a fault, as TokenManager sees it", () => {
  const Test = Effect.provide(sessionAt())

  const getToken = Effect.flatMap(TokenManager.TokenManager, (manager) => manager.getToken)

  /** A session whose access token has expired. */
  const expired = Effect.zipRight(getToken, TestClock.adjust("2 hours"))

  it.effect("is tried again when the server asks for it, and not before", () =>
    Effect.gen(function* () {
      const { faults, journal } = yield* Server
      yield* expired
      yield* journal.clear
      yield* faults.next(Fault.tooManyRequests({ retryAfter: "10 seconds", as: "date" }))
      const asking = yield* Effect.fork(getToken)
      yield* TestClock.adjust("9 seconds")
      assert.deepStrictEqual(yield* journal.lines, [
        "token refresh_token 429 temporarily_unavailable (tooManyRequests)"
      ])
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(asking)
      const [first, second] = yield* journal.entries
      assert.isAtLeast((second?.at ?? 0) - (first?.at ?? 0), 10_000)
      assert.strictEqual(second?.status, 200)
    }).pipe(Test)
  )

  it.effect("a lost reply costs the session of a strict server, and a new one begins", () =>
    Effect.gen(function* () {
      const { faults, journal } = yield* Server
      yield* expired
      yield* faults.next(Fault.lostReply)
      const asking = yield* Effect.fork(getToken)
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(asking)
      assert.deepStrictEqual(yield* journal.lines, [
        "token password 200",
        "token refresh_token disconnected (lostReply)",
        "token refresh_token 400 invalid_grant",
        "token password 200"
      ])
    }).pipe(Test)
  )

  it.effect("a lost reply costs nothing where the server allows for it", () =>
    Effect.gen(function* () {
      const { faults, journal } = yield* Server
      yield* expired
      yield* faults.next(Fault.lostReply)
      const asking = yield* Effect.fork(getToken)
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(asking)
      assert.deepStrictEqual(yield* journal.grantTypes, ["password", "refresh_token", "refresh_token"])
    }).pipe(Effect.provide(sessionAt({ reuseGrace: "1 minutes" })))
  )

  it.effect("an outage is not noticed while the token is good", () =>
    Effect.gen(function* () {
      const server = yield* Server
      const { accessToken } = yield* getToken
      yield* server.goDown
      yield* TestClock.adjust("3590 seconds")
      assert.strictEqual(Redacted.value((yield* getToken).accessToken), Redacted.value(accessToken))
      yield* TestClock.adjust("2 minutes")
      const asking = yield* Effect.fork(Effect.either(getToken))
      yield* TestClock.adjust("1 minutes")
      assert.strictEqual((yield* Fiber.join(asking))._tag, "Left")
      yield* server.comeBack
      assert.notStrictEqual(Redacted.value((yield* getToken).accessToken), Redacted.value(accessToken))
    }).pipe(Test)
  )

  it.effect("a wrong password is not sent again", () =>
    Effect.gen(function* () {
      const { journal, setPassword } = yield* Server
      yield* setPassword("alice", "changed")
      for (const _ of [1, 2, 3]) {
        const error = yield* Effect.flip(getToken)
        assert.deepInclude(error, { _tag: "OAuthProviderException", error: "invalid_grant" })
      }
      assert.strictEqual(yield* journal.count(), 1)
    }).pipe(Test)
  )
})

describe("the plan", () => {
  const Test = Effect.provide(TestAuthorizationServer.layer())

  it.effect("has a number of requests meet a fault, then what holds for good", () =>
    Effect.gen(function* () {
      const { faults, journal } = yield* Server
      yield* faults.when(Journal.hasGrantType("password"), Fault.status(500))
      yield* faults.when(Journal.isAt("token"), Fault.status(501), { times: 2 })
      yield* faults.next(Fault.status(502), Fault.status(503))
      for (const _ of [1, 2, 3, 4, 5, 6]) yield* logIn()
      yield* faults.clear
      yield* logIn()
      const statuses = (yield* journal.entries).map(({ status }) => status)
      assert.deepStrictEqual(statuses, [501, 501, 502, 503, 500, 500, 200])
    }).pipe(Test)
  )

  it.effect("can begin with a later request", () =>
    Effect.gen(function* () {
      const { faults, journal } = yield* Server
      yield* faults.next(Fault.none, Fault.status(500))
      for (const _ of [1, 2, 3]) yield* logIn()
      assert.deepStrictEqual(
        (yield* journal.entries).map(({ status }) => status),
        [200, 500, 200]
      )
    }).pipe(Test)
  )

  it.effect("is for the requests that it names", () =>
    Effect.gen(function* () {
      const { faults } = yield* Server
      yield* faults.nextAt("resource", Fault.unauthorized)
      yield* faults.when(({ username }) => username === "mallory", Fault.connectionFailure)
      yield* logIn()
      const refused = yield* call("access-1")
      assert.strictEqual(refused.status, 401)
      assert.strictEqual(refused.headers["www-authenticate"], 'Bearer realm="api", error="invalid_token"')
      assert.strictEqual((yield* call("access-1")).status, 200)
      assert.strictEqual((yield* Effect.flip(logIn({ username: "mallory" })))._tag, "RequestError")
    }).pipe(Test)
  )

  it.effect("counts each of a thousand requests at once", () =>
    Effect.gen(function* () {
      const { faults } = yield* Server
      yield* faults.when(Journal.isAt("token"), Fault.status(500), { times: 333 })
      const replies = yield* Effect.all(
        Array.from({ length: 1000 }, () => logIn()),
        {
          concurrency: "unbounded"
        }
      )
      assert.lengthOf(
        replies.filter(({ status }) => status === 500),
        333
      )
    }).pipe(Test)
  )
})
