import { randomUUID } from "node:crypto"
import type * as PlatformError from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { config, type UsageError } from "./Failure.js"
import { Output } from "./Output.js"
import { Configuration, fields, methods } from "./Profile.js"

const empty: Configuration = { profiles: {} }

const why = (error: PlatformError.PlatformError): string =>
  error._tag === "SystemError" ? error.reason : "BadArgument"

// The text that a parser quotes may be a secret; where it stands is enough.
const placeIn = (text: string, error: unknown): string => {
  const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined
  if (position === undefined) return ""
  const before = text.slice(0, Number(position)).split("\n")
  return `, line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}

const parse = (text: string, file: string): Either.Either<unknown, UsageError> =>
  Either.try({
    try: (): unknown => JSON.parse(text),
    catch: (error) =>
      config(
        `The configuration file ${file} is not JSON${placeIn(text, error)}.`,
        "Mend it, or move it away."
      )
  })

// A value that does not fit is not quoted: it may be a secret in the wrong place.
const describe = (issue: ParseResult.ArrayFormatterIssue): string => {
  const path = issue.path.map(String).join(".")
  const field = String(issue.path.at(-1) ?? "")
  if (issue._tag === "Unexpected") {
    return `${path} is no field that it can have${issue.path.length > 1 ? `; there are ${fields.join(", ")}` : ""}`
  }
  if (field === "clientAuthentication") return `${path} is none of ${methods.join(", ")}`
  const expected = /^Expected (.+), actual /s.exec(issue.message)?.[1] ?? "something else"
  return `${path === "" ? "the whole" : path} is not ${expected}`
}

const decode = Schema.decodeUnknownEither(Configuration, { errors: "first", onExcessProperty: "error" })

/** The configuration; an empty one where there is no file. */
export const read = (
  file: string
): Effect.Effect<Configuration, UsageError, FileSystem.FileSystem | Output> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const text = yield* fs.readFileString(file).pipe(
      Effect.map(Option.some),
      Effect.catchIf(
        (error) => error._tag === "SystemError" && error.reason === "NotFound",
        () => Effect.succeedNone
      ),
      Effect.mapError((error) =>
        config(
          `The configuration file ${file} could not be read: ${why(error)}.`,
          "Look at its permissions, or name another: --config PATH"
        )
      )
    )
    if (Option.isNone(text)) return empty
    const json = yield* parse(text.value, file)
    const configuration = yield* Either.mapLeft(decode(json), (error) =>
      config(
        `The configuration file ${file} is not right: ${ParseResult.ArrayFormatter.formatErrorSync(error)
          .slice(0, 1)
          .map(describe)
          .join("")}.`,
        "Mend it, or set the profile anew: effect-oauth profile set"
      )
    )
    if (Object.values(configuration.profiles).some(({ clientSecret }) => clientSecret !== undefined)) {
      yield* warnIfReadable(file)
    }
    return configuration
  })

const warnIfReadable = (file: string) =>
  Effect.gen(function* () {
    if (process.platform === "win32") return
    const fs = yield* FileSystem.FileSystem
    const output = yield* Output
    const isOpen = yield* fs.stat(file).pipe(
      Effect.map(({ mode }) => (mode & 0o077) !== 0),
      Effect.orElseSucceed(() => false)
    )
    if (isOpen) {
      yield* output.notice(
        `The configuration file ${file} holds a client secret and others can read it: chmod 600 it.`
      )
    }
  })

const encode = Schema.encodeSync(Configuration)

/** Replaces the configuration, atomically, readable by its owner only. Of a link the target is replaced. */
export const write = (
  file: string,
  configuration: Configuration
): Effect.Effect<void, UsageError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const target = yield* Effect.orElseSucceed(fs.realPath(file), () => file)
    const draft = `${target}.${randomUUID()}`
    yield* fs.makeDirectory(path.dirname(target), { recursive: true, mode: 0o700 })
    yield* fs
      .writeFileString(draft, `${JSON.stringify(encode(configuration), null, 2)}\n`, {
        flag: "wx",
        mode: 0o600
      })
      .pipe(
        Effect.zipRight(fs.rename(draft, target)),
        Effect.onError(() => Effect.ignore(fs.remove(draft, { force: true })))
      )
  }).pipe(
    Effect.uninterruptible,
    Effect.catchTags({
      SystemError: (error) => notWritten(file, error),
      BadArgument: (error) => notWritten(file, error)
    })
  )

const notWritten = (file: string, error: PlatformError.PlatformError): Effect.Effect<never, UsageError> =>
  Effect.fail(
    config(
      `The configuration file ${file} could not be written: ${why(error)}.`,
      "Look at the permissions of its folder, or name another: --config PATH"
    )
  )

/** Changes the configuration as it is now. */
export const update = (
  file: string,
  change: (configuration: Configuration) => Configuration
): Effect.Effect<void, UsageError, FileSystem.FileSystem | Path.Path | Output> =>
  Effect.flatMap(read(file), (configuration) => write(file, change(configuration)))
