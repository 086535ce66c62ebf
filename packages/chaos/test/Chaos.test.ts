import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Installation, PostgreSQL, Redis } from "@effect-oauth/loopback-servers"
import * as Effect from "effect/Effect"
import type { Arguments, StoreName } from "../src/Arguments.js"
import * as Chaos from "../src/Chaos.js"

const run = (options: Partial<Arguments>) =>
  Chaos.run(
    {
      store: "file",
      processes: 4,
      seconds: 5,
      seed: 7,
      leaseSeconds: 1,
      fence: true,
      pauses: false,
      trace: undefined,
      ...options
    },
    () => Effect.void
  ).pipe(Effect.provide(NodeContext.layer))

const keepsItsPromises = (store: StoreName) =>
  Effect.gen(function* () {
    const { broken, report } = yield* run({ store })
    assert.deepStrictEqual(broken, [])
    assert.deepInclude(report, {
      refreshTokensSentTwiceThoughOutcomeKnown: 0,
      familiesRevoked: 0,
      sessionsLost: 0
    })
    assert.isAbove(report.apiCalls, 20)
    assert.isAbove(report.expiries, 1)
    assert.isAbove(report.refreshes, 3)
    assert.isAbove(report.adoptions, 0)
    assert.isAbove(report.kills, 0)
  })

const breaksThem = (store: StoreName) =>
  Effect.gen(function* () {
    // On a machine with much else to do a short run sees few expiries.
    const { broken, replay, report } = yield* Effect.iterate(
      yield* run({ store, fence: false, seconds: 3 }),
      {
        while: ({ report }) => report.refreshTokensSentTwiceThoughOutcomeKnown === 0 && report.seconds < 24,
        body: ({ report }) => run({ store, fence: false, seconds: 2 * report.seconds })
      }
    )
    assert.isAbove(report.refreshTokensSentTwiceThoughOutcomeKnown, 0)
    assert.isTrue(
      broken.some((sentence) => sentence.startsWith("Spent once: ")),
      broken.join("\n")
    )
    assert.isTrue(replay.endsWith("--without-fence"))
  })

describe("chaos", () => {
  it.live("in files no session is lost", () => keepsItsPromises("file"))
  it.live("in SQLite no session is lost", () => keepsItsPromises("sqlite"))
  it.live("without the fence it is noticed", () => breaksThem("file"))
})

describe(...Installation.needing("chaos in Redis", Redis.installation), () => {
  it.live("no session is lost", () => keepsItsPromises("redis"))
})

describe(...Installation.needing("chaos in PostgreSQL", PostgreSQL.installation), () => {
  it.live("no session is lost", () => keepsItsPromises("postgres"))
})
