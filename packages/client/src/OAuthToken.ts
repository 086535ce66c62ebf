/**
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import { parseJson } from "./internal/parseJson.js"

/**
 * A token as an authorization server issued it (RFC 6749 section 5.1), with the instant at which it expires.
 *
 * Everything that opens a door is `Redacted`: it prints as `<redacted>` in logs, errors, JSON and `inspect`.
 * Only `Stored` and `toResponse` write it in clear, on purpose.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 * @since 0.1.0
 * @category models
 */
export class OAuthToken extends Data.Class<{
  readonly accessToken: Redacted.Redacted<string>
  /** As the server wrote it; `Bearer` where it wrote none. */
  readonly tokenType: string
  /** How long the token lives from its issue, as granted. */
  readonly expiresIn: Option.Option<Duration.Duration>
  /** When the token expires. Without it nobody knows: the token is used until a resource refuses it. */
  readonly expiry: Option.Option<DateTime.Utc>
  readonly refreshToken: Option.Option<Redacted.Redacted<string>>
  readonly idToken: Option.Option<Redacted.Redacted<string>>
  /** Space-delimited, as granted; where the server wrote none, what was asked for was granted. */
  readonly scope: Option.Option<string>
  /** What else the reply held, kept as it came. `Redacted`, since servers put secrets of their own there. */
  readonly additionalProperties: Redacted.Redacted<Readonly<Record<string, unknown>>>
}> {}

const nothingElse: Redacted.Redacted<Readonly<Record<string, unknown>>> = Redacted.make({})

// The last instant that ISO 8601, SQL and JavaScript dates can all express: 9999-12-31T23:59:59Z.
const lastExpiry = 253_402_300_799_000

const toRedacted = (secret: string | Redacted.Redacted<string>): Redacted.Redacted<string> =>
  Redacted.isRedacted(secret) ? secret : Redacted.make(secret)

/**
 * A token from its parts.
 *
 * @example
 * ```ts
 * import { OAuthToken } from "@effect-oauth/client"
 *
 * const token = OAuthToken.make({ accessToken: "2YotnFZFEjr1zCsicMWpAA", refreshToken: "tGzv3JOkF0XG5Qx2TlKWIA" })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (parts: {
  readonly accessToken: string | Redacted.Redacted<string>
  readonly tokenType?: string | undefined
  readonly expiresIn?: Duration.DurationInput | undefined
  readonly expiry?: DateTime.DateTime.Input | undefined
  readonly refreshToken?: string | Redacted.Redacted<string> | undefined
  readonly idToken?: string | Redacted.Redacted<string> | undefined
  readonly scope?: string | undefined
  readonly additionalProperties?: Readonly<Record<string, unknown>> | undefined
}): OAuthToken =>
  new OAuthToken({
    accessToken: toRedacted(parts.accessToken),
    tokenType: parts.tokenType ?? "Bearer",
    expiresIn: Option.map(Option.fromNullable(parts.expiresIn), Duration.decode),
    expiry: Option.map(Option.fromNullable(parts.expiry), (input) =>
      DateTime.toUtc(DateTime.unsafeMake(input))
    ),
    refreshToken: Option.map(Option.fromNullable(parts.refreshToken), toRedacted),
    idToken: Option.map(Option.fromNullable(parts.idToken), toRedacted),
    scope: Option.fromNullable(parts.scope),
    additionalProperties:
      parts.additionalProperties === undefined ? nothingElse : Redacted.make(parts.additionalProperties)
  })

const expiryAfter = (issuedAtMillis: number, lifetime: Duration.Duration): DateTime.Utc =>
  DateTime.unsafeMake(Math.min(issuedAtMillis + Duration.toMillis(lifetime), lastExpiry))

/**
 * A token that is issued at this moment of the `Clock`: what a fake token endpoint returns in a test.
 *
 * @example
 * ```ts
 * import { OAuthToken } from "@effect-oauth/client"
 *
 * const issued = OAuthToken.issue({ accessToken: "first", refreshToken: "next", expiresIn: "1 hour" })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const issue = (
  parts: Omit<Parameters<typeof make>[0], "expiry"> & { readonly expiresIn: Duration.DurationInput }
): Effect.Effect<OAuthToken> =>
  Effect.map(Clock.currentTimeMillis, (now) =>
    make({ ...parts, expiry: expiryAfter(now, Duration.decode(parts.expiresIn)) })
  )

/**
 * The leeway that a token can bear: what was asked for, but at most a tenth of the token's lifetime, so that a token
 * of 30 seconds is not stale at birth under a leeway of a minute.
 *
 * @since 0.1.0
 * @category accessors
 */
