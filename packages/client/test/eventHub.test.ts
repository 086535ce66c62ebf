import { expect, it } from "@effect/vitest"
import { Chunk, Effect, Exit, Fiber, Option, Scope, Stream } from "effect"
import * as EventHub from "../src/internal/eventHub.js"
import { TokenEvent } from "../src/TokenEvent.js"

const loggedOut = (key: string | number) => TokenEvent.LoggedOut({ key: String(key) })

const keysOf = (events: Chunk.Chunk<TokenEvent>): ReadonlyArray<string> =>
  Chunk.toReadonlyArray(events).map(({ key }) => key)

/** Lets the other fibers come to where they wait. */
const settled = Effect.repeatN(Effect.yieldNow(), 50)

it.scoped("who listens hears what comes, each on its own", () =>
  Effect.gen(function* () {
    const hub = EventHub.make(yield* Effect.scope)
    const first = yield* Effect.fork(Stream.runCollect(Stream.take(hub.events(), 2)))
    const second = yield* Effect.fork(Stream.runCollect(Stream.take(hub.events(), 3)))
    yield* settled
    yield* Effect.forEach(["a", "b", "c"], (key) => hub.publish(loggedOut(key)))
    expect(keysOf(yield* Fiber.join(first))).toEqual(["a", "b"])
    expect(keysOf(yield* Fiber.join(second))).toEqual(["a", "b", "c"])
  })
)

it.scoped("a slow reader has the newest 256, and keeps nobody waiting", () =>
  Effect.gen(function* () {
    const hub = EventHub.make(yield* Effect.scope)
    const heard: Array<string> = []
    const latch = yield* Effect.makeLatch(false)
    const reader = yield* hub.events().pipe(
      Stream.rechunk(1),
      Stream.runForEach(({ key }) =>
        Effect.zipRight(
          latch.await,
          Effect.sync(() => heard.push(key))
        )
      ),
      Effect.fork
    )
    yield* settled
    yield* hub.publish(loggedOut("held"))
    yield* settled
    for (let number = 0; number < 1000; number += 1) yield* hub.publish(loggedOut(number))
    yield* latch.open
    while (heard.at(-1) !== "999") yield* Effect.yieldNow()
    expect(heard.length).toBeLessThanOrEqual(257)
    expect(heard.slice(-256)).toEqual(Array.from({ length: 256 }, (_, index) => String(index + 744)))
    yield* Fiber.interrupt(reader)
  })
)

it.scoped("who stops listening is no trouble for the others", () =>
  Effect.gen(function* () {
    const hub = EventHub.make(yield* Effect.scope)
    const leaving = yield* Effect.fork(Stream.runDrain(hub.events()))
    const staying = yield* Effect.fork(Stream.runCollect(Stream.take(hub.events(), 1)))
    yield* settled
    yield* Fiber.interrupt(leaving)
    yield* hub.publish(loggedOut("a"))
    expect(keysOf(yield* Fiber.join(staying))).toEqual(["a"])
  })
)

it.effect("after the end of its scope nobody is kept from anything", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const hub = EventHub.make(scope)
    const listener = yield* Effect.fork(Stream.runDrain(hub.events()))
    yield* settled
    yield* Scope.close(scope, Exit.void)
    // Before the listener has noticed, and after.
    expect(Exit.isSuccess(yield* Effect.exit(hub.publish(loggedOut("late"))))).toBe(true)
    expect(Exit.isSuccess(yield* Fiber.await(listener))).toBe(true)
    expect(Exit.isSuccess(yield* Effect.exit(hub.publish(loggedOut("later"))))).toBe(true)
  })
)

it.scoped(
  "who listens after the scope has closed hears the end, also where somebody has listened before",
  () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const hub = EventHub.make(scope)
      const before = yield* Effect.fork(Stream.runDrain(hub.events()))
      yield* settled
      yield* Scope.close(scope, Exit.void)
      yield* Fiber.await(before)
      const after = yield* Effect.fork(Stream.runDrain(hub.events()))
      yield* settled
      expect(Option.isSome(yield* Fiber.poll(after))).toBe(true)
    })
)
