import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { inspect } from "node:util"
import * as PlatformError from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import { OAuthToken, TokenStorage, TokenStore } from "@effect-oauth/client"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { tokenStorageContract } from "./fixtures/tokenStorageContract.js"
import { accessOf, put, stored, tokenOf, tokenStoreContract } from "./fixtures/tokenStoreContract.js"

const newFolder = (): string => fs.mkdtempSync(join(tmpdir(), "token-store-"))

const folder = Effect.acquireRelease(Effect.sync(newFolder), (path) =>
  Effect.sync(() => fs.rmSync(path, { recursive: true, force: true }))
)

const fileLayer = (path: string) => Layer.provide(TokenStore.layerFile(path), NodeContext.layer)

const inFolder = <E, R>(layer: (path: string) => Layer.Layer<TokenStore.TokenStore, E, R>) =>
  Layer.unwrapScoped(Effect.map(folder, layer))

describe("in memory", () => tokenStoreContract(() => Layer.fresh(TokenStore.layerMemory), { many: true }))

describe("in a file", () =>
  tokenStoreContract(() => inFolder((path) => fileLayer(join(path, "session.json"))), { many: false }))

describe("in a folder", () =>
  tokenStoreContract(
    () =>
      inFolder((path) => Layer.provide(TokenStore.layerDirectory(join(path, "sessions")), NodeContext.layer)),
    { many: true }
  ))

describe("in a file that processes share", () =>
  tokenStorageContract(({ leaseDuration }) =>
    Effect.gen(function* () {
      const file = join(yield* folder, "session.json")
      const storage = TokenStorage.file(file, { leaseDuration }).pipe(Effect.provide(NodeContext.layer))
      return { one: yield* storage, other: yield* storage }
    })
  ))

describe("in a folder that processes share, encrypted", () =>
  tokenStorageContract(({ leaseDuration }) =>
    Effect.gen(function* () {
      const path = yield* folder
      const current = { id: "one", secret: Redacted.make("A".repeat(43)) }
      const storage = TokenStorage.directory(path, { leaseDuration }).pipe(
        TokenStorage.encrypted({ current }),
        Effect.provide(NodeContext.layer)
      )
      return { one: yield* storage, other: yield* storage }
    })
  ))

describe("in two functions", () =>
  tokenStoreContract(
    () => {
      const rows = new Map<string, OAuthToken.TokenJson>()
      return TokenStore.fromFunctions({
        load: (key) => OAuthToken.fromStored(rows.get(key)),
        save: (key, token) =>
          Effect.sync(() => {
            if (Option.isSome(token)) rows.set(key, OAuthToken.toStored(token.value))
            else rows.delete(key)
          })
      })
    },
    { many: true }
  ))

