/**
 * @since 0.1.0
 */
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import type * as Fiber from "effect/Fiber"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import { AuthValidationException } from "./AuthValidationException.js"
import * as Authorization from "./internal/authorization.js"
import { peekOf } from "./internal/currentToken.js"
import type * as OAuthToken from "./OAuthToken.js"
import type { TokenError } from "./TokenError.js"
import type { TokenSource } from "./TokenManager.js"

/**
 * @since 0.1.0
 * @category models
 */
export const TypeId: unique symbol = Symbol.for("@effect-oauth/client/AuthScheme")

/**
 * @since 0.1.0
 * @category models
 */
export type TypeId = typeof TypeId

/**
 * What a request can carry to be let in: a bearer token, Basic credentials, keys in headers or in the query, the token
 * of a session, something of your own; or a combination of these. `AuthorizedHttpClient.authorizeWith` puts it on the
 * requests of a client.
 *
 * `E` is what can go wrong when it is made up: with fixed credentials only that they are missing
 * (`AuthValidationException`), with a session everything that can happen to a token.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthScheme<out E = never> extends Inspectable.Inspectable {
  readonly [TypeId]: TypeId
  /** Names the scheme in messages. */
  readonly name: string
  /**
   * What is missing to use it now, in the words of the exception that a request would get. Asks no server: a session
   * that can be begun or refreshed lacks nothing.
   */
  readonly missing: Effect.Effect<Option.Option<string>, E>
  /**
   * What a request carries now.
   *
   * @internal
   */
  readonly authorization: Effect.Effect<Authorization.Authorization<E>, E>
  /**
   * The same, where there is nothing to wait for; else `authorization` has to be asked.
   *
   * @internal
   */
  readonly atHand?: AtHand<E> | undefined
  /**
   * Whether it may write an `Authorization` header.
   *
   * @internal
   */
  readonly isAuthorizationHeader: boolean
}

type AtHand<E> = (
  fiber: Pick<Fiber.RuntimeFiber<unknown, unknown>, "currentDefaultServices">
) => Authorization.Authorization<E> | undefined

/**
 * What can go wrong when a scheme is made up.
 *
 * @since 0.1.0
 * @category models
 */
export type ErrorOf<Scheme> = Scheme extends AuthScheme<infer E> ? E : never

/**
 * Whether a value is an `AuthScheme`.
 *
 * @since 0.1.0
 * @category refinements
 */
export const isAuthScheme = (value: unknown): value is AuthScheme<unknown> =>
  Predicate.hasProperty(value, TypeId)

interface Parts<E> {
  readonly name: string
  readonly missing: Effect.Effect<Option.Option<string>, E>
  readonly authorization: Effect.Effect<Authorization.Authorization<E>, E>
  readonly atHand?: AtHand<E> | undefined
  readonly isAuthorizationHeader: boolean
}

const make = <E>({
  atHand,
  authorization,
  isAuthorizationHeader,
  missing,
  name
}: Parts<E>): AuthScheme<E> => ({
  [TypeId]: TypeId,
  name,
  missing,
  authorization,
  atHand,
  isAuthorizationHeader,
  toJSON: () => ({ _id: "@effect-oauth/client/AuthScheme", name }),
  toString: () => `AuthScheme(${name})`,
  [Inspectable.NodeInspectSymbol]: () => `AuthScheme(${name})`
})

const inBrackets = (message: string): string => `[${message}]`

const single = (name: string, what: string): string => inBrackets(`${name}: ${what}`)

const refuse = (message: string) => new AuthValidationException({ message })

// What a header cannot carry would be a defect of the transport, or a second header.
const isHeaderValue = (value: string): boolean => /^[\t\x20-\x7e]*$/.test(value)

