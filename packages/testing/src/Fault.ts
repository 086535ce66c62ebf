/**
 * @since 0.1.0
 */
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as answer from "./internal/answer.js"
import type * as Journal from "./Journal.js"

/**
 * The connection was lost before the answer was there. The client sees its transport fail.
 *
 * @since 0.1.0
 * @category errors
 */
export class Disconnected extends Data.TaggedError("Disconnected")<{ readonly message: string }> {}

/**
 * What a fault is given: the server that would act, and its time.
 *
 * @since 0.1.0
 * @category models
 */
export interface Exchange {
  /** What was asked, as the journal has it. */
  readonly request: Journal.Entry
  /** Has the server act on the request. Not running it means that the request never arrived. */
  readonly act: Effect.Effect<HttpServerResponse.HttpServerResponse, Disconnected>
  /** The clock of the server, in milliseconds. */
  readonly now: Effect.Effect<number>
}

/**
 * Something that goes wrong with a request: a function around the server, chosen by value. Write one of your own with
 * `make`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fault {
  /** As the journal shows it. */
  readonly name: string
  readonly apply: (exchange: Exchange) => Effect.Effect<HttpServerResponse.HttpServerResponse, Disconnected>
}

/**
 * A fault of your own.
 *
 * @example
 * ```ts
 * import { Fault } from "@effect-oauth/testing"
 * import { HttpServerResponse } from "@effect/platform"
 * import { Effect } from "effect"
 *
 * const proxyPage = Fault.make("proxy page", () =>
 *   Effect.succeed(HttpServerResponse.text("<h1>Please log in to the Wi-Fi</h1>", { contentType: "text/html" }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (name: string, apply: Fault["apply"]): Fault => ({ name, apply })

/**
 * Nothing goes wrong: for a plan that begins with a later request.
 *
 * @example
 * ```ts
 * import { Fault, TestAuthorizationServer } from "@effect-oauth/testing"
 * import { Effect } from "effect"
 *
 * const secondRevocationFails = Effect.flatMap(TestAuthorizationServer.TestAuthorizationServer, ({ faults }) =>
 *   faults.nextAt("revocation", Fault.none, Fault.unavailable())
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: Fault = make("none", ({ act }) => act)

/**
 * The server acts at once, and the client hears of it so much later.
 *
 * @since 0.1.0
 * @category constructors
 */
export const latency = (duration: Duration.DurationInput): Fault =>
  make("latency", held(Effect.sleep(duration)))

/**
 * The server acts at once, and the client hears of it when `released` has ended: for what happens meanwhile.
 *
 * @example
 * ```ts
 * import { Fault, TestAuthorizationServer } from "@effect-oauth/testing"
 * import { Deferred, Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const { faults } = yield* TestAuthorizationServer.TestAuthorizationServer
 *   const released = yield* Deferred.make<void>()
 *   yield* faults.next(Fault.heldUntil(Deferred.await(released)))
 *   // The token that is asked for now is on its way until:
 *   yield* Deferred.succeed(released, undefined)
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const heldUntil = (released: Effect.Effect<unknown>): Fault => make("heldUntil", held(released))

/** A loss is held back as an answer is. */
const held =
  (released: Effect.Effect<unknown>): Fault["apply"] =>
  ({ act }) =>
    Effect.flatMap(Effect.either(act), (outcome) => Effect.zipRight(released, outcome))

/**
 * The request takes so long to arrive, and is acted on then.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lateArrival = (duration: Duration.DurationInput): Fault =>
  make("lateArrival", ({ act }) => Effect.delay(act, duration))

/**
 * The request is never acted on and never answered.
 *
 * @since 0.1.0
 * @category constructors
 */
export const hang: Fault = make("hang", () => Effect.never)

/**
 * The server acts, and its answer never comes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const hangingReply: Fault = make("hangingReply", ({ act }) => Effect.zipRight(act, Effect.never))

/**
 * The server is not reached: it never knows of the request.
 *
 * @since 0.1.0
 * @category constructors
 */
export const connectionFailure: Fault = make("connectionFailure", () =>
  Effect.fail(new Disconnected({ message: "connect ECONNREFUSED" }))
)