describe("a session file", () => {
  const withFile = <E>(
    name: string,
    test: (
      path: string,
      use: <A, F>(effect: Effect.Effect<A, F, TokenStore.TokenStore>) => Effect.Effect<A, F>
    ) => Effect.Effect<void, E>
  ) =>
    it.scopedLive(name, () =>
      Effect.flatMap(folder, (path) => {
        const file = join(path, "deep", "session.json")
        return test(file, (effect) => Effect.provide(effect, fileLayer(file)))
      })
    )

  /** What is in the folder besides the session and the place of its lease, and what is in that. */
  const leftovers = (file: string) =>
    fs
      .readdirSync(join(file, ".."), { recursive: true })
      .filter((name) => name !== "session.json" && name !== ".session.json.lease")

  withFile("is for its owner only, and so is the folder that is made for it", (file, use) =>
    Effect.gen(function* () {
      yield* use(put("alice", "one"))
      assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600)
      assert.strictEqual(fs.statSync(join(file, "..")).mode & 0o777, 0o700)
    })
  )

  withFile("becomes so when it was not", (file, use) =>
    Effect.gen(function* () {
      yield* use(put("alice", "one"))
      fs.chmodSync(file, 0o644)
      yield* use(put("alice", "two"))
      assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600)
    })
  )

  withFile("outlives the process: another one reads it", (file, use) =>
    Effect.gen(function* () {
      yield* use(put("alice", "one"))
      const script = fileURLToPath(new URL("fixtures/readSession.ts", import.meta.url))
      const child = spawnSync(process.execPath, ["--import", "tsx", script, file, "alice"], {
        encoding: "utf8"
      })
      assert.strictEqual(child.stderr, "")
      assert.strictEqual(child.stdout, "one")
    })
  )

  withFile("is replaced in one step: whoever reads it meanwhile finds the old or the new", (file, use) =>
    use(
      Effect.gen(function* () {
        yield* put("alice", "token-0")
        const seen = new Set<string>()
        const reader = yield* Effect.fork(
          Effect.forever(
            Effect.zipRight(
              Effect.sync(() => seen.add(JSON.parse(fs.readFileSync(file, "utf8")).access_token)),
              Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))
            )
          )
        )
        for (let i = 1; i <= 50; i++) yield* put("alice", `token-${i}`)
        const exit = yield* Fiber.interrupt(reader)
        assert.isTrue(exit._tag === "Failure" && Cause.isInterruptedOnly(exit.cause), inspect(exit))
        assert.isAbove(seen.size, 1)
        assert.deepStrictEqual(leftovers(file), [])
      })
    )
  )

  withFile("leaves no other file behind, also when the function fails, dies or is interrupted", (file, use) =>
    use(
      Effect.gen(function* () {
        const store = yield* TokenStore.TokenStore
        yield* put("alice", "one")
        yield* Effect.exit(store.modify("alice", () => Effect.fail("no")))
        yield* Effect.exit(store.modify("alice", () => Effect.dieMessage("no")))
        const fiber = yield* Effect.fork(store.modify("alice", () => Effect.interruptible(Effect.never)))
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(leftovers(file), [])
        assert.strictEqual(yield* stored("alice"), "one")
      })
    )
  )

  const contents: Readonly<Record<string, string>> = {
    "is cut off": JSON.stringify(OAuthToken.toStored(tokenOf("marker"))).slice(0, -9),
    "is empty": "",
    "is a list": `["marker"]`,
    "has no access token": `{"refresh_token":"marker"}`,
    "has an expiry that is none": `{"access_token":"marker","expiry":"marker"}`
  }

  for (const [what, content] of Object.entries(contents)) {
    withFile(`that ${what} is Corrupt, is not shown, and is left as it is`, (file, use) =>
      Effect.gen(function* () {
        fs.mkdirSync(join(file, ".."))
        fs.writeFileSync(file, content)
        for (const effect of [stored("alice"), put("alice", "one")]) {
          const error = yield* Effect.flip(use(effect))
          assert.strictEqual(error.reason, "Corrupt")
          assert.include(error.message, file)
          assert.notInclude(inspect(error, { depth: 9 }), "marker")
        }
        assert.strictEqual(fs.readFileSync(file, "utf8"), content)
        assert.deepStrictEqual(leftovers(file), [])
      })
    )
  }

  withFile("of another session is Occupied, and is left as it is", (file, use) =>
    Effect.gen(function* () {
      yield* use(put("alice", "marker"))
      const before = fs.readFileSync(file, "utf8")
      for (const effect of [stored("bob"), put("bob", "one")]) {
        const error = yield* Effect.flip(use(effect))
        assert.strictEqual(error.reason, "Occupied")
        assert.isFalse(error.isTransient)
        assert.notInclude(inspect(error, { depth: 9 }), "marker")
      }
      assert.strictEqual(fs.readFileSync(file, "utf8"), before)
    })
  )

  withFile("of another session that was ended is free", (_, use) =>
    use(
      Effect.gen(function* () {
        const store = yield* TokenStore.TokenStore
        yield* put("alice", "one")
        yield* store.modify("alice", () => Effect.succeed([undefined, Option.none()]))
        const { isEnded, token } = yield* store.read("bob")
        assert.deepStrictEqual([isEnded, Option.isNone(token)], [false, true])
        yield* put("bob", "of bob")
        assert.strictEqual(yield* stored("bob"), "of bob")
      })
    )
  )

  withFile("that the Python SDK wrote is taken over, unknown fields and all", (file, use) =>
    Effect.gen(function* () {
      fs.mkdirSync(join(file, ".."))
      fs.writeFileSync(
        file,
        `{"access_token": "py", "token_type": "Bearer", "expires_in": 3600, "expiry": 1700000000, "tenant": "t1"}`
      )
      yield* use(
        Effect.gen(function* () {
          const store = yield* TokenStore.TokenStore
          assert.strictEqual(yield* stored("alice"), "py")
          yield* store.modify("alice", (current) =>
            Effect.succeed([
              undefined,
              Option.map(
                current.token,
                (token) => new OAuthToken.OAuthToken({ ...token, scope: Option.some("api") })
              )
            ])
          )
        })
      )
      const { effect_oauth: mark, ...rest } = JSON.parse(fs.readFileSync(file, "utf8"))
      assert.deepStrictEqual(rest, {
        access_token: "py",
        token_type: "Bearer",
        expires_in: 3600,
        expiry: 1700000000,
        scope: "api",
        tenant: "t1"
      })
      assert.strictEqual(mark.key, "alice")
      assert.closeTo(mark.version, Date.now(), 60_000)
    })
  )

  /** What the same library writes in another process. */
  const otherProcess = (file: string, accessToken: string, version: number) =>
    Effect.sync(() =>
      fs.writeFileSync(
        file,
        JSON.stringify({
          ...OAuthToken.toStored(tokenOf(accessToken)),
          effect_oauth: { key: "alice", version }
        })
      )
    )

  withFile("has one lease for all stores of the process: nothing is lost among a hundred in two", (file) =>
    Effect.gen(function* () {
      const stores = yield* Effect.all([Layer.build(fileLayer(file)), Layer.build(fileLayer(file))])
      const increments = Array.from({ length: 100 }, (_, index) =>
        Effect.flatMap(TokenStore.TokenStore, (store) =>
          store.modify("alice", (current) => {
            const count = Number(accessOf(current.token) ?? "0")
            return Effect.as(Effect.yieldNow(), [undefined, Option.some(tokenOf(String(count + 1)))] as const)
          })
        ).pipe(Effect.provide(index % 2 === 0 ? stores[0] : stores[1]))
      )
      yield* Effect.all(increments, { concurrency: "unbounded" })
      assert.strictEqual(JSON.parse(fs.readFileSync(file, "utf8")).access_token, "100")
    }).pipe(Effect.scoped)
  )

  withFile("is replaced itself where the path is a link to it", (file, use) =>
    Effect.gen(function* () {
      yield* use(put("alice", "one"))
      const link = join(file, "..", "..", "link.json")
      fs.symlinkSync(file, link)
      yield* Effect.provide(put("alice", "two"), fileLayer(link))
      assert.isTrue(fs.lstatSync(link).isSymbolicLink())
      assert.strictEqual(yield* use(stored("alice")), "two")
    })
  )

  withFile("that another process wrote meanwhile is not covered: the lease is lost", (file, use) =>
    use(
      Effect.gen(function* () {
        const store = yield* TokenStore.TokenStore
        yield* put("alice", "one")
        const error = yield* Effect.flip(
          store.modify("alice", () =>
            Effect.as(otherProcess(file, "of the other", 2), [
              undefined,
              Option.some(tokenOf("two"))
            ] as const)
          )
        )
        assert.strictEqual(error.reason, "LeaseLost")
        assert.isTrue(error.isTransient)
        assert.strictEqual(yield* stored("alice"), "of the other")
        assert.deepStrictEqual(leftovers(file), [])
      })
    )
  )

  const pythonFile = (accessToken: string) => `{"access_token": "${accessToken}", "refresh_token": "r"}`

  const meanwhile: Readonly<
    Record<string, { readonly before: string | undefined; readonly after: string | undefined }>
  > = {
    "a writer without versions rewrote": { before: pythonFile("one"), after: pythonFile("of the other") },
    "a writer without versions made": { before: undefined, after: pythonFile("of the other") },
    "somebody removed": { before: pythonFile("one"), after: undefined },
    "somebody broke": { before: pythonFile("one"), after: "{" }
  }

  for (const [what, { after, before }] of Object.entries(meanwhile)) {
    withFile(`that ${what} meanwhile stays as it is now`, (file, use) =>
      Effect.gen(function* () {
        const write = (content: string | undefined) =>
          content === undefined ? fs.rmSync(file, { force: true }) : fs.writeFileSync(file, content)
        fs.mkdirSync(join(file, ".."))
        write(before)
        const modify = Effect.flatMap(TokenStore.TokenStore, (store) =>
          store.modify("alice", () =>
            Effect.sync(() => {
              write(after)
              return [undefined, Option.some(tokenOf("two"))] as const
            })
          )
        )
        const error = yield* Effect.flip(use(modify))
        assert.strictEqual(error.reason, "LeaseLost")
        assert.strictEqual(fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined, after)
        assert.deepStrictEqual(leftovers(file), [])
      })
    )
  }

  withFile(
    "that was removed and made anew meanwhile is not covered, though its version is the same",
    (file, use) =>
      use(
        Effect.gen(function* () {
          const store = yield* TokenStore.TokenStore
          yield* put("alice", "one")
          const logOutAndIn = Effect.zipRight(
            Effect.sync(() => fs.rmSync(file)),
            otherProcess(file, "of the other", 1)
          )
          const error = yield* Effect.flip(
            store.modify("alice", () =>
              Effect.as(logOutAndIn, [undefined, Option.some(tokenOf("two"))] as const)
            )
          )
          assert.strictEqual(error.reason, "LeaseLost")
          assert.strictEqual(yield* stored("alice"), "of the other")
        })
      )
  )

  withFile("is not touched when the function returns what it was given", (file, use) =>
    Effect.gen(function* () {
      yield* use(put("alice", "one"))
      const before = fs.statSync(file)
      const unchanged = Effect.flatMap(TokenStore.TokenStore, (store) =>
        store.modify("alice", (current) => Effect.succeed([undefined, current.token]))
      )
      yield* use(unchanged)
      const after = fs.statSync(file)
      assert.deepStrictEqual([after.ino, after.mtimeMs], [before.ino, before.mtimeMs])
    })
  )

  withFile("in a place that cannot be written fails before anything is spent", (file, use) =>
    Effect.gen(function* () {
      fs.writeFileSync(join(file, ".."), "a file where the folder should be")
      let ran = false
      const error = yield* Effect.flip(
        use(
          Effect.flatMap(TokenStore.TokenStore, (store) =>
            store.modify("alice", (current) =>
              Effect.sync(() => {
                ran = true
                return [undefined, current.token] as const
              })
            )
          )
        )
      )
      assert.strictEqual(error.reason, "Unavailable")
      assert.isFalse(ran)
    })
  )

  const refusing = (method: "writeFile" | "rename") =>
    Layer.effect(
      FileSystem.FileSystem,
      Effect.map(FileSystem.FileSystem, (real) => ({
        ...real,
        [method]: (path: string, argument: never) =>
          method === "rename" && path.includes(".lease-")
            ? real.rename(path, argument)
            : Effect.fail(
                new PlatformError.SystemError({
                  module: "FileSystem",
                  method,
                  reason: method === "rename" ? "Unknown" : "PermissionDenied",
                  pathOrDescriptor: "session.json"
                })
              )
      }))
    ).pipe(Layer.provideMerge(NodeContext.layer))

  for (const [method, operation] of [
    ["writeFile", "lease"],
    ["rename", "write"]
  ] as const) {
    it.scopedLive(`that the disk refuses to ${method} is a failure of the ${operation}`, () =>
      Effect.gen(function* () {
        const file = join(yield* folder, "session.json")
        const error = yield* put("alice", "marker").pipe(
          Effect.provide(Layer.provide(TokenStore.layerFile(file), refusing(method))),
          Effect.flip
        )
        assert.deepInclude({ ...error }, { reason: "Unavailable", operation })
        assert.notInclude(inspect(error, { depth: 9 }), "marker")
        assert.deepStrictEqual(leftovers(file), [])
      })
    )
  }
  it.scopedLive("leaves nothing behind when the disk is full before anything is spent", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "session.json")
      const full = Layer.effect(
        FileSystem.FileSystem,
        Effect.map(FileSystem.FileSystem, (real) => ({
          ...real,
          writeFile: (path: string, data: Uint8Array, options?: FileSystem.WriteFileOptions) =>
            Effect.zipRight(
              real.writeFile(path, data.subarray(0, 10), options),
              Effect.fail(
                new PlatformError.SystemError({
                  module: "FileSystem",
                  method: "writeFile",
                  reason: "Unknown",
                  pathOrDescriptor: path
                })
              )
            )
        }))
      ).pipe(Layer.provideMerge(NodeContext.layer))
      const error = yield* put("alice", "one").pipe(
        Effect.provide(Layer.provide(TokenStore.layerFile(file), full)),
        Effect.flip
      )
      assert.deepInclude({ ...error }, { reason: "Unavailable", operation: "lease" })
      assert.deepStrictEqual(fs.readdirSync(join(file, "..")), [])
    })
  )
})

