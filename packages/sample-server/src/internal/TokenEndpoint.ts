import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import OAuth2Server from "@node-oauth/oauth2-server"
import * as Effect from "effect/Effect"
import * as form from "./form.js"
import * as library from "./library.js"
import { note } from "./Outcome.js"

/**
 * Answers a token request with what the library says to it, errors included. Nobody reads the body before the library
 * does, so nobody else refuses it; but a parameter that is there twice is refused here, as the library would only see
 * one of them.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5
 */
export const answer = (
  oauth: OAuth2Server
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
    Effect.gen(function* () {
      const parameters = yield* Effect.mapError(form.read(request), () => unreadable)
      if (form.repeated(parameters) !== undefined) return yield* Effect.fail(repeated)
      const reply = yield* library.token(oauth, request, parameters)
      yield* note(`token by ${grants.find((grant) => form.valueOf(parameters, "grant_type") === grant)}`)
      return HttpServerResponse.unsafeJson(reply.body, { headers: reply.headers })
    }).pipe(Effect.catchAll((error) => Effect.as(note(error.name), refuse(error, request))))
  )

const refuse = (
  { code, message, name }: OAuth2Server.OAuthError,
  { headers }: HttpServerRequest.HttpServerRequest
): HttpServerResponse.HttpServerResponse => {
  // The library does this where it can read the credentials of the header and finds them wrong, but not where it cannot
  // read them.
  const isChallenged = name === "invalid_client" && headers["authorization"] !== undefined
  return HttpServerResponse.unsafeJson(
    { error: name, error_description: message },
    {
      status: isChallenged ? 401 : code,
      headers: {
        "cache-control": "no-store",
        pragma: "no-cache",
        ...(isChallenged && { "www-authenticate": 'Basic realm="MultiAuth-Sample"' })
      }
    }
  )
}

/** The values of `grant_type` that can be shown: what else comes there is the caller's own text. */
const grants = ["authorization_code", "client_credentials", "password", "refresh_token"]

const unreadable = new OAuth2Server.InvalidRequestError(
  "Invalid request: the body is too long, or was cut off"
)

const repeated = new OAuth2Server.InvalidRequestError("Invalid request: a parameter is there more than once")