export const effectiveLeeway = (token: OAuthToken, leeway: Duration.Duration): Duration.Duration =>
  Option.match(token.expiresIn, {
    onNone: () => leeway,
    onSome: (lifetime) => Duration.min(leeway, Duration.times(lifetime, 0.1))
  })

/**
 * Whether the token is expired at an instant, `leeway` (default: none, at most a tenth of the lifetime) ahead of its
 * expiry. At the very instant of its expiry a token is expired; one whose expiry nobody knows never is.
 *
 * @since 0.1.0
 * @category accessors
 */
export const isExpiredAt = (
  token: OAuthToken,
  instant: DateTime.Utc,
  leeway: Duration.DurationInput = Duration.zero
): boolean =>
  Option.match(token.expiry, {
    onNone: () => false,
    onSome: (expiry) =>
      instant.epochMillis >=
      expiry.epochMillis - Duration.toMillis(effectiveLeeway(token, Duration.decode(leeway)))
  })

/**
 * Whether the token is expired now, by the `Clock`.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { OAuthToken } from "@effect-oauth/client"
 *
 * const program = Effect.gen(function* () {
 *   const token = yield* OAuthToken.issue({ accessToken: "first", expiresIn: "1 hour" })
 *   return yield* OAuthToken.isExpired(token, { leeway: "30 seconds" })
 * })
 * ```
 *
 * @since 0.1.0
 * @category accessors
 */
export const isExpired = (
  token: OAuthToken,
  options?: { readonly leeway?: Duration.DurationInput | undefined }
): Effect.Effect<boolean> => Effect.map(DateTime.now, (now) => isExpiredAt(token, now, options?.leeway))

/**
 * What a refresh leaves as it was: a reply without `refresh_token` keeps the one that was sent (RFC 6749 section 6),
 * one without `scope` keeps the scope, one without `id_token` the identity.
 *
 * @since 0.1.0
 * @category combinators
 */
export const succeeding = (previous: OAuthToken, reply: OAuthToken): OAuthToken =>
  new OAuthToken({
    ...reply,
    refreshToken: Option.orElse(reply.refreshToken, () => previous.refreshToken),
    scope: Option.orElse(reply.scope, () => previous.scope),
    idToken: Option.orElse(reply.idToken, () => previous.idToken)
  })

/**
 * Why something is not a token. It tells the field and what is wrong with it, and no value.
 *
 * @since 0.1.0
 * @category errors
 */
export class MalformedToken extends Data.TaggedError("MalformedToken")<{
  readonly message: string
  /** The refresh token that stood there legibly all the same. */
  readonly refreshToken: Option.Option<Redacted.Redacted<string>>
}> {}

type Fields = Readonly<Record<string, unknown>>

const isFields = (input: unknown): input is Fields => Predicate.isRecord(input) && !Array.isArray(input)

const secretOf = (input: unknown): Option.Option<Redacted.Redacted<string>> =>
  typeof input === "string" && input !== "" ? Option.some(Redacted.make(input)) : Option.none()

// What may stand in an Authorization header: RFC 6749 appendix A.12.
const isSendable = (token: string): boolean => /^[\x20-\x7e]+$/.test(token)

const kindOf = (input: unknown): string =>
  input === null
    ? "null"
    : Array.isArray(input)
      ? "an array"
      : input === ""
        ? "empty"
        : typeof input === "object"
          ? "an object"
          : `a ${typeof input}`

const seconds = (input: unknown): Option.Option<number> => {
  if (typeof input === "number") return input >= 0 ? Option.some(input) : Option.none()
  return typeof input === "string" && /^\d+(\.\d+)?$/.test(input.trim())
    ? Option.some(Number(input))
    : Option.none()
}

/** An absent field, `null` and the empty string say the same: nothing. */
const isAbsent = (input: unknown): boolean => input === undefined || input === null || input === ""