describe("two functions that fail", () => {
  it.effect("by not ending have 10 seconds, and the key is free again", () =>
    Effect.gen(function* () {
      const store = yield* Effect.map(
        Layer.build(TokenStore.fromFunctions({ load: () => Effect.succeedNone, save: () => Effect.never })),
        Context.get(TokenStore.TokenStore)
      )
      const write = store.modify("alice", () => Effect.succeed([undefined, Option.some(tokenOf("one"))]))
      for (const _ of [1, 2]) {
        const writing = yield* Effect.fork(Effect.flip(write))
        yield* TestClock.adjust("10 seconds")
        assert.strictEqual((yield* Fiber.join(writing)).reason, "Unavailable")
      }
    }).pipe(Effect.scoped)
  )

  class DriverError extends Error {
    readonly _tag = "DriverError"
    readonly code = "23505"
    readonly parameters: unknown
    constructor(parameters: unknown) {
      super(`cannot store ${JSON.stringify(parameters)}`)
      this.parameters = parameters
    }
  }

  it.effect("are described without what they were given", () =>
    Effect.gen(function* () {
      const error = yield* put("alice", "marker").pipe(
        Effect.provide(
          TokenStore.fromFunctions({
            load: () => Effect.succeedNone,
            save: (_, token) => Effect.fail(new DriverError(Option.map(token, OAuthToken.toStored)))
          })
        ),
        Effect.flip
      )
      assert.deepInclude({ ...error }, { reason: "Unavailable", operation: "write" })
      const text = inspect(error, { depth: 9 })
      assert.notInclude(text, "marker")
      assert.include(text, "23505")
    })
  )

  it.effect("while they load are not quoted: nobody knows what is secret there", () =>
    Effect.gen(function* () {
      const loads = [
        Effect.fail(new DriverError({ row: "marker" })),
        Effect.try(() => JSON.parse("marker")),
        Effect.promise(() => Promise.reject(new DriverError("marker")))
      ]
      for (const load of loads) {
        const error = yield* stored("alice").pipe(
          Effect.provide(
            TokenStore.fromFunctions<unknown, never, never, never>({
              load: () => load,
              save: () => Effect.void
            })
          ),
          Effect.flip
        )
        assert.deepInclude({ ...error }, { reason: "Unavailable", operation: "read" })
        assert.notInclude(inspect(error, { depth: 9, showHidden: true }), "marker")
      }
    })
  )

  it.effect("that reject without saying so are failures of the store all the same", () =>
    Effect.gen(function* () {
      const error = yield* put("alice", "marker").pipe(
        Effect.provide(
          TokenStore.fromFunctions({
            load: () => Effect.succeedNone,
            save: (_, token) =>
              Effect.promise(() => Promise.reject(new DriverError(Option.map(token, OAuthToken.toStored))))
          })
        ),
        Effect.flip
      )
      assert.deepInclude({ ...error }, { reason: "Unavailable", operation: "write" })
      assert.notInclude(inspect(error, { depth: 9, showHidden: true }), "marker")
    })
  )

  it.effect("are not called to save what the function was given", () =>
    Effect.gen(function* () {
      let saves = 0
      const store = TokenStore.fromFunctions({
        load: () => Effect.succeedSome(tokenOf("one")),
        save: () =>
          Effect.sync(() => {
            saves += 1
          })
      })
      yield* Effect.flatMap(TokenStore.TokenStore, (service) =>
        service.modify("alice", (current) => Effect.succeed([undefined, current.token]))
      ).pipe(Effect.provide(store))
      assert.strictEqual(saves, 0)
    })
  )

  it.effect("have their tokens removed by None", () =>
    Effect.gen(function* () {
      const saved: Array<string | undefined> = []
      const store = TokenStore.fromFunctions({
        load: () => Effect.succeedSome(tokenOf("one")),
        save: (_, token) => Effect.sync(() => void saved.push(accessOf(token)))
      })
      yield* Effect.flatMap(TokenStore.TokenStore, (service) =>
        service.modify("alice", () => Effect.succeed([undefined, Option.none()]))
      ).pipe(Effect.provide(store))
      assert.deepStrictEqual(saved, [undefined])
    })
  )
})
