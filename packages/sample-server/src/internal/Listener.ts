import { createServer, type Server } from "node:http"
import type { Socket } from "node:net"
import type * as HttpServer from "@effect/platform/HttpServer"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { SampleServerError } from "../SampleServerError.js"

/** Open ports, which nobody answers yet. */
export interface Listener {
  readonly port: number
  readonly servers: ReadonlyArray<HttpServer.HttpServer>
  /**
   * Lets nobody in any more, waits for the requests that are being answered, but for no longer than five seconds, and
   * closes every connection.
   */
  readonly stop: Effect.Effect<void>
}

/** Listens until the scope closes. `localhost` is both this machine's addresses, where it has both. Port 0 is a free one. */
export const open = (host: string, port: number): Effect.Effect<Listener, SampleServerError, Scope.Scope> =>
  host === "localhost"
    ? Effect.retry(openBoth(port), {
        // A port that is free at the one address may be taken at the other.
        while: ({ reason }) => port === 0 && reason === "PortInUse",
        schedule: Schedule.recurs(9)
      })
    : Effect.map(openOne(host, port), (one) => together([one]))

const openBoth = (port: number): Effect.Effect<Listener, SampleServerError, Scope.Scope> =>
  Effect.gen(function* () {
    const first = yield* openOne("127.0.0.1", port)
    const second = yield* openOne("::1", first.port).pipe(
      Effect.map((one) => [one]),
      Effect.catchIf(isWithoutAddress, () => Effect.succeed([])),
      Effect.tapError(() => first.stop)
    )
    return together([first, ...second])
  })

interface Open extends Omit<Listener, "servers"> {
  readonly server: HttpServer.HttpServer
}

const together = (listeners: readonly [Open, ...ReadonlyArray<Open>]): Listener => ({
  port: listeners[0].port,
  servers: listeners.map(({ server }) => server),
  stop: Effect.forEach(listeners, ({ stop }) => stop, { concurrency: "unbounded", discard: true })
})

const openOne = (host: string, port: number): Effect.Effect<Open, SampleServerError, Scope.Scope> =>
  Effect.gen(function* () {
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      return yield* Effect.fail(cannotListen(host, port, "no port has this number"))
    }
    const http = createServer()
    const connections = watch(http)
    const server = yield* Effect.mapError(
      NodeHttpServer.make(() => http, { host, port }),
      ({ cause }) => cannotListen(host, port, cause)
    )
    const { address } = server
    return {
      server,
      port: address._tag === "TcpAddress" ? address.port : port,
      stop: connections.close
    }
  })

/** Knows which connections wait for an answer. */
const watch = (http: Server): { readonly close: Effect.Effect<void> } => {
  const answering = new Map<Socket, number>()
  let isClosing = false
  const count = (socket: Socket, change: 1 | -1): void => {
    const requests = (answering.get(socket) ?? 0) + change
    answering.set(socket, requests)
    if (isClosing && requests === 0) socket.end()
  }
  http.on("connection", (socket) => {
    answering.set(socket, 0)
    socket.on("close", () => answering.delete(socket))
  })
  http.on("request", ({ socket }, response) => {
    count(socket, 1)
    response.on("close", () => count(socket, -1))
  })
  return {
    close: Effect.async<void>((resume) => {
      if (!http.listening) return resume(Effect.void)
      isClosing = true
      const cut = setTimeout(() => http.closeAllConnections(), patience)
      http.close(() => {
        clearTimeout(cut)
        resume(Effect.void)
      })
      for (const [socket, requests] of answering) if (requests === 0) socket.destroy()
    })
  }
}

/** How long requests may still be answered, in milliseconds. */
const patience = 5000

const codeOf = (cause: unknown): string =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : ""

const cannotListen = (host: string, port: number, cause: unknown): SampleServerError =>
  codeOf(cause) === "EADDRINUSE"
    ? new SampleServerError({
        reason: "PortInUse",
        message: `Port ${port} is in use: another program listens on it at ${host}. Stop that one, or choose another port.`,
        cause
      })
    : new SampleServerError({
        reason: "CannotListen",
        message: `Nobody can listen on port ${port} at ${host} (${codeOf(cause) || String(cause)}). Choose another one.`,
        cause
      })

/** Some machines have no IPv6. */
const isWithoutAddress = ({ cause }: SampleServerError): boolean =>
  ["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"].includes(codeOf(cause))
