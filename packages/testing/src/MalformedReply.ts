/**
 * @since 0.1.0
 */
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Stream from "effect/Stream"
import * as Fault from "./Fault.js"
import { parseJson } from "./internal/parseJson.js"

type Change = (response: HttpServerResponse.HttpServerResponse) => HttpServerResponse.HttpServerResponse

type Json = Readonly<Record<string, unknown>>

const textOf = ({ body }: HttpServerResponse.HttpServerResponse): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""

const withText = (
  response: HttpServerResponse.HttpServerResponse,
  text: string,
  options: { readonly status?: number; readonly contentType?: string } = {}
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(text, {
    status: options.status ?? response.status,
    contentType: options.contentType ?? "application/json",
    headers: { "cache-control": "no-store" }
  })

const text =
  (body: string, options: { readonly status?: number; readonly contentType?: string } = {}): Change =>
  (response) =>
    withText(response, body, options)

const rewritten =
  (change: (body: string) => string): Change =>
  (response) =>
    withText(response, change(textOf(response)))

/** A refusal has no token to spoil, and stays as it is. */
const members =
  (change: (token: Json) => unknown): Change =>
  (response) =>
    response.status >= 300
      ? response
      : withText(response, JSON.stringify(change(parseJson(textOf(response)))))

const member = (name: string, value: unknown): Change => members((token) => ({ ...token, [name]: value }))

const bytes = (body: string): Uint8Array => new TextEncoder().encode(body)

const halfOf = (body: string): string => body.slice(0, Math.ceil(body.length / 2))

const streamed =
  (body: (text: string) => Stream.Stream<Uint8Array, Fault.Disconnected>): Change =>
  (response) =>
    HttpServerResponse.stream(body(textOf(response)), {
      status: response.status,
      contentType: "application/json"
    })

const changes = {
  /** A page in place of the token, with 200. */
  html: text("<!doctype html><title>Sign in</title>", { contentType: "text/html" }),
  empty: text(""),
  noContent: () => HttpServerResponse.empty({ status: 204 }),
  plainText: text("OK", { contentType: "text/plain" }),
  truncatedJson: rewritten(halfOf),
  jsonArray: members((token) => [token]),
  jsonString: members(() => "access-0"),
  jsonNumber: members(() => 3600),
  jsonNull: members(() => null),
  /** An object that has nothing to do with a token. */
  jsonOther: members(() => ({ status: "ok" })),
  /** `access_token=…&token_type=…`, as some servers answer who does not ask for JSON. */
  formEncoded: (response) =>
    withText(
      response,
      new URLSearchParams(
        Object.entries(parseJson(textOf(response))).map(([name, value]) => [name, String(value)])
      ).toString(),
      { contentType: "application/x-www-form-urlencoded" }
    ),
  /** The token, called a page. */
  wrongContentType: (response) => withText(response, textOf(response), { contentType: "text/html" }),
  byteOrderMark: rewritten((body) => `\uFEFF${body}`),
  blanks: rewritten((body) => `\n\n  ${body}\n`),
  created: (response) => HttpServerResponse.setStatus(response, 201),
  accessTokenMissing: member("access_token", undefined),
  accessTokenEmpty: member("access_token", ""),
  accessTokenNull: member("access_token", null),
  accessTokenNumber: member("access_token", 42),
  /** Not fit for a header. */
  accessTokenBroken: member("access_token", "access\r\nx-admin: true"),
  tokenTypeMissing: member("token_type", undefined),
  tokenTypeLowerCase: member("token_type", "bearer"),
  tokenTypeMac: member("token_type", "mac"),
  expiresInMissing: member("expires_in", undefined),
  expiresInNull: member("expires_in", null),
  expiresInEmpty: member("expires_in", ""),
  expiresInString: member("expires_in", "3600"),
  expiresInFraction: member("expires_in", 3600.5),
  expiresInFractionString: member("expires_in", "3600.5"),
  expiresInZero: member("expires_in", 0),
  expiresInNegative: member("expires_in", -1),
  expiresInUnit: member("expires_in", "3600s"),
  expiresInGarbage: member("expires_in", "soon"),
  /** Beyond the year 9999. */
  expiresInAbsurd: member("expires_in", 1e15),
  refreshTokenMissing: member("refresh_token", undefined),
  refreshTokenEmpty: member("refresh_token", ""),
  /** An `error` with 200. */
  errorWithOk: text(JSON.stringify({ error: "invalid_grant", error_description: "with 200" }), {
    status: 200
  }),
  /** An `error` with 400, called a page. */
  errorAsPage: text(JSON.stringify({ error: "invalid_grant" }), { status: 400, contentType: "text/html" }),
  /** A page with 403, as firewalls send it. */
  forbiddenPage: text("<html><body>Request blocked</body></html>", { status: 403, contentType: "text/html" }),
  /** JSON with 403 that has no `error`. */
  forbiddenMessage: text(JSON.stringify({ message: "Forbidden" }), { status: 403 }),
  redirect: () => HttpServerResponse.redirect("https://elsewhere.test/token", { status: 307 }),
  /** Ten million bytes. */
  huge: streamed(() => Stream.take(Stream.repeatValue(new Uint8Array(100_000).fill(0x20)), 100)),
  /** Begins, and never ends. */
  endless: streamed((body) => Stream.concat(Stream.make(bytes(halfOf(body))), Stream.never)),
  /** Begins, and then the connection is lost. */
  cutOff: streamed((body) =>
    Stream.concat(
      Stream.make(bytes(halfOf(body))),
      Stream.fail(new Fault.Disconnected({ message: "read ECONNRESET" }))
    )
  )
} satisfies Readonly<Record<string, Change>>

/**
 * The ways in which a reply of a token endpoint can be wrong. Some of them are only odd, and clients should get along
 * with them.
 *
 * @since 0.1.0
 * @category models
 */
export type Kind = keyof typeof changes

const isKind = (name: string): name is Kind => name in changes

/**
 * All of them, for a test of each.
 *
 * @since 0.1.0
 * @category constructors
 */
export const kinds: ReadonlyArray<Kind> = Object.keys(changes).filter(isKind)

/**
 * The server acts, as it always does, and its reply is malformed in this way.
 *
 * @example
 * ```ts
 * import { MalformedReply, TestAuthorizationServer } from "@effect-oauth/testing"
 * import { Effect } from "effect"
 *
 * const spoilNext = Effect.gen(function* () {
 *   const { faults } = yield* TestAuthorizationServer.TestAuthorizationServer
 *   yield* faults.next(MalformedReply.make("accessTokenMissing"), MalformedReply.make("html"))
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (kind: Kind): Fault.Fault => Fault.altered(kind, changes[kind])

/**
 * The server acts, as it always does, and its reply has these members in place of its own. One that is `undefined` is left
 * out.
 *
 * @example
 * ```ts
 * import { MalformedReply, TestAuthorizationServer } from "@effect-oauth/testing"
 * import { Effect } from "effect"
 *
 * const oddNext = Effect.gen(function* () {
 *   const { faults } = yield* TestAuthorizationServer.TestAuthorizationServer
 *   yield* faults.next(MalformedReply.withMembers({ token_type: "N_A", expires_in: "3599", scope: undefined }))
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const withMembers = (replaced: Readonly<Record<string, unknown>>): Fault.Fault =>
  Fault.altered(
    `with ${Object.keys(replaced).join(", ")}`,
    members((token) => ({ ...token, ...replaced }))
  )
