import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import { OAuthToken, TokenStorage, TokenStore } from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { base64url, compactDecrypt } from "jose"
import { put, stored, tokenOf } from "./fixtures/tokenStoreContract.js"

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(join(tmpdir(), "encryption-"))),
  (path) => Effect.sync(() => fs.rmSync(path, { recursive: true, force: true }))
)

const keyOf = (id: string, fill: number): TokenStorage.EncryptionKey => ({
  id,
  secret: Redacted.make(Buffer.alloc(32, fill).toString("base64"))
})

const first = keyOf("2026-10", 1)
const second = keyOf("2026-11", 2)

const sealedStore = (file: string, options: TokenStorage.EncryptionOptions) =>
  TokenStore.layerStorage(
    TokenStorage.file(file).pipe(TokenStorage.encrypted(options), Effect.provide(NodeContext.layer))
  )

const test = (name: string, body: (file: string) => Effect.Effect<void, unknown>) =>
  it.scopedLive(name, () => Effect.flatMap(folder, (path) => body(join(path, "session.json"))))

const contentOf = (file: string) => fs.readFileSync(file, "utf8")

const headerOf = (file: string): unknown =>
  JSON.parse(Buffer.from(JSON.parse(contentOf(file)).sealed.split(".")[0], "base64url").toString())

