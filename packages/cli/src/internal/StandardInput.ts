import type { Readable } from "node:stream"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { type UsageError, usage } from "./Failure.js"

export interface Service {
  readonly isTTY: boolean
  /** All of it, to its end. */
  readonly read: Effect.Effect<Uint8Array, UsageError>
}

export class StandardInput extends Context.Tag("effect-oauth/StandardInput")<StandardInput, Service>() {}

const limit = 64 * 1024 * 1024

export const make = (stream: Readable & { readonly isTTY?: boolean | undefined }): Service => ({
  isTTY: stream.isTTY === true,
  read: Effect.async((resume) => {
    const chunks: Array<Uint8Array> = []
    let length = 0
    const onData = (chunk: Buffer) => {
      chunks.push(chunk)
      length += chunk.length
      if (length > limit) end(Effect.fail(usage("The standard input holds more than 64 MiB.")))
    }
    const onEnd = () => end(Effect.succeed(Buffer.concat(chunks)))
    const onError = () => end(Effect.fail(usage("The standard input could not be read.")))
    const stop = () => {
      stream.off("data", onData).off("end", onEnd).off("error", onError)
      stream.pause()
    }
    const end = (result: Effect.Effect<Uint8Array, UsageError>) => {
      stop()
      resume(result)
    }
    stream.on("data", onData).on("end", onEnd).on("error", onError)
    return Effect.sync(stop)
  })
})
