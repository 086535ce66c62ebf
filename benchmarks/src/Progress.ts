import * as Effect from "effect/Effect"

/** Tells on stderr how far the run is; it writes over its last line on a terminal, and is brief elsewhere. */
export interface Progress {
  /** Where it is now: seen on a terminal only. */
  readonly now: (text: string) => Effect.Effect<void>
  /** What stays. */
  readonly line: (text: string) => Effect.Effect<void>
}

export const make = (stream: NodeJS.WriteStream): Progress => {
  const clear = stream.isTTY ? "\r\x1b[K" : ""
  const write = (text: string) => Effect.sync(() => void stream.write(text))
  return {
    now: (text) =>
      stream.isTTY ? write(clear + text.slice(0, Math.max(1, stream.columns - 1))) : Effect.void,
    line: (text) => write(`${clear}${text}\n`)
  }
}
