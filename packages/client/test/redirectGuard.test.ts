import { FetchHttpClient, HttpClient, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { AuthorizedHttpClient, AuthScheme } from "@effect-oauth/client"
import { Effect, Fiber, FiberRef, Redacted } from "effect"

const origin = "https://api.example.com"
const url = `${origin}/user`
const secret = Redacted.make("Qy7Xa9dKw3Lm")
const bearer = AuthScheme.bearer({ accessToken: secret })

/** More than it takes to be taken for another transport than `fetch`, and fewer than until the next look. */
const enough = 150

/** How `fetch` is set up where a transport looks at it, if it does. */
const initHere = Effect.map(FiberRef.get(FiberRef.currentContext), (context) =>
  context.unsafeMap.has(FetchHttpClient.RequestInit.key) ? "guarded" : "spared"
)

/** A transport that is not `fetch`, and what was in the context of each call. */
const otherTransport = () => {
  const seen: Array<string> = []
  const client = HttpClient.make((request) =>
    Effect.map(initHere, (init) => {
      seen.push(init)
      return HttpClientResponse.fromWeb(request, new Response("welcome"))
    })
  )
  return { seen, client }
}

/** The platform's `fetch`, and what it was told of redirects. */
const fetchTransport = Effect.gen(function* () {
  const redirects: Array<string | undefined> = []
  const fetch: typeof globalThis.fetch = (_, init) => {
    redirects.push(init?.redirect)
    return Promise.resolve(new Response("welcome"))
  }
  const client = yield* HttpClient.HttpClient.pipe(Effect.provide(FetchHttpClient.layer))
  return {
    redirects,
    client: HttpClient.transformResponse(client, Effect.provideService(FetchHttpClient.Fetch, fetch))
  }
})

const authorize = <E, R>(
  client: HttpClient.HttpClient.With<E, R>,
  scheme: AuthScheme.AuthScheme<unknown> = bearer
) => AuthorizedHttpClient.authorizeWith(client, scheme, { origins: [origin] })

const call = <E, R>(client: HttpClient.HttpClient.With<E, R>, times: number) =>
  Effect.forEach(Array.from({ length: times }), () => client.get(url), { discard: true })

describe("that fetch follows no redirect with a credential", () => {
  it.effect("is seen to at every call", () =>
    Effect.gen(function* () {
      const { client, redirects } = yield* fetchTransport
      yield* call(authorize(client), 2 * enough)
      assert.deepStrictEqual(new Set(redirects), new Set(["manual"]))
    })
  )

  it.effect("costs another transport nothing, once it has answered often enough without a look", () =>
    Effect.gen(function* () {
      const { client, seen } = otherTransport()
      yield* call(authorize(client), enough)
      assert.strictEqual(seen[0], "guarded")
      assert.strictEqual(seen.at(-1), "spared")
    })
  )

  it.effect("does not end with calls that another transport failed", () =>
    Effect.gen(function* () {
      const { client, redirects } = yield* fetchTransport
      const failing = HttpClient.make(() => Effect.die("no answer"))
      let made = 0
      const changing = HttpClient.transform(failing, (failed, request) => {
        made += 1
        return made <= enough ? failed : client.execute(request)
      })
      const authorized = authorize(changing)
      yield* Effect.forEach(Array.from({ length: enough }), () => Effect.exit(authorized.get(url)))
      yield* authorized.get(url)
      assert.deepStrictEqual(redirects, ["manual"])
    })
  )

  it.effect("is looked at again now and then, and from then on seen to", () =>
    Effect.gen(function* () {
      const { client, redirects } = yield* fetchTransport
      const other = otherTransport()
      let made = 0
      const changing = HttpClient.transform(other.client, (answered, request) => {
        made += 1
        return made <= enough ? answered : client.execute(request)
      })
      const authorized = authorize(changing)
      yield* call(authorized, enough + 1000)
      const found = redirects.indexOf("manual")
      assert.isAtLeast(found, 0)
      yield* call(authorized, 1)
      assert.strictEqual(redirects.at(-1), "manual")
      assert.deepStrictEqual(new Set(redirects.slice(found)), new Set(["manual"]))
    })
  )

  for (const [name, scheme] of Object.entries<AuthScheme.AuthScheme<unknown>>({
    "a key in a header": AuthScheme.apiKeyHeader({ parameters: { "x-api-key": secret } }),
    "a key in the query": AuthScheme.apiKeyQuery({ parameters: { key: secret } }),
    "a token and a key": AuthScheme.and(bearer, AuthScheme.apiKeyHeader({ parameters: { key: secret } })),
    "a function of the user's": AuthScheme.custom({ authorize: Effect.succeed })
  })) {
    it.effect(`is seen to whatever the transport, for ${name}: fetch would take it along`, () =>
      Effect.gen(function* () {
        const { client, seen } = otherTransport()
        yield* call(authorize(client, scheme), 2 * enough)
        assert.deepStrictEqual(new Set(seen), new Set(["guarded"]))
      })
    )
  }

  it.effect("leaves no trace in the context, whatever becomes of the call", () =>
    Effect.gen(function* () {
      const after: Array<string> = []
      const noting = Effect.map(initHere, (init) => {
        after.push(init)
      })
      const { client } = otherTransport()
      yield* Effect.zipRight(authorize(client).get(url), noting)
      const dying = authorize(HttpClient.make(() => Effect.die("broken")))
      yield* Effect.zipRight(Effect.exit(dying.get(url)), noting)
      const hanging = authorize(HttpClient.make(() => Effect.never))
      const fiber = yield* Effect.fork(Effect.onInterrupt(hanging.get(url), () => noting))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(after, ["spared", "spared", "spared"])
    })
  )

  it.effect("leaves a call as interruptible as it was", () =>
    Effect.gen(function* () {
      let isInterruptible: boolean | undefined
      const client = authorize(
        HttpClient.make((request) =>
          Effect.checkInterruptible((is) => {
            isInterruptible = is
            return Effect.succeed(HttpClientResponse.fromWeb(request, new Response("welcome")))
          })
        )
      )
      yield* client.get(url)
      assert.isTrue(isInterruptible)
      yield* Effect.uninterruptible(client.get(url))
      assert.isFalse(isInterruptible)
    })
  )
})