const scopeOf = (input: unknown): Option.Option<string> => {
  if (typeof input === "string" && input !== "") return Option.some(input)
  return Array.isArray(input) && input.length > 0 && input.every(Predicate.isString)
    ? Option.some(input.join(" "))
    : Option.none()
}

/** What the wire form and the stored form have in common: all but how the expiry comes about. */
const parse = (
  input: unknown,
  expiryOf: (
    expiry: unknown,
    lifetime: Option.Option<Duration.Duration>
  ) => Either.Either<Option.Option<DateTime.Utc>, string>
): Either.Either<OAuthToken, MalformedToken> => {
  if (!isFields(input)) {
    return Either.left(
      new MalformedToken({
        message: `it is ${kindOf(input)}, not a JSON object`,
        refreshToken: Option.none()
      })
    )
  }
  const {
    access_token: accessToken,
    expires_in: expiresIn,
    expiry: givenExpiry,
    id_token: idToken,
    refresh_token: givenRefreshToken,
    scope,
    token_type: givenType,
    ...rest
  } = input
  const refreshToken = secretOf(givenRefreshToken)
  const malformed = (message: string) => Either.left(new MalformedToken({ message, refreshToken }))
  if (accessToken === undefined) return malformed("access_token is missing")
  if (typeof accessToken !== "string" || accessToken === "") {
    return malformed(`access_token is ${kindOf(accessToken)}, not a string`)
  }
  if (!isSendable(accessToken)) return malformed("access_token holds characters that a header cannot carry")
  const tokenType = isAbsent(givenType) ? "Bearer" : givenType
  if (typeof tokenType !== "string" || tokenType.toLowerCase() !== "bearer") {
    return malformed("token_type is not Bearer, so the token cannot be used (RFC 6749 section 7.1)")
  }
  const lifetime = seconds(expiresIn)
  if (Option.isNone(lifetime) && !isAbsent(expiresIn)) {
    return malformed(
      typeof expiresIn === "number"
        ? "expires_in is negative"
        : `expires_in is ${kindOf(expiresIn)} that is not a number of seconds`
    )
  }
  const duration = Option.map(lifetime, (value) => Duration.millis(Math.min(value * 1000, lastExpiry)))
  const expiry = expiryOf(givenExpiry, duration)
  if (Either.isLeft(expiry)) return malformed(expiry.left)
  return Either.right(
    new OAuthToken({
      accessToken: Redacted.make(accessToken),
      tokenType,
      expiresIn: duration,
      expiry: expiry.right,
      refreshToken,
      idToken: secretOf(idToken),
      scope: scopeOf(scope),
      additionalProperties: Object.keys(rest).length === 0 ? nothingElse : Redacted.make(rest)
    })
  )
}

const expiryField = (input: unknown): Either.Either<Option.Option<DateTime.Utc>, string> => {
  if (isAbsent(input)) return Either.right(Option.none())
  return Option.match(seconds(input), {
    onNone: () => Either.left("expiry is not a number of seconds since 1970"),
    onSome: (value) => Either.right(Option.some(DateTime.unsafeMake(Math.min(value * 1000, lastExpiry))))
  })
}

