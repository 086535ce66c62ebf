import { inspect } from "node:util"
import { HttpBody, HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { TestAuthorizationServer } from "@effect-oauth/testing"
import { Effect, Option, Redacted, TestClock } from "effect"
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
