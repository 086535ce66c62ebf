import { expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, TestClock, Tracer } from "effect"
import * as SingleFlight from "../src/internal/singleFlight.js"

/** Dies at the first span of a flight. */
const tracerThatDiesOnce = Effect.map(Effect.tracer, (tracer) => {
  let hasDied = false
  return Tracer.make({
    span: (...args) => {
      const [name] = args
      if (name !== "oauth.token.renew" || hasDied) return tracer.span(...args)
      hasDied = true
      throw new Error("the exporter is closed")
    },
    context: (f, fiber) => tracer.context(f, fiber)
  })
})

it.scoped("nobody waits for a flight that a tracer has kept from beginning", () =>
  Effect.gen(function* () {
    const flight = yield* SingleFlight.make<number, never>(yield* Effect.scope)
    const first = yield* flight
      .join(Effect.succeed(1))
      .pipe(Effect.exit, Effect.withTracer(yield* tracerThatDiesOnce))
    expect(Exit.isFailure(first)).toBe(true)
    expect(flight.isFlying()).toBe(false)
    expect(yield* flight.join(Effect.succeed(2))).toBe(2)
  })
)

it.scoped("nor for one that stood in line", () =>
  Effect.gen(function* () {
    const flight = yield* SingleFlight.make<number, never>(yield* Effect.scope)
    const underWay = yield* Effect.fork(flight.join(Effect.delay(Effect.succeed(1), "1 second")))
    yield* Effect.yieldNow()
    yield* flight
      .next("login", Effect.succeed(2))
      .pipe(Effect.exit, Effect.withTracer(yield* tracerThatDiesOnce))
    const next = yield* Effect.fork(flight.next("login", Effect.succeed(3)))
    yield* TestClock.adjust("1 second")
    expect(yield* Fiber.join(underWay)).toBe(1)
    expect(yield* Fiber.join(next)).toBe(3)
  })
)
