/** Keeps sessions, and tells what that takes. To be run with `--expose-gc`. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { answering } from "../processes/answering.js"
import type { Making } from "./Keeper.js"
import { type KeeperName, type Measured, Question } from "./Protocol.js"
import { keyOf } from "./stored.js"

/** Only what is measured is loaded. */
const making: Readonly<Record<KeeperName, () => Promise<Making>>> = {
  tokens: async () => (await import("./tokens.js")).tokens,
  mapOfTokens: async () => (await import("./tokens.js")).mapOfTokens,
  tokenManagers: async () => (await import("./tokenManagers.js")).tokenManagers,
  badgateway: async () => (await import("./peers.js")).badgateway,
  googleAuthLibrary: async () => (await import("./peers.js")).googleAuthLibrary,
  simpleOAuth2: async () => (await import("./peers.js")).simpleOAuth2
}

const collected = Effect.promise(async () => {
  for (let time = 0; time < 3; time += 1) {
    globalThis.gc?.()
    // What is let go by finalizers and timers is let go now.
    await new Promise((resume) => setTimeout(resume, 10))
  }
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
})

const repeated = (times: number, effect: (time: number) => Effect.Effect<unknown, unknown>) => {
  let time = 0
  return Effect.whileLoop({
    while: () => time < times,
    body: () => effect(time++),
    step: () => undefined
  })
}

const millisOf = <E>(effect: Effect.Effect<unknown, E>) =>
  Effect.suspend(() => {
    const from = performance.now()
    return Effect.map(effect, () => performance.now() - from)
  })

const measure = ({ keeper: name, lookups, sessions }: Schema.Schema.Type<typeof Question>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const keeper = yield* yield* Effect.promise(making[name])
      // What is made once, and compiled, is not a part of any session.
      yield* repeated(Math.min(sessions, 200), (index) => keeper.takeUp(`first-${index}`))
      const before = yield* collected
      const takeUpMillis = yield* millisOf(repeated(sessions, (index) => keeper.takeUp(keyOf(index))))
      const bytes = (yield* collected) - before
      // A prime, so that neighbours in time are no neighbours in memory.
      const lookUps = (count: number) =>
        repeated(count, (index) => keeper.lookUp(keyOf((index * 7919) % sessions)))
      yield* lookUps(Math.min(lookups, 2000))
      const lookupMillis = yield* millisOf(lookUps(lookups))
      const measured: Measured = { bytes, takeUpMillis, lookupMillis }
      return measured
    })
  )

NodeRuntime.runMain(answering(Question, measure))
