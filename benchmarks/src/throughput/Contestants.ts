/** The process of some contenders: it connects each when it is asked for first, and lets it call. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { answering } from "../processes/answering.js"
import { groups } from "./groups.js"
import { type Done, Introduce, type Introduced, Load, Session } from "./Protocol.js"
import { profiled } from "./profile.js"
import type { Run } from "./Subject.js"

const Started = Schema.Tuple(Schema.String, Schema.parseJson(Session))

Effect.gen(function* () {
  const [group, session] = yield* Schema.decodeUnknown(Started)(process.argv.slice(2))
  const subjects = yield* Effect.promise(async () => groups.get(group)?.() ?? [])
  const scope = yield* Effect.scope
  const runs = new Map<string, Run>()

  const connected = (contender: string): Effect.Effect<Run, unknown> =>
    Effect.gen(function* () {
      const before = runs.get(contender)
      if (before !== undefined) return before
      const subject = subjects.find(({ identity }) => identity.name === contender)
      if (subject === undefined) return yield* Effect.fail(new Error(`there is no ${contender} here`))
      const run = yield* Scope.extend(subject.connect(session), scope)
      runs.set(contender, run)
      return run
    })

  const measure = ({ concurrency, contender, millis }: Load) =>
    Effect.gen(function* () {
      const run = yield* connected(contender)
      const cpu = process.cpuUsage()
      const start = performance.now()
      const calls = yield* run(concurrency, () => performance.now() - start < millis)
      const seconds = (performance.now() - start) / 1000
      const { system, user } = process.cpuUsage(cpu)
      return { calls, seconds, cpuSeconds: (system + user) / 1_000_000 }
    })

  const answer = (load: Load): Effect.Effect<Done, unknown> =>
    load.isProfiled
      ? Effect.map(profiled(measure(load)), ({ result, shares }) => ({ ...result, shares }))
      : measure(load)

  const introduce: typeof Introduced.Encoded = subjects.map(({ identity }) => identity)

  yield* answering(Schema.Union(Introduce, Load), (question) =>
    question._tag === "Introduce" ? Effect.succeed(introduce) : answer(question)
  )
}).pipe(Effect.scoped, Effect.runFork)
