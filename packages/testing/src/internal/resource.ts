import * as Headers from "@effect/platform/Headers"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import type * as TestResourceServer from "../TestResourceServer.js"
import { json, refusal, refused, unauthorized } from "./answer.js"
import type { Incoming } from "./incoming.js"
import { bearerToken } from "./recording.js"
import { liveAccessToken, type State } from "./state.js"

/** What the resource server is told, with its defaults. */
export interface Resource {
  readonly origin: string
  readonly handler: TestResourceServer.Handler
  readonly requiredScope: (method: string, path: string) => ReadonlyArray<string>
}

/** Answers a request if its bearer token is good now (RFC 6750). */
export const resource = (
  state: State,
  now: number,
  { handler, requiredScope }: Resource,
  incoming: Incoming
): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  const { body, headers, method, url } = incoming
  // A token in the query ends up in logs, and is not taken (RFC 9700 section 4.3.2).
  if (url.searchParams.has("access_token")) {
    return Effect.succeed(refused(refusal("invalid_request", "An access token goes into a header.")))
  }
  const text = bearerToken(incoming)
  if (text === undefined) return Effect.succeed(unauthorized())
  const live = liveAccessToken(state, text, now)
  if (live === undefined) return Effect.succeed(unauthorized("invalid_token"))
  const { session, token } = live
  const required = requiredScope(method, url.pathname)
  if (!required.every((scope) => token.scope.includes(scope))) {
    const challenge = `Bearer realm="api", error="insufficient_scope", scope="${required.join(" ")}"`
    return Effect.succeed(json(403, { error: "insufficient_scope" }, { "www-authenticate": challenge }))
  }
  return handler({
    method,
    path: url.pathname,
    query: url.searchParams,
    headers: Headers.remove(headers, "authorization"),
    body,
    clientId: session.clientId,
    username: session.username,
    scope: token.scope
  })
}
