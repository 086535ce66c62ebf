import { inspect } from "node:util"
import { HttpBody, HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Fault, Journal, MalformedReply, TestAuthorizationServer } from "@effect-oauth/testing"
import { Duration, Effect, Fiber, Option, Redacted, TestClock } from "effect"
import { ask, call, logIn, post, refresh, Server, token } from "./fixtures/asking.js"

const Test = Effect.provide(TestAuthorizationServer.layer())

describe("the journal", () => {
  it.effect("says in a line what was asked, and what came of it", () =>
    Effect.gen(function* () {
      const { journal } = yield* Server
      yield* logIn()
      yield* refresh("refresh-1")
      yield* refresh("refresh-1")
      yield* token({ grant_type: "client_credentials" })
      yield* call("access-1")
      yield* ask(HttpClientRequest.get("https://api.test/user?limit=1"))
      yield* post("https://auth.test/revoke", { token: "access-1" })
      yield* post("https://auth.test/introspect", { token: "access-1" })
      yield* ask(HttpClientRequest.get("https://auth.test/.well-known/oauth-authorization-server"))
      yield* ask(HttpClientRequest.get("https://auth.test/nowhere"))
      assert.deepStrictEqual(yield* journal.lines, [
        "token password 200",
        "token refresh_token 200",
        "token refresh_token 400 invalid_grant",
        "token client_credentials 200",
        "GET /user 401 invalid_token",
        "GET /user 401 unauthorized",
        "revocation 200",
        "introspection 200",
        "metadata 200",
        "GET /nowhere 404"
      ])
      assert.deepStrictEqual(yield* journal.grantTypes, [
        "password",
        "refresh_token",
        "refresh_token",
        "client_credentials"
      ])
      assert.lengthOf(yield* journal.resourceRequests, 2)
      assert.strictEqual(yield* journal.count(), 10)
      assert.strictEqual(yield* journal.count(({ status }) => status === 200), 6)
    }).pipe(Test)
  )

  it.effect("has the time, the client, the user and the scope of a request", () =>
    Effect.gen(function* () {
      const { journal } = yield* Server
      yield* TestClock.adjust("5 seconds")
      yield* logIn({ scope: "api" })
      const entry = Option.getOrThrow(yield* journal.last())
      assert.deepInclude(entry, {
        at: 5000,
        clientId: "client",
        username: "alice",
        method: "POST",
        path: "/token"
      })
      assert.strictEqual(entry.parameters["scope"], "api")
      yield* logIn({ client_id: "native" }, {})
      assert.strictEqual(Option.getOrThrow(yield* journal.last()).clientId, "native")
      assert.isTrue(Option.isNone(yield* journal.last(({ status }) => status === 500)))
    }).pipe(Test)
  )

  it.effect("gives what is new since it was asked before", () =>
    Effect.gen(function* () {
      const { journal } = yield* Server
      yield* logIn()
      assert.lengthOf(yield* journal.sinceLast, 1)
      assert.lengthOf(yield* journal.sinceLast, 0)
      yield* logIn()
      yield* logIn()
      assert.lengthOf(yield* journal.sinceLast, 2)
      yield* journal.clear
      yield* logIn()
      assert.lengthOf(yield* journal.sinceLast, 1)
    }).pipe(Test)
  )

  it.effect("has the refresh token of an answer, as it left", () =>
    Effect.gen(function* () {
      const { faults, journal } = yield* Server
      yield* faults.next(
        Fault.none,
        MalformedReply.withMembers({ refresh_token: "another" }),
        Fault.lostReply
      )
      yield* logIn()
      yield* logIn()
      yield* Effect.ignore(logIn())
      yield* refresh("unknown")
      const entries = yield* journal.entries
      assert.deepStrictEqual(
        entries.map(({ newRefreshToken }) => newRefreshToken && Redacted.value(newRefreshToken)),
        ["refresh-1", "another", undefined, undefined]
      )
    }).pipe(Test)
  )

  it.effect("counts how many were under way at the same moment", () =>
    Effect.gen(function* () {
      const { faults, journal } = yield* Server
      assert.strictEqual(yield* journal.mostAtOnce(), 0)
      for (const _ of [1, 2, 3]) yield* logIn()
      assert.strictEqual(yield* journal.mostAtOnce(), 1)
      const after = (seconds: number) => Effect.delay(logIn(), Duration.seconds(seconds))
      yield* faults.when(Journal.isAt("token"), Fault.latency("10 seconds"))
      const asking = yield* Effect.fork(
        Effect.all([after(0), after(4), after(9), after(11), after(30), call("access-1")], {
          concurrency: "unbounded"
        })
      )
      yield* TestClock.adjust("25 seconds")
      assert.strictEqual(yield* journal.mostAtOnce(Journal.isAt("token")), 3)
      assert.strictEqual(yield* journal.mostAtOnce(Journal.isAt("resource")), 1)
      yield* Fiber.interrupt(asking)
      yield* logIn().pipe(Effect.fork, Effect.zipRight(TestClock.adjust("10 seconds")))
      assert.strictEqual(yield* journal.mostAtOnce(Journal.isAt("token")), 3)
    }).pipe(Test)
  )

  const sentAgain = Effect.gen(function* () {
    const { journal } = yield* Server
    const plain = (value: unknown) => (Redacted.isRedacted(value) ? Redacted.value(value) : value)
    return (yield* journal.sentAgain).map(({ parameters }) => plain(parameters["refresh_token"]))
  })

  it.effect("tells of a refresh token that is sent again once it is known to be spent, or refused", () =>
    Effect.gen(function* () {
      yield* logIn()
      yield* refresh("refresh-1")
      yield* refresh("refresh-2")
      assert.deepStrictEqual(yield* sentAgain, [])
      yield* refresh("refresh-1")
      yield* refresh("unknown")
      yield* refresh("unknown")
      assert.deepStrictEqual(yield* sentAgain, ["refresh-1", "unknown"])
    }).pipe(Test)
  )

  it.effect("does not tell of one whose fate nobody can know", () =>
    Effect.gen(function* () {
      const { faults } = yield* Server
      yield* logIn()
      yield* faults.next(
        Fault.lostReply,
        Fault.connectionFailure,
        Fault.status(502),
        MalformedReply.make("html")
      )
      for (const _ of [1, 2, 3, 4, 5]) yield* Effect.ignore(refresh("refresh-1"))
      assert.deepStrictEqual(yield* sentAgain, [])
    }).pipe(Test)
  )

  it.effect("does not tell of one that stays good", () =>
    Effect.gen(function* () {
      yield* logIn()
      for (const _ of [1, 2]) assert.strictEqual((yield* refresh("refresh-1")).status, 200)
      assert.deepStrictEqual(yield* sentAgain, [])
    }).pipe(Effect.provide(TestAuthorizationServer.layer({ refreshTokens: "keep" })))
  )

  it.effect("shows no secret to those who do not unwrap it", () =>
    Effect.gen(function* () {
      const server = yield* Server
      const secrets = [
        "wonderland",
        "client-secret",
        "access-1",
        "refresh-1",
        "code-3",
        "top-secret",
        "s3cr3t"
      ]
      yield* logIn()
      yield* refresh("refresh-1", { extension: "top-secret" })
      yield* call("access-1", "https://api.test/user?api_key=s3cr3t")
      yield* call("access-1", "https://api.test/user?scope=s3cr3t")
      yield* token({ grant_type: "authorization_code", code: "code-3", code_verifier: "top-secret" })
      yield* post("https://auth.test/revoke", { token: "access-1", client_id: "client" })
      yield* ask(
        HttpClientRequest.post("https://api.test/form", {
          body: HttpBody.text("username=s3cr3t", "application/x-www-form-urlencoded")
        })
      )
      yield* HttpClient.post("https://api.test/upload", { body: HttpBody.unsafeJson({ pin: "s3cr3t" }) })
      const entries = yield* server.journal.entries
      for (const shown of [
        inspect(entries, { depth: 9 }),
        JSON.stringify(entries),
        inspect(server, { depth: 9 })
      ]) {
        for (const secret of secrets) assert.notInclude(shown, secret)
      }
      const [first, second, third] = entries
      const plain = (value: unknown) => (Redacted.isRedacted(value) ? Redacted.value(value) : undefined)
      assert.strictEqual(plain(first?.parameters["password"]), "wonderland")
      assert.strictEqual(plain(second?.parameters["extension"]), "top-secret")
      assert.strictEqual(plain(third?.accessToken), "access-1")
    }).pipe(Test)
  )
})
