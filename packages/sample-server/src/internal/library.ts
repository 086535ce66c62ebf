import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import OAuth2Server from "@node-oauth/oauth2-server"
import * as Effect from "effect/Effect"
import { type Parameters, queryOf } from "./form.js"
import type { Session } from "./Tokens.js"

/** A reply of the token endpoint that is a success. */
export interface TokenReply {
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>
}

/** What came of a request for a code. */
export type Decision =
  /** The user goes back with a code. */
  | { readonly _tag: "Granted"; readonly code: string; readonly scopes: ReadonlyArray<string> }
  /** The user goes back with an error. */
  | { readonly _tag: "Returned"; readonly error: string; readonly problem: string }
  /** The user must not be sent anywhere. */
  | { readonly _tag: "Refused"; readonly status: number; readonly problem: string }

/** Asks the library about a token request. What is not an error of the protocol is a defect. */
export const token = (
  oauth: OAuth2Server,
  { headers, method }: HttpServerRequest.HttpServerRequest,
  parameters: Parameters
): Effect.Effect<TokenReply, OAuth2Server.OAuthError> => {
  const response = new OAuth2Server.Response({})
  const body = Object.fromEntries(parameters)
  return attempt(() =>
    oauth.token(new OAuth2Server.Request({ method, headers: { ...headers }, query: {}, body }), response)
  ).pipe(Effect.map(() => ({ body: response.body, headers: { ...response.headers } })))
}

/** Asks the library about a request for a code, in the name of a user who may have said no. */
export const authorize = (
  oauth: OAuth2Server,
  request: HttpServerRequest.HttpServerRequest,
  session: Session,
  allowed = true
): Effect.Effect<Decision> => {
  const response = new OAuth2Server.Response({})
  return attempt(() =>
    oauth.authorize(
      new OAuth2Server.Request({
        method: request.method,
        headers: { ...request.headers },
        query: Object.fromEntries(queryOf(request)),
        body: allowed ? {} : { allowed: "false" }
      }),
      response,
      { authenticateHandler: { handle: async () => session } }
    )
  ).pipe(
    Effect.match({
      onSuccess: ({ authorizationCode, scope }): Decision => ({
        _tag: "Granted",
        code: authorizationCode,
        scopes: scope ?? []
      }),
      onFailure: ({ code, message, name }): Decision =>
        response.headers?.["location"] === undefined
          ? { _tag: "Refused", status: code, problem: message }
          : { _tag: "Returned", error: name, problem: message }
    })
  )
}

const attempt = <A>(evaluate: () => Promise<A>): Effect.Effect<A, OAuth2Server.OAuthError> =>
  Effect.tryPromise({ try: evaluate, catch: (cause) => cause }).pipe(
    Effect.catchAll((cause) =>
      cause instanceof OAuth2Server.OAuthError ? Effect.fail(cause) : Effect.die(cause)
    )
  )
