import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { TokenManager, TokenStore } from "@effect-oauth/client"
import { Installation, Redis } from "@effect-oauth/loopback-servers"
import { RedisTokenStore } from "@effect-oauth/store-redis"
import { Fault } from "@effect-oauth/testing"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import {
  accessOf,
  put,
  stored,
  tokenOf,
  tokenStoreContract
} from "../../client/test/fixtures/tokenStoreContract.js"
import { serverOf } from "../../client/test/fixtures/world.js"
import { ask, clientOf, freshPrefix, networkTo, poolOf, shared } from "./support.js"

const hashOfAlice = "2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90"

const end = (key: string) =>
  Effect.flatMap(TokenStore.TokenStore, (store) =>
    store.modify(key, () => Effect.succeed([undefined, Option.none()]))
  )

const isEnded = (key: string) =>
  Effect.flatMap(TokenStore.TokenStore, (store) => Effect.map(store.read(key), (session) => session.isEnded))

const soon = Schedule.spaced("20 millis").pipe(Schedule.upTo("8 seconds"))

describe(...Installation.needing("RedisTokenStore", Redis.installation), () => {
  const single = shared()

  const fresh = Effect.all({ server: single, prefix: freshPrefix })

  describe("keeps what every store promises", () =>
    tokenStoreContract(
      () =>
        Layer.unwrapEffect(
          Effect.map(fresh, ({ server, prefix }) => RedisTokenStore.layer({ url: server.url, prefix }))
        ),
      { many: true }
    ))

  it.scopedLive("loses nothing among a hundred, of two clients", () =>
    Effect.gen(function* () {
      const { server, prefix } = yield* fresh
      const increment = Effect.flatMap(TokenStore.TokenStore, (store) =>
        store.modify("alice", ({ token }) =>
          Effect.as(Effect.yieldNow(), [
            undefined,
            Option.some(tokenOf(String(Number(accessOf(token) ?? "0") + 1)))
          ] as const)
        )
      )
      const fifty = Effect.replicateEffect(increment, 50, { concurrency: "unbounded", discard: true })
      const own = RedisTokenStore.layer({ url: server.url, prefix })
      const ofPool = RedisTokenStore.layerClient(yield* poolOf(server), { prefix })
      yield* Effect.all([Effect.provide(fifty, own), Effect.provide(fifty, ofPool)], {
        concurrency: "unbounded"
      })
      assert.strictEqual(yield* Effect.provide(stored("alice"), ofPool), "100")
    })
  )

  it.scopedLive(
    "tells in the entry itself whose it is, also when it has ended, and forgets an end in time",
    () =>
      Effect.gen(function* () {
        const { server, prefix } = yield* fresh
        const session = `${prefix}:{${hashOfAlice}}:session`
        const store = RedisTokenStore.layerClient(yield* clientOf(server), { prefix })
        yield* Effect.provide(put("alice", "one"), store)
        assert.include(String(yield* ask(server, "GET", session)), '"key": "alice"')
        assert.strictEqual(yield* ask(server, "PTTL", session), -1)
        yield* Effect.provide(end("alice"), store)
        const mark = String(yield* ask(server, "GET", session))
        assert.include(mark, '"key":"alice"')
        assert.notInclude(mark, "one")
        const life = Duration.millis(Number(yield* ask(server, "PTTL", session)))
        assert.isTrue(Duration.between(life, { minimum: "30 days", maximum: "31 days" }))
      })
  )

  it.scopedLive("gives the lease back at once", () =>
    Effect.gen(function* () {
      const { server, prefix } = yield* fresh
      yield* Effect.provide(put("alice", "one"), RedisTokenStore.layer({ url: server.url, prefix }))
      assert.strictEqual(yield* ask(server, "EXISTS", `${prefix}:{${hashOfAlice}}:lease`), 0)
    })
  )

  it.scopedLive("connects where the configuration says", () =>
    Effect.gen(function* () {
      const { server, prefix } = yield* fresh
      const config = ConfigProvider.fromMap(new Map([["REDIS_URL", server.url]]))
      const store = RedisTokenStore.layerConfig({
        url: Config.redacted("REDIS_URL"),
        prefix: Config.succeed(prefix)
      }).pipe(Layer.provide(Layer.setConfigProvider(config)))
      yield* Effect.provide(put("alice", "one"), store)
      assert.strictEqual(yield* ask(server, "EXISTS", `${prefix}:{${hashOfAlice}}:session`), 1)
    })
  )

  describe("a server that lost its data", () => {
    it.scopedLive("is told apart from a session that was ended", () =>
      Effect.gen(function* () {
        const server = yield* Redis.make()
        yield* Effect.gen(function* () {
          yield* put("alice", "one")
          yield* server.kill
          yield* server.start
          assert.isUndefined(yield* Effect.retry(stored("alice"), soon))
          assert.isFalse(yield* isEnded("alice"))
          yield* put("alice", "two")
          yield* end("alice")
          assert.isUndefined(yield* stored("alice"))
          assert.isTrue(yield* isEnded("alice"))
        }).pipe(Effect.provide(RedisTokenStore.layer({ url: server.url })))
      })
    )

    it.scopedLive("gets the session back from a process that has it in memory", () =>
      Effect.gen(function* () {
        const server = yield* Redis.make()
        const tokens = yield* serverOf()
        const Store = RedisTokenStore.layer({ url: server.url })
        const Manager = TokenManager.layer({ key: "alice", grant: tokens.grant }).pipe(
          Layer.provide(tokens.layer),
          Layer.provideMerge(Store)
        )
        yield* Effect.gen(function* () {
          const manager = yield* TokenManager.TokenManager
          yield* manager.getToken
          assert.strictEqual(yield* stored("alice"), "access-1")
          yield* server.kill
          yield* server.start
          yield* Effect.retry(manager.refreshToken(), soon)
          assert.strictEqual(yield* stored("alice"), "access-2")
          assert.deepStrictEqual((yield* tokens.story).slice(1), ["refresh refresh-1"])
        }).pipe(Effect.provide(Manager))
      })
    )

    it.scopedLive("in the midst of a refresh gets the new token all the same", () =>
      Effect.gen(function* () {
        const server = yield* Redis.make()
        const tokens = yield* serverOf()
        const Manager = TokenManager.layer({ key: "alice", grant: tokens.grant }).pipe(
          Layer.provide(tokens.layer),
          Layer.provideMerge(RedisTokenStore.layer({ url: server.url, timeout: "500 millis" }))
        )
        yield* Effect.gen(function* () {
          const manager = yield* TokenManager.TokenManager
          yield* manager.getToken
          yield* tokens.faults.next(Fault.heldUntil(Effect.orDie(Effect.zipRight(server.kill, server.start))))
          const token = yield* Effect.retry(manager.refreshToken(), soon)
          assert.strictEqual(Redacted.value(token.accessToken), "access-2")
          yield* Effect.retry(
            Effect.filterOrFail(stored("alice"), (access) => access === "access-2"),
            soon
          )
          assert.deepStrictEqual(yield* tokens.journal.sentAgain, [])
        }).pipe(Effect.provide(Manager))
      })
    )
  })

  describe("does not begin", () => {
    const failureOf = (url: string | Redacted.Redacted, timeout: Duration.DurationInput = "700 millis") =>
      Effect.flip(Effect.provide(stored("alice"), RedisTokenStore.layer({ url, timeout })))

    for (const url of [
      "marker-of-a-secret",
      "http://u:marker-of-a-secret@127.0.0.1:1",
      "redis://u:marker-of-a-secret@127.0.0.1:99999999",
      "redis://u:marker-of-a-secret%ZZ@127.0.0.1:1",
      "redis://u:marker-of-a-secret@127.0.0.1:1/db"
    ]) {
      for (const given of [url, Redacted.make(url)]) {
        it.effect(`with what is no URL: ${inspect(given).replace(/marker\S*/, "")} ${url.length}`, () =>
          Effect.gen(function* () {
            const failure = yield* failureOf(given)
            assert.strictEqual(failure._tag, "AuthValidationException")
            assert.notInclude(inspect(failure, { depth: 9, showHidden: true }), "marker")
          })
        )
      }
    }

    it.scopedLive("where nobody answers, or nobody is", () =>
      Effect.gen(function* () {
        const { server } = yield* fresh
        const [took, refused] = yield* Effect.timed(failureOf("redis://u:marker@127.0.0.1:1"))
        assert.propertyVal(refused, "reason", "Unavailable")
        assert.notInclude(inspect(refused, { depth: 9, showHidden: true }), "marker")
        assert.include(inspect(refused), "ECONNREFUSED")
        assert.isBelow(Duration.toMillis(took), 3000)
        const silent = yield* networkTo(server)
        yield* silent.hold()
        assert.propertyVal(yield* failureOf(silent.url), "reason", "Unavailable")
      })
    )

    it.scopedLive("with a password that is refused, at once", () =>
      Effect.gen(function* () {
        const server = yield* Redis.make()
        const lines: Array<string> = []
        const logger = Logger.make((entry) => lines.push(inspect(entry, { depth: 9 })))
        yield* ask(server, "CONFIG", "SET", "requirepass", "the-right-one")
        const [took, failures] = yield* Effect.all([
          failureOf(server.url, "20 seconds"),
          failureOf(server.url.replace("//", "//default:marker-of-a-secret@"), "20 seconds")
        ]).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)), Effect.timed)
        assert.isBelow(Duration.toMillis(took), 5000)
        assert.include(failures[0].message, "NOAUTH")
        assert.include(failures[1].message, "WRONGPASS")
        assert.notInclude(inspect(failures, { depth: 9, showHidden: true }) + lines.join(), "marker")
        const right = RedisTokenStore.layer({
          url: Redacted.make(server.url.replace("//", "//default:the-right-one@"))
        })
        assert.isUndefined(yield* Effect.provide(stored("alice"), right))
      })
    )
  })
})
