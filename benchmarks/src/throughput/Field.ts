import { fileURLToPath } from "node:url"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Child from "../processes/Child.js"
import { groups } from "./groups.js"
import {
  Counted,
  Counts,
  Done,
  type Identity,
  Introduce,
  Introduced,
  Load,
  type Session,
  Start
} from "./Protocol.js"

/** A contender's calls did not all bring the token. */
export class Unauthorized extends Data.TaggedError("Unauthorized")<{ readonly message: string }> {}

/** Who takes part, and how it is asked for calls. */
export interface Entrant {
  readonly identity: Identity
  readonly call: (load: Pick<Load, "concurrency" | "millis" | "isProfiled">) => Effect.Effect<Done, unknown>
}

const program = (file: string, ...args: ReadonlyArray<string>): Child.Options => ({
  command: [
    "--import",
    fileURLToPath(new URL("../../loader.js", import.meta.url)),
    fileURLToPath(new URL(file, import.meta.url)),
    ...args
  ]
})

const token = "2YotnFZFEjr1zCsicMWpAA.tGzv3JOkF0XG5Qx2TlKWIA.4bfa0cd7b3c1"

/**
 * Starts the processes of a group's contenders, and of an API for them: one for all would have more connections at a
 * time than a process may have files open.
 */
const enter = (group: string) =>
  Effect.gen(function* () {
    const api = yield* Child.start(program("ApiServer.ts"))
    const port = yield* api.ask(new Start({ token }), Schema.Number)
    const origin = `http://127.0.0.1:${port}`
    const session: typeof Session.Type = {
      api: `${origin}/user`,
      token,
      expiresAt: Date.now() + 86_400_000,
      tokenEndpoint: `${origin}/token`
    }

    /** Each counted call was answered, and none was refused. */
    const verified = (name: string, calls: Effect.Effect<Done, unknown>) =>
      Effect.gen(function* () {
        const before = yield* api.ask(new Counts(), Counted)
        const done = yield* calls
        const after = yield* api.ask(new Counts(), Counted)
        const [answered, refused] = [after.authorized - before.authorized, after.refused - before.refused]
        if (refused > 0 || answered !== done.calls) {
          yield* new Unauthorized({
            message: `${name} made ${done.calls} calls; the API answered ${answered}, and refused ${refused}.`
          })
        }
        return done
      })

    const child = yield* Child.start(program("Contestants.ts", group, JSON.stringify(session)))
    const subjects = yield* child.ask(new Introduce(), Introduced)
    return subjects.map(
      (identity): Entrant => ({
        identity,
        call: (load) =>
          verified(identity.name, child.ask(new Load({ ...load, contender: identity.name }), Done))
      })
    )
  })

/** All processes end with the scope. */
export const open = Effect.map(Effect.forEach([...groups.keys()], enter, { concurrency: 2 }), (entrants) =>
  entrants.flat()
)
