import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import type { Call, Peer, Session } from "../peers/Peer.js"
import type { Identity } from "./Protocol.js"

/** Lets so many callers call the API, each once, and again for as long as `goesOn` says so; the number of calls. */
export type Run = (concurrency: number, goesOn: () => boolean) => Effect.Effect<number, unknown>

/** A contender, as its process sees it. */
export interface Subject {
  readonly identity: Identity
  readonly connect: (session: Session) => Effect.Effect<Run, unknown, Scope.Scope>
}

/** A call counts only if its answer was read. */
const isAnswer = (answer: unknown): boolean =>
  Predicate.hasProperty(answer, "name") && answer.name === "Alice Liddell"

const noAnswer = new Error("what came back is not what the API answers")

const runCalls =
  (call: Call): Run =>
  (concurrency, goesOn) =>
    Effect.tryPromise(async () => {
      let calls = 0
      const caller = async (): Promise<void> => {
        do {
          if (!isAnswer(await call())) throw noAnswer
          calls += 1
        } while (goesOn())
      }
      await Promise.all(Array.from({ length: concurrency }, caller))
      return calls
    })

/** One that is called by functions that return promises. */
export const ofPeer = (
  { connect, name, note }: Peer,
  identity: Pick<Identity, "role" | "without"> = { role: "peer" }
): Subject => ({
  identity: { name, note, ...identity },
  connect: (session) =>
    Effect.map(
      Effect.tryPromise(() => connect(session)),
      runCalls
    )
})

/** One whose calls are effects: each caller is a fiber. */
export const runEffects =
  <E>(call: Effect.Effect<unknown, E>): Run =>
  (concurrency, goesOn) =>
    Effect.suspend(() => {
      let calls = 0
      let isRight = true
      const step = (answer: unknown): void => {
        if (isAnswer(answer)) calls += 1
        else isRight = false
      }
      const again = Effect.whileLoop({ while: () => isRight && goesOn(), body: () => call, step })
      const caller = Effect.flatMap(call, (answer) => {
        step(answer)
        return again
      })
      return Effect.forEach(Array.from({ length: concurrency }), () => caller, {
        concurrency: "unbounded",
        discard: true
      }).pipe(Effect.flatMap(() => (isRight ? Effect.succeed(calls) : Effect.fail(noAnswer))))
    })
