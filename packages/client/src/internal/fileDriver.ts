import type * as PlatformError from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Equivalence from "effect/Equivalence"
import { globalValue } from "effect/GlobalValue"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as OAuthToken from "../OAuthToken.js"
import type { Driver } from "../TokenStore.js"
import { TokenStoreError } from "../TokenStoreError.js"
import { parseJson } from "./parseJson.js"
import * as Turnstiles from "./turnstiles.js"

const isSameText = Option.getEquivalence(Equivalence.string)

// One for the process: two stores on one file are to stand in one line.
const turnstiles = globalValue("@effect-oauth/client/internal/fileDriver/turnstiles", Turnstiles.make)

// A field of the stored object, which other readers of the form keep as any unknown field.
const field = "effect_oauth"

interface Entry {
  readonly token: Option.Option<OAuthToken.OAuthToken>
  readonly version: number
}

const vacant: Entry = { token: Option.none(), version: 0 }

const failed =
  (operation: "read" | "lease" | "write", file: string) =>
  (error: PlatformError.PlatformError): TokenStoreError => {
    const why = error._tag === "SystemError" ? error.reason : "BadArgument"
    return new TokenStoreError({
      reason: "Unavailable",
      operation,
      message: `The session file ${file} could not be ${operation === "read" ? "read" : "written"}: ${why}.`
    })
  }

const decode = (text: string, key: string, file: string): Either.Either<Entry, TokenStoreError> => {
  const corrupt = (why: string) =>
    new TokenStoreError({
      reason: "Corrupt",
      operation: "read",
      message: `The session file ${file} holds no token: ${why}. It was left as it is; move it away to begin anew.`
    })
  return Either.gen(function* () {
    const json = yield* Either.fromOption(parseJson(text), () => corrupt("it is not JSON, or not all of it"))
    if (!Predicate.isRecord(json)) return yield* Either.left(corrupt("it is not a JSON object"))
    const { [field]: mark, ...stored } = json
    const owner = Predicate.isRecord(mark) ? mark : {}
    if (typeof owner["key"] === "string" && owner["key"] !== key) {
      return yield* Either.left(
        new TokenStoreError({
          reason: "Occupied",
          operation: "read",
          message:
            `The session file ${file} holds the session of another user, client or scope. It was left as it is; ` +
            "use another file, or TokenStore.layerDirectory for many sessions."
        })
      )
    }
    const token = yield* Either.mapLeft(OAuthToken.fromStored(stored), (malformed) =>
      corrupt(malformed.message)
    )
    return {
      token,
      version: typeof owner["version"] === "number" ? owner["version"] : 0
    }
  })
}

const encode = (token: OAuthToken.OAuthToken, key: string, version: number): Uint8Array =>
  new TextEncoder().encode(
    `${JSON.stringify({ ...OAuthToken.toStored(token), [field]: { key, version } }, null, 2)}\n`
  )

/** A file a session. Every write goes to a file beside it, which then takes its place. */
export const make = (
  fileOf: (key: string) => Effect.Effect<string>
): Effect.Effect<Driver, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = path.resolve()

    // The target of a link, so that it is the target that is replaced, and not the link.
    const locate = (key: string): Effect.Effect<string> =>
      Effect.flatMap(fileOf(key), (file) => {
        const absolute = path.resolve(folder, file)
        return Effect.orElseSucceed(fs.realPath(absolute), () => absolute)
      })

    const readText = (file: string): Effect.Effect<Option.Option<string>, TokenStoreError> =>
      fs.readFileString(file).pipe(
        Effect.map(Option.some),
        Effect.catchIf(
          (error) => error._tag === "SystemError" && error.reason === "NotFound",
          () => Effect.succeedNone
        ),
        Effect.mapError(failed("read", file))
      )

    const interpret = (text: Option.Option<string>, key: string, file: string) =>
      Option.match(text, {
        onNone: () => Either.right(vacant),
        onSome: (content) => decode(content, key, file)
      })

    // Makes a rename last through a power failure; not every system lets a folder be opened.
    const syncFolder = (file: string) =>
      Effect.scoped(Effect.flatMap(fs.open(path.dirname(file), { flag: "r" }), (folder) => folder.sync)).pipe(
        Effect.ignore
      )

    /** A file beside the session, of its size and more: no permission and no full disk stops the write that follows. */
    const reserve = (file: string, characters: number) => {
      const draft = path.join(
        path.dirname(file),
        `.${path.basename(file)}.${globalThis.crypto.randomUUID()}.tmp`
      )
      const discard = Effect.ignore(fs.remove(draft, { force: true }))
      // A character takes up to three bytes.
      const spaces = new Uint8Array(4096 + 3 * characters).fill(0x20)
      return Effect.acquireRelease(
        fs.makeDirectory(path.dirname(file), { recursive: true, mode: 0o700 }).pipe(
          Effect.zipRight(fs.writeFile(draft, spaces, { flag: "wx", mode: 0o600 })),
          Effect.tapError(() => discard),
          Effect.mapError(failed("lease", file)),
          Effect.as(draft)
        ),
        () => discard
      )
    }

    const put = (file: string, draft: string, content: Uint8Array) =>
      Effect.scoped(
        Effect.gen(function* () {
          const handle = yield* fs.open(draft, { flag: "r+" })
          yield* handle.writeAll(content)
          yield* handle.truncate(FileSystem.Size(content.length))
          yield* handle.sync
        })
      ).pipe(Effect.zipRight(fs.rename(draft, file)), Effect.zipRight(syncFolder(file)))

    return {
      read: (key) =>
        Effect.gen(function* () {
          const file = yield* locate(key)
          const entry = yield* interpret(yield* readText(file), key, file)
          return entry.token
        }),
      lease: (key) =>
        Effect.gen(function* () {
          const file = yield* locate(key)
          yield* turnstiles.pass(file)
          const text = yield* readText(file)
          const entry = yield* interpret(text, key, file)
          const draft = yield* reserve(
            file,
            Option.match(text, { onNone: () => 0, onSome: (content) => content.length })
          )
          return {
            current: entry.token,
            replace: (next) =>
              Effect.gen(function* () {
                // Others may write who know nothing of versions, so it is the whole content that is compared.
                const textNow = yield* readText(file)
                if (!isSameText(textNow, text)) {
                  yield* interpret(textNow, key, file)
                  return yield* new TokenStoreError({
                    reason: "LeaseLost",
                    operation: "write",
                    message: `The session file ${file} was written by another process meanwhile; it was left as it is.`
                  })
                }
                yield* Option.match(next, {
                  onNone: () => fs.remove(file, { force: true }).pipe(Effect.zipRight(syncFolder(file))),
                  onSome: (token) => put(file, draft, encode(token, key, entry.version + 1))
                }).pipe(Effect.mapError(failed("write", file)))
              })
          }
        })
    }
  })