describe("an encrypted storage", () => {
  test("shows nothing to those who read the disk, and all to those who have the key", (file) =>
    Effect.gen(function* () {
      const use = Effect.provide(sealedStore(file, { current: first }))
      yield* use(put("alice", "marker"))
      assert.notInclude(contentOf(file), "marker")
      assert.notInclude(contentOf(file), "alice")
      assert.strictEqual(yield* use(stored("alice")), "marker")
    }))

  test("writes a JWE that others open", (file) =>
    Effect.gen(function* () {
      yield* Effect.provide(put("alice", "marker"), sealedStore(file, { current: first }))
      const { sealed } = JSON.parse(contentOf(file))
      const key = base64url.decode(Redacted.value(first.secret).replaceAll("+", "-").replaceAll("/", "_"))
      const { plaintext, protectedHeader } = yield* Effect.promise(() => compactDecrypt(sealed, key))
      assert.deepInclude(protectedHeader, { alg: "dir", enc: "A256GCM", kid: "2026-10" })
      assert.include(new TextDecoder().decode(plaintext), "marker")
    }))

  test("opens what an older key sealed, and seals it with the current one at the next write", (file) =>
    Effect.gen(function* () {
      yield* Effect.provide(put("alice", "one"), sealedStore(file, { current: first }))
      const rotated = Effect.provide(sealedStore(file, { current: second, previous: [first] }))
      assert.strictEqual(yield* rotated(stored("alice")), "one")
      assert.deepInclude(headerOf(file), { kid: "2026-10" })
      yield* rotated(put("alice", "two"))
      assert.deepInclude(headerOf(file), { kid: "2026-11" })
      assert.strictEqual(
        yield* Effect.provide(stored("alice"), sealedStore(file, { current: second })),
        "two"
      )
    }))

  const wrong: Readonly<Record<string, TokenStorage.EncryptionOptions>> = {
    "without its key": { current: second },
    "with another key of the same id": { current: keyOf("2026-10", 9) }
  }
  for (const [how, options] of Object.entries(wrong)) {
    test(`is Sealed ${how}, and the session is not lost`, (file) =>
      Effect.gen(function* () {
        yield* Effect.provide(put("alice", "marker"), sealedStore(file, { current: first }))
        const before = contentOf(file)
        for (const effect of [stored("alice"), put("alice", "two")]) {
          const error = yield* Effect.flip(Effect.provide(effect, sealedStore(file, options)))
          assert.propertyVal(error, "reason", "Sealed")
          assert.propertyVal(error, "isTransient", false)
          assert.include(error.message, "2026-10")
          assert.notInclude(inspect(error, { depth: 9 }), "marker")
        }
        assert.strictEqual(contentOf(file), before)
        assert.strictEqual(
          yield* Effect.provide(stored("alice"), sealedStore(file, { current: first })),
          "marker"
        )
      }))
  }

  test("is set aside, and not lost, when a session is begun on purpose without its key", (file) =>
    Effect.gen(function* () {
      yield* Effect.provide(put("alice", "one"), sealedStore(file, { current: first }))
      const before = contentOf(file)
      yield* Effect.flatMap(TokenStore.TokenStore, (store) =>
        store.modify("alice", () => Effect.succeed([undefined, Option.some(tokenOf("two"))]), {
          unreadable: "setAside"
        })
      ).pipe(
        Effect.provide(sealedStore(file, { current: second })),
        Effect.provide(Logger.remove(Logger.defaultLogger))
      )
      const aside = fs.readdirSync(join(file, "..")).find((name) => name.includes("unreadable")) ?? ""
      assert.strictEqual(contentOf(join(file, "..", aside)), before)
      assert.strictEqual(
        yield* Effect.provide(stored("alice"), sealedStore(file, { current: second })),
        "two"
      )
    }))

  test("does not take the sealed session of one for that of another", (file) =>
    Effect.gen(function* () {
      yield* Effect.provide(put("alice", "one"), sealedStore(file, { current: first }))
      const error = yield* Effect.flip(Effect.provide(stored("bob"), sealedStore(file, { current: first })))
      assert.propertyVal(error, "reason", "Sealed")
    }))

  test("reads what is in clear only if it may", (file) =>
    Effect.gen(function* () {
      fs.writeFileSync(file, JSON.stringify(OAuthToken.toStored(tokenOf("clear"))))
      const error = yield* Effect.flip(Effect.provide(stored("alice"), sealedStore(file, { current: first })))
      assert.propertyVal(error, "reason", "Sealed")
      assert.include(error.message, "acceptPlain")
      const use = Effect.provide(sealedStore(file, { current: first, acceptPlain: true }))
      assert.strictEqual(yield* use(stored("alice")), "clear")
      yield* use(put("alice", "two"))
      assert.deepInclude(headerOf(file), { kid: "2026-10" })
    }))

  test("is no session for a reader without encryption: it is Corrupt, and no token is made of it", (file) =>
    Effect.gen(function* () {
      yield* Effect.provide(put("alice", "one"), sealedStore(file, { current: first }))
      const plain = TokenStore.layerStorage(Effect.provide(TokenStorage.file(file), NodeContext.layer))
      assert.propertyVal(yield* Effect.flip(Effect.provide(stored("alice"), plain)), "reason", "Corrupt")
    }))

  const bad: Readonly<Record<string, string>> = {
    "too short": Buffer.alloc(16).toString("base64"),
    "no Base64": "not a key! ".repeat(4),
    empty: ""
  }
  for (const [what, secret] of Object.entries(bad)) {
    test(`fails at once with a key that is ${what}, which it does not show`, (file) =>
      Effect.gen(function* () {
        const store = sealedStore(file, { current: { id: "k", secret: Redacted.make(secret) } })
        const error = yield* Effect.flip(Effect.provide(stored("alice"), store))
        assert.propertyVal(error, "reason", "Sealed")
        assert.include(error.message, "openssl rand -base64 32")
        if (secret !== "") assert.notInclude(inspect(error, { depth: 9 }), secret)
        assert.deepStrictEqual(fs.readdirSync(join(file, "..")), [])
      }))
  }

  it.scopedLive("notices every change of a sealed text", () =>
    Effect.gen(function* () {
      const file = join(yield* folder, "session.json")
      yield* Effect.provide(put("alice", "one"), sealedStore(file, { current: first }))
      const { sealed } = JSON.parse(contentOf(file))
      const read = Effect.provide(stored("alice"), sealedStore(file, { current: first }))
      const positions = FastCheck.sample(FastCheck.integer({ min: 0, max: sealed.length - 2 }), 60)
      for (const position of positions) {
        // The last character of a part may have bits that nothing is made of.
        if (sealed.charAt(position + 1) === ".") continue
        const changed = sealed.charAt(position) === "A" ? "B" : "A"
        const text = `${sealed.slice(0, position)}${changed}${sealed.slice(position + 1)}`
        fs.writeFileSync(file, JSON.stringify({ sealed: text }))
        const error = yield* Effect.flip(read)
        assert.propertyVal(error, "reason", "Sealed", `at ${position}`)
      }
    })
  )
})
