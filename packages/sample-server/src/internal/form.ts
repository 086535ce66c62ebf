import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

/** Names and values in their order, as a form and a query may have several of a name. */
export type Parameters = ReadonlyArray<readonly [name: string, value: string]>

/** A body that is too long, or was cut off. */
export class UnreadableForm extends Data.TaggedError("UnreadableForm") {}

/** In bytes. No form here is longer. */
export const longest = 64 * 1024

/** What is in the body, if it is a form; nothing if it is something else. */
export const read = (
  request: HttpServerRequest.HttpServerRequest
): Effect.Effect<Parameters, UnreadableForm> => {
  if (!isForm(request)) return Effect.succeed([])
  // Who reads on until it is too long has to cut the connection, and cannot say why.
  if (Number(request.headers["content-length"]) > longest) return Effect.fail(new UnreadableForm())
  return Effect.mapBoth(request.text, { onFailure: () => new UnreadableForm(), onSuccess: parse })
}

const isForm = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  /^application\/x-www-form-urlencoded *(;|$)/i.test(headers["content-type"] ?? "")

export const parse = (text: string): Parameters => [...new URLSearchParams(text)]

/** What stands behind the question mark of the request's URL. */
export const queryOf = ({ url }: HttpServerRequest.HttpServerRequest): Parameters => {
  const question = url.indexOf("?")
  return question < 0 ? [] : parse(url.slice(question + 1))
}

/** The first name that stands there more than once. RFC 6749 wants each parameter at most once (section 3.1 and 3.2). */
export const repeated = (parameters: Parameters): string | undefined =>
  parameters.find(([name], index) => parameters.findIndex(([other]) => other === name) < index)?.[0]

/** The first value of a name. */
export const valueOf = (parameters: Parameters, name: string): string | undefined =>
  parameters.find(([other]) => other === name)?.[1]
