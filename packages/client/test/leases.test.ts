import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as PlatformError from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import { TokenStorage, TokenStore, TokenStoreError } from "@effect-oauth/client"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { accessOf, put, stored, tokenOf } from "./fixtures/tokenStoreContract.js"

/** A storage in memory whose leases last 10 seconds by the test clock, and whose operations can be made to misbehave. */
const makeStorage = () => {
  let text: Option.Option<string> = Option.none()
  let lease: { readonly holder: string; readonly until: number } | undefined
  const faults: Partial<Record<keyof TokenStorage.TokenStorage, Effect.Effect<void, TokenStoreError>>> = {}
  const journal: Array<string> = []

  const step = <A>(
    operation: keyof TokenStorage.TokenStorage,
    f: (now: number) => A
  ): Effect.Effect<A, TokenStoreError> =>
    Effect.suspend(() => {
      journal.push(operation)
      const fault = faults[operation] ?? Effect.void
      return Effect.zipRight(fault, Effect.map(Clock.currentTimeMillis, f))
    })

  const isHeldBy = (holder: string, now: number): boolean =>
    lease !== undefined && lease.holder === holder && now < lease.until

  const storage: TokenStorage.TokenStorage = {
    describe: () => Effect.succeed("The test's storage"),
    marksEnd: true,
    leaseDuration: Duration.seconds(10),
    read: () => step("read", () => text),
    acquire: (_, holder) =>
      // The lease is taken when it is asked for; a fault is an answer that is late.
      Effect.flatMap(Clock.currentTimeMillis, (asked) => {
        if (lease !== undefined && asked < lease.until) return Effect.succeedNone
        lease = { holder, until: asked + 10_000 }
        return step("acquire", () => Option.some({ text }))
      }),
    renew: (_, holder) =>
      step("renew", (now) => {
        const isHeld = isHeldBy(holder, now)
        if (isHeld) lease = { holder, until: now + 10_000 }
        return isHeld
      }),
    replace: (_, holder, next) =>
      step("replace", () => {
        if (lease?.holder !== holder) return false
        text = next
        return true
      }),
    setAside: () => Effect.succeedNone,
    release: (_, holder) =>
      step("release", () => {
        if (lease?.holder === holder) lease = undefined
      })
  }
  /** What a sibling does that shares the storage. */
  const appear = (next: string) => {
    text = Option.some(next)
  }

  return { appear, faults, holder: () => lease?.holder, journal, storage }
}

const storeOf = (storage: TokenStorage.TokenStorage) =>
  Effect.provide(TokenStore.TokenStore, TokenStore.layerStorage(Effect.succeed(storage)))

/** Holds the lease until it is told to go on. */
const holding = (store: TokenStore.Service, confirmAfterwards = false) =>
  Effect.gen(function* () {
    const isHeld = yield* Deferred.make<void>()
    const goOn = yield* Deferred.make<void>()
    const fiber = yield* store
      .modify("alice", ({ token }, confirm) =>
        Deferred.succeed(isHeld, undefined).pipe(
          Effect.zipRight(Deferred.await(goOn)),
          Effect.zipRight(confirmAfterwards ? confirm : Effect.void),
          Effect.as([undefined, token] as const)
        )
      )
      .pipe(Effect.fork)
    yield* Deferred.await(isHeld)
    return { fiber, goOn: Deferred.succeed(goOn, undefined) }
  })

const attempt = (store: TokenStore.Service) =>
  store.modify("alice", ({ token }) => Effect.succeed(["had it", token] as const))

describe("a living holder keeps its lease though a renewal", () => {
  const unavailable = TokenStoreError.unavailable("lease", "The renewal was to fail.")
  const faults: Readonly<Record<string, Effect.Effect<void, TokenStoreError>>> = {
    "works at once": Effect.void,
    fails: unavailable,
    dies: Effect.dieMessage("the driver"),
    "never answers": Effect.never
  }
  for (const [how, fault] of Object.entries(faults)) {
    it.scoped(how, () =>
      Effect.gen(function* () {
        const { faults, storage } = makeStorage()
        const [one, other] = yield* Effect.all([storeOf(storage), storeOf(storage)])
        let renewals = 0
        faults.renew = Effect.suspend(() => (renewals++ === 0 ? fault : Effect.void))
        const { fiber, goOn } = yield* holding(one, true)
        const waiter = yield* Effect.fork(attempt(other))
        yield* TestClock.adjust("15 seconds")
        assert.isAtLeast(renewals, 4)
        assert.isTrue(Option.isNone(yield* Fiber.poll(waiter)))
        yield* goOn
        yield* Fiber.join(fiber)
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* Fiber.join(waiter), "had it")
      })
    )
  }
})

