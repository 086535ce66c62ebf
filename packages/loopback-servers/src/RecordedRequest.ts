/** A request as it arrived at a loopback server, with its whole body read. */
export interface IncomingRequest {
  readonly method: string
  /** The path alone: what stands before the `?`. */
  readonly path: string
  /** The decoded pairs of the query, in order. */
  readonly query: ReadonlyArray<readonly [name: string, value: string]>
  /** Names in lower case; a header that came several times is joined by `", "`. */
  readonly headers: Readonly<Record<string, string>>
  /** The decoded pairs of an `application/x-www-form-urlencoded` body, in order; else empty. */
  readonly form: ReadonlyArray<readonly [name: string, value: string]>
  /** The body as it came, read as UTF-8. */
  readonly rawBody: string
  /** When its headers arrived, in milliseconds since the server started. */
  readonly at: number
}

/** An {@link IncomingRequest} and what it was answered. */
export interface RecordedRequest extends IncomingRequest {
  /** The status that it was answered; 0 as long as there is no answer. */
  readonly status: number
  /** The body that it was answered, as UTF-8; of a larger body the first 64 KiB. */
  readonly body: string
  /** How many bytes of that body were handed to the connection so far. */
  readonly bodyBytes: number
}

/** The value of the first form field called `name`. */
export const formField = (request: IncomingRequest, name: string): string | undefined =>
  request.form.find(([field]) => field === name)?.[1]
