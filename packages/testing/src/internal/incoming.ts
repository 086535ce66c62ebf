import type * as Headers from "@effect/platform/Headers"
import type * as HttpBody from "@effect/platform/HttpBody"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import { type Refusal, refusal } from "./answer.js"

/** A request, read to its end. */
export interface Incoming {
  readonly method: string
  readonly url: URL
  readonly headers: Headers.Headers
  readonly body: string
}

const textOf = (raw: unknown): string => {
  if (raw instanceof Uint8Array || raw instanceof ArrayBuffer) return new TextDecoder().decode(raw)
  return typeof raw === "string" || raw instanceof URLSearchParams ? raw.toString() : ""
}

/** The text of a body that can be read any number of times. */
export const heldText = (body: HttpBody.HttpBody): string =>
  body._tag === "Uint8Array" || body._tag === "Raw" ? textOf(body.body) : ""

/** A body that is held in memory is read at once, so that a test clock has nothing to wait for. */
export const readBody = (body: HttpBody.HttpBody): Effect.Effect<string> => {
  switch (body._tag) {
    case "Empty":
    case "Uint8Array":
    case "Raw":
      return Effect.sync(() => heldText(body))
    case "FormData":
      return Effect.promise(() => new Response(body.formData).text())
    case "Stream":
      return body.stream.pipe(
        Stream.decodeText(),
        Stream.mkString,
        Effect.orElseSucceed(() => "")
      )
  }
}

export const contentTypeOf = (headers: Headers.Headers): string =>
  (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? ""

/** RFC 8707 section 2 and RFC 8693 section 2.1 let these two come several times. */
const repeatable = new Set(["resource", "audience"])

/**
 * The parameters of a request. One without a value counts as left out, and none may come twice (RFC 6749 sections 3.1
 * and 3.2).
 */
export const parameters = (pairs: URLSearchParams): Either.Either<ReadonlyMap<string, string>, Refusal> => {
  const found = new Map<string, string>()
  for (const [name, value] of pairs) {
    if (value === "") continue
    if (found.has(name) && !repeatable.has(name)) {
      return Either.left(refusal("invalid_request", `The parameter ${name} is there more than once.`))
    }
    found.set(name, value)
  }
  return Either.right(found)
}

/** The parameters of a form, which is what the endpoints for clients take (RFC 6749 section 3.2). */
export const form = ({ body, headers }: Incoming): Either.Either<ReadonlyMap<string, string>, Refusal> =>
  contentTypeOf(headers) === "application/x-www-form-urlencoded"
    ? parameters(new URLSearchParams(body))
    : Either.left(refusal("invalid_request", "The body is no application/x-www-form-urlencoded."))

export const spaced = (text: string | undefined): ReadonlyArray<string> =>
  (text ?? "").split(" ").filter((part) => part !== "")
