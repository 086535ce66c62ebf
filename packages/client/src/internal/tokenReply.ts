import type * as Headers from "@effect/platform/Headers"
import type * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import { APIException } from "../APIException.js"
import { OAuthProviderException } from "../OAuthProviderException.js"
import * as OAuthToken from "../OAuthToken.js"
import { parseJson } from "./parseJson.js"
import { retryAfter } from "./retryAfter.js"
import { scrub, scrubHeaders } from "./secrets.js"
import { isTransientStatus } from "./transience.js"
import { withoutCookies } from "./withoutCookies.js"

/** A reply of the token endpoint, read to its end. */
export interface TokenReply {
  readonly status: number
  readonly headers: Headers.Headers
  readonly body: string
  readonly sentAt: DateTime.Utc
  readonly receivedAt: DateTime.Utc
  /** What was sent in confidence, in clear, to be taken out of what the server says. */
  readonly secrets: ReadonlyArray<string>
}

type Refusal = OAuthProviderException | APIException

const showableHeaders = (reply: TokenReply): Headers.Headers =>
  scrubHeaders(withoutCookies(reply.headers), reply.secrets)

const describeBody = (body: string): string => {
  const start = body.trimStart()
  if (start === "") return "an empty body"
  if (start.startsWith("<")) return "an HTML or XML page"
  if (start.startsWith("{") || start.startsWith("[")) {
    return `truncated or broken JSON of ${body.length} characters`
  }
  return `text of ${body.length} characters that is not JSON`
}

const contentTypeOf = (reply: TokenReply): string => {
  const contentType = reply.headers["content-type"]
  return contentType === undefined ? "no content type" : scrub(contentType, reply.secrets).slice(0, 100)
}

export const unusable = (
  reply: TokenReply,
  why: string,
  refreshToken: Option.Option<Redacted.Redacted<string>> = Option.none()
): APIException =>
  new APIException({
    reason: `The token endpoint answered ${reply.status} (${contentTypeOf(reply)}): ${why}.`,
    responseCode: reply.status,
    response: { statusCode: reply.status, headers: showableHeaders(reply), body: Redacted.make(reply.body) },
    isTransient: isTransientStatus(reply.status),
    retryAfter: retryAfter(reply.headers, reply.receivedAt.epochMillis),
    refreshToken: Option.getOrUndefined(refreshToken)
  })

const text = (input: unknown, reply: TokenReply): string | undefined =>
  typeof input === "string" && input !== "" ? scrub(input, reply.secrets) : undefined

/** The error response of RFC 6749 section 5.2, wherever it stands: servers send it with 200, too. */
const refusal = (json: unknown, reply: TokenReply): Option.Option<OAuthProviderException> => {
  if (!Predicate.isRecord(json)) return Option.none()
  const error = text(json["error"], reply)
  return error === undefined
    ? Option.none()
    : Option.some(
        new OAuthProviderException({
          error,
          errorDescription: text(json["error_description"], reply),
          errorUri: text(json["error_uri"], reply),
          responseCode: reply.status,
          headers: showableHeaders(reply),
          retryAfter: retryAfter(reply.headers, reply.receivedAt.epochMillis)
        })
      )
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300

const isRedirect = (status: number): boolean => status === 0 || (status >= 300 && status < 400)

/**
 * What a reply is. A token comes with 2xx; a legible `error` with 2xx or 4xx is the provider's refusal; everything
 * else, and every status that says "later", is an `APIException`. The content type decides nothing: servers get it
 * wrong, and a token that can be read is not thrown away.
 */
export const interpret = (reply: TokenReply): Either.Either<OAuthToken.OAuthToken, Refusal> => {
  if (isTransientStatus(reply.status)) {
    return Either.left(unusable(reply, "the server cannot answer now, try again later"))
  }
  if (isRedirect(reply.status)) {
    return Either.left(
      unusable(reply, "a redirect, which is never followed with credentials; configure the final URL")
    )
  }
  const parsed = parseJson(reply.body)
  if (Option.isNone(parsed)) return Either.left(unusable(reply, describeBody(reply.body)))
  const refused = refusal(parsed.value, reply)
  if (Option.isSome(refused)) return Either.left(refused.value)
  if (!isSuccess(reply.status)) {
    return Either.left(unusable(reply, "JSON without an error member (RFC 6749 section 5.2)"))
  }
  return Either.mapLeft(OAuthToken.fromResponse(parsed.value, reply.sentAt), (malformed) =>
    unusable(reply, `not a token, ${malformed.message}`, malformed.refreshToken)
  )
}
