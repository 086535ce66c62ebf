import { TokenStoreError } from "@effect-oauth/client/TokenStoreError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { RedisCommands } from "../RedisTokenStorage.js"
import type { Connection } from "./connection.js"
import { isNoScript, refusalOf } from "./refusals.js"
import type { Script } from "./scripts.js"

export type Operation = TokenStoreError["operation"]

const again = Schedule.exponential("20 millis").pipe(
  Schedule.union(Schedule.spaced("200 millis")),
  Schedule.jittered
)

export interface Call {
  readonly operation: Operation
  readonly place: string
  readonly keys: ReadonlyArray<string>
  readonly arguments: ReadonlyArray<string>
  /** A text that is stored for the script, for as long as the lease could last. */
  readonly draft?: { readonly key: string; readonly text: string; readonly millis: number } | undefined
}

const scriptOptions = ({ keys, arguments: args }: Call) => ({ keys: [...keys], arguments: [...args] })

const setOptions = (millis: number) => ({ expiration: { type: "PX" as const, value: millis } })

/** Runs scripts, each within the time that it is given. */
export const make = (connection: Connection, patience: Duration.Duration) => {
  const failed = ({ operation, place }: Call, why: string, failure?: unknown): TokenStoreError =>
    TokenStoreError.unavailable(
      operation,
      `${place} could not be ${operation === "read" ? "read" : "written"}: ${why}.`,
      failure
    )

  /**
   * A connection that is lost is waited for. A command that is given up before it was sent is taken out of the queue
   * of the client. One that was sent may still be done: that is what the scripts check the holder for.
   */
  const send = <A>(
    call: Call,
    ask: (commands: RedisCommands) => Promise<A>
  ): Effect.Effect<A, TokenStoreError> =>
    Effect.suspend(() => {
      const first = connection.client()
      let lastFailure: unknown
      return Effect.tryPromise({
        try: (signal) =>
          ask(connection.client().withCommandOptions({ abortSignal: signal, typeMapping: {} })),
        catch: (failure) => {
          lastFailure = failure
          return failure
        }
      }).pipe(
        Effect.retry({ schedule: again, while: (failure) => refusalOf(failure).isPassing }),
        Effect.mapError((failure) => failed(call, refusalOf(failure).why, failure)),
        Effect.interruptible,
        Effect.timeoutFail({
          duration: patience,
          onTimeout: () => {
            connection.silent(first)
            const why =
              lastFailure === undefined
                ? `it did not answer within ${Duration.format(patience)}`
                : refusalOf(lastFailure).why
            return failed(call, why, lastFailure)
          }
        })
      )
    })

  const run = (script: Script, call: Call): Effect.Effect<unknown, TokenStoreError> =>
    send(call, async (commands) => {
      const { draft } = call
      if (draft !== undefined) await commands.set(draft.key, draft.text, setOptions(draft.millis))
      return await commands
        .evalSha(script.sha, scriptOptions(call))
        .catch((failure: unknown) =>
          isNoScript(failure) ? commands.eval(script.lua, scriptOptions(call)) : Promise.reject(failure)
        )
    })

  /** Runs a script once more, and says how many replicas have what it wrote: both are asked on one connection. */
  const runOnReplicas = (
    script: Script,
    call: Call,
    replicas: number
  ): Effect.Effect<{ readonly reply: unknown; readonly acknowledged: number }, TokenStoreError> =>
    Effect.map(
      send(call, (commands) => {
        const { draft } = call
        const pipeline = commands.multi()
        const prepared =
          draft === undefined ? pipeline : pipeline.set(draft.key, draft.text, setOptions(draft.millis))
        return prepared
          .evalSha(script.sha, scriptOptions(call))
          .wait(replicas, Math.ceil(Duration.toMillis(patience) / 2))
          .execAsPipeline()
      }),
      (replies) => ({ reply: replies.at(-2), acknowledged: Number(replies.at(-1)) })
    )

  return { failed, run, runOnReplicas }
}
