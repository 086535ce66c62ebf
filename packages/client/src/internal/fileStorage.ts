import type * as PlatformError from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equivalence from "effect/Equivalence"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { FileOptions, TokenStorage } from "../TokenStorage.js"
import { TokenStoreError } from "../TokenStoreError.js"

const isSameText = Option.getEquivalence(Equivalence.string)

const defaultLease = Duration.seconds(10)

// However long nobody looked, this is all that one look adds to what a lease is known to have stood still: the machine
// may have slept, and everyone on it.
const longestBetweenLooks = 400

const failed =
  (operation: "read" | "lease" | "write", file: string) =>
  (error: PlatformError.PlatformError): TokenStoreError => {
    const why = error._tag === "SystemError" ? error.reason : "BadArgument"
    return TokenStoreError.unavailable(
      operation,
      `The session file ${file} could not be ${operation === "read" ? "read" : "written"}: ${why}.`
    )
  }

const isNotFound = (error: PlatformError.PlatformError): boolean =>
  error._tag === "SystemError" && error.reason === "NotFound"

/** What a lease that somebody else has looked like, and for how long it has not changed while it was looked at. */
interface Sight {
  readonly holder: string
  readonly renewedAt: number
  readonly seenAt: number
  readonly stillFor: number
}

/** What a holder knows of its lease. */
interface Held {
  readonly file: string
  /** The text as it was when the lease was taken, or was moved away since. */
  readonly text: Option.Option<string>
}