/**
 * The server acts, and the connection is lost on the way back: a refresh token is spent, and nobody has the new one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lostReply: Fault = make("lostReply", ({ act }) =>
  Effect.zipRight(act, Effect.fail(new Disconnected({ message: "read ECONNRESET" })))
)

/**
 * This response in place of any act of the server.
 *
 * @since 0.1.0
 * @category constructors
 */
export const instead = (response: HttpServerResponse.HttpServerResponse): Fault =>
  make(`instead ${response.status}`, () => Effect.succeed(response))

/**
 * The server acts, and what it answers is changed on the way.
 *
 * @since 0.1.0
 * @category constructors
 */
export const altered = (
  name: string,
  change: (response: HttpServerResponse.HttpServerResponse) => HttpServerResponse.HttpServerResponse
): Fault => make(name, ({ act }) => Effect.map(act, change))

/**
 * This status in place of any act of the server, with a page as a gateway sends it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const status = (code: number): Fault =>
  make(`status ${code}`, () =>
    Effect.succeed(
      HttpServerResponse.text(`<html><body><h1>${code}</h1></body></html>`, {
        status: code,
        contentType: "text/html"
      })
    )
  )

/**
 * `503 Service Unavailable`, with a `Retry-After` if you give one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unavailable = (options: RetryAfter = {}): Fault => retryLater("unavailable", 503, options)

/**
 * `429 Too Many Requests`, with a `Retry-After` if you give one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const tooManyRequests = (options: RetryAfter = {}): Fault =>
  retryLater("tooManyRequests", 429, options)

/**
 * What the server asks to wait, and in which of the two forms of RFC 9110 section 10.2.3: `seconds` (the default), or
 * the `date` by the clock of the server.
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryAfter {
  readonly retryAfter?: Duration.DurationInput | undefined
  readonly as?: "seconds" | "date" | undefined
}

const retryLater = (name: string, code: number, { as = "seconds", retryAfter }: RetryAfter): Fault =>
  make(name, ({ now }) =>
    Effect.map(now, (millis) => {
      const response = answer.refused(answer.refusal("temporarily_unavailable", "Try again later.", code))
      if (retryAfter === undefined) return response
      const wait = Duration.toMillis(retryAfter)
      const value =
        as === "seconds"
          ? String(Math.ceil(wait / 1000))
          : answer.httpDate(Math.ceil((millis + wait) / 1000) * 1000)
      return HttpServerResponse.setHeader(response, "retry-after", value)
    })
  )

/**
 * What the server adds to a refusal.
 *
 * @since 0.1.0
 * @category models
 */
export interface RefusalOptions {
  /** Default: 401 for `invalid_client`, 400 for everything else. */
  readonly status?: number | undefined
  /** `error_description`. Default: `The test wants it so.` */
  readonly description?: string | undefined
  /** `error_uri`. Default: none. */
  readonly uri?: string | undefined
}

/**
 * The server refuses in these words (RFC 6749 section 5.2), and does nothing else.
 *
 * @example
 * ```ts
 * import { Fault } from "@effect-oauth/testing"
 *
 * const maintenance = Fault.refuse("temporarily_unavailable", { status: 400, description: "Back at noon." })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const refuse = (error: string, options: RefusalOptions = {}): Fault =>
  make(`refuse ${error}`, () =>
    Effect.succeed(
      answer.json(options.status ?? (error === "invalid_client" ? 401 : 400), {
        error,
        error_description: options.description ?? "The test wants it so.",
        error_uri: options.uri
      })
    )
  )

/**
 * The resource takes no token, however good it is (RFC 6750 section 3.1).
 *
 * @since 0.1.0
 * @category constructors
 */
export const unauthorized: Fault = make("unauthorized", () =>
  Effect.succeed(answer.unauthorized("invalid_token"))
)

/**
 * Several faults for one request: the first is next to the server, the last next to the client.
 *
 * @example
 * ```ts
 * import { Fault } from "@effect-oauth/testing"
 *
 * const slowAndLost = Fault.all(Fault.latency("2 seconds"), Fault.lostReply)
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const all = (...faults: ReadonlyArray<Fault>): Fault =>
  make(faults.map(({ name }) => name).join(", "), (exchange) =>
    faults.reduce((act, { apply }) => apply({ ...exchange, act }), exchange.act)
  )
