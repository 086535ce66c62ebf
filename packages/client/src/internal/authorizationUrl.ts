import * as Either from "effect/Either"
import type { Options } from "../AuthorizationRequest.js"
import { AuthValidationException } from "../AuthValidationException.js"

type Parameters = ReadonlyArray<readonly [name: string, value: string]>

const own: ReadonlyArray<string> = [
  "response_type",
  "client_id",
  "redirect_uri",
  "scope",
  "state",
  "code_challenge",
  "code_challenge_method",
  // These bring along others in the place of those above (RFC 9101 section 5).
  "request",
  "request_uri"
]

/** Additional parameters one by one, if none of them would replace what an authorization request is made of. */
export const checkAdditional = (
  parameters: Options["additionalParameters"] = {}
): Either.Either<Parameters, AuthValidationException> => {
  const taken = own.find((name) => parameters[name] !== undefined)
  return taken === undefined
    ? Either.right(
        Object.entries(parameters).flatMap(([name, value]) =>
          value === undefined ? [] : [value].flat().map((one) => [name, String(one)] as const)
        )
      )
    : Either.left(
        new AuthValidationException({
          message: `The additional parameter "${taken}" is set by the authorization request and cannot be replaced.`
        })
      )
}

/** The query that an endpoint has stays as it is written (RFC 6749 section 3.1), but for what is sent anew. */
export const withParameters = (endpoint: URL, parameters: Parameters): string => {
  const names = new Set(parameters.map(([name]) => name))
  const kept = endpoint.search
    .slice(1)
    .split("&")
    .filter((pair) => pair !== "" && ![...new URLSearchParams(pair).keys()].some((name) => names.has(name)))
  const url = new URL(endpoint)
  url.search = [...kept, new URLSearchParams(parameters.map(([name, value]) => [name, value]))].join("&")
  return url.href
}
