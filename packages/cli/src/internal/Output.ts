import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Report } from "./Failure.js"

/** Where the words of the program go: what was asked for to the standard output, all else to the standard error. */
export interface Service {
  readonly isJson: boolean
  /** Whether the standard output shows colours. */
  readonly isColoured: boolean
  /** What was asked for, as it is. Tells whether somebody reads it. */
  readonly write: (text: string | Uint8Array) => Effect.Effect<boolean>
  /** The result: words for people, or one JSON object. */
  readonly result: (
    human: ReadonlyArray<string>,
    json: Readonly<Record<string, unknown>>
  ) => Effect.Effect<void>
  /** What happened besides. In JSON it becomes a part of the result, or of the failure. */
  readonly notice: (text: string) => Effect.Effect<void>
  /** What somebody has to read now, for else it does not go on. It is no part of the result. */
  readonly tell: (text: string) => Effect.Effect<void>
  /** A notice, for those who cannot wait until it is written. */
  readonly unsafeNotice: (text: string) => void
  readonly failure: (report: Report) => Effect.Effect<void>
  /** Rows of a name and a value, aligned. */
  readonly rows: (rows: ReadonlyArray<readonly [name: string, value: string]>) => ReadonlyArray<string>
}

export class Output extends Context.Tag("effect-oauth/Output")<Output, Service>() {}

/** A stream that can be written to, such as the standard output. */
export interface Sink {
  readonly isTTY?: boolean | undefined
  readonly write: (chunk: string | Uint8Array, done: (error?: Error | null) => void) => unknown
}

// A reader that has gone away, such as `head`, has what it wanted.
const tryToWrite = (sink: Sink, chunk: string | Uint8Array): Effect.Effect<boolean> =>
  Effect.async((resume) => {
    sink.write(chunk, (error) => resume(Effect.succeed(error === undefined || error === null)))
  })

const writeTo = (sink: Sink, chunk: string | Uint8Array): Effect.Effect<void> =>
  Effect.asVoid(tryToWrite(sink, chunk))

const bold = (text: string): string => `\u001b[1m${text}\u001b[22m`
const dim = (text: string): string => `\u001b[2m${text}\u001b[22m`
const red = (text: string): string => `\u001b[31m${text}\u001b[39m`

export const make = (options: {
  readonly stdout: Sink
  readonly stderr: Sink
  readonly isJson: boolean
  /** Whether the user has said that no colours are wanted. */
  readonly noColour: boolean
}): Service => {
  const { isJson, noColour, stderr, stdout } = options
  const coloured = (sink: Sink): boolean => sink.isTTY === true && !noColour && !isJson
  const isColoured = coloured(stdout)
  const isErrorColoured = coloured(stderr)
  const notices: Array<string> = []

  const asNotice = (text: string): string => `${isErrorColoured ? dim(text) : text}\n`
  const line = (value: unknown): string => `${JSON.stringify(value)}\n`
  const noticed = () => (notices.length === 0 ? {} : { notices })

  return {
    isJson,
    isColoured,
    write: (text) => tryToWrite(stdout, text),
    result: (human, json) =>
      Effect.suspend(() =>
        isJson
          ? writeTo(stdout, line({ ...json, ...noticed() }))
          : human.length === 0
            ? Effect.void
            : writeTo(stdout, `${human.join("\n")}\n`)
      ),
    notice: (text) =>
      Effect.suspend(() => {
        if (!isJson) return writeTo(stderr, asNotice(text))
        notices.push(text)
        return Effect.void
      }),
    tell: (text) => writeTo(stderr, `${text}\n`),
    unsafeNotice: (text) => {
      if (isJson) notices.push(text)
      else stderr.write(asNotice(text), () => undefined)
    },
    failure: ({ code, details, exitCode, hint, message }) =>
      Effect.suspend(() => {
        if (isJson) {
          const error = { code, exitCode, message, ...(hint !== undefined && { hint }), ...details }
          return writeTo(stderr, line({ error, ...noticed() }))
        }
        const head = isErrorColoured ? red("error:") : "error:"
        const second = hint === undefined ? "" : `${isErrorColoured ? dim(hint) : hint}\n`
        return writeTo(stderr, `${head} ${message}\n${second}`)
      }),
    rows: (rows) => {
      const width = Math.max(0, ...rows.map(([name]) => name.length))
      return rows.map(([name, value]) => {
        const cell = name.padEnd(width)
        return `${isColoured ? bold(cell) : cell}  ${value}`
      })
    }
  }
}
