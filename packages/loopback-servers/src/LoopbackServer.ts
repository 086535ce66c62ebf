import type * as Effect from "effect/Effect"
import type { RecordedRequest } from "./RecordedRequest.js"

/** A server on a free port of 127.0.0.1. It lives as long as the scope that it was made in. */
export interface LoopbackServer {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly origin: string
  /** Every request so far, in the order of arrival, also those without an answer yet. */
  readonly requests: Effect.Effect<ReadonlyArray<RecordedRequest>>
}
