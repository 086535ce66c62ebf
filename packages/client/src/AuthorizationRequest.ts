/**
 * @since 0.1.0
 */
import * as Headers from "@effect/platform/Headers"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as AuthorizationServer from "./AuthorizationServer.js"
import { AuthValidationException } from "./AuthValidationException.js"
import * as Grant from "./Grant.js"
import { secureUrl } from "./internal/origin.js"
import * as ProofKey from "./internal/proofKey.js"
import { randomText } from "./internal/randomText.js"
import { scrub } from "./internal/secrets.js"
import { OAuthProviderException } from "./OAuthProviderException.js"

/**
 * A user who is sent to the authorization server: where to, and what has to be known when they come back. Keep it until
 * then where only they can have it used, such as their session with your web application; `StoredJson` makes a text of
 * it. It is good for one answer.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AuthorizationRequest = Schema.Struct({
  /** Where the user is sent to. */
  url: Schema.String,
  /** Comes back with the answer: it is an answer to this request, and of this user. */
  state: Schema.String,
  /** Proves to the token endpoint that the code was asked for here (RFC 7636). It does not leave before that. */
  codeVerifier: Schema.Redacted(Schema.String),
  /** Where the user comes back to. */
  redirectUri: Schema.String,
  /** Who answers, if that is known. */
  issuer: Schema.optional(Schema.String),
  /** Whether an answer has to say so. */
  isIssuerRequired: Schema.Boolean
}).annotations({ identifier: "AuthorizationRequest" })

/**
 * A user who is sent to the authorization server.
 *
 * @since 0.1.0
 * @category models
 */
export type AuthorizationRequest = typeof AuthorizationRequest.Type

/**
 * An authorization request as a text of JSON, with its secret in clear.
 *
 * @example
 * ```ts
 * import { AuthorizationRequest } from "@effect-oauth/client"
 * import { Effect, Schema } from "effect"
 *
 * declare const saveInSession: (text: string) => Effect.Effect<void>
 *
 * const remember = (request: AuthorizationRequest.AuthorizationRequest) =>
 *   Effect.flatMap(Schema.encode(AuthorizationRequest.StoredJson)(request), saveInSession)
 * ```
 *
 * @since 0.1.0
 * @category schemas
 */
export const StoredJson: Schema.Schema<AuthorizationRequest, string> = Schema.parseJson(AuthorizationRequest)

/**
 * What a parameter can be: lists are sent as one parameter a value. None is secret: browsers keep what they visit.
 *
 * @since 0.1.0
 * @category models
 */
export type ParameterValue = string | number | boolean

/**
 * What is asked of whom.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** It has an `authorizationEndpoint`. With its `issuer` an answer of another server is found out. */
  readonly server: AuthorizationServer.AuthorizationServer
  readonly clientId: string
  /** Where the user comes back to, as it is registered at the server: an absolute URI without a fragment. */
  readonly redirectUri: string
  /** Space-delimited, or a list. Default: none is sent, and the server decides. */
  readonly scope?: string | ReadonlyArray<string> | undefined
  /** Must not be guessed by others. Default: 32 random bytes. */
  readonly state?: string | undefined
  /** What else is sent: `prompt`, `login_hint`, `nonce`, `audience`, `resource`, an extension of the server's. */
  readonly additionalParameters?:
    | Readonly<Record<string, ParameterValue | ReadonlyArray<ParameterValue> | undefined>>
    | undefined
}

const refuse = (message: string): Either.Either<never, AuthValidationException> =>
  Either.left(new AuthValidationException({ message }))

const checkRedirectUri = (redirectUri: string): Either.Either<string, AuthValidationException> => {
  if (!URL.canParse(redirectUri)) return refuse("The redirect URI is not an absolute URI.")
  return redirectUri.includes("#")
    ? refuse("The redirect URI must not have a fragment (RFC 6749 section 3.1.2).")
    : Either.right(redirectUri)
}

const own = [
  "response_type",
  "client_id",
  "redirect_uri",
  "scope",
  "state",
  "code_challenge",
  "code_challenge_method"
] as const

