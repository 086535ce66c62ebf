/**
 * @since 0.1.0
 */
import type * as Headers from "@effect/platform/Headers"
import type * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import { heldText } from "./internal/incoming.js"

/**
 * A request as it left the program, to the letter. Nothing in it is redacted: for what a server is told, and is to stay
 * secret, there is the `Journal`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sent {
  /** By the `Clock` of who sent it, in milliseconds. */
  readonly at: number
  readonly method: string
  readonly url: URL
  readonly headers: Headers.Headers
  readonly authorization: string | undefined
  readonly body: HttpBody.HttpBody
  /** The body, if it is held in memory and is text or bytes. A stream is not read. */
  readonly text: string
  /** Aborted as soon as nobody wants the response any more. */
  readonly signal: AbortSignal
}

/**
 * What comes back, byte by byte. An effect that fails is a connection that fails, of that cause; one that does not end, a
 * server that does not answer.
 *
 * @since 0.1.0
 * @category models
 */
export type Answer = Response | Effect.Effect<Response, unknown>

/**
 * A transport without a network.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly client: HttpClient.HttpClient
  /** What was sent so far, in order. */
  readonly sent: Effect.Effect<ReadonlyArray<Sent>>
}

/**
 * The tag of the transport.
 *
 * @example
 * ```ts
 * import { TestTransport } from "@effect-oauth/testing"
 * import { Effect } from "effect"
 *
 * const bodies = Effect.gen(function* () {
 *   const { sent } = yield* TestTransport.TestTransport
 *   return (yield* sent).map(({ text }) => text)
 * })
 * ```
 *
 * @since 0.1.0
 * @category tags
 */
export class TestTransport extends Context.Tag("@effect-oauth/testing/TestTransport")<
  TestTransport,
  Service
>() {}

/**
 * A transport whose replies the test writes: for an API that is not the kit's resource server, as its `elsewhere`, and for
 * exact bytes. `index` counts the requests from 0.
 *
 * @example
 * ```ts
 * import { TestAuthorizationServer, TestTransport } from "@effect-oauth/testing"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const api = yield* TestTransport.make(({ url }) => Response.json({ path: url.pathname }))
 *   const { client, server } = yield* TestAuthorizationServer.make({ elsewhere: api.client })
 *   yield* client.get("https://api.example.com/user")
 *   return (yield* api.sent).map(({ authorization }) => authorization)
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (answer: (request: Sent, index: number) => Answer): Effect.Effect<Service> =>
  Effect.map(Ref.make(Chunk.empty<Sent>()), (sent) => ({
    sent: Effect.map(Ref.get(sent), Chunk.toReadonlyArray),
    client: HttpClient.make((request, url, signal) =>
      Effect.gen(function* () {
        const { body, headers, method } = request
        const seen: Sent = {
          at: yield* Clock.currentTimeMillis,
          method,
          url,
          headers,
          authorization: headers["authorization"],
          body,
          text: heldText(body),
          signal
        }
        const index = yield* Ref.modify(sent, (before) => [before.length, Chunk.append(before, seen)])
        const reply = answer(seen, index)
        const response = yield* Effect.isEffect(reply)
          ? Effect.mapError(
              reply,
              (cause) => new HttpClientError.RequestError({ request, reason: "Transport", cause })
            )
          : Effect.succeed(reply)
        return HttpClientResponse.fromWeb(request, response)
      })
    )
  }))

/**
 * Provides the transport, as the `HttpClient` of the program as well.
 *
 * @example
 * ```ts
 * import { TestTransport } from "@effect-oauth/testing"
 *
 * const Unlucky = TestTransport.layer((_, index) =>
 *   index === 0 ? new Response(null, { status: 503 }) : new Response("welcome")
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  answer: (request: Sent, index: number) => Answer
): Layer.Layer<TestTransport | HttpClient.HttpClient> =>
  Layer.effectContext(
    Effect.map(make(answer), (service) =>
      Context.make(TestTransport, service).pipe(Context.add(HttpClient.HttpClient, service.client))
    )
  )
