import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import OAuth2Server from "@node-oauth/oauth2-server"
import * as Effect from "effect/Effect"
import type { Fixtures } from "../Fixtures.js"
import * as AuthorizationPage from "./AuthorizationPage.js"
import * as FormKey from "./FormKey.js"
import * as form from "./form.js"
import * as library from "./library.js"
import { newSession, type OAuthModel } from "./OAuthModel.js"
import { note } from "./Outcome.js"
import { sameSecret } from "./sameSecret.js"

/** Where the authorization URLs of the generated SDKs point to, on the server `DEFAULT`. */
export const path = "/oauth/authorize"

/** What the endpoint stands on. */
export interface Options {
  readonly model: OAuthModel
  readonly fixtures: Pick<Fixtures, "clientId" | "password" | "username">
  /** The name of this server in its answers (RFC 9207). */
  readonly issuer: string
}

/** A request for a code, and where its answer goes. */
interface Asked {
  readonly request: HttpServerRequest.HttpServerRequest
  readonly redirectUri: string
  readonly state: string | undefined
}

/** An answer to a request. */
export type Answer = Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  never,
  HttpServerRequest.HttpServerRequest
>

/** Where a browser is sent with a request for a code, and where it comes back with the page filled in. */
export interface AuthorizationEndpoint {
  readonly show: Answer
  readonly decide: Answer
}

/**
 * The library's `authorize`, and a page of ours before it.
 *
 * Nobody is ever signed in here: name, password and decision come in one form. So a page elsewhere that makes a browser
 * send such a form cannot decide for a user whose password it does not know. It could sign its own user in to somebody
 * else's client, which is what `state` and PKCE are for. Beyond that, the form has to bring back what a cookie of the
 * same browser says, must not come from another origin, and is shown in no frame.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1
 */
export const make = ({ fixtures, issuer, model }: Options): AuthorizationEndpoint => {
  const { clientId, password, username } = fixtures
  const settings = { allowEmptyState: true, authorizationCodeLifetime: 60 }
  const oauth = new OAuth2Server({ ...settings, model })
  // Judges a request in the same way, and keeps no code.
  const rehearsal = new OAuth2Server({
    ...settings,
    model: { ...model, saveAuthorizationCode: async (code, client, user) => ({ ...code, client, user }) }
  })
  const session = () => newSession("authorization_code", username)

  // The library can do this too, but drops the error where the redirect URI has a query of its own.
  const goBack = (
    { redirectUri, request, state }: Asked,
    parameters: Readonly<Record<string, string>>
  ): HttpServerResponse.HttpServerResponse =>
    HttpServerResponse.empty({
      // After a form, the browser has to come with a GET, and without the form (RFC 9700, section 4.12).
      status: request.method === "POST" ? 303 : 302,
      headers: {
        location: `${redirectUri}${redirectUri.includes("?") ? "&" : "?"}${new URLSearchParams({
          ...parameters,
          ...(state !== undefined && { state }),
          iss: issuer
        })}`,
        "cache-control": "no-store"
      }
    })

  const refuse = (status: number, problem: string) =>
    Effect.as(note("refused"), AuthorizationPage.refusal(status, problem))

  const answer = (
    asked: Asked,
    decision: library.Decision,
    onGranted: (
      granted: Extract<library.Decision, { readonly _tag: "Granted" }>
    ) => Effect.Effect<HttpServerResponse.HttpServerResponse>
  ): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
    switch (decision._tag) {
      case "Refused":
        return refuse(decision.status, decision.problem)
      case "Returned": {
        const { error, problem } = decision
        return Effect.as(note(error), goBack(asked, { error, error_description: problem }))
      }
      case "Granted":
        return onGranted(decision)
    }
  }

  /** The request for a code, if it is one that the user has to decide about. */
  const rehearsed = (
    onRehearsed: (
      asked: Asked,
      consent: Omit<AuthorizationPage.Consent, "formKey">
    ) => Effect.Effect<HttpServerResponse.HttpServerResponse>
  ): Answer =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
      Effect.gen(function* () {
        const query = form.queryOf(request)
        const redirectUri = form.valueOf(query, "redirect_uri")
        if (form.repeated(query) !== undefined) {
          return yield* refuse(400, "A parameter of the request is there more than once.")
        }
        if (redirectUri === undefined) return yield* refuse(400, "The request has no redirect_uri.")
        const asked = { request, redirectUri, state: form.valueOf(query, "state") }
        const decision = yield* library.authorize(rehearsal, request, session())
        return yield* answer(asked, decision, ({ scopes }) =>
          onRehearsed(asked, { clientId, redirectUri, scopes })
        )
      })
    )

  const finish = (asked: Asked, allowed: boolean): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
    Effect.flatMap(library.authorize(oauth, asked.request, session(), allowed), (decision) =>
      answer(asked, decision, ({ code }) => Effect.as(note("code issued"), goBack(asked, { code })))
    )

  return {
    show: rehearsed(({ request }, consent) =>
      Effect.as(
        note("page shown"),
        FormKey.give(request, (formKey) => AuthorizationPage.consent({ ...consent, formKey }, 200))
      )
    ),
    decide: rehearsed((asked, consent) =>
      Effect.gen(function* () {
        const { request } = asked
        const fields = yield* Effect.orElseSucceed(form.read(request), () => [])
        if (!FormKey.isBroughtBack(request, fields)) {
          return yield* refuse(403, "The form did not come from the page of this server.")
        }
        if (form.valueOf(fields, "decision") === "deny") return yield* finish(asked, false)
        const name = form.valueOf(fields, "username") ?? ""
        if (name === username && sameSecret(password, form.valueOf(fields, "password") ?? "")) {
          return yield* finish(asked, true)
        }
        yield* note("wrong user name or password")
        return FormKey.give(request, (formKey) =>
          AuthorizationPage.consent(
            { ...consent, formKey, username: name, problem: "The user name or the password is wrong." },
            403
          )
        )
      })
    )
  }
}
