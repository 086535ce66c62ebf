import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { Socket } from "node:net"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import type { Answer } from "../Answer.js"
import type { LoopbackServer } from "../LoopbackServer.js"
import { LoopbackServerError } from "../LoopbackServerError.js"
import type { IncomingRequest } from "../RecordedRequest.js"
import { Recording } from "./Recording.js"
import { RecordingResponse } from "./RecordingResponse.js"

/** One request, its body already read, and where its answer goes. */
export interface Exchange {
  readonly request: IncomingRequest
  readonly body: Buffer
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
}

/** What a server does with an exchange. It need not answer. */
export type Handle = (exchange: Exchange) => Effect.Effect<void>

/** An open port, whose server may first be told the port before it starts to serve. */
export interface Listener extends LoopbackServer {
  /** From now on requests are handled. To be called once, before anybody is told the origin. */
  readonly serve: (handle: Handle) => Effect.Effect<void>
}

/**
 * Listens on a free port of 127.0.0.1 until the scope closes, then cuts every connection.
 * Handlers live under the real clock, also when the server is made in a test that stands still,
 * and end with the scope. Neither the port nor a connection keeps the process alive.
 */
export const open = (server: string): Effect.Effect<Listener, LoopbackServerError, Scope.Scope> =>
  Effect.gen(function* () {
    const run = yield* FiberSet.makeRuntime<never>()
    const { http, origin } = yield* listen(server)
    const startedAt = performance.now()
    const recordings: Array<Recording> = []

    const serve = (handle: Handle) => (incoming: IncomingMessage, response: RecordingResponse) => {
      const recording = new Recording(incoming, performance.now() - startedAt)
      recordings.push(recording)
      response.recording = recording
      response.on("error", ignore)
      incoming.on("error", ignore)
      incoming.on("data", (chunk: Uint8Array) => recording.receive(chunk))
      incoming.on("end", () => {
        const exchange = { request: recording.request, body: recording.receivedBody, incoming, response }
        run(
          handle(exchange).pipe(
            Effect.catchAllCause((cause) => fail(response, cause)),
            Effect.withClock(Clock.make())
          )
        )
      })
    }

    return {
      origin,
      requests: Effect.sync(() => recordings.map((recording) => recording.snapshot)),
      serve: (handle) => Effect.sync(() => void http.on("request", serve(handle)))
    }
  })

/** Answers, unless an answer has begun or the connection is gone. */
export const send = (response: ServerResponse, answer: Answer): void => {
  if (response.headersSent || response.destroyed) return
  response.writeHead(answer.status, answer.headers)
  response.end(answer.body)
}

type Http = Server<typeof IncomingMessage, typeof RecordingResponse>

interface Listening {
  readonly http: Http
  readonly sockets: ReadonlySet<Socket>
  readonly origin: string
}

const listen = (server: string): Effect.Effect<Listening, LoopbackServerError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<Listening, LoopbackServerError>((resume) => {
      const http: Http = createServer({ ServerResponse: RecordingResponse })
      const sockets = new Set<Socket>()
      // A connection that is idle for long stays: no client meets one that is just being closed.
      http.keepAliveTimeout = 0
      http.requestTimeout = 0
      http.on("connection", (socket) => {
        sockets.add(socket.unref())
        socket.on("close", () => sockets.delete(socket))
      })
      const failed = (cause: unknown) => resume(Effect.fail(new LoopbackServerError({ server, cause })))
      http.once("error", failed)
      http.listen(0, "127.0.0.1", () => {
        http.off("error", failed)
        const address = http.address()
        if (address === null || typeof address === "string") return failed("no port")
        resume(Effect.succeed({ http, sockets, origin: `http://127.0.0.1:${address.port}` }))
      })
      http.unref()
    }),
    ({ http, sockets }) =>
      Effect.async<void>((resume) => {
        http.close(() => resume(Effect.void))
        for (const socket of sockets) socket.destroy()
      })
  )

const fail = (response: ServerResponse, cause: Cause.Cause<never>): Effect.Effect<void> =>
  Cause.isInterruptedOnly(cause)
    ? Effect.void
    : Effect.sync(() => send(response, { status: 500, body: Cause.pretty(cause) }))

const ignore = (): void => {}