describe("a lease", () => {
  it.scoped(
    "lasts from when it was asked for: one that was granted late is confirmed before it is trusted",
    () =>
      Effect.gen(function* () {
        const { faults, journal, storage } = makeStorage()
        const store = yield* storeOf(storage)
        faults.acquire = Effect.sleep("9 seconds")
        const waiter = yield* store
          .modify("alice", ({ token }, confirm) => Effect.as(confirm, [undefined, token] as const))
          .pipe(Effect.fork)
        yield* TestClock.adjust("9 seconds")
        yield* Fiber.join(waiter)
        assert.deepStrictEqual(journal, ["acquire", "renew", "release"])
      })
  )

  it.scoped("that was just taken is trusted without asking", () =>
    Effect.gen(function* () {
      const { journal, storage } = makeStorage()
      const store = yield* storeOf(storage)
      yield* store.modify("alice", ({ token }, confirm) => Effect.as(confirm, [undefined, token] as const))
      assert.deepStrictEqual(journal, ["acquire", "release"])
    })
  )

  it.scoped("that cannot be given back does not keep anybody waiting for longer than it lasts", () =>
    Effect.gen(function* () {
      const { faults, storage } = makeStorage()
      const store = yield* storeOf(storage)
      faults.release = Effect.never
      const calls = yield* Effect.fork(Effect.zipRight(attempt(store), attempt(store)))
      yield* TestClock.adjust("21 seconds")
      assert.strictEqual(yield* Fiber.join(calls), "had it")
    })
  )

  it.scoped("is waited for up to a minute, where nothing may be interrupted, too", () =>
    Effect.gen(function* () {
      const { storage } = makeStorage()
      const [one, other] = yield* Effect.all([storeOf(storage), storeOf(storage)])
      const { goOn } = yield* holding(one)
      const waiter = yield* Effect.fork(Effect.uninterruptible(Effect.flip(attempt(other))))
      yield* TestClock.adjust("70 seconds")
      const error = yield* Fiber.join(waiter)
      assert.strictEqual(error.reason, "Unavailable")
      assert.include(error.message, "The test's storage was in use")
      yield* goOn
    })
  )

  it.scoped("whose storage does not answer fails within 10 seconds", () =>
    Effect.gen(function* () {
      const { faults, storage } = makeStorage()
      const store = yield* storeOf(storage)
      for (const [operation, effect] of [
        ["acquire", Effect.asVoid(attempt(store))],
        ["read", Effect.asVoid(store.read("alice"))]
      ] as const) {
        faults[operation] = Effect.never
        const waiter = yield* Effect.fork(Effect.flip(effect))
        yield* TestClock.adjust("10 seconds")
        const error = yield* Fiber.join(waiter)
        assert.strictEqual(error.reason, "Unavailable")
        delete faults[operation]
      }
    })
  )

  it.scoped("is not left behind by who was interrupted at any moment of taking it", () =>
    Effect.gen(function* () {
      const { faults, holder, storage } = makeStorage()
      const store = yield* storeOf(storage)
      faults.acquire = Effect.sleep("1 second")
      for (const moment of [0, 1, 500, 999, 1000, 1001]) {
        const waiter = yield* Effect.fork(attempt(store))
        yield* TestClock.adjust(moment)
        yield* Fiber.interrupt(waiter)
        yield* TestClock.adjust("5 seconds")
        assert.isUndefined(holder(), `after ${moment}`)
      }
    })
  )
})

/** How a session is written. */
const textOf = (accessToken: string) =>
  Effect.gen(function* () {
    const { storage } = makeStorage()
    const store = yield* storeOf(storage)
    yield* Effect.provideService(put("alice", accessToken), TokenStore.TokenStore, store)
    return Option.getOrThrow(yield* storage.read("alice"))
  })