const isHeaderName = (name: string): boolean => /^[\w!#$%&'*+.^`|~-]+$/.test(name)

const unsendable = (what: string): string => `${what} has characters that a header cannot carry.`

type Credentials = Pick<Authorization.Authorization, "headers" | "query" | "secrets">

/** A scheme of credentials that do not change: they are there, or a message says what is not. */
const fixed = (
  name: string,
  isAuthorizationHeader: boolean,
  read: () => Credentials | string
): AuthScheme<AuthValidationException> =>
  make({
    name,
    isAuthorizationHeader,
    missing: Effect.sync(() => {
      const credentials = read()
      return typeof credentials === "string" ? Option.some(single(name, credentials)) : Option.none()
    }),
    // Made up for each request, so that nothing that can be printed holds it in clear.
    authorization: Effect.suspend(() => {
      const credentials = read()
      return typeof credentials === "string"
        ? Effect.fail(refuse(single(name, credentials)))
        : Effect.succeed(Authorization.make(credentials))
    }),
    atHand: () => {
      const credentials = read()
      return typeof credentials === "string" ? undefined : Authorization.make(credentials)
    }
  })

const reveal = (secret: Redacted.Redacted<string> | undefined): string =>
  secret === undefined ? "" : Redacted.value(secret)

/**
 * Sends nothing, and is always possible.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: AuthScheme = make({
  name: "none",
  isAuthorizationHeader: false,
  missing: Effect.succeedNone,
  authorization: Effect.succeed(Authorization.none),
  atHand: () => Authorization.none
})

/**
 * What `bearer` needs.
 *
 * @since 0.1.0
 * @category models
 */
export interface BearerOptions {
  /** Default: `Bearer`. */
  readonly name?: string | undefined
  /** Missing or empty, the scheme cannot be used. */
  readonly accessToken: Redacted.Redacted<string> | undefined
}

/**
 * A bearer token that somebody else keeps: `Authorization: Bearer …` (RFC 6750 section 2.1). For a token that is
 * refreshed use `oauth`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 * @since 0.1.0
 * @category constructors
 */
export const bearer = ({
  accessToken,
  name = "Bearer"
}: BearerOptions): AuthScheme<AuthValidationException> =>
  fixed(name, true, () => {
    const secret = reveal(accessToken)
    if (secret === "") return "AccessToken is undefined."
    if (!isHeaderValue(secret)) return unsendable("AccessToken")
    return { headers: { authorization: `Bearer ${secret}` }, query: [], secrets: [secret] }
  })

/**
 * What `basic` needs.
 *
 * @since 0.1.0
 * @category models
 */
export interface BasicOptions {
  /** Default: `Basic`. */
  readonly name?: string | undefined
  /** Missing or empty, the scheme cannot be used. It has no colon. */
  readonly username: string | undefined
  /** Missing or empty, the scheme cannot be used. */
  readonly password: Redacted.Redacted<string> | undefined
}

/**
 * A user name and a password: `Authorization: Basic …` in UTF-8 (RFC 7617).
 *
 * @see https://www.rfc-editor.org/rfc/rfc7617#section-2
 * @example
 * ```ts
 * import { AuthScheme } from "@effect-oauth/client"
 * import { Redacted } from "effect"
 *
 * const scheme = AuthScheme.basic({ username: "johndoe", password: Redacted.make("A3ddj3w") })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const basic = ({
  name = "Basic",
  password,
  username = ""
}: BasicOptions): AuthScheme<AuthValidationException> =>
  fixed(name, true, () => {
    const secret = reveal(password)
    if (username === "" || secret === "") return "Username or Password is undefined."
    if (username.includes(":")) return "Username must not contain a colon."
    const encoded = Encoding.encodeBase64(`${username}:${secret}`)
    return { headers: { authorization: `Basic ${encoded}` }, query: [], secrets: [secret, encoded] }
  })

/**
 * What `apiKeyHeader` and `apiKeyQuery` need.
 *
 * @since 0.1.0
 * @category models
 */
export interface ApiKeyOptions {
  /** Default: `ApiKey`. */
  readonly name?: string | undefined
  /** The keys by the names that they are sent under. If one is missing or empty, the scheme cannot be used. */
  readonly parameters: Readonly<Record<string, Redacted.Redacted<string> | undefined>>
}

const keysOf = (parameters: ApiKeyOptions["parameters"]) =>
  Object.entries(parameters).map(([key, secret]) => [key, reveal(secret)] as const)

// `Authorization: Token …`: what is echoed is the key alone.
const withoutScheme = (header: string, secret: string): ReadonlyArray<string> =>
  header.toLowerCase() === "authorization" ? secret.split(" ").slice(1) : []

const undefinedKeys = (parameters: ApiKeyOptions["parameters"]): string =>
  `${Object.keys(parameters).join(" or ")} is undefined.`

/**
 * One or several keys in headers.
 *
 * @example
 * ```ts
 * import { AuthScheme } from "@effect-oauth/client"
 * import { Redacted } from "effect"
 *
 * const scheme = AuthScheme.apiKeyHeader({ parameters: { "x-api-key": Redacted.make("Qy7Xa9dK") } })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const apiKeyHeader = ({
  name = "ApiKey",
  parameters
}: ApiKeyOptions): AuthScheme<AuthValidationException> =>
  fixed(
    name,
    Object.keys(parameters).some((header) => header.toLowerCase() === "authorization"),
    () => {
      const keys = keysOf(parameters)
      if (keys.some(([, secret]) => secret === "")) return undefinedKeys(parameters)
      const unfit = keys.find(([header, secret]) => !isHeaderName(header) || !isHeaderValue(secret))
      if (unfit !== undefined) return unsendable(unfit[0])
      return {
        headers: Object.fromEntries(keys.map(([header, secret]) => [header.toLowerCase(), secret])),
        query: [],
        secrets: keys.flatMap(([header, secret]) => [secret, ...withoutScheme(header, secret)])
      }
    }
  )

/**
 * One or several keys in the query of the URL. A key in a URL ends up in the logs of servers and proxies; it is kept
 * out of our spans, errors and responses.
 *
 * @since 0.1.0
 * @category constructors
 */
export const apiKeyQuery = ({
  name = "ApiKey",
  parameters
}: ApiKeyOptions): AuthScheme<AuthValidationException> =>
  fixed(name, false, () => {
    const keys = keysOf(parameters)
    return keys.some(([, secret]) => secret === "")
      ? undefinedKeys(parameters)
      : { headers: {}, query: [Authorization.queryOf(keys)], secrets: keys.map(([, secret]) => secret) }
  })

/** A source that can give none says why, and asks no server for that. */
const missingOf = (source: TokenSource): Effect.Effect<Option.Option<string>, TokenError> =>
  Effect.flatMap(source.isObtainable ?? Effect.succeed(true), (isObtainable) =>
    isObtainable
      ? Effect.succeedNone
      : Effect.as(source.getToken, Option.none()).pipe(
          Effect.catchTag("AuthValidationException", ({ message }) => Effect.succeedSome(message))
        )
  )

/**
 * What `oauth` needs.
 *
 * @since 0.1.0
 * @category models
 */
export interface OAuthOptions {
  /** Default: `OAuth`. In messages the session goes by the name that its `TokenManager` has. */
  readonly name?: string | undefined
  /** A `TokenManager`, or a `source` of `TokenManagers`. */
  readonly source: TokenSource
}

/**
 * The token of a session: fetched when it is needed, refreshed before it expires, replaced once when a resource
 * refuses it (RFC 6750 section 2.1).
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 * @example
 * ```ts
 * import { AuthScheme, TokenManager } from "@effect-oauth/client"
 * import { Effect } from "effect"
 *
 * const scheme = Effect.map(TokenManager.TokenManager, (source) => AuthScheme.oauth({ source }))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const oauth = ({ name = "OAuth", source }: OAuthOptions): AuthScheme<TokenError> => {
  const authorizer = ofSource(source, name)
  return make({
    ...authorizer,
    name,
    missing: Effect.map(missingOf(source), Option.map(inBrackets)),
    authorization: Effect.mapError(authorizer.authorization, (error) =>
      error._tag === "AuthValidationException" ? refuse(inBrackets(error.message)) : error
    )
  })
}

/**
 * What a client needs of a scheme.
 *
 * @internal
 * @since 0.1.0
 */
export type Authorizer<E> = Pick<AuthScheme<E>, "atHand" | "authorization" | "isAuthorizationHeader">

/**
 * For a client that has no other scheme: its messages are those of the source, as they are.
 *
 * @internal
 * @since 0.1.0
 */
export const ofSource = (source: TokenSource, name = "OAuth"): Authorizer<TokenError> => {
  type Made = Effect.Effect<Authorization.Authorization<TokenError>, TokenError>
  let last:
    | { readonly token: OAuthToken.OAuthToken; readonly made: Authorization.Authorization<TokenError> }
    | undefined
  // Once for a token, since most requests are sent with that of the request before.
  const madeOf = (token: OAuthToken.OAuthToken): Authorization.Authorization<TokenError> | undefined => {
    if (last?.token !== token) {
      if (!isHeaderValue(reveal(token.accessToken))) return undefined
      const replace = Effect.flatMap(source.replaceToken(token), authorizationOf)
      last = { token, made: Authorization.ofToken(token, replace) }
    }
    return last.made
  }
  const authorizationOf = (token: OAuthToken.OAuthToken): Made => {
    const made = madeOf(token)
    return made === undefined
      ? Effect.fail(refuse(`${name}: ${unsendable("AccessToken")}`))
      : Effect.succeed(made)
  }
  const peek = peekOf(source)
  return {
    isAuthorizationHeader: true,
    authorization: Effect.flatMap(source.getToken, authorizationOf),
    atHand: ({ currentDefaultServices }) => {
      const token = peek(Context.get(currentDefaultServices, Clock.Clock))
      return token === undefined ? undefined : madeOf(token)
    }
  }
}

/**
 * What `custom` needs.
 *
 * @since 0.1.0
 * @category models
 */
export interface CustomOptions<out E> {
  /** Default: `Custom`. */
  readonly name?: string | undefined
  /**
   * Puts on a request what it needs: run for each sending, after the other schemes of an `and`, so that it can sign what
   * they have put there. If it fails, or sends the request to another origin than those of the client, nothing is sent.
   * The headers and the values of the query that it adds are taken for secrets, except for `accept`, `content-…`,
   * `date`, `host`, `user-agent`, and what is shorter than eight characters.
   */
  readonly authorize: (
    request: HttpClientRequest.HttpClientRequest
  ) => Effect.Effect<HttpClientRequest.HttpClientRequest, E>
}

/**
 * A scheme of your own: a function on the request.
 *
 * @example
 * ```ts
 * import { HttpClientRequest } from "@effect/platform"
 * import { AuthScheme } from "@effect-oauth/client"
 * import { Clock, Effect } from "effect"
 *
 * declare const sign: (text: string) => string
 *
 * const scheme = AuthScheme.custom({
 *   name: "Signed",
 *   authorize: (request) =>
 *     Effect.map(Clock.currentTimeMillis, (now) =>
 *       HttpClientRequest.setHeaders(request, {
 *         "x-timestamp": String(now),
 *         "x-signature": sign(`${now} ${request.method} ${request.url}`)
 *       })
 *     )
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const custom = <E = never>({ authorize, name = "Custom" }: CustomOptions<E>): AuthScheme<E> =>
  make({
    name,
    isAuthorizationHeader: false,
    missing: Effect.succeedNone,
    authorization: Effect.succeed(Authorization.make({ custom: [Authorization.customOf(authorize)] }))
  })

/**
 * The failure of each of some schemes, as a tuple.
 *
 * @since 0.1.0
 * @category models
 */
export type Failures = readonly [unknown, ...ReadonlyArray<unknown>]

/**
 * Schemes, each with its own failure.
 *
 * @since 0.1.0
 * @category models
 */
export type Schemes<Errors extends Failures> = { readonly [Index in keyof Errors]: AuthScheme<Errors[Index]> }

/**
 * All of these on one request. If something is missing, nothing is fetched for the others, and the message names all
 * that is missing, joined by "and". Where two write the same header, both must be able to, and the last one is sent.
 *
 * @example
 * ```ts
 * import { AuthScheme } from "@effect-oauth/client"
 * import { Redacted } from "effect"
 *
 * const scheme = AuthScheme.and(
 *   AuthScheme.basic({ username: "johndoe", password: Redacted.make("A3ddj3w") }),
 *   AuthScheme.apiKeyHeader({ parameters: { "x-api-key": Redacted.make("Qy7Xa9dK") } })
 * )
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const and = <Errors extends Failures>(
  ...schemes: Schemes<Errors>
): AuthScheme<Errors[number] | AuthValidationException> => andOf<Errors[number]>(schemes)

const andOf = <E>(schemes: ReadonlyArray<AuthScheme<E>>): AuthScheme<E | AuthValidationException> => {
  const missing = Effect.map(
    Effect.forEach(schemes, (scheme) => scheme.missing),
    (all) => joined(all.flatMap(Option.toArray), " and ")
  )
  const nothing: Authorization.Authorization<E> = Authorization.none
  return make<E | AuthValidationException>({
    name: schemes.map(({ name }) => name).join(" and "),
    isAuthorizationHeader: schemes.some((scheme) => scheme.isAuthorizationHeader),
    missing,
    authorization: Effect.flatMap(
      missing,
      (message): Effect.Effect<Authorization.Authorization<E>, E | AuthValidationException> =>
        Option.isSome(message)
          ? refuse(message.value)
          : Effect.reduce(schemes, nothing, (made, { authorization }) =>
              Effect.map(authorization, (next) => Authorization.both(made, next))
            )
    )
  })
}

const joined = (messages: ReadonlyArray<string>, conjunction: string): Option.Option<string> =>
  messages.length === 0 ? Option.none() : Option.some(messages.join(conjunction))

/**
 * The first of these that can be made up now; the others are not asked. One that fails, be it that something is missing
 * or that a server refuses or does not answer, leaves the request to the next. If none can, and for no other reason than
 * that something is missing, the message says of each what, joined by "or"; else the failure is the first other one.
 *
 * @example
 * ```ts
 * import { AuthScheme, TokenManager } from "@effect-oauth/client"
 * import { Effect, Redacted } from "effect"
 *
 * const scheme = Effect.map(TokenManager.TokenManager, (source) =>
 *   AuthScheme.or(AuthScheme.oauth({ source }), AuthScheme.bearer({ accessToken: Redacted.make("2YotnFZFEjr1") }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const or = <Errors extends Failures>(
  ...schemes: Schemes<Errors>
): AuthScheme<Errors[number] | AuthValidationException> => orOf<Errors[number]>(schemes)

const orOf = <E>(schemes: ReadonlyArray<AuthScheme<E>>): AuthScheme<E | AuthValidationException> =>
  make<E | AuthValidationException>({
    name: schemes.map(({ name }) => name).join(" or "),
    isAuthorizationHeader: schemes.some((scheme) => scheme.isAuthorizationHeader),
    missing: Effect.catchAll(firstOf(schemes.map(lackNothing)), (failure) =>
      failure instanceof AuthValidationException ? Effect.succeedSome(failure.message) : Effect.fail(failure)
    ),
    authorization: firstOf(schemes.map(({ authorization }) => authorization))
  })

const lackNothing = <E>({
  missing
}: AuthScheme<E>): Effect.Effect<Option.Option<string>, E | AuthValidationException> =>
  Effect.flatMap(
    missing,
    Option.match({ onNone: () => Effect.succeedNone, onSome: (message) => refuse(message) })
  )

/** The first that succeeds; those after it are not asked. */
const firstOf = <A, E>(
  attempts: ReadonlyArray<Effect.Effect<A, E>>,
  failures: ReadonlyArray<E> = []
): Effect.Effect<A, E | AuthValidationException> => {
  const [attempt, ...others] = attempts
  return attempt === undefined
    ? Effect.fail(whyNone(failures))
    : Effect.catchAll(attempt, (failure) => firstOf(others, [...failures, failure]))
}

const whyNone = <E>(failures: ReadonlyArray<E>): E | AuthValidationException => {
  const other = failures.find((failure) => !(failure instanceof AuthValidationException))
  if (other !== undefined) return other
  const messages = failures.flatMap((failure) =>
    failure instanceof AuthValidationException ? [failure.message] : []
  )
  return refuse(messages.join(" or "))
}
