import { ServerResponse } from "node:http"
import type { Recording } from "./Recording.js"

/** Node's own response, which also notes what is written to it, before a byte of it leaves. */
export class RecordingResponse extends ServerResponse {
  recording: Recording | undefined

  override write(
    chunk: unknown,
    encoding?: BufferEncoding | ((error: Error | null | undefined) => void),
    callback?: (error: Error | null | undefined) => void
  ): boolean {
    this.#note(chunk, encoding)
    return typeof encoding === "string"
      ? super.write(chunk, encoding, callback)
      : super.write(chunk, encoding ?? callback)
  }

  override end(chunk?: unknown, encoding?: BufferEncoding | (() => void), callback?: () => void): this {
    this.#note(chunk, encoding)
    return typeof encoding === "string"
      ? super.end(chunk, encoding, callback)
      : super.end(chunk, encoding ?? callback)
  }

  #note(chunk: unknown, encoding: unknown): void {
    this.recording?.answer(
      this.statusCode,
      typeof chunk === "string"
        ? Buffer.from(chunk, typeof encoding === "string" && Buffer.isEncoding(encoding) ? encoding : "utf8")
        : chunk instanceof Uint8Array
          ? chunk
          : new Uint8Array()
    )
  }
}
