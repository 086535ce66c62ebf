import * as Data from "effect/Data"

/** A server that cannot start: no free port, or options that it refuses. `cause` says why. */
export class LoopbackServerError extends Data.TaggedError("LoopbackServerError")<{
  readonly server: string
  readonly cause: unknown
}> {
  override get message(): string {
    return `${this.server} cannot start: ${this.cause instanceof Error ? this.cause.message : String(this.cause)}`
  }
}
