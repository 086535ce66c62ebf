import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Millis, now } from "../Trace.js"
import { tell } from "./tell.js"

const tick = 50

/** Counts calls and the time that they took, without the time in which the whole process did not run. */
export class Calls extends Context.Tag("chaos/worker/Calls")<
  Calls,
  {
    readonly ended: (from: Millis, isGood: boolean) => Effect.Effect<void>
    readonly flush: Effect.Effect<void>
  }
>() {}

/** Looks again and again how late it is; what it notices is told at once, what was counted now and then. */
export const layer = (shortestHalt: Millis): Layer.Layer<Calls> =>
  Layer.scoped(
    Calls,
    Effect.gen(function* () {
      let ended: Array<{ readonly from: Millis; readonly until: Millis; readonly isGood: boolean }> = []
      let halts: Array<{ readonly from: Millis; readonly until: Millis }> = []
      let looked = now()
      let told = now()
      let done = 0
      let failed = 0
      let longestWaitMillis = 0

      const waited = (from: Millis, until: Millis): Millis =>
        halts.reduce(
          (time, halt) => time - Math.max(0, Math.min(until, halt.until) - Math.max(from, halt.from)),
          until - from
        )

      const look = Effect.suspend(() => {
        const last = looked
        looked = now()
        const isHalt = looked - last - tick > shortestHalt
        if (isHalt) halts = [...halts.slice(-20), { from: last, until: looked }]
        for (const { from, until, isGood } of ended) {
          done += 1
          if (!isGood) failed += 1
          longestWaitMillis = Math.max(longestWaitMillis, waited(from, until))
        }
        ended = []
        return isHalt ? tell({ _tag: "Halted", at: last, until: looked }) : Effect.void
      })

      const flush = Effect.suspend(() => {
        const line = {
          _tag: "Calls",
          done,
          failed,
          longestWaitMillis: Math.round(longestWaitMillis)
        } as const
        told = now()
        done = 0
        failed = 0
        return line.done === 0 ? Effect.void : tell(line)
      })

      yield* Effect.sleep(tick).pipe(
        Effect.zipRight(look),
        Effect.zipRight(Effect.suspend(() => (now() - told > 250 ? flush : Effect.void))),
        Effect.forever,
        Effect.forkScoped
      )

      return {
        ended: (from, isGood) => Effect.sync(() => void ended.push({ from, until: now(), isGood })),
        flush: Effect.zipRight(look, flush)
      }
    })
  )
