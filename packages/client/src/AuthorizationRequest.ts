/**
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type * as AuthorizationServer from "./AuthorizationServer.js"
import { AuthValidationException } from "./AuthValidationException.js"
import * as Grant from "./Grant.js"
import * as AuthorizationAnswer from "./internal/authorizationAnswer.js"
import * as AuthorizationUrl from "./internal/authorizationUrl.js"
import { secureUrl } from "./internal/origin.js"
import { parseJson } from "./internal/parseJson.js"
import * as ProofKey from "./internal/proofKey.js"
import { randomText } from "./internal/randomText.js"
import type { OAuthProviderException } from "./OAuthProviderException.js"

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

const decodeJson = Schema.decodeUnknownEither(AuthorizationRequest)

/**
 * An authorization request as a text of JSON, with its secret in clear. A text that cannot be decoded is never part of
 * the error's message.
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
export const StoredJson: Schema.Schema<AuthorizationRequest, string> = Schema.transformOrFail(
  Schema.String,
  Schema.typeSchema(AuthorizationRequest),
  {
    strict: true,
    decode: (text, _options, ast) => {
      const failed = (why: string) =>
        new ParseResult.Type(ast, "<redacted>", `not a stored authorization request: ${why}`)
      return Either.flatMap(
        Either.fromOption(parseJson(text), () => failed("it is not JSON")),
        (json) =>
          Either.mapLeft(decodeJson(json), (error) => {
            const [field] = ParseResult.ArrayFormatter.formatErrorSync(error).flatMap(({ path }) => path)
            return failed(field === undefined ? "it is no object" : `${String(field)} is missing or wrong`)
          })
      )
    },
    encode: (request) =>
      ParseResult.map(ParseResult.encode(AuthorizationRequest)(request), (json) => JSON.stringify(json))
  }
)

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

const refuse = (message: string): AuthValidationException => new AuthValidationException({ message })

const checkRedirectUri = (redirectUri: string): Either.Either<string, AuthValidationException> => {
  if (!URL.canParse(redirectUri)) return Either.left(refuse("The redirect URI is not an absolute URI."))
  return redirectUri.includes("#")
    ? Either.left(refuse("The redirect URI must not have a fragment (RFC 6749 section 3.1.2)."))
    : Either.right(redirectUri)
}

/**
 * An authorization request (RFC 6749 section 4.1.1) with a state that nobody can guess, and PKCE by `S256` (RFC 7636).
 * What the authorization endpoint has in its query stays there, unless it is sent anew.
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
    if (server.authorizationEndpoint.includes("#")) {
      return yield* refuse("The authorization endpoint must not have a fragment (RFC 6749 section 3.1).")
    }
    const redirectUri = yield* checkRedirectUri(options.redirectUri)
    const additional = yield* AuthorizationUrl.checkAdditional(options.additionalParameters)
    if (clientId === "") return yield* refuse("The client id is empty.")
    const state = options.state === undefined || options.state === "" ? yield* randomText(32) : options.state
    const { challenge, verifier } = yield* ProofKey.make
    const scope = [options.scope ?? []].flat().join(" ")
    return {
      url: AuthorizationUrl.withParameters(url, [
        ["response_type", "code"],
        ["client_id", clientId],
        ["redirect_uri", redirectUri],
        ...(scope === "" ? [] : [["scope", scope] as const]),
        ["state", state],
        ["code_challenge", challenge],
        ["code_challenge_method", "S256"],
        ...additional
      ]),
      state,
      codeVerifier: verifier,
      redirectUri,
      issuer: server.issuer,
      isIssuerRequired: server.authorizationResponseIssParameterSupported ?? false
    }
  })

/**
 * The answer with which a user comes back: the whole URL, absolute or as web frameworks give it (`/callback?…`); or its
 * parameters, which are those of a form where the server posts its answers (`response_mode=form_post`).
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
    Either.map(AuthorizationAnswer.read(self, parametersOf(callback)), (code) =>
      Grant.authorizationCode({ code, redirectUri: self.redirectUri, codeVerifier: self.codeVerifier })
    )
)
