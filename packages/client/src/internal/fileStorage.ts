import type * as PlatformError from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equivalence from "effect/Equivalence"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type { FileOptions, TokenStorage } from "../TokenStorage.js"
import { TokenStoreError } from "../TokenStoreError.js"

const isSameText = Option.getEquivalence(Equivalence.string)

const defaultLease = Duration.seconds(10)

// However long nobody looked, this is all that one look adds to what a lease is known to have stood still: the machine
// may have slept, and everyone on it.
const longestBetweenLooks = 400

/** What the system calls it, such as `ENOSPC`, where there is more to know than the platform's own word. */
const reasonOf = (error: PlatformError.PlatformError): string => {
  if (error._tag !== "SystemError") return "BadArgument"
  const { cause, reason } = error
  return Predicate.hasProperty(cause, "code") && typeof cause.code === "string" ? cause.code : reason
}

const failed =
  (operation: "read" | "lease" | "write", file: string) =>
  (error: PlatformError.PlatformError): TokenStoreError => {
    const why = reasonOf(error)
    return TokenStoreError.unavailable(
      operation,
      `The session file ${file} could not be ${operation === "read" ? "read" : "written"}: ${why}.`
    )
  }

const isNotFound = (error: PlatformError.PlatformError): boolean =>
  error._tag === "SystemError" && error.reason === "NotFound"

/** A lease that somebody else has, and for how long it was the same while it was looked at. */
interface Sight {
  readonly name: string
  readonly seenAt: number
  readonly stillFor: number
}

/** What a holder knows of its lease. */
interface Held {
  readonly file: string
  /** The text as it was when the lease was taken. */
  readonly text: Option.Option<string>
  /** How often the lease was renewed. */
  renewals: number
  /** The holder's file has one name at a time. */
  readonly naming: Effect.Semaphore
}

/**
 * A file a session. Beside it there is a folder for its lease, `.session.json.lease`, which stays. Whoever has the
 * lease has the one file in that folder, named after the holder and the number of its renewals:
 *
 * - it is taken by renaming a folder that has the holder's file in it to that name, which a system does only if there
 *   is no folder of that name, or an empty one;
 * - it is renewed by renaming the file to the next number;
 * - it is taken away from the dead by removing the file of the name that was seen: that fails if the holder has renewed
 *   it meanwhile, if somebody else has removed it, and so it cannot hit whoever came after;
 * - the session is replaced, or marked as ended, by renaming the holder's file to it. If the lease was taken away, that
 *   file is gone, and nothing is replaced.
 *
 * So each of these is one system call that either happens or does not, in whatever order processes are stopped.
 */
