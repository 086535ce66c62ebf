import { HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { AuthorizedHttpClient, TokenManager } from "@effect-oauth/client"
import { Disclosure, Fault, MalformedReply, TestAuthorizationServer } from "@effect-oauth/testing"
import { Cause, Data, Effect, Encoding, Logger, Redacted, Schedule, Stream } from "effect"
import { Server, sessionAt } from "./fixtures/asking.js"

const password = 'p&w="é/%+ (land)'

/** A user whose password looks different in every encoding, and tokens that nothing else is called like. */
const Test = Effect.provide(
  sessionAt({
    users: [{ username: "alice", password }],
    tokenText: (kind, number) => `${kind}~token~${number}`
  })
)

const Quiet = Effect.provide(Logger.remove(Logger.defaultLogger))

/** The places, without what stands there. */
const places = <A, E, R>(program: Effect.Effect<A, E, R>, options?: Disclosure.Options) =>
  Effect.map(Disclosure.of(program, options), (all) => all.map((one) => one.slice(0, one.indexOf(" in: "))))

const token = Effect.flatMap(TokenManager.TokenManager, (manager) =>
  Effect.map(manager.getToken, ({ accessToken }) => accessToken)
)

class Odd extends Data.TaggedError("Odd")<{ readonly detail: unknown }> {}

describe("Disclosure.of", () => {
  it.effect("is empty for a session that goes through all that can happen", () =>
    Effect.gen(function* () {
      const server = yield* Server
      const everything = Effect.gen(function* () {
        const client = yield* AuthorizedHttpClient.AuthorizedHttpClient
        const manager = yield* TokenManager.TokenManager
        const events = yield* Effect.fork(Stream.runCollect(manager.events))
        const call = Effect.tapBoth(Effect.either(client.get("https://api.test/user")), {
          onFailure: (error) => Effect.logError("failed", error),
          onSuccess: (response) => Effect.logDebug("answered", response)
        })
        yield* call
        yield* server.revokeAccessTokens
        yield* call
        yield* server.faults.nextAt("resource", Fault.unauthorized, Fault.unauthorized)
        yield* server.faults.next(MalformedReply.make("accessTokenMissing"), Fault.refuse("invalid_grant"))
        yield* call
        yield* manager.logout
        yield* Effect.logInfo(yield* manager.currentToken, manager)
        return events
      })
      assert.deepStrictEqual(yield* Disclosure.of(everything), [])
      assert.isNotEmpty(yield* server.secrets)
    }).pipe(Test, Quiet)
  )

  for (const [where, show] of [
    ["a log (DEBUG)", (secret: string) => Effect.logDebug("using", secret)],
    ["a log (TRACE)", (secret: string) => Effect.logTrace({ deep: { inside: [secret] } })],
    ["a log (INFO)", (secret: string) => Effect.annotateLogs(Effect.logInfo("hello"), "token", secret)],
    ["a log (INFO)", (secret: string) => Effect.withLogSpan(Effect.logInfo("hello"), secret)],
    ["a log (ERROR)", (secret: string) => Effect.logError("failed", Cause.die(new Error(secret)))],
    [
      `the span of mine`,
      (secret: string) => Effect.withSpan(Effect.annotateCurrentSpan("x", secret), "of mine")
    ],
    ["the failure", (secret: string) => Effect.fail(new Error("outer", { cause: new Error(secret) }))],
    ["the failure", (secret: string) => Effect.die({ toJSON: () => ({ secret }) })],
    ["the failure", (secret: string) => new Odd({ detail: new Map([["key", new Set([secret])]]) })],
    [
      "the failure",
      (secret: string) => new Odd({ detail: Object.defineProperty({}, "hidden", { value: secret }) })
    ],
    ["the failure", (secret: string) => new Odd({ detail: new TextEncoder().encode(secret) })],
    ["the failure", (secret: string) => new Odd({ detail: new URL(`https://a.test/?key=${secret}`) })],
    ["the result", (secret: string) => Effect.succeed({ headers: new Headers({ x: secret }) })]
  ] as const) {
    it.effect(`tells of ${where}: ${show.toString().slice(12, 90)}`, () =>
      Effect.gen(function* () {
        const program = Effect.flatMap(token, (secret) => show(Redacted.value(secret)))
        assert.deepStrictEqual(yield* places(program), [`${where}: an access token`])
      }).pipe(Test, Quiet)
    )
  }

  it.effect("tells of a span that failed, also of the transport's", () =>
    Effect.gen(function* () {
      const program = Effect.gen(function* () {
        const secret = Redacted.value(yield* token)
        yield* Effect.ignore(Effect.withSpan(Effect.fail(new Error(secret)), "of mine"))
        yield* HttpClient.execute(HttpClientRequest.get(`https://api.test/?access_token=${secret}`))
      })
      const found = yield* places(program)
      assert.include(found, "the span of mine: an access token")
      assert.include(found, "the span http.client GET: an access token")
    }).pipe(Test, Quiet)
  )

  for (const [encoding, encode] of Object.entries({
    plain: (text: string) => text,
    "in a form": (text: string) => String(new URLSearchParams({ password: text })),
    "percent-encoded": encodeURIComponent,
    "in JSON": (text: string) => JSON.stringify({ text }),
    "in base64": (text: string) => Encoding.encodeBase64(text),
    "in base64url, behind others": (text: string) => Encoding.encodeBase64Url(`id:${text}`),
    "in the middle of base64": (text: string) => Encoding.encodeBase64(`alice:${text}:`)
  })) {
    it.effect(`knows a secret again ${encoding}`, () =>
      Effect.gen(function* () {
        const found = yield* places(Effect.logInfo(`tried ${encode(password)}`))
        assert.deepStrictEqual(found, ["a log (INFO): the password of alice"])
      }).pipe(Test, Quiet)
    )
  }

  it.effect("finds every kind of secret, spent or revoked, and those that it is told of", () =>
    Effect.gen(function* () {
      const server = yield* Server
      const program = Effect.gen(function* () {
        yield* token
        yield* server.endSessions
        yield* server.authorize(
          `${server.endpoints.authorizationEndpoint}?response_type=code&client_id=client&redirect_uri=https://app.test/callback`
        )
        yield* Effect.logInfo("client-secret access~token~1 refresh~token~1 code~token~2 my-api-key abc")
      })
      const secrets = ["my-api-key", Redacted.make("abc")]
      assert.deepStrictEqual(yield* places(program, { secrets }), [
        "a log (INFO): the secret of client",
        "a log (INFO): an access token",
        "a log (INFO): a refresh token",
        "a log (INFO): a code",
        "a log (INFO): a secret"
      ])
    }).pipe(Test, Quiet)
  )

  it.effect("says where, and does not repeat the secret", () =>
    Effect.gen(function* () {
      const program = Effect.flatMap(token, (secret) => Effect.logInfo(`token=${Redacted.value(secret)};`))
      const [found = ""] = yield* Disclosure.of(program)
      assert.include(found, "a log (INFO): an access token in: ")
      assert.include(found, "token=<here>;")
      assert.notInclude(found, "access~token~1")
    }).pipe(Test, Quiet)
  )

  it.effect("runs the program once, with its logs, and asks nothing of the server", () =>
    Effect.gen(function* () {
      let runs = 0
      const lines: Array<unknown> = []
      const logger = Logger.make(({ message }) => void lines.push(message))
      const program = Effect.zipRight(
        Effect.sync(() => (runs += 1)),
        Effect.logInfo("hello")
      )
      yield* Effect.provide(Disclosure.of(program), Logger.replace(Logger.defaultLogger, logger))
      assert.deepStrictEqual([runs, lines], [1, [["hello"]]])
      assert.deepStrictEqual(yield* (yield* Server).journal.lines, [])
    }).pipe(Test)
  )

  it.effect("of a program that retries without end ends with its interruption", () =>
    Effect.gen(function* () {
      const program = Effect.retry(Effect.fail("no"), Schedule.recurs(3)).pipe(
        Effect.zipRight(Effect.interrupt)
      )
      assert.deepStrictEqual(yield* Disclosure.of(program), [])
    }).pipe(Effect.provide(TestAuthorizationServer.layer()))
  )
})

describe("Disclosure.texts", () => {
  it("has nothing of a Redacted, and ends for cycles, getters that throw and what is beyond", () => {
    const elsewhere = { secret: "elsewhere" }
    const cycle: Record<string, unknown> = { secret: Redacted.make("hidden"), elsewhere }
    cycle["itself"] = cycle
    Object.defineProperty(cycle, "broken", {
      get: () => {
        throw new Error("thrown")
      }
    })
    const all = Disclosure.texts(cycle, [elsewhere]).join("\n")
    assert.include(all, "<redacted>")
    for (const text of ["hidden", 'elsewhere"', "thrown"]) assert.notInclude(all, text)
    assert.include(Disclosure.texts(cycle).join("\n"), "elsewhere")
  })
})