const checkAdditional = ({
  additionalParameters = {}
}: Options): Either.Either<ReadonlyArray<readonly [string, string]>, AuthValidationException> => {
  const taken = own.find((name) => additionalParameters[name] !== undefined)
  return taken === undefined
    ? Either.right(
        Object.entries(additionalParameters).flatMap(([name, value]) =>
          value === undefined ? [] : [value].flat().map((one) => [name, String(one)] as const)
        )
      )
    : refuse(
        `The additional parameter "${taken}" is set by the authorization request and cannot be replaced.`
      )
}

/**
 * An authorization request (RFC 6749 section 4.1.1) with a state that nobody can guess, and PKCE by `S256` (RFC 7636).
 * What the authorization endpoint has in its query stays there.
 *
 * Fails with an `AuthValidationException` if the server has no authorization endpoint, or one that a user cannot be sent
 * to safely, or if the redirect URI or an additional parameter cannot be sent.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1
 * @example
 * ```ts
 * import { AuthorizationRequest } from "@effect-oauth/client"
 *
 * const request = AuthorizationRequest.make({
 *   server: {
 *     issuer: "https://login.example.com",
 *     authorizationEndpoint: "https://login.example.com/oauth2/authorize",
 *     tokenEndpoint: "https://login.example.com/oauth2/token"
 *   },
 *   clientId: "my-application",
 *   redirectUri: "https://app.example.com/callback",
 *   scope: ["api"]
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<AuthorizationRequest, AuthValidationException> =>
  Effect.gen(function* () {
    const { clientId, server } = options
    if (server.authorizationEndpoint === undefined) {
      return yield* refuse("The server has no authorizationEndpoint to send a user to.")
    }
    const url = yield* secureUrl(
      "The authorization endpoint",
      server.authorizationEndpoint,
      server.insecureOrigins
    )
    const redirectUri = yield* checkRedirectUri(options.redirectUri)
    const additional = yield* checkAdditional(options)
    if (clientId === "") return yield* refuse("The client id is empty.")
    const state = options.state === undefined || options.state === "" ? yield* randomText(32) : options.state
    const { challenge, verifier } = yield* ProofKey.make
    const scope = [options.scope ?? []].flat().join(" ")
    const parameters: Record<(typeof own)[number], string> = {
      response_type: "code",
      client_id: clientId,
      redirect_uri: redirectUri,
      scope,
      state,
      code_challenge: challenge,
      code_challenge_method: "S256"
    }
    for (const name of own) {
      url.searchParams.delete(name)
      if (parameters[name] !== "") url.searchParams.append(name, parameters[name])
    }
    for (const [name] of additional) url.searchParams.delete(name)
    for (const [name, value] of additional) url.searchParams.append(name, value)
    return {
      url: url.href,
      state,
      codeVerifier: verifier,
      redirectUri,
      issuer: server.issuer,
      isIssuerRequired: server.authorizationResponseIssParameterSupported ?? false
    }
  })

/**
 * The answer with which a user comes back: the whole URL, absolute or as web frameworks give it (`/callback?…`), or its
 * query, or the form of a server that posts its answers (`response_mode=form_post`).
 *
 * @since 0.1.0
 * @category models
 */
export type Callback = string | URL | URLSearchParams

const parametersOf = (callback: Callback): URLSearchParams => {
  if (callback instanceof URLSearchParams) return callback
  const text = String(callback)
  const [beforeFragment = ""] = text.split("#", 1)
  const query = beforeFragment.indexOf("?")
  return new URLSearchParams(query === -1 ? "" : beforeFragment.slice(query + 1))
}

/**
 * The state that an answer has, by which the request is found that it answers.
 *
 * @since 0.1.0
 * @category accessors
 */
export const stateOf = (callback: Callback): Option.Option<string> =>
  Option.fromNullable(parametersOf(callback).get("state"))

const beginAnew = "Begin a new authorization request."