export const make = (
  fileOf: (key: string) => Effect.Effect<string>,
  options: FileOptions = {}
): Effect.Effect<TokenStorage, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = path.resolve()
    const leaseDuration = Duration.decode(options.leaseDuration ?? defaultLease)
    const sights = new Map<string, Sight>()
    const holders = new Map<string, Held>()
    const tidied = new Set<string>()

    // The target of a link, so that it is the target that is replaced, and not the link.
    const targetOf = (file: string, links: number): Effect.Effect<string> =>
      fs.realPath(file).pipe(
        // A link may lead to where there is nothing yet.
        Effect.orElse(() =>
          fs.readLink(file).pipe(
            Effect.filterOrFail(() => links > 0),
            Effect.flatMap((target) => targetOf(path.resolve(path.dirname(file), target), links - 1))
          )
        ),
        Effect.orElse(() =>
          Effect.map(fs.realPath(path.dirname(file)), (parent) => path.join(parent, path.basename(file)))
        ),
        Effect.orElseSucceed(() => file)
      )

    const locate = (key: string): Effect.Effect<string> =>
      Effect.flatMap(fileOf(key), (file) => targetOf(path.resolve(folder, file), 10))

    const leaseOf = (file: string): string => path.join(path.dirname(file), `.${path.basename(file)}.lease`)

    const readText = (file: string): Effect.Effect<Option.Option<string>, TokenStoreError> =>
      fs.readFileString(file).pipe(
        Effect.map(Option.some),
        Effect.catchIf(isNotFound, () => Effect.succeedNone),
        Effect.mapError(failed("read", file))
      )

    // Makes a rename last through a power failure; not every system lets a folder be opened.
    const syncFolder = (file: string) =>
      Effect.scoped(Effect.flatMap(fs.open(path.dirname(file), { flag: "r" }), (handle) => handle.sync)).pipe(
        Effect.ignore
      )

    /** The name of the file that stands for the lease. */
    const holderOf = (file: string): Effect.Effect<Option.Option<string>, TokenStoreError> =>
      fs.readDirectory(leaseOf(file)).pipe(
        Effect.map((names) => Option.fromNullable(names[0])),
        Effect.catchIf(isNotFound, () => Effect.succeedNone),
        Effect.mapError(failed("lease", file))
      )

    /** Takes the lease away from a holder that has not renewed it for as long as it lasts. */
    const takeFromDead = (file: string, name: string): Effect.Effect<boolean, TokenStoreError> =>
      Effect.gen(function* () {
        const now = Number((yield* Clock.currentTimeNanos) / 1_000_000n)
        const last = sights.get(file)
        const stillFor =
          last?.name === name
            ? last.stillFor + Math.min(Math.max(now - last.seenAt, 0), longestBetweenLooks)
            : 0
        sights.set(file, { name, seenAt: now, stillFor })
        if (stillFor < Duration.toMillis(leaseDuration)) return false
        sights.delete(file)
        return yield* fs.remove(path.join(leaseOf(file), name)).pipe(
          Effect.as(true),
          Effect.catchIf(isNotFound, () => Effect.succeed(false)),
          Effect.mapError(failed("lease", file))
        )
      })

    /** Whether the lease was free. Whoever had it a moment ago may have given it back by now, so it is tried again. */
    const take = (file: string, draft: string, attempts: number): Effect.Effect<boolean, TokenStoreError> =>
      fs.rename(draft, leaseOf(file)).pipe(
        Effect.as(true),
        Effect.catchAll((error) =>
          Effect.flatMap(holderOf(file), (other) => {
            if (Option.isSome(other)) return Effect.succeed(false)
            return attempts > 1 ? take(file, draft, attempts - 1) : Effect.fail(failed("lease", file)(error))
          })
        )
      )

    const occupy = (
      file: string,
      holder: string,
      characters: number
    ): Effect.Effect<boolean, TokenStoreError> => {
      const draft = `${leaseOf(file)}-${holder}`
      const discard = Effect.ignore(fs.remove(draft, { recursive: true, force: true }))
      // A character takes up to three bytes; a token that is a little longer than the last finds room, too.
      const spaces = new Uint8Array(4096 + 3 * characters).fill(0x20)
      return fs.makeDirectory(path.dirname(file), { recursive: true, mode: 0o700 }).pipe(
        Effect.zipRight(fs.makeDirectory(draft, { mode: 0o700 })),
        Effect.zipRight(fs.writeFile(path.join(draft, `${holder}.0`), spaces, { flag: "wx", mode: 0o600 })),
        Effect.mapError(failed("lease", file)),
        Effect.zipRight(take(file, draft, 3)),
        Effect.onExit((exit) => (Exit.isSuccess(exit) && exit.value ? Effect.void : discard))
      )
    }

    const holdingOf = ({ file, renewals }: Held, holder: string): string =>
      path.join(leaseOf(file), `${holder}.${renewals}`)

    /** Whether the holder's file was there, and could be renamed. */
    const rename = (held: Held, holder: string, target: string, operation: "lease" | "write") =>
      Effect.suspend(() => fs.rename(holdingOf(held, holder), target)).pipe(
        Effect.as(true),
        Effect.catchIf(isNotFound, () => Effect.succeed(false)),
        Effect.mapError(failed(operation, held.file))
      )

    /** Whether the holder's file was there, and has the text now, durably. */
    const write = (held: Held, holder: string, text: string) =>
      Effect.gen(function* () {
        const content = new TextEncoder().encode(text)
        const handle = yield* held.naming.withPermits(1)(
          Effect.suspend(() => fs.open(holdingOf(held, holder), { flag: "r+" }))
        )
        yield* handle.writeAll(content)
        yield* handle.truncate(FileSystem.Size(content.length))
        yield* handle.sync
        return true
      }).pipe(
        Effect.scoped,
        Effect.catchIf(isNotFound, () => Effect.succeed(false)),
        Effect.mapError(failed("write", held.file))
      )

    const put = (held: Held, holder: string, text: string) =>
      Effect.gen(function* () {
        if (!(yield* write(held, holder, text))) return false
        const isHeld = yield* held.naming.withPermits(1)(rename(held, holder, held.file, "write"))
        if (isHeld) yield* syncFolder(held.file)
        return isHeld
      })

    const holding = <A>(
      holder: string,
      use: (held: Held) => Effect.Effect<A, TokenStoreError>,
      lost: A
    ): Effect.Effect<A, TokenStoreError> =>
      Effect.suspend(() => {
        const held = holders.get(holder)
        return held === undefined ? Effect.succeed(lost) : use(held)
      })

    // What was on its way when a process was killed is of no use to anybody an hour later.
    const tidy = (file: string, holder: string): Effect.Effect<void> =>
      Effect.gen(function* () {
        const parent = path.dirname(file)
        if (tidied.has(parent)) return
        tidied.add(parent)
        // By the clock of the file system: that of this machine may be hours ahead of it.
        const { mtime: now } = yield* fs.stat(path.join(leaseOf(file), `${holder}.0`))
        const names = yield* fs.readDirectory(parent)
        const drafts = names.filter((name) => /^\..+\.lease-[0-9a-f-]{36}$/.test(name))
        yield* Effect.forEach(drafts, (name) =>
          Effect.gen(function* () {
            const draft = path.join(parent, name)
            const { mtime } = yield* fs.stat(draft)
            const age = Option.zipWith(now, mtime, (one, other) => one.getTime() - other.getTime())
            if (Option.exists(age, (millis) => millis > 3_600_000)) {
              yield* fs.remove(draft, { recursive: true, force: true })
            }
          })
        )
      }).pipe(Effect.ignore)

    return {
      describe: (key) => Effect.map(locate(key), (file) => `The session file ${file}`),
      marksEnd: true,
      leaseDuration,
      read: (key) => Effect.flatMap(locate(key), readText),
      acquire: (key, holder) =>
        Effect.gen(function* () {
          const file = yield* locate(key)
          const other = yield* holderOf(file)
          if (Option.isSome(other) && !(yield* takeFromDead(file, other.value))) return Option.none()
          const before = yield* readText(file)
          const size = Option.match(before, { onNone: () => 0, onSome: (text) => text.length })
          return yield* Effect.gen(function* () {
            if (!(yield* occupy(file, holder, size))) return Option.none()
            sights.delete(file)
            yield* tidy(file, holder)
            const text = yield* readText(file)
            holders.set(holder, { file, text, renewals: 0, naming: Effect.unsafeMakeSemaphore(1) })
            return Option.some({ text })
          }).pipe(
            // A lease that was taken for nothing is free again at once.
            Effect.onError(() =>
              Effect.ignore(fs.remove(path.join(leaseOf(file), `${holder}.0`), { force: true }))
            )
          )
        }),
      renew: (_, holder) =>
        holding(
          holder,
          (held) =>
            // Not before it is this renewal's turn: another may be on its way, and gives the file its next name.
            Effect.suspend(() => {
              const next = { ...held, renewals: held.renewals + 1 }
              return Effect.tap(rename(held, holder, holdingOf(next, holder), "lease"), (isHeld) =>
                Effect.sync(() => {
                  if (isHeld) held.renewals = next.renewals
                })
              )
            }).pipe(Effect.uninterruptible, held.naming.withPermits(1)),
          false
        ),
      replace: (_, holder, next) =>
        holding(
          holder,
          (held) =>
            // Others may write who know nothing of leases.
            Effect.flatMap(readText(held.file), (textNow) =>
              isSameText(textNow, held.text) && Option.isSome(next)
                ? put(held, holder, next.value)
                : Effect.succeed(false)
            ),
          false
        ),
      setAside: (_, holder) =>
        holding(
          holder,
          ({ file, text }) => {
            const place = `${file}.unreadable-${holder}`
            // A copy: what stands there now may be somebody else's by the time that it would be moved.
            return Option.isNone(text)
              ? Effect.succeedNone
              : Effect.mapError(fs.copyFile(file, place), failed("write", file)).pipe(
                  Effect.as(Option.some(place))
                )
          },
          Option.none()
        ),
      release: (_, holder) =>
        holding(
          holder,
          (held) =>
            Effect.suspend(() => fs.remove(holdingOf(held, holder), { force: true })).pipe(
              Effect.mapError(failed("lease", held.file)),
              Effect.uninterruptible,
              held.naming.withPermits(1),
              Effect.ensuring(Effect.sync(() => holders.delete(holder)))
            ),
          undefined
        )
    }
  })
