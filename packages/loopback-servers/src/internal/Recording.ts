import type { IncomingMessage } from "node:http"
import type { IncomingRequest, RecordedRequest } from "../RecordedRequest.js"

const bodyLimit = 64 * 1024

/** One exchange while it happens. */
export class Recording {
  readonly #method: string
  readonly #path: string
  readonly #query: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #at: number
  readonly #received: Array<Uint8Array> = []
  readonly #answered: Array<Uint8Array> = []
  #answeredBytes = 0
  #status = 0

  constructor(incoming: IncomingMessage, at: number) {
    this.#method = incoming.method ?? ""
    const target = incoming.url ?? ""
    const question = target.indexOf("?")
    this.#path = question < 0 ? target : target.slice(0, question)
    this.#query = question < 0 ? "" : target.slice(question + 1)
    this.#headers = flatten(incoming.headers)
    this.#at = at
  }

  receive(chunk: Uint8Array): void {
    this.#received.push(chunk)
  }

  answer(status: number, chunk: Uint8Array): void {
    this.#status = status
    if (this.#answeredBytes < bodyLimit) {
      this.#answered.push(Uint8Array.prototype.slice.call(chunk, 0, bodyLimit - this.#answeredBytes))
    }
    this.#answeredBytes += chunk.byteLength
  }

  get receivedBody(): Buffer {
    return Buffer.concat(this.#received)
  }

  get request(): IncomingRequest {
    const rawBody = this.receivedBody.toString("utf8")
    const isForm = (this.#headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded")
    return {
      method: this.#method,
      path: this.#path,
      query: [...new URLSearchParams(this.#query)],
      headers: this.#headers,
      form: isForm ? [...new URLSearchParams(rawBody)] : [],
      rawBody,
      at: this.#at
    }
  }

  get snapshot(): RecordedRequest {
    return {
      ...this.request,
      status: this.#status,
      body: Buffer.concat(this.#answered).toString("utf8"),
      bodyBytes: this.#answeredBytes
    }
  }
}

const flatten = (headers: IncomingMessage["headers"]): Readonly<Record<string, string>> => {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = typeof value === "string" ? value : value.join(", ")
  }
  return flat
}
