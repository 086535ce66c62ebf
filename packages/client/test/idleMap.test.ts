import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Scope, TestClock } from "effect"
import * as IdleMap from "../src/internal/idleMap.js"

const onClose = (finalizer: Effect.Effect<unknown>) =>
  Effect.flatMap(Effect.scope, (scope) => Scope.addFinalizer(scope, finalizer))

describe("what nobody uses is let go", () => {
  it.scoped("also after a finalizer of another one has died", () =>
    Effect.gen(function* () {
      const closed: Array<string> = []
      const map = yield* IdleMap.make({
        idleTimeToLive: "1 minute",
        lookup: (key) =>
          onClose(key === "bad" ? Effect.die("a finalizer") : Effect.sync(() => closed.push(key)))
      })
      yield* map.use("bad", () => Effect.void)
      yield* TestClock.adjust("3 minutes")
      yield* map.use("good", () => Effect.void)
      yield* TestClock.adjust("3 minutes")
      expect(closed).toEqual(["good"])
    })
  )

  it.scoped("and is no child of who used it first", () =>
    Effect.gen(function* () {
      const parents: Array<string | undefined> = []
      const map = yield* IdleMap.make({
        idleTimeToLive: "1 minute",
        lookup: () =>
          onClose(
            Effect.map(Effect.option(Effect.currentSpan), (span) =>
              parents.push(Option.getOrUndefined(span)?.name)
            )
          )
      })
      yield* Effect.withSpan(
        map.use("a", () => Effect.void),
        "request"
      )
      yield* TestClock.adjust("3 minutes")
      expect(parents).toEqual([undefined])
    })
  )

  it.effect("to its end, when all is closed meanwhile", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      let isSaved = false
      const map = yield* Scope.extend(
        IdleMap.make({
          idleTimeToLive: "1 minute",
          lookup: () =>
            onClose(
              Effect.zipRight(
                Effect.sleep("10 seconds"),
                Effect.sync(() => {
                  isSaved = true
                })
              )
            )
        }),
        scope
      )
      yield* map.use("a", () => Effect.void)
      yield* TestClock.adjust("61 seconds")
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(closing)
      expect(isSaved).toBe(true)
    })
  )
})

it.scoped("what two make at the same time stays open for the one whose own is not needed", () =>
  Effect.gen(function* () {
    let made = 0
    const wasOpen: Array<boolean> = []
    const map = yield* IdleMap.make({
      idleTimeToLive: "1 second",
      lookup: () =>
        Effect.gen(function* () {
          const connection = { isOpen: true }
          const takesLong = made === 1
          made += 1
          yield* onClose(
            Effect.zipRight(
              Effect.sync(() => {
                connection.isOpen = false
              }),
              takesLong ? Effect.sleep("10 seconds") : Effect.void
            )
          )
          yield* Effect.yieldNow()
          return connection
        })
    })
    const use = map.use("a", ({ isOpen }) => Effect.sync(() => wasOpen.push(isOpen)))
    const both = yield* Effect.fork(Effect.all([use, use], { concurrency: "unbounded" }))
    yield* TestClock.adjust("5 seconds")
    yield* TestClock.adjust("5 seconds")
    yield* Fiber.join(both)
    expect(made).toBe(2)
    expect(wasOpen).toEqual([true, true])
  })
)

it.scoped("where nothing is kept, what is in use is not looked at without a pause", () =>
  Effect.gen(function* () {
    let looks = 0
    const map = yield* IdleMap.make({ idleTimeToLive: 0, lookup: () => Effect.void })
    const clock = yield* Effect.clock
    const counting = new Proxy(clock, {
      get: (target, key) => {
        if (key === "currentTimeMillis") looks += 1
        return Reflect.get(target, key)
      }
    })
    yield* Effect.withClock(
      map.use("a", () => TestClock.adjust("10 seconds")),
      counting
    )
    expect(looks).toBeGreaterThan(5)
    expect(looks).toBeLessThan(20)
  })
)