describe("who waits for a lease, and would adopt what is stored", () => {
  const wanted = (store: TokenStore.Service) =>
    store.modify("alice", ({ token }) => Effect.succeed(["had it", token] as const), {
      adopt: ({ token }) => Option.map(token, () => "adopted")
    })

  it.scoped("looks once before each further attempt, and gives back nothing that it never had", () =>
    Effect.gen(function* () {
      const { appear, journal, storage } = makeStorage()
      let attempts = 0
      const counting: TokenStorage.TokenStorage = {
        ...storage,
        acquire: (key, holder) =>
          Effect.suspend(() => {
            attempts += 1
            return storage.acquire(key, holder)
          })
      }
      const [one, other] = yield* Effect.all([storeOf(storage), storeOf(counting)])
      const { goOn } = yield* holding(one)
      journal.length = 0
      const waiter = yield* Effect.fork(wanted(other))
      yield* TestClock.adjust("2 seconds")
      const looks = journal.filter((operation) => operation === "read").length
      assert.isAtLeast(attempts, 15)
      assert.isAtMost(attempts, 40)
      assert.strictEqual(looks, attempts - 1)
      journal.length = 0
      appear(yield* textOf("one"))
      yield* TestClock.adjust("200 millis")
      assert.strictEqual(yield* Fiber.join(waiter), "adopted")
      assert.notInclude(journal, "release")
      yield* goOn
    })
  )

  const faults: Readonly<Record<string, Effect.Effect<void, TokenStoreError>>> = {
    fails: TokenStoreError.unavailable("read", "The read was to fail."),
    dies: Effect.dieMessage("the driver"),
    "never answers": Effect.never
  }
  for (const [how, fault] of Object.entries(faults)) {
    it.scoped(`is given the lease also where the storage ${how} when it is asked what is stored`, () =>
      Effect.gen(function* () {
        const { faults, storage } = makeStorage()
        const [one, other] = yield* Effect.all([storeOf(storage), storeOf(storage)])
        const { goOn } = yield* holding(one)
        faults.read = fault
        const waiter = yield* Effect.fork(wanted(other))
        yield* TestClock.adjust("5 seconds")
        assert.isTrue(Option.isNone(yield* Fiber.poll(waiter)))
        yield* goOn
        yield* TestClock.adjust("1500 millis")
        assert.strictEqual(yield* Fiber.join(waiter), "had it")
      })
    )
  }
})

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(join(tmpdir(), "leases-"))),
  (path) => Effect.sync(() => fs.rmSync(path, { recursive: true, force: true }))
)

