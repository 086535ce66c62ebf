import * as Data from "effect/Data"

/** The server cannot start. `reason` is for programs, `message` says what to do. */
export class SampleServerError extends Data.TaggedError("SampleServerError")<{
  /**
   * - `PortInUse`: somebody else listens on the port.
   * - `CannotListen`: the port or the address is not one that this process may listen on.
   * - `Unchecked`: the declaration of the API needs something of requests that this server cannot check.
   */
  readonly reason: "PortInUse" | "CannotListen" | "Unchecked"
  readonly message: string
  readonly cause?: unknown
}> {}
