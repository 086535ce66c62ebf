import type * as Duration from "effect/Duration"

/** A request and what came of it. It holds whatever was sent, secrets too: it is for tests, and never logged. */
export interface RecordedRequest {
  /** When it came, in milliseconds since 1970. */
  readonly at: number
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: ReadonlyArray<readonly [name: string, value: string]>
  /** With names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The body as it came, if it was a form, and the same once more, taken apart. */
  readonly body: string
  readonly form: ReadonlyArray<readonly [name: string, value: string]>
  readonly status: number
  /** The schemes that it was accepted by, why it was refused, or what else came of it. No secret is in it. */
  readonly outcome: string
  /** From its arrival until the answer was ready. */
  readonly duration: Duration.Duration
}
