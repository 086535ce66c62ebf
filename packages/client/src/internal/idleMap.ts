import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { sleepWithoutHold } from "./sleepWithoutHold.js"

interface Entry<out A> {
  readonly value: A
  readonly scope: Scope.CloseableScope
  users: number
  usedAt: number
}

/**
 * Values by key, each made when it is first used, and let go after nobody has used it for a while. One fiber looks after
 * all of them, and only while there are any: a value that rests costs no more than its place.
 */
export interface IdleMap<out A> {
  /** What is there already. It counts as used at that time. */
  readonly unsafeTouch: (key: string, now: number) => A | undefined
  /** What is there already, which is not kept any longer by that. */
  readonly unsafePeek: (key: string) => A | undefined
  /** The value is kept at least as long as the function's effect runs. */
  readonly use: <B, E, R>(key: string, f: (value: A) => Effect.Effect<B, E, R>) => Effect.Effect<B, E, R>
}

// No more often is it looked for what is idle, so that a look at very many values is for many of them.
const looksInLifetime = 16

// No timer takes more than 2^31 ms, and a machine that slept is noticed within this.
const longestSleep = Duration.toMillis("1 hour")

// Where nothing is kept, what is in use must not be looked at without a pause.
const shortestSleep = 1000

/** The values live in the scope. `lookup` runs with what its caller has, and has to take what it needs elsewhere. */
export const make = <A>(options: {
  readonly lookup: (key: string) => Effect.Effect<A, never, Scope.Scope>
  readonly idleTimeToLive: Duration.DurationInput
}): Effect.Effect<IdleMap<A>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const idleMillis = Duration.toMillis(options.idleTimeToLive)
    const entries = new Map<string, Entry<A>>()
    let isClosed = false
    let isLooking = false

    // A finalizer that dies holds up neither the others nor whoever comes next.
    const close = (own: Scope.CloseableScope): Effect.Effect<void> =>
      Effect.catchAllCause(Scope.close(own, Exit.void), () => Effect.void)

    const closeAll = (idle: ReadonlyArray<Entry<A>>): Effect.Effect<void> =>
      Effect.forEach(idle, (entry) => close(entry.scope), {
        concurrency: "unbounded",
        discard: true
      })

    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        isClosed = true
        const all = Array.from(entries.values())
        entries.clear()
        return closeAll(all)
      })
    )

    /** Lets go of what nobody has used for long enough, and tells in how many milliseconds there can be more. */
    const letGo = Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const idle: Array<Entry<A>> = []
      let next = idleMillis
      for (const [key, entry] of entries) {
        if (entry.users > 0) continue
        const left = entry.usedAt + idleMillis - now
        if (left > 0) {
          next = Math.min(next, left)
        } else {
          entries.delete(key)
          idle.push(entry)
        }
      }
      return Effect.as(closeAll(idle), Math.max(next, idleMillis / looksInLifetime, shortestSleep))
    })

    const looking: Effect.Effect<void> = Effect.gen(function* () {
      let millis = idleMillis
      while (entries.size > 0) {
        yield* Effect.interruptible(sleepWithoutHold(Math.min(millis, longestSleep)))
        // Whoever closes the scope meanwhile waits for what is being let go.
        millis = yield* letGo
      }
      isLooking = false
    }).pipe(
      Effect.uninterruptible,
      // It serves everyone, and is nobody's child.
      Effect.mapInputContext((context: Context.Context<never>) => Context.omit(Tracer.ParentSpan)(context))
    )

    const look = Effect.suspend(() => {
      if (isLooking || !Number.isFinite(idleMillis)) return Effect.void
      isLooking = true
      return Effect.forkIn(looking, scope)
    })

    // Counted as in use in the same step in which it is found: in the next one it can have been let go.
    const used = (entry: Entry<A>): Entry<A> => {
      entry.users += 1
      return entry
    }

    const made = (key: string): Effect.Effect<Entry<A>> =>
      Effect.gen(function* () {
        const own = yield* Scope.make()
        const value = yield* Scope.extend(options.lookup(key), own)
        const other = entries.get(key)
        if (other !== undefined || isClosed) {
          const entry = other && used(other)
          yield* close(own)
          return entry ?? (yield* Effect.interrupt)
        }
        const entry = used({ value, scope: own, users: 0, usedAt: 0 })
        entries.set(key, entry)
        yield* look
        return entry
      })

    const acquire = (key: string): Effect.Effect<Entry<A>> =>
      Effect.suspend(() => {
        if (isClosed) return Effect.interrupt
        const entry = entries.get(key)
        return entry === undefined ? made(key) : Effect.succeed(used(entry))
      })

    const release = (entry: Entry<A>): Effect.Effect<void> =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        entry.users -= 1
        entry.usedAt = now
      })

    return {
      unsafeTouch: (key, now) => {
        const entry = entries.get(key)
        if (entry === undefined) return undefined
        entry.usedAt = now
        return entry.value
      },
      unsafePeek: (key) => entries.get(key)?.value,
      use: (key, f) => Effect.acquireUseRelease(acquire(key), ({ value }) => f(value), release)
    }
  })
