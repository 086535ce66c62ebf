import type { ServerResponse } from "node:http"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Answer from "./Answer.js"
import * as Listener from "./internal/Listener.js"
import type { LoopbackServer } from "./LoopbackServer.js"
import type { LoopbackServerError } from "./LoopbackServerError.js"
import type { IncomingRequest } from "./RecordedRequest.js"

/** What a scripted server does with one request. `delay` is real time, before anything else happens. */
export type Reply = (Whole | NeverEnds | Truncated | Huge | Redirect | Hang | Reset | Raw) & {
  readonly delay?: Duration.DurationInput | undefined
}

interface Head {
  /** Default: 200. */
  readonly status?: number | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** A reply as it should be. */
export interface Whole extends Head {
  readonly body?: string | Uint8Array | undefined
}

/** Headers and the first bytes of a body, and then nothing more, on a connection that stays open. */
export interface NeverEnds extends Whole {
  readonly neverEnds: true
}

/** Headers that promise more than the body has, and then the connection is cut. */
export interface Truncated extends Head {
  readonly truncated: string | Uint8Array
}

/** A body of so many bytes, no faster than the client takes them. */
export interface Huge extends Head {
  readonly hugeBytes: number
}

/** Sends the client to another place. Default status: 302. */
export interface Redirect extends Head {
  readonly redirect: string
}

/** No reply at all, on a connection that stays open. */
export interface Hang {
  readonly hang: true
}

/** The connection is reset before a byte of a reply. */
export interface Reset {
  readonly reset: true
}

/** These bytes in place of an HTTP reply, and the end of the connection. */
export interface Raw {
  readonly raw: string | Uint8Array
}

/**
 * The replies in the order of the requests, or a function of the request and its number, from 0.
 * A request that no reply is left for is answered 500 and says so.
 */
export type Script =
  | ReadonlyArray<Reply>
  | ((request: IncomingRequest, index: number) => Reply | Effect.Effect<Reply>)

/** A reply that carries `value` as JSON. */
export const json = (
  value: unknown,
  options: { readonly status?: number | undefined; readonly headers?: Readonly<Record<string, string>> } = {}
): Whole => Answer.json(options.status ?? 200, value, options.headers)

/** Starts a server on a free port of 127.0.0.1 that does what the script says, whatever the path. */
export const make = (script: Script): Effect.Effect<LoopbackServer, LoopbackServerError, Scope.Scope> =>
  Effect.gen(function* () {
    const { serve, ...server } = yield* Listener.open("ScriptedServer")
    let count = 0
    yield* serve(({ request, response }) =>
      Effect.gen(function* () {
        const reply = yield* next(script, request, count++)
        if (reply.delay !== undefined) yield* Effect.sleep(reply.delay)
        yield* play(reply, response)
      })
    )
    return server
  })

const next = (script: Script, request: IncomingRequest, index: number): Effect.Effect<Reply> => {
  if (typeof script !== "function") return Effect.succeed(script[index] ?? scriptIsOver)
  const reply = script(request, index)
  return Effect.isEffect(reply) ? reply : Effect.succeed(reply)
}

const scriptIsOver: Whole = { status: 500, body: "The script has no reply left" }

const play = (reply: Reply, response: ServerResponse): Effect.Effect<void> => {
  if ("hang" in reply) return Effect.void
  if ("reset" in reply) return Effect.sync(() => response.socket?.resetAndDestroy())
  if ("raw" in reply) return Effect.sync(() => response.socket?.end(reply.raw))
  if ("redirect" in reply) {
    const headers = { ...reply.headers, location: reply.redirect }
    return Effect.sync(() => Listener.send(response, { status: reply.status ?? 302, headers }))
  }
  if ("truncated" in reply) {
    return Effect.sync(() => {
      const length = Buffer.byteLength(reply.truncated) + 1024
      response.writeHead(reply.status ?? 200, { ...reply.headers, "content-length": length })
      response.write(reply.truncated, () => response.socket?.destroy())
    })
  }
  if ("hugeBytes" in reply) {
    return Effect.promise(async () => {
      response.writeHead(reply.status ?? 200, { ...reply.headers, "content-length": reply.hugeBytes })
      // A client that goes away in the middle is what this is for.
      await pipeline(Readable.from(bytes(reply.hugeBytes)), response).catch(() => {})
    })
  }
  const { status = 200, headers, body } = reply
  return "neverEnds" in reply
    ? Effect.sync(() => {
        response.writeHead(status, headers)
        response.write(body ?? "{")
      })
    : Effect.sync(() => Listener.send(response, { status, headers, body }))
}

function* bytes(count: number): Generator<Uint8Array> {
  const chunk = new Uint8Array(16 * 1024).fill(0x20)
  for (let left = count; left > 0; left -= chunk.length)
    yield left < chunk.length ? chunk.subarray(0, left) : chunk
}