describe("the lease of a file", () => {
  it.scoped("is not taken from a holder that came back while somebody was about to take it", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "session.json")
      const removing = yield* Deferred.make<void>()
      const goOn = yield* Deferred.make<void>()
      const removed = yield* Deferred.make<boolean>()
      // Only what takes a lease from the dead removes without further ado.
      const slow: Layer.Layer<NodeContext.NodeContext> = Layer.effect(
        FileSystem.FileSystem,
        Effect.map(FileSystem.FileSystem, (real) => ({
          ...real,
          remove: (path: string, options?: FileSystem.RemoveOptions) =>
            path.includes(".lease/") && options === undefined
              ? Deferred.succeed(removing, undefined).pipe(
                  Effect.zipRight(Deferred.await(goOn)),
                  Effect.zipRight(Effect.exit(real.remove(path, options))),
                  Effect.tap((exit) => Deferred.succeed(removed, Exit.isSuccess(exit))),
                  Effect.flatten
                )
              : real.remove(path, options)
        }))
      ).pipe(Layer.provideMerge(NodeContext.layer))
      const holder = yield* TokenStorage.file(file).pipe(Effect.provide(NodeContext.layer))
      const thief = yield* TokenStorage.file(file).pipe(Effect.provide(slow))
      yield* holder.acquire("alice", "h")
      const stealing = yield* Effect.fork(
        Effect.repeat(
          Effect.tap(thief.acquire("alice", "t"), () => TestClock.adjust("300 millis")),
          { times: 60 }
        )
      )
      yield* Deferred.await(removing)
      // The thief has seen enough; now the holder is heard of again.
      assert.isTrue(yield* holder.renew("alice", "h"))
      yield* Deferred.succeed(goOn, undefined)
      assert.isFalse(yield* Deferred.await(removed))
      assert.isTrue(yield* holder.renew("alice", "h"))
      assert.isTrue(yield* holder.replace("alice", "h", Option.some("of the holder"), Option.none()))
      yield* Fiber.interrupt(stealing)
      assert.strictEqual(fs.readFileSync(file, "utf8"), "of the holder")
    })
  )

  const live = (name: string, body: (path: string) => Effect.Effect<void, unknown>) =>
    it.scopedLive(name, () => Effect.flatMap(folder, body))

  const storeIn = (file: string, options?: TokenStorage.FileOptions) =>
    TokenStore.layerFile(file, options).pipe(Layer.provide(NodeContext.layer))

  live("is one for a link and for what it leads to, before and after there is anything", (path) =>
    Effect.gen(function* () {
      const file = join(path, "session.json")
      const link = join(path, "link.json")
      fs.symlinkSync("session.json", link)
      yield* Effect.provide(put("alice", "one"), storeIn(link))
      assert.isTrue(fs.lstatSync(link).isSymbolicLink())
      assert.strictEqual(yield* Effect.provide(stored("alice"), storeIn(file)), "one")
      assert.deepStrictEqual(fs.readdirSync(path).sort(), [
        ".session.json.lease",
        "link.json",
        "session.json"
      ])
    })
  )

  live("does not last beyond a session that was ended, whose mark holds no token", (path) =>
    Effect.gen(function* () {
      const file = join(path, "session.json")
      const use = Effect.provide(storeIn(file))
      yield* use(put("alice", "marker"))
      const session = yield* use(
        Effect.flatMap(TokenStore.TokenStore, (store) =>
          Effect.zipRight(
            store.modify("alice", () => Effect.succeed([undefined, Option.none()])),
            store.read("alice")
          )
        )
      )
      assert.isTrue(session.isEnded)
      assert.notInclude(fs.readFileSync(file, "utf8"), "marker")
      assert.deepStrictEqual(fs.readdirSync(join(path, ".session.json.lease")), [])
    })
  )

  const unreadable: Readonly<Record<string, Effect.Effect<never, PlatformError.PlatformError>>> = {
    fails: Effect.fail(
      new PlatformError.SystemError({
        module: "FileSystem",
        method: "readFileString",
        reason: "Unknown",
        pathOrDescriptor: "session.json"
      })
    ),
    "is given up": Effect.never
  }
  for (const [how, reading] of Object.entries(unreadable)) {
    live(`is free again at once where reading under it ${how}`, (path) =>
      Effect.gen(function* () {
        const [file, lease] = [join(path, "session.json"), join(path, ".session.json.lease")]
        const isReading = yield* Deferred.make<void>()
        const broken: Layer.Layer<NodeContext.NodeContext> = Layer.effect(
          FileSystem.FileSystem,
          Effect.map(FileSystem.FileSystem, (real) => ({
            ...real,
            readFileString: (name: string) =>
              fs.existsSync(lease) && fs.readdirSync(lease).length > 0
                ? Effect.zipRight(Deferred.succeed(isReading, undefined), reading)
                : real.readFileString(name)
          }))
        ).pipe(Layer.provideMerge(NodeContext.layer))
        const storage = yield* TokenStorage.file(file).pipe(Effect.provide(broken))
        const taking = yield* Effect.fork(storage.acquire("alice", "a"))
        yield* Deferred.await(isReading)
        const exit = yield* how === "fails" ? Fiber.await(taking) : Fiber.interrupt(taking)
        assert.isTrue(Exit.isFailure(exit))
        assert.deepStrictEqual(fs.readdirSync(lease), [])
        assert.deepStrictEqual(fs.readdirSync(path), [".session.json.lease"])
      })
    )
  }

  live("clears away what a killed process left an hour ago, and nothing younger", (path) =>
    Effect.gen(function* () {
      const file = join(path, "session.json")
      const draft = (name: string, hours: number) => {
        const place = join(path, `.session.json.lease-${name}`)
        fs.mkdirSync(place)
        fs.writeFileSync(join(place, `${name}.0`), "marker")
        const time = Date.now() / 1000 - hours * 3600
        fs.utimesSync(place, time, time)
        return place
      }
      const old = draft("11111111-1111-4111-8111-111111111111", 2)
      const young = draft("22222222-2222-4222-8222-222222222222", 0.1)
      yield* Effect.provide(put("alice", "one"), storeIn(file))
      assert.isFalse(fs.existsSync(old))
      assert.isTrue(fs.existsSync(young))
    })
  )

  it.scoped("tells the age of what was left by the file system's clock, and not by its own", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const place = join(path, ".session.json.lease-11111111-1111-4111-8111-111111111111")
      fs.mkdirSync(place)
      yield* TestClock.setTime(Date.now() + 3 * 3_600_000)
      yield* Effect.provide(put("alice", "one"), storeIn(join(path, "session.json")))
      assert.isTrue(fs.existsSync(place))
      const past = Date.now() / 1000 - 7200
      fs.utimesSync(place, past, past)
      yield* TestClock.setTime(0)
      yield* Effect.provide(put("alice", "two"), storeIn(join(path, "session.json")))
      assert.isFalse(fs.existsSync(place))
    })
  )

  live("that a dead process has heals by itself", (path) =>
    Effect.gen(function* () {
      const file = join(path, "session.json")
      const storage = yield* TokenStorage.file(file).pipe(Effect.provide(NodeContext.layer))
      yield* storage.acquire("alice", "dead")
      const [took] = yield* Effect.timed(
        Effect.provide(put("alice", "two"), storeIn(file, { leaseDuration: "300 millis" }))
      )
      assert.isAtLeast(Duration.toMillis(took), 300)
      assert.strictEqual(
        accessOf(Option.some(tokenOf("two"))),
        yield* Effect.provide(stored("alice"), storeIn(file))
      )
    })
  )
})
