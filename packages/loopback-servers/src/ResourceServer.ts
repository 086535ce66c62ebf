import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { type Answer, json, notFound } from "./Answer.js"
import type { Introspect, Introspection } from "./Introspection.js"
import * as Listener from "./internal/Listener.js"
import type { LoopbackServer } from "./LoopbackServer.js"
import type { LoopbackServerError } from "./LoopbackServerError.js"
import type { IncomingRequest } from "./RecordedRequest.js"

/** A resource: answers a request, or passes it on by `None`. */
export type Handler = (
  request: IncomingRequest,
  introspect: Introspect
) => Effect.Effect<Option.Option<Answer>>

/** What {@link make} can be told. */
export interface Options {
  /** Who knows the tokens: the `introspect` of an authorization server. */
  readonly introspect: Introspect
  /** Default: {@link userAt}`("/user")` and {@link echoAt}`("/echo")`. */
  readonly handler?: Handler | undefined
}

/** Runs `answer` for requests of this method and path that carry a good bearer token; refuses the others. */
const protectedBy =
  (method: string, path: string) =>
  (answer: (request: IncomingRequest, introspection: Introspection) => Answer): Handler =>
  (request, introspect) => {
    if (request.method !== method || request.path !== path) return Effect.succeedNone
    const accessToken = bearerToken(request)
    return accessToken === undefined
      ? Effect.succeedSome(unauthorized)
      : Effect.map(introspect(accessToken), (introspection) =>
          Option.some(introspection.active ? answer(request, introspection) : invalidToken)
        )
  }

/** `GET path`: who the bearer of the token is, in the form of the API's `User`. */
export const userAt = (path: string): Handler =>
  protectedBy(
    "GET",
    path
  )((_, { profile }) =>
    profile === undefined
      ? json(403, { error: "insufficient_scope", error_description: "The access token stands for no user" })
      : json(200, { ...profile, created_at: "2024-02-15T00:00:00Z", updated_at: "2024-02-15T00:00:00Z" })
  )

/** `POST path`: the request's method, headers and body, as they arrived. */
export const echoAt = (path: string): Handler =>
  protectedBy("POST", path)(({ method, headers, rawBody }) => json(200, { method, headers, body: rawBody }))

/** The user's own record where the sample API has it: `GET /oauth2/non-auth-server/user`. */
export const user: Handler = userAt("/oauth2/non-auth-server/user")

/** The first of the handlers that answers. */
export const firstOf =
  (...handlers: ReadonlyArray<Handler>): Handler =>
  (request, introspect) =>
    Effect.gen(function* () {
      for (const handler of handlers) {
        const answer = yield* handler(request, introspect)
        if (Option.isSome(answer)) return answer
      }
      return Option.none()
    })

/** A resource server on a port of its own. What no handler answers is a 404. */
export const make = (options: Options): Effect.Effect<LoopbackServer, LoopbackServerError, Scope.Scope> =>
  Effect.gen(function* () {
    const handler = options.handler ?? firstOf(userAt("/user"), echoAt("/echo"))
    const { serve, ...server } = yield* Listener.open("ResourceServer")
    yield* serve(({ request, response }) =>
      Effect.map(handler(request, options.introspect), (answer) =>
        Listener.send(
          response,
          Option.getOrElse(answer, () => notFound)
        )
      )
    )
    return server
  })

const bearerToken = ({ headers: { authorization = "" } }: IncomingRequest): string | undefined =>
  /^bearer +(\S+) *$/i.exec(authorization)?.[1]

const refused = (challenge: string): Answer =>
  json(
    401,
    { error: "invalid_token", error_description: "The access token is missing, unknown, expired or revoked" },
    { "www-authenticate": challenge }
  )

/** RFC 6750, section 3.1: a request without a token is told no error code in the challenge. */
const unauthorized = refused('Bearer realm="api"')

const invalidToken = refused('Bearer realm="api", error="invalid_token"')
