import { FetchHttpClient, HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import {
  AuthorizedHttpClient,
  ClientAuthentication,
  Grant,
  OAuthToken,
  TokenEndpoint,
  type TokenEvent,
  TokenManager,
  TokenStore
} from "@effect-oauth/client"
import { OidcProvider, RegisteredClient, ResourceServer, User } from "@effect-oauth/loopback-servers"
import { shown } from "@effect-oauth/loopback-servers/Evidence"
import { Fault, TestAuthorizationServer, TestSession } from "@effect-oauth/testing"
import { SpanKind, SpanStatusCode } from "@opentelemetry/api"
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base"
import * as Array from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as Telemetry from "./fixtures/telemetry.js"
import { access, foreign, grant, invalidGrant, key, refreshOf, world } from "./fixtures/world.js"

const idle = TestClock.adjust(0)

const hour = 3600

/** A test with an SDK of its own, which is read before it closes. */
const observed =
  <A, E>(
    test: (telemetry: ReturnType<typeof Telemetry.make>) => Effect.Effect<A, E, Scope.Scope>
  ): (() => Effect.Effect<A, E, Scope.Scope>) =>
  () =>
    Effect.suspend(() => {
      const telemetry = Telemetry.make()
      return Effect.provide(test(telemetry), telemetry.layer)
    })

const named = (spans: ReadonlyArray<ReadableSpan>, name: string): ReadonlyArray<ReadableSpan> =>
  spans.filter((span) => span.name === name)

const only = (spans: ReadonlyArray<ReadableSpan>, name: string): ReadableSpan => {
  const found = named(spans, name)
  assert.strictEqual(found.length, 1, name)
  return Option.getOrThrow(Array.head(found))
}

const idOf = (span: ReadableSpan): string => span.spanContext().spanId

const linksOf = (span: ReadableSpan): ReadonlyArray<string> => span.links.map(({ context }) => context.spanId)

/** The spans of a renewal as a tree: of each the name, what it waited for, and what is in it. */
const treeOf = (spans: ReadonlyArray<ReadableSpan>, root: ReadableSpan): ReadonlyArray<unknown> => {
  const { "oauth.wait.for": awaited } = root.attributes
  const children = spans.filter((span) => span.parentSpanContext?.spanId === idOf(root))
  return [
    awaited === undefined ? root.name : `${root.name} for ${String(awaited)}`,
    ...children.map((child) => treeOf(spans, child))
  ]
}

describe("the spans", () => {
  it.scoped(
    "of a login: who waits is linked to the renewal, which is nobody's child and linked to who started it",
    observed((telemetry) =>
      Effect.gen(function* () {
        const { open } = yield* world()
        const manager = yield* open()
        yield* Effect.withSpan(manager.getToken, "caller")
        const spans = telemetry.allSpans()
        const caller = only(spans, "caller")
        const renewal = only(spans, "oauth.token.renew")
        assert.deepStrictEqual(treeOf(spans, caller), ["caller", ["oauth.token.wait for renewal"]])
        assert.deepStrictEqual(treeOf(spans, renewal), [
          "oauth.token.renew",
          ["oauth.token.wait for lease"],
          ["oauth.token.fetch"]
        ])
        const wait = Option.getOrThrow(
          Array.findFirst(spans, (span) => span.parentSpanContext?.spanId === idOf(caller))
        )
        assert.isUndefined(renewal.parentSpanContext)
        assert.notStrictEqual(renewal.spanContext().traceId, caller.spanContext().traceId)
        assert.deepStrictEqual(linksOf(renewal), [idOf(wait)])
        assert.deepStrictEqual(linksOf(wait), [idOf(renewal)])
        assert.deepStrictEqual(renewal.attributes, { "oauth.background": false, "oauth.outcome": "issued" })
        const request = only(spans, "oauth.token.fetch")
        assert.deepStrictEqual(request.attributes, {
          "http.request.method": "POST",
          "http.response.status_code": 200,
          "oauth.client_id": "client",
          "oauth.grant_type": "password",
          "server.address": "auth.test",
          "server.port": 443
        })
        assert.strictEqual(request.kind, SpanKind.CLIENT)
        for (const span of telemetry.spans().filter(({ name }) => name !== "oauth.token.fetch")) {
          assert.strictEqual(span.kind, SpanKind.INTERNAL)
        }
      })
    )
  )

  it.scoped(
    "of a refresh in the background: linked to the call that started it, and nobody waits",
    observed((telemetry) =>
      Effect.gen(function* () {
        const { open, server } = yield* world()
        const manager = yield* open()
        yield* manager.getToken
        const before = telemetry.allSpans().length
        yield* TestClock.adjust(Duration.seconds(hour - 40))
        yield* server.faults.next(Fault.latency("10 seconds"))
        yield* Effect.withSpan(manager.getToken, "caller")
        yield* TestClock.adjust("10 seconds")
        const spans = telemetry.allSpans().slice(before)
        const caller = only(spans, "caller")
        const renewal = only(spans, "oauth.token.renew")
        assert.deepStrictEqual(treeOf(spans, caller), ["caller"])
        assert.isUndefined(renewal.parentSpanContext)
        assert.deepStrictEqual(linksOf(renewal), [idOf(caller)])
        assert.deepStrictEqual(renewal.attributes, { "oauth.background": true, "oauth.outcome": "refreshed" })
        assert.isAtLeast(Telemetry.durationOf(renewal), 10_000)
        const request = only(spans, "oauth.token.refresh")
        assert.strictEqual(request.attributes["oauth.grant_type"], "refresh_token")
        assert.strictEqual(request.parentSpanContext?.spanId, idOf(renewal))
      })
    )
  )

  it.scoped(
    "of a session that is kept fresh: a renewal that no call started",
    observed((telemetry) =>
      Effect.gen(function* () {
        const { open } = yield* world()
        const manager = yield* Effect.withSpan(open({ keepFresh: true }), "start")
        yield* manager.getToken
        const before = telemetry.allSpans().length
        yield* idle
        yield* TestClock.adjust(Duration.seconds(hour - 40))
        const spans = telemetry.allSpans().slice(before)
        const renewal = only(spans, "oauth.token.renew")
        assert.isUndefined(renewal.parentSpanContext)
        assert.deepStrictEqual(linksOf(renewal), [])
        assert.deepStrictEqual(renewal.attributes, { "oauth.background": true, "oauth.outcome": "refreshed" })
      })
    )
  )

  it.scoped(
    "of a token that a sibling stored: a renewal without a request",
    observed((telemetry) =>
      Effect.gen(function* () {
        const { open } = yield* world()
        yield* Effect.flatMap(open(), (manager) => manager.getToken)
        const before = telemetry.allSpans().length
        yield* Effect.flatMap(open(), (manager) => manager.getToken)
        const spans = telemetry.allSpans().slice(before)
        const renewal = only(spans, "oauth.token.renew")
        assert.deepStrictEqual(treeOf(spans, renewal), ["oauth.token.renew"])
        assert.strictEqual(renewal.attributes["oauth.outcome"], "adopted")
      })
    )
  )

  it.scoped(
    "of who waits for the lease of another tell for how long",
    observed((telemetry) =>
      Effect.gen(function* () {
        const { open, server } = yield* world()
        const managers = yield* Effect.all([open(), open()])
        yield* server.faults.next(Fault.latency("7 seconds"))
        const fibers = yield* Effect.forEach(managers, (manager) => Effect.fork(manager.getToken))
        yield* TestClock.adjust("7 seconds")
        yield* Fiber.joinAll(fibers)
        const spans = telemetry.spans()
        const leases = named(spans, "oauth.token.wait").filter(
          ({ attributes }) => attributes["oauth.wait.for"] === "lease"
        )
        assert.deepStrictEqual(leases.map((span) => Math.round(Telemetry.durationOf(span))).sort(), [0, 7000])
        assert.sameMembers(
          named(spans, "oauth.token.renew").map(({ attributes }) => attributes["oauth.outcome"]),
          ["issued", "adopted"]
        )
      })
    )
  )

  it.scoped(
    "of a thousand who wait are all linked to one renewal",
    observed((telemetry) =>
      Effect.gen(function* () {
        const { open } = yield* world()
        const manager = yield* open()
        yield* Effect.all(Array.replicate(manager.getToken, 1000), { concurrency: "unbounded" })
        const renewal = only(telemetry.spans(), "oauth.token.renew")
        const waits = named(telemetry.spans(), "oauth.token.wait").filter(
          ({ attributes }) => attributes["oauth.wait.for"] === "renewal"
        )
        assert.strictEqual(waits.length, 1000)
        for (const wait of waits) assert.deepStrictEqual(linksOf(wait), [idOf(renewal)])
        assert.strictEqual(renewal.links.length, 1)
      })
    )
  )

  it.scoped(
    "of a renewal are whole when the caller that started it has died",
    observed((telemetry) =>
      Effect.gen(function* () {
        const { open, server } = yield* world()
        const manager = yield* open()
        yield* server.faults.next(Fault.latency("5 seconds"))
        const fiber = yield* Effect.fork(Effect.withSpan(manager.getToken, "caller"))
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(fiber)
        yield* TestClock.adjust("4 seconds")
        const spans = telemetry.allSpans()
        const renewal = only(spans, "oauth.token.renew")
        assert.deepStrictEqual(treeOf(spans, renewal), [
          "oauth.token.renew",
          ["oauth.token.wait for lease"],
          ["oauth.token.fetch"]
        ])
        assert.strictEqual(renewal.attributes["oauth.outcome"], "issued")
        assert.strictEqual(renewal.status.code, SpanStatusCode.OK)
        const wait = named(spans, "oauth.token.wait").find(
          ({ parentSpanContext }) => parentSpanContext?.spanId === idOf(only(spans, "caller"))
        )
        assert.isTrue(wait?.attributes["status.interrupted"])
        assert.isUndefined(wait?.attributes["error.type"])
      })
    )
  )

  it.scoped(
    "of a failure say of which type it is, and nothing that it says of itself",
    observed((telemetry) =>
      Effect.gen(function* () {
        const { open, server } = yield* world()
        const manager = yield* open()
        yield* server.faults.next(
          Fault.refuse("invalid_grant", { description: "the user alice is not known", status: 400 })
        )
        yield* Effect.flip(manager.getToken)
        for (const name of ["oauth.token.fetch", "oauth.token.renew", "oauth.token.wait"]) {
          const failed = named(telemetry.spans(), name).filter(
            ({ attributes }) => attributes["oauth.wait.for"] !== "lease"
          )
          assert.deepStrictEqual(
            failed.map(({ attributes, events, status }) => [
              attributes["error.type"],
              status,
              events.map(({ attributes: exception }) => [
                exception?.["exception.type"],
                exception?.["exception.message"]
              ])
            ]),
            [
              [
                "invalid_grant",
                { code: SpanStatusCode.ERROR, message: "invalid_grant" },
                [["OAuthProviderException", "invalid_grant"]]
              ]
            ],
            name
          )
        }
        assert.strictEqual(
          only(telemetry.spans(), "oauth.token.fetch").attributes["http.response.status_code"],
          400
        )
        const texts = shown(telemetry.exported().spans, new Set()).join("\n")
        for (const unseen of ["alice", "not known", "wonderland", "client-secret"])
          assert.notInclude(texts, unseen)
      })
    )
  )

  it.scoped(
    "of a request that was repeated tell how often",
    observed((telemetry) =>
      Effect.gen(function* () {
        const { client, server } = yield* TestAuthorizationServer.make()
        yield* server.faults.next(Fault.unavailable(), Fault.connectionFailure)
        const session = TestSession.layer().pipe(
          Layer.provide(Layer.succeed(TestAuthorizationServer.TestAuthorizationServer, server)),
          Layer.provide(Layer.succeed(HttpClient.HttpClient, client))
        )
        const fiber = yield* Effect.fork(
          Effect.provide(
            Effect.flatMap(TokenManager.TokenManager, (manager) => manager.getToken),
            session
          )
        )
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(fiber)
        const request = only(telemetry.spans(), "oauth.token.fetch")
        assert.strictEqual(request.attributes["http.request.resend_count"], 2)
        assert.strictEqual(request.attributes["http.response.status_code"], 200)
        assert.isUndefined(request.attributes["error.type"])
      })
    )
  )

  it.scoped(
    "do not exist while the token is good, nor do metrics change",
    observed((telemetry) =>
      Effect.gen(function* () {
        const { open } = yield* world()
        const manager = yield* open()
        yield* manager.getToken
        const before = telemetry.allSpans().length
        const changed = yield* telemetry.changedBy(Effect.repeatN(manager.getToken, 1000))
        assert.deepStrictEqual(changed, [])
        assert.strictEqual(telemetry.allSpans().length, before)
      })
    )
  )
})

describe("the metrics", () => {
  /** Rows in short, such as `oauth.session.events {event} {"oauth.event":"issued"} 1`. */
  const brief = (rows: ReadonlyArray<Telemetry.Row>): ReadonlyArray<string> =>
    rows.map(({ count, labels, name, unit }) => `${name} ${unit} ${JSON.stringify(labels)} ${count}`).sort()

  /** What an effect tells of what was left of tokens. */
  const left = (telemetry: ReturnType<typeof Telemetry.make>, effect: Effect.Effect<unknown, unknown>) =>
    Effect.map(telemetry.changedBy(effect), (rows) =>
      rows.flatMap((row) =>
        row.name === "oauth.token.lifetime.left" ? [[row.unit, row.count, row.sum]] : []
      )
    )

  it.scoped(
    "count requests by grant and outcome, and sessions and what happens to them",
    observed((telemetry) =>
      Effect.gen(function* () {
        const changed = yield* telemetry.changedBy(
          Effect.gen(function* () {
            const { open, server } = yield* world()
            const manager = yield* open()
            yield* manager.getToken
            yield* TestClock.adjust("1 hour")
            yield* manager.getToken
            const sibling = yield* open()
            yield* sibling.getToken
            yield* TestClock.adjust("1 hour")
            for (const fault of [
              Fault.connectionFailure,
              Fault.status(503),
              Fault.refuse("a_word_of_its_own"),
              Fault.refuse("temporarily_unavailable"),
              Fault.hangingReply
            ]) {
              yield* server.faults.next(fault)
              const fiber = yield* Effect.fork(Effect.flip(manager.refreshToken()))
              yield* TestClock.adjust("1 hour")
              yield* Fiber.join(fiber)
            }
          })
        )
        assert.deepStrictEqual(brief(changed), [
          "oauth.session.count {session} {} 2",
          'oauth.session.events {event} {"oauth.event":"issued"} 1',
          'oauth.session.events {event} {"oauth.event":"refresh_failed","oauth.while_valid":"false","error.type":"503"} 1',
          'oauth.session.events {event} {"oauth.event":"refresh_failed","oauth.while_valid":"false","error.type":"_OTHER"} 1',
          'oauth.session.events {event} {"oauth.event":"refresh_failed","oauth.while_valid":"false","error.type":"no_response"} 1',
          'oauth.session.events {event} {"oauth.event":"refresh_failed","oauth.while_valid":"false","error.type":"temporarily_unavailable"} 1',
          'oauth.session.events {event} {"oauth.event":"refresh_failed","oauth.while_valid":"false","error.type":"timeout"} 1',
          'oauth.session.events {event} {"oauth.event":"refreshed"} 1',
          'oauth.session.events {event} {"oauth.event":"restored"} 1',
          'oauth.session.events {event} {"oauth.event":"session_ended","error.type":"_OTHER"} 1',
          'oauth.token.request.duration s {"oauth.grant_type":"password"} 1',
          'oauth.token.request.duration s {"oauth.grant_type":"refresh_token","error.type":"503"} 1',
          'oauth.token.request.duration s {"oauth.grant_type":"refresh_token","error.type":"_OTHER"} 1',
          'oauth.token.request.duration s {"oauth.grant_type":"refresh_token","error.type":"no_response"} 1',
          'oauth.token.request.duration s {"oauth.grant_type":"refresh_token","error.type":"temporarily_unavailable"} 1',
          'oauth.token.request.duration s {"oauth.grant_type":"refresh_token","error.type":"timeout"} 1',
          'oauth.token.request.duration s {"oauth.grant_type":"refresh_token"} 1'
        ])
        const slow = changed.find(
          ({ labels }) => labels["error.type"] === "timeout" && "oauth.grant_type" in labels
        )
        assert.isAtLeast(slow?.sum ?? 0, hour)
      })
    )
  )

  it.scoped(
    "count sessions down when they go",
    observed((telemetry) =>
      Effect.gen(function* () {
        const { open } = yield* world()
        const changed = yield* telemetry.changedBy(Effect.scoped(Effect.all(Array.replicate(open(), 50))))
        assert.deepStrictEqual(changed, [])
      })
    )
  )

  it.scoped(
    "tell what was left of a token when its replacement was there, and 0 when it was late",
    observed((telemetry) =>
      Effect.gen(function* () {
        const { open, server } = yield* world()
        const manager = yield* open()
        yield* manager.getToken
        yield* TestClock.adjust(Duration.seconds(hour - 40))
        yield* server.faults.next(Fault.latency("10 seconds"))
        assert.deepStrictEqual(
          yield* left(telemetry, Effect.zipRight(manager.getToken, TestClock.adjust("10 seconds"))),
          [["s", 1, 30]]
        )
        // Nobody asked while it was about to expire: nothing was late.
        yield* TestClock.adjust("1 day")
        assert.deepStrictEqual(yield* left(telemetry, manager.getToken), [])
        yield* TestClock.adjust(Duration.seconds(hour - 40))
        yield* server.always(Fault.connectionFailure)
        assert.deepStrictEqual(yield* left(telemetry, Effect.zipRight(manager.getToken, idle)), [])
        yield* TestClock.adjust("5 minutes")
        yield* server.faults.clear
        assert.deepStrictEqual(yield* left(telemetry, manager.getToken), [["s", 1, 0]])
      }).pipe(Effect.withRandom(Random.fixed([0.5])))
    )
  )

  it.scoped(
    "tell nothing of a token that had expired when its replacement was asked for",
    observed((telemetry) =>
      Effect.gen(function* () {
        const { open, server } = yield* world()
        yield* Effect.flatMap(open(), (manager) => manager.getToken)
        yield* TestClock.adjust("9 hours")
        const restarted = yield* open({ keepFresh: true })
        assert.deepStrictEqual(yield* left(telemetry, TestClock.adjust("2 seconds")), [])
        assert.strictEqual((yield* restarted.status).state, "valid")
        assert.strictEqual(yield* server.requests, 2)
      })
    )
  )

  it.scoped(
    "tell nothing of a token whose expiry nobody knows",
    observed((telemetry) =>
      Effect.gen(function* () {
        const { open, server, store } = yield* world()
        store.sibling.write(key, OAuthToken.make({ accessToken: "eternal", refreshToken: "gone" }))
        const manager = yield* open({ keepFresh: true })
        const refused = yield* manager.getToken
        yield* server.faults.next(Fault.connectionFailure)
        yield* Effect.flip(manager.replaceToken(refused))
        assert.deepStrictEqual(yield* left(telemetry, TestClock.adjust("1 minute")), [])
        assert.strictEqual(access(yield* manager.getToken), "access-1")
      })
    )
  )

  it.scoped(
    "tell nothing of a token whose session was ended elsewhere while it was being replaced",
    observed((telemetry) =>
      Effect.gen(function* () {
        const { open } = yield* world()
        const manager = yield* open()
        yield* manager.getToken
        yield* Effect.flatMap(open(), (sibling) => sibling.logout)
        yield* TestClock.adjust(Duration.seconds(hour - 40))
        yield* manager.getToken
        yield* idle
        assert.strictEqual((yield* manager.status).state, "loggedOut")
        assert.deepStrictEqual(yield* left(telemetry, manager.fetchToken()), [])
      })
    )
  )
})

describe("the events, each counted as it is told", () => {
  interface Told {
    readonly heard: ReadonlyArray<string>
    readonly counted: ReadonlyArray<string>
  }

  const brief = (event: TokenEvent.TokenEvent): string =>
    "whileValid" in event ? `${event._tag} ${event.whileValid ? "while valid" : "too late"}` : event._tag

  type World = Effect.Effect.Success<ReturnType<typeof world>>

  /** What a manager tells of a flow, in short. The session has begun, and was refreshed once. */
  const told = (
    flow: (manager: TokenManager.Service, world: World) => Effect.Effect<unknown, unknown, Scope.Scope>,
    options?: TokenManager.Options
  ): Effect.Effect<Told, unknown, Scope.Scope> =>
    Effect.suspend(() => {
      const telemetry = Telemetry.make()
      return Effect.gen(function* () {
        const place = yield* world()
        const manager = yield* place.open(options)
        yield* manager.fetchToken({ grant })
        const heard: Array<string> = []
        yield* manager.events.pipe(
          Stream.runForEach((event) => Effect.sync(() => heard.push(brief(event)))),
          Effect.forkScoped
        )
        yield* idle
        const rows = yield* telemetry.changedBy(Effect.zipRight(flow(manager, place), idle))
        const counted = rows.flatMap(({ count, labels, name }) =>
          name === "oauth.session.events" ? Array.replicate(String(labels["oauth.event"]), count) : []
        )
        return { heard, counted }
      }).pipe(Effect.provide(telemetry.layer))
    })

  const words = (heard: ReadonlyArray<string>): ReadonlyArray<string> =>
    heard.map((event) => (event.split(" ")[0] ?? "").replace(/\B[A-Z]/g, "_$&").toLowerCase())

  const late = TestClock.adjust("1 hour")
  const nearlyLate = TestClock.adjust(Duration.seconds(hour - 40))

  const flows: Record<
    string,
    readonly [
      expected: ReadonlyArray<string>,
      flow: (manager: TokenManager.Service, world: World) => Effect.Effect<unknown, unknown, Scope.Scope>,
      options?: TokenManager.Options
    ]
  > = {
    "a good token": [[], (manager) => Effect.repeatN(manager.getToken, 10)],
    "a login": [["Issued"], (manager) => manager.fetchToken()],
    "a refresh that was needed": [["Refreshed"], (manager) => Effect.zipRight(late, manager.getToken)],
    "a refresh that was asked for": [["Refreshed"], (manager) => manager.refreshToken()],
    "a refresh in the background": [
      ["Refreshed"],
      (manager) => Effect.zipRight(nearlyLate, Effect.zipRight(manager.getToken, idle))
    ],
    "a refresh without being asked": [
      ["Refreshed"],
      () => Effect.zipRight(nearlyLate, TestClock.adjust("1 second")),
      { keepFresh: true }
    ],
    "a failure while the token is good": [
      ["RefreshFailed while valid"],
      (manager, { server }) =>
        Effect.zipRight(
          server.always(Fault.connectionFailure),
          Effect.zipRight(nearlyLate, Effect.zipRight(manager.getToken, idle))
        )
    ],
    "a failure of a refresh that was asked for while the token is good": [
      ["RefreshFailed while valid"],
      (manager, { server }) =>
        Effect.zipRight(server.always(Fault.connectionFailure), Effect.flip(manager.refreshToken()))
    ],
    "a failure when a token was needed": [
      ["RefreshFailed too late"],
      (manager, { server }) =>
        Effect.zipRight(
          server.always(Fault.connectionFailure),
          Effect.zipRight(late, Effect.flip(manager.getToken))
        )
    ],
    "a session that the server ended, however often a token is asked for": [
      ["SessionEnded", "RefreshFailed too late"],
      (manager, { server }) =>
        Effect.zipRight(
          server.always(invalidGrant),
          Effect.zipRight(late, Effect.repeatN(Effect.flip(manager.getToken), 5))
        ),
      { grant: undefined }
    ],
    "a token of a sibling": [
      ["Adopted"],
      (manager, { store }) =>
        Effect.zipRight(
          Effect.map(foreign("sibling", "sibling-refresh"), (token) => store.sibling.write(key, token)),
          Effect.zipRight(nearlyLate, Effect.zipRight(manager.getToken, idle))
        )
    ],
    "a token that a resource refused": [
      ["Rejected", "Refreshed"],
      (manager) => Effect.flatMap(manager.getToken, manager.replaceToken)
    ],
    "a store that is down for a while": [
      ["Refreshed", "NotDurable", "Durable"],
      (manager, { store }) =>
        Effect.gen(function* () {
          store.fail("write")
          yield* manager.refreshToken()
          assert.isFalse((yield* manager.status).isDurable)
          yield* TestClock.adjust("1 minute")
          assert.isTrue((yield* manager.status).isDurable)
        })
    ],
    "a storage that lost the session": [
      ["NotDurable", "Refreshed"],
      (manager, { store }) =>
        Effect.gen(function* () {
          store.lose(key)
          yield* late
          yield* manager.getToken
        })
    ],
    "a logout here": [["LoggedOut"], (manager) => manager.logout],
    "a logout elsewhere": [
      ["LoggedOut"],
      (manager, { open }) =>
        Effect.gen(function* () {
          yield* Effect.flatMap(open(), (sibling) => sibling.logout)
          yield* late
          yield* Effect.exit(manager.getToken)
        }),
      { grant: undefined }
    ]
  }

  for (const [name, [expected, flow, options]] of Object.entries(flows)) {
    it.scoped(`of ${name}`, () =>
      Effect.gen(function* () {
        const { counted, heard } = yield* told(flow, options)
        assert.sameMembers([...heard], [...expected])
        const others = [...counted]
        for (const word of words(heard)) {
          assert.include(others, word)
          others.splice(others.indexOf(word), 1)
        }
        // What is left was told by siblings.
        assert.isTrue(name.endsWith("elsewhere") || others.length === 0, others.join())
      })
    )
  }
})

describe("what is exported", () => {
  it.scopedLive(
    "of a whole life with a real authorization server holds no secret, no user and no key",
    observed((telemetry) =>
      Effect.gen(function* () {
        const user = { ...User.alice, username: "alice-in-the-traces" }
        const server = yield* OidcProvider.make({
          accessTokenLifetime: "2 seconds",
          users: [user],
          resource: ResourceServer.user
        })
        const secrets = new Set([user.password, user.username, "client-secret", "secret-key-of-a-session"])
        const remember = (token: Parameters<typeof access>[0]) => {
          secrets.add(access(token))
          const refresh = refreshOf(token)
          if (refresh !== undefined) secrets.add(refresh)
        }
        const layer = AuthorizedHttpClient.layer({ origins: [server.origin] }).pipe(
          Layer.provideMerge(
            TokenManager.layer({
              key: "secret-key-of-a-session",
              grant: Grant.password({ username: user.username, password: Redacted.make(user.password) })
            })
          ),
          Layer.provideMerge(
            TokenEndpoint.layer({
              server: { tokenEndpoint: server.tokenEndpoint, revocationEndpoint: server.revocationEndpoint },
              clientAuthentication: ClientAuthentication.clientSecretBasic({
                clientId: RegisteredClient.confidential.clientId,
                clientSecret: Redacted.make("client-secret")
              })
            })
          ),
          Layer.provideMerge(TokenStore.layerMemory),
          Layer.provideMerge(FetchHttpClient.layer)
        )
        const rows = yield* telemetry.changedBy(
          Effect.gen(function* () {
            const manager = yield* TokenManager.TokenManager
            const authorized = yield* AuthorizedHttpClient.AuthorizedHttpClient
            const call = Effect.withSpan(
              authorized.get(`${server.origin}/oauth2/non-auth-server/user`),
              "call"
            )
            remember(yield* manager.getToken)
            assert.strictEqual((yield* call).status, 200)
            yield* server.revokeAccessToken(access(yield* manager.getToken))
            assert.strictEqual((yield* call).status, 200)
            remember(yield* manager.getToken)
            const wrong = Grant.password({
              username: user.username,
              password: Redacted.make("a-wrong-password")
            })
            secrets.add("a-wrong-password")
            yield* Effect.flip(manager.fetchToken({ grant: wrong }))
            remember(yield* manager.refreshToken())
            yield* manager.logout
          }).pipe(Effect.provide(layer))
        )
        const names = new Set(telemetry.spans().map(({ name }) => name))
        for (const name of ["wait", "renew", "fetch", "refresh", "revoke"])
          assert.include(names, `oauth.token.${name}`)
        assert.include(names, "oauth.replay")
        const metrics = new Set(rows.map(({ name }) => name))
        for (const name of ["oauth.session.events", "oauth.token.request.duration"])
          assert.include(metrics, name)
        assert.isAbove(secrets.size, 7)
        const texts = shown(telemetry.exported(), new Set())
        for (const secret of secrets) {
          assert.isUndefined(
            texts.find((text) => text.includes(secret)),
            secret
          )
        }
      })
    )
  )
})