/**
 * A file a session. Beside it there is a folder for its lease, `.session.json.lease`, which stays. Whoever has the
 * lease has the one file in that folder, named after the holder:
 *
 * - it is taken by renaming a folder that has the holder's file in it to that name, which a system does only if there
 *   is no folder of that name, or an empty one;
 * - it is renewed by touching the file;
 * - it is taken away from the dead by removing their file, which only one of those who wait can do, and which cannot
 *   hit whoever came after;
 * - the session is replaced by renaming the holder's file to it. If the lease was taken away, that file is gone, and
 *   nothing is replaced.
 *
 * So every step is one system call that either happens or does not, in whatever order processes are stopped.
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

    // The target of a link, so that it is the target that is replaced, and not the link.
    const locate = (key: string): Effect.Effect<string> =>
      Effect.flatMap(fileOf(key), (file) => {
        const absolute = path.resolve(folder, file)
        return Effect.orElseSucceed(fs.realPath(absolute), () => absolute)
      })

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

    const holderOf = (file: string): Effect.Effect<Option.Option<string>, TokenStoreError> =>
      fs.readDirectory(leaseOf(file)).pipe(
        Effect.map((names) => Option.fromNullable(names[0])),
        Effect.catchIf(isNotFound, () => Effect.succeedNone),
        Effect.mapError(failed("lease", file))
      )

    /** Takes the lease away from a holder that has not renewed it for as long as it lasts. */
    const takeFromDead = (file: string, holder: string): Effect.Effect<boolean, TokenStoreError> =>
      Effect.gen(function* () {
        const holding = path.join(leaseOf(file), holder)
        const renewedAt = yield* fs.stat(holding).pipe(
          Effect.map(({ mtime }) => Option.map(mtime, (time) => time.getTime())),
          Effect.catchIf(isNotFound, () => Effect.succeedNone),
          Effect.mapError(failed("lease", file))
        )
        if (Option.isNone(renewedAt)) return true
        const now = Number((yield* Clock.currentTimeNanos) / 1_000_000n)
        const last = sights.get(file)
        const isUnchanged = last?.holder === holder && last.renewedAt === renewedAt.value
        const stillFor = isUnchanged
          ? last.stillFor + Math.min(Math.max(now - last.seenAt, 0), longestBetweenLooks)
          : 0
        sights.set(file, { holder, renewedAt: renewedAt.value, seenAt: now, stillFor })
        if (stillFor < Duration.toMillis(leaseDuration)) return false
        sights.delete(file)
        yield* fs.remove(holding).pipe(
          Effect.catchIf(isNotFound, () => Effect.void),
          Effect.mapError(failed("lease", file))
        )
        return true
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
        Effect.zipRight(fs.writeFile(path.join(draft, holder), spaces, { flag: "wx", mode: 0o600 })),
        Effect.mapError(failed("lease", file)),
        Effect.zipRight(take(file, draft, 3)),
        Effect.onExit((exit) => (Exit.isSuccess(exit) && exit.value ? Effect.void : discard))
      )
    }

    const put = (file: string, holding: string, text: string) =>
      Effect.scoped(
        Effect.gen(function* () {
          const content = new TextEncoder().encode(text)
          const handle = yield* fs.open(holding, { flag: "r+" })
          yield* handle.writeAll(content)
          yield* handle.truncate(FileSystem.Size(content.length))
          yield* handle.sync
        })
      ).pipe(
        Effect.zipRight(fs.rename(holding, file)),
        Effect.zipRight(syncFolder(file)),
        Effect.as(true),
        Effect.catchIf(isNotFound, () => Effect.succeed(false)),
        Effect.mapError(failed("write", file))
      )

    const remove = (file: string, holding: string) =>
      Effect.flatMap(fs.exists(holding), (isHeld) =>
        isHeld
          ? fs.remove(file, { force: true }).pipe(Effect.zipRight(syncFolder(file)), Effect.as(true))
          : Effect.succeed(false)
      ).pipe(Effect.mapError(failed("write", file)))

    const holding = <A>(
      holder: string,
      use: (held: Held, holding: string) => Effect.Effect<A, TokenStoreError>,
      lost: A
    ): Effect.Effect<A, TokenStoreError> =>
      Effect.suspend(() => {
        const held = holders.get(holder)
        return held === undefined ? Effect.succeed(lost) : use(held, path.join(leaseOf(held.file), holder))
      })

    return {
      describe: (key) => Effect.map(locate(key), (file) => `The session file ${file}`),
      marksEnd: false,
      leaseDuration,
      read: (key) => Effect.flatMap(locate(key), readText),
      acquire: (key, holder) =>
        Effect.gen(function* () {
          const file = yield* locate(key)
          const other = yield* holderOf(file)
          if (Option.isSome(other) && !(yield* takeFromDead(file, other.value))) return Option.none()
          const before = yield* readText(file)
          const size = Option.match(before, { onNone: () => 0, onSome: (text) => text.length })
          if (!(yield* occupy(file, holder, size))) return Option.none()
          sights.delete(file)
          const text = yield* readText(file)
          holders.set(holder, { file, text })
          return Option.some({ text })
        }),
      renew: (_, holder) =>
        holding(
          holder,
          ({ file }, held) =>
            Effect.flatMap(Clock.currentTimeMillis, (now) => fs.utimes(held, now / 1000, now / 1000)).pipe(
              Effect.as(true),
              Effect.catchIf(isNotFound, () => Effect.succeed(false)),
              Effect.mapError(failed("lease", file))
            ),
          false
        ),
      replace: (_, holder, next) =>
        holding(
          holder,
          ({ file, text }, held) =>
            // Others may write who know nothing of leases.
            Effect.flatMap(readText(file), (textNow) => {
              if (!isSameText(textNow, text)) return Effect.succeed(false)
              return Option.match(next, {
                onNone: () => remove(file, held),
                onSome: (content) => put(file, held, content)
              })
            }),
          false
        ),
      setAside: (_, holder) =>
        holding(
          holder,
          ({ file, text }, held) =>
            Effect.gen(function* () {
              if (Option.isNone(text)) return Option.some(file)
              if (!(yield* fs.exists(held))) return Option.none()
              const place = `${file}.unreadable-${holder}`
              yield* fs.rename(file, place)
              holders.set(holder, { file, text: Option.none() })
              return Option.some(place)
            }).pipe(Effect.mapError(failed("write", file))),
          Option.none()
        ),
      release: (_, holder) =>
        holding(
          holder,
          ({ file }, held) =>
            Effect.mapError(fs.remove(held, { force: true }), failed("lease", file)).pipe(
              Effect.ensuring(Effect.sync(() => holders.delete(holder)))
            ),
          undefined
        )
    }
  })
