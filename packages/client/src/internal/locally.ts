import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as RuntimeFlags from "effect/RuntimeFlags"

/**
 * `Effect.locally` in half of its steps, for what every request goes through. The value that was there before is put
 * back whatever happens, which is why what comes after the effect cannot be interrupted.
 */
export const locally =
  <A>(ref: FiberRef.FiberRef<A>, value: A) =>
  <B, E, R>(effect: Effect.Effect<B, E, R>): Effect.Effect<B, E, R> =>
    Effect.withFiberRuntime((fiber, { runtimeFlags }) => {
      const before = fiber.getFiberRef(ref)
      const isInterruptible = RuntimeFlags.interruption(runtimeFlags)
      const within = Effect.flatMap(FiberRef.set(ref, value), () =>
        Effect.matchCauseEffect(isInterruptible ? Effect.interruptible(effect) : effect, {
          onFailure: (cause) => Effect.zipRight(FiberRef.set(ref, before), Effect.failCause(cause)),
          onSuccess: (result) => FiberRef.modify(ref, () => [result, before])
        })
      )
      return isInterruptible ? Effect.uninterruptible(within) : within
    })
