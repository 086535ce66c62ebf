import { chmod, writeFile } from "node:fs/promises"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { afterEach, vi } from "vitest"
import * as Chromium from "../src/Chromium.js"
import { needing } from "../src/Installation.js"
import * as PostgreSQL from "../src/PostgreSQL.js"
import * as Redis from "../src/Redis.js"
import { temporaryFolders } from "./support.js"

afterEach(() => {
  vi.unstubAllEnvs()
})

const nowhere = () => {
  vi.stubEnv("EFFECT_OAUTH_POSTGRES_BIN", "/nowhere")
  vi.stubEnv("EFFECT_OAUTH_REDIS_SERVER", "/nowhere/redis-server")
  vi.stubEnv("EFFECT_OAUTH_CHROMIUM", "/nowhere/chromium")
}

const here = { server: "Here", program: "here", where: Effect.succeedSome("/bin/here") }

describe("needing", () => {
  it("lets a suite be that has what it needs", () => {
    assert.deepStrictEqual(needing("suite"), ["suite", { skip: false }])
    assert.deepStrictEqual(needing("suite", here), ["suite", { skip: false }])
  })

  it("skips a suite by its name that misses something", () => {
    nowhere()
    vi.stubEnv("CI", undefined)
    assert.deepStrictEqual(needing("suite", PostgreSQL.installation), [
      "suite (needs PostgreSQL: initdb was not found)",
      { skip: true }
    ])
    assert.deepStrictEqual(needing("suite", PostgreSQL.installation, here, Redis.installation), [
      "suite (needs PostgreSQL: initdb was not found) (needs Redis: redis-server was not found)",
      { skip: true }
    ])
  })

  it("lets it run, and fail, where everything has to be there", () => {
    nowhere()
    vi.stubEnv("CI", "true")
    assert.deepStrictEqual(needing("suite", Redis.installation), [
      "suite (needs Redis: redis-server was not found)",
      { skip: false }
    ])
  })
})

describe("a server that is not installed", () => {
  for (const { name, isInstalled, make } of [
    { name: "PostgreSQL", isInstalled: PostgreSQL.isInstalled, make: Effect.asVoid(PostgreSQL.make()) },
    { name: "Redis", isInstalled: Redis.isInstalled, make: Effect.asVoid(Redis.make()) },
    { name: "Chromium", isInstalled: Chromium.isInstalled, make: Effect.asVoid(Chromium.make()) }
  ]) {
    it.scopedLive(`${name} says so`, () =>
      Effect.gen(function* () {
        nowhere()
        assert.isFalse(yield* isInstalled)
        const error = yield* Effect.flip(make)
        assert.match(error.message, new RegExp(`^${name} cannot start: [a-z-]+ was not found$`))
      })
    )
  }

  it.scopedLive("is one whose program may not be run, or is no server", () =>
    Effect.gen(function* () {
      yield* temporaryFolders
      const program = `${process.env["TMPDIR"]}/redis-server`
      vi.stubEnv("EFFECT_OAUTH_REDIS_SERVER", program)
      yield* Effect.promise(() => writeFile(program, "#!/bin/sh\necho I am no server\nexit 3\n"))
      assert.isFalse(yield* Redis.isInstalled)
      yield* Effect.promise(() => chmod(program, 0o755))
      assert.deepStrictEqual(yield* Redis.installation.where, Option.some(program))
      const error = yield* Effect.flip(Effect.scoped(Redis.make()))
      assert.strictEqual(
        error.message,
        "Redis cannot start: it ended with code 3 before it was ready\nI am no server"
      )
    })
  )
})