/**
 * Reads the body of a token endpoint's reply (RFC 6749 section 5.1): `expires_in` counts from `sentAt`, the instant
 * at which the request was sent, so that the time on the way never lengthens a token's life.
 *
 * What is a string of digits where a number belongs is read as one; `null` and `""` are read as absent; a lifetime
 * beyond the year 9999 ends there. A negative or illegible `expires_in`, a `token_type` other than Bearer, and an
 * `access_token` that is missing, empty or cannot stand in a header are malformed.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 * @example
 * ```ts
 * import { OAuthToken } from "@effect-oauth/client"
 * import { DateTime, Effect } from "effect"
 *
 * const program = Effect.flatMap(DateTime.now, (sentAt) =>
 *   OAuthToken.fromResponse({ access_token: "2YotnFZFEjr1zCsicMWpAA", token_type: "Bearer", expires_in: 3600 }, sentAt)
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromResponse = (
  body: unknown,
  sentAt: DateTime.Utc
): Either.Either<OAuthToken, MalformedToken> =>
  parse(body, (expiry, lifetime) =>
    Option.isSome(lifetime)
      ? Either.right(Option.some(expiryAfter(sentAt.epochMillis, lifetime.value)))
      : expiryField(expiry)
  )

/**
 * A token as JSON: the wire form of RFC 6749 section 5.1, and the stored form, which has the absolute `expiry` in
 * seconds since 1970 (UTC) besides. Secrets stand there in clear.
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenJson {
  readonly access_token: string
  readonly token_type: string
  readonly expires_in?: number
  readonly scope?: string
  readonly expiry?: number
  readonly refresh_token?: string
  readonly id_token?: string
  readonly [additional: string]: unknown
}

const wholeSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)

/**
 * Writes the wire form of RFC 6749 section 5.1, as a token endpoint would reply with it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toResponse = (token: OAuthToken): TokenJson => ({
  ...Redacted.value(token.additionalProperties),
  access_token: Redacted.value(token.accessToken),
  token_type: token.tokenType,
  ...(Option.isSome(token.expiresIn) && {
    expires_in: wholeSeconds(Duration.toMillis(token.expiresIn.value))
  }),
  ...(Option.isSome(token.scope) && { scope: token.scope.value }),
  ...(Option.isSome(token.refreshToken) && { refresh_token: Redacted.value(token.refreshToken.value) }),
  ...(Option.isSome(token.idToken) && { id_token: Redacted.value(token.idToken.value) })
})

/**
 * Writes the stored form: the wire form and the absolute `expiry`. For a store that takes JSON objects; `Stored` is
 * the same as a schema.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toStored = (token: OAuthToken): TokenJson => ({
  ...toResponse(token),
  ...(Option.isSome(token.expiry) && { expiry: wholeSeconds(token.expiry.value.epochMillis) })
})

const decodeStored = (
  input: unknown,
  ast: SchemaAST.AST
): Either.Either<OAuthToken, ParseResult.ParseIssue> =>
  Either.mapLeft(
    parse(input, expiryField),
    (malformed) => new ParseResult.Type(ast, "<redacted>", `not a stored token: ${malformed.message}`)
  )

/**
 * The stored form, to and from JSON: `access_token`, `token_type`, `expires_in`, `scope`, `expiry` (seconds since
 * 1970, UTC, rounded down), `refresh_token`, `id_token`, and every other field as it came. Tokens that the
 * generated Python SDK of the MultiAuth-Sample API stored are read, and it reads ours.
 *
 * Encoding writes the secrets in clear: it is meant for a store. A value that cannot be decoded is never part of the
 * error's message. For the stored form as a text there is `StoredJson`: `Schema.parseJson` quotes the text that it cannot read.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Stored: Schema.Schema<OAuthToken, unknown> = Schema.transformOrFail(
  Schema.Unknown,
  Schema.declare((input): input is OAuthToken => input instanceof OAuthToken, { identifier: "OAuthToken" }),
  {
    strict: true,
    decode: (input, _options, ast) => decodeStored(input, ast),
    encode: (token) => ParseResult.succeed(toStored(token))
  }
)

/**
 * The stored form as a JSON text. A text that cannot be decoded is never part of the error's message.
 *
 * @example
 * ```ts
 * import { OAuthToken } from "@effect-oauth/client"
 * import { Effect, Schema } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const token = yield* Schema.decode(OAuthToken.StoredJson)(`{"access_token":"a","expiry":1893456000}`)
 *   return yield* Schema.encode(OAuthToken.StoredJson)(token)
 * })
 * ```
 *
 * @since 0.1.0
 * @category schemas
 */
export const StoredJson: Schema.Schema<OAuthToken, string> = Schema.transformOrFail(
  Schema.String,
  Schema.declare((input): input is OAuthToken => input instanceof OAuthToken, { identifier: "OAuthToken" }),
  {
    strict: true,
    decode: (text, _options, ast) =>
      Option.match(parseJson(text), {
        onNone: () =>
          ParseResult.fail(new ParseResult.Type(ast, "<redacted>", "not a stored token: it is not JSON")),
        onSome: (json) => decodeStored(json, ast)
      }),
    encode: (token) => ParseResult.succeed(JSON.stringify(toStored(token)))
  }
)

/**
 * Reads the stored form of a token, or nothing where nothing is stored.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromStored = (stored: unknown): Either.Either<Option.Option<OAuthToken>, MalformedToken> =>
  stored === undefined || stored === null
    ? Either.right(Option.none())
    : Either.map(parse(stored, expiryField), Option.some)
