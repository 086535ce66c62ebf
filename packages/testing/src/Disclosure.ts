/**
 * @since 0.1.0
 */
import * as Array from "effect/Array"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Tracer from "effect/Tracer"
import { formsOf } from "./internal/forms.js"
import { plain } from "./internal/secretText.js"
import * as showing from "./internal/showing.js"
import { TestAuthorizationServer, type TokenText } from "./TestAuthorizationServer.js"

/**
 * All that a value shows of itself: as a text, as JSON, to `inspect`, and to whoever walks through it, by names that are
 * hidden or inherited as well. A `Redacted` shows nothing. What is `beyond` is not walked into.
 *
 * @example
 * ```ts
 * import { Disclosure } from "@effect-oauth/testing"
 * import { Redacted } from "effect"
 *
 * const session = { user: "alice", password: Redacted.make("wonderland") }
 * const isShown = Disclosure.texts(session).some((text) => text.includes("wonderland"))
 * ```
 *
 * @since 0.1.0
 * @category accessors
 */
export const texts = (value: unknown, beyond: Iterable<object> = []): ReadonlyArray<string> =>
  showing.texts(value, new Set([globalThis, ...beyond]))

/**
 * What to look for beside the secrets of the server.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Secrets that the server does not know, such as API keys. Those of less than four characters are not looked for. */
  readonly secrets?: ReadonlyArray<TokenText> | undefined
}

type Evidence = ReadonlyArray<readonly [where: string, texts: ReadonlyArray<string>]>

/** Runs the program, and gives what others can see of it. */
const observe = <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<Evidence, never, R> =>
  Effect.suspend(() => {
    const logs: Array<Logger.Logger.Options<unknown>> = []
    const spans: Array<Tracer.Span> = []
    const native = Context.get(DefaultServices.liveServices, Tracer.Tracer)
    const tracer = Tracer.make({
      context: native.context,
      span: (...parts) => {
        const span = native.span(...parts)
        spans.push(span)
        return span
      }
    })
    const listening = Layer.merge(
      Logger.add(Logger.make((entry) => void logs.push(entry))),
      Logger.minimumLogLevel(LogLevel.All)
    )
    return Effect.exit(program).pipe(
      Effect.withTracer(tracer),
      Effect.provide(listening),
      Effect.map((exit) => [
        [Exit.isSuccess(exit) ? "the result" : "the failure", texts(exit)],
        ...logs.map((entry) => [`a log (${entry.logLevel.label})`, logged(entry)] as const),
        ...spans.map((span) => [`the span ${span.name}`, traced(span)] as const)
      ])
    )
  })

const logged = (entry: Logger.Logger.Options<unknown>): ReadonlyArray<string> => [
  Logger.stringLogger.log(entry),
  Logger.logfmtLogger.log(entry),
  Logger.jsonLogger.log(entry),
  ...texts([entry.message, entry.cause, [...entry.annotations], [...entry.spans].map(({ label }) => label)])
]

/** As tracers export it: how a span ended is told by its failure, never by its result. */
const traced = ({ attributes, links, name, status, ...more }: Tracer.Span): ReadonlyArray<string> => [
  ...texts([name, attributes, links.map((link) => link.attributes), "events" in more ? more.events : []]),
  ...(status._tag === "Ended" && Exit.isFailure(status.exit)
    ? [...texts(status.exit.cause), Cause.pretty(status.exit.cause, { renderErrorCause: true })]
    : [])
]

const context = 60

/** Where a secret stands in a text. It is not repeated: reports of tests end up in logs. */
const excerptOf = (text: string, form: string): string => {
  const at = text.indexOf(form)
  const before = text.slice(Math.max(0, at - context), at)
  const after = text.slice(at + form.length, at + form.length + context)
  return `${before}<here>${after}`.replaceAll(form, "<here>").replaceAll("\n", " ")
}

/**
 * Runs the program, and tells where it showed a secret of the server: a password, a client secret, a token or a code, plain
 * or encoded, in a log of any level, in a span, in its failure or in its result. A program that keeps them to itself gives
 * an empty list. Its spans go to no other tracer meanwhile.
 *
 * @example
 * ```ts
 * import { AuthorizedHttpClient } from "@effect-oauth/client"
 * import { Disclosure, TestAuthorizationServer, TestSession } from "@effect-oauth/testing"
 * import { Effect, Layer } from "effect"
 *
 * const myService = Effect.gen(function* () {
 *   const client = yield* AuthorizedHttpClient.AuthorizedHttpClient
 *   const response = yield* client.get("https://api.test/user")
 *   yield* Effect.logInfo("user", yield* response.json)
 * })
 *
 * const Test = TestSession.layer().pipe(Layer.provideMerge(TestAuthorizationServer.layer()))
 *
 * // [] is what a test expects.
 * const disclosures = Disclosure.of(myService).pipe(Effect.provide(Test))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = <A, E, R>(
  program: Effect.Effect<A, E, R>,
  options: Options = {}
): Effect.Effect<ReadonlyArray<string>, never, R | TestAuthorizationServer> =>
  Effect.gen(function* () {
    const evidence = yield* observe(program)
    const server = yield* TestAuthorizationServer
    const others = (options.secrets ?? []).map((secret) => ["a secret", plain(secret)] as const)
    const known = (yield* server.secrets).map(({ name, value }) => [name, plain(value)] as const)
    const sought = [...known, ...others].flatMap(([name, text]) => formsOf(text).map((form) => [name, form]))
    const found = evidence.flatMap(([where, shown]) =>
      shown.flatMap((text) =>
        sought.flatMap(([name = "", form = ""]) =>
          text.includes(form) ? [{ key: `${where}: ${name}`, text: excerptOf(text, form) }] : []
        )
      )
    )
    return Array.dedupeWith(found, (one, other) => one.key === other.key).map(
      ({ key, text }) => `${key} in: ${text}`
    )
  })