const checkState = (
  { state }: AuthorizationRequest,
  answer: URLSearchParams
): Either.Either<void, AuthValidationException> => {
  const given = answer.get("state")
  if (given === state) return Either.void
  return refuse(
    given === null
      ? `The answer has no state, so it is to no request of ours. ${beginAnew}`
      : "The answer has the state of another request: the user has begun more than one, or somebody else wants them to " +
          `go on with an answer that is not theirs. ${beginAnew}`
  )
}

const checkIssuer = (
  { issuer, isIssuerRequired }: AuthorizationRequest,
  answer: URLSearchParams
): Either.Either<void, AuthValidationException> => {
  const given = answer.get("iss")
  if (given === null) {
    return isIssuerRequired
      ? refuse(
          `The answer does not say which server it is from (RFC 9207), as this one always does. ${beginAnew}`
        )
      : Either.void
  }
  return issuer === undefined || given === issuer
    ? Either.void
    : refuse(`The answer is from another server than the request was sent to (RFC 9207). ${beginAnew}`)
}

const meant = ["state", "iss", "error", "error_description", "error_uri", "code"]

const checkRepetition = (answer: URLSearchParams): Either.Either<void, AuthValidationException> => {
  const repeated = meant.find((name) => answer.getAll(name).length > 1)
  return repeated === undefined
    ? Either.void
    : refuse(`The answer has more than one ${repeated} (RFC 6749 section 3.1). ${beginAnew}`)
}

/**
 * What the user came back with, as a grant for `fetchToken`.
 *
 * It is believed only if it has the state of this request, and if the server that it names is the one that the request
 * was sent to (RFC 9207, which is checked if the server's `issuer` is known). Else it fails with an
 * `AuthValidationException`, as it does without a code; with an `OAuthProviderException` if the server refused, such as
 * `access_denied` when the user said no.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
 * @see https://www.rfc-editor.org/rfc/rfc9207#section-2.4
 * @example
 * ```ts
 * import { AuthorizationRequest, TokenManager } from "@effect-oauth/client"
 * import { Effect } from "effect"
 *
 * const login = (request: AuthorizationRequest.AuthorizationRequest, callback: string) =>
 *   Effect.gen(function* () {
 *     const manager = yield* TokenManager.TokenManager
 *     return yield* manager.fetchToken({ grant: yield* AuthorizationRequest.receive(request, callback) })
 *   })
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const receive: {
  /**
   * @since 0.1.0
   * @category combinators
   */
  (
    callback: Callback
  ): (
    self: AuthorizationRequest
  ) => Effect.Effect<Grant.Grant, OAuthProviderException | AuthValidationException>
  /**
   * @since 0.1.0
   * @category combinators
   */
  (
    self: AuthorizationRequest,
    callback: Callback
  ): Effect.Effect<Grant.Grant, OAuthProviderException | AuthValidationException>
} = dual(
  2,
  (
    self: AuthorizationRequest,
    callback: Callback
  ): Effect.Effect<Grant.Grant, OAuthProviderException | AuthValidationException> =>
    Effect.gen(function* () {
      const answer = parametersOf(callback)
      yield* checkRepetition(answer)
      yield* checkState(self, answer)
      yield* checkIssuer(self, answer)
      const error = answer.get("error")
      if (error !== null && error !== "") return yield* refusal(self, answer, error)
      const code = answer.get("code")
      if (code === null || code === "") {
        return yield* refuse(`The answer has neither a code nor an error. ${beginAnew}`)
      }
      return Grant.authorizationCode({
        code: Redacted.make(code),
        redirectUri: self.redirectUri,
        codeVerifier: self.codeVerifier
      })
    })
)

const refusal = (
  { codeVerifier }: AuthorizationRequest,
  answer: URLSearchParams,
  error: string
): OAuthProviderException => {
  const secrets = [Redacted.value(codeVerifier), answer.get("code") ?? ""]
  const said = (name: string): string | undefined => {
    const text = answer.get(name)
    return text === null ? undefined : scrub(text, secrets)
  }
  return new OAuthProviderException({
    error: scrub(error, secrets),
    errorDescription: said("error_description"),
    errorUri: said("error_uri"),
    headers: Headers.empty
  })
}
