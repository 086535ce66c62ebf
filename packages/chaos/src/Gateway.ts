import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { Socket } from "node:net"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import type * as Plan from "./Plan.js"
import { handedHeader, incarnationHeader } from "./Protocol.js"
import { type Entry, fingerprint, now } from "./Trace.js"

/** Stands between the workers and the token endpoint, knows who sends what, and does to it what the plan wants. */
export interface Gateway {
  readonly tokenEndpoint: string
}

/** What somebody else does when a request is at a point of its way. */
export interface Hooks {
  readonly record: (entry: Entry) => void
  /** What is to happen to the n-th token request of a session. */
  readonly planFor: (session: string, index: number) => Plan.RequestPlan
  readonly arrived: (incarnation: string, plan: Plan.RequestPlan) => Effect.Effect<void>
  readonly flushed: (incarnation: string, plan: Plan.RequestPlan) => Effect.Effect<void>
}

/** There is no port for it. */
export class GatewayError extends Data.TaggedError("GatewayError")<{ readonly message: string }> {}

interface Exchange {
  readonly incarnation: string
  readonly headers: IncomingMessage["headers"]
  readonly body: string
  readonly response: ServerResponse
}

interface Reply {
  readonly status: number
  readonly body: string
}

const serverError: Reply = { status: 503, body: `{"error":"temporarily_unavailable"}` }

/** Listens until the scope closes; the server behind it is `upstream`, a token endpoint. */
export const make = (upstream: string, hooks: Hooks): Effect.Effect<Gateway, GatewayError, Scope.Scope> =>
  Effect.gen(function* () {
    const run = yield* FiberSet.makeRuntime<never>()
    const counts = new Map<string, number>()
    const sessionOf = new Map<string, string>()
    let requests = 0

    const forward = ({ body, headers }: Exchange): Effect.Effect<Reply> =>
      Effect.promise(async () => {
        const response = await fetch(upstream, {
          method: "POST",
          headers: {
            authorization: headers.authorization ?? "",
            "content-type": headers["content-type"] ?? ""
          },
          body
        })
        return { status: response.status, body: await response.text() }
      })

    const handle = (exchange: Exchange): Effect.Effect<void> =>
      Effect.gen(function* () {
        const { headers, incarnation, response } = exchange
        const form = new URLSearchParams(exchange.body)
        const secret = form.get("refresh_token")
        const token = secret === null ? undefined : fingerprint(secret)
        const session = form.get("username") ?? sessionOf.get(token ?? "") ?? "unknown"
        const index = counts.get(session) ?? 0
        counts.set(session, index + 1)
        const request = requests++
        const plan = hooks.planFor(session, index)
        const at = now()
        const handedAt = Math.min(at, Number(headers[handedHeader] ?? at))
        hooks.record({ _tag: "Sent", at, handedAt, request, incarnation, session, token })
        let isOver = false
        response.once("close", () => {
          if (!isOver) hooks.record({ _tag: "Abandoned", at: now(), request })
        })

        const send = (reply: Reply) => {
          if (response.destroyed) return Effect.void
          return Effect.async<void>((resume) => {
            response.once("finish", () => {
              isOver = true
              hooks.record({ _tag: "Flushed", at: now(), request, status: reply.status })
              resume(hooks.flushed(incarnation, plan))
            })
            response.once("close", () => resume(Effect.void))
            response.writeHead(reply.status, {
              "content-type": "application/json",
              "content-length": Buffer.byteLength(reply.body)
            })
            response.end(reply.body)
          })
        }

        yield* hooks.arrived(incarnation, plan)
        yield* Effect.sleep(plan.latency[0])
        if (plan.fault === "errorBefore") return yield* send(serverError)
        const reply = yield* forward(exchange)
        const { error, refresh_token: next } = fieldsOf(reply.body)
        const successor = next === undefined ? undefined : fingerprint(next)
        if (successor !== undefined) sessionOf.set(successor, session)
        hooks.record({ _tag: "Acted", at: now(), request, successor, refused: error })
        yield* Effect.sleep(plan.latency[1])
        if (plan.fault === "errorAfter") return yield* send(serverError)
        if (plan.fault !== "lost") return yield* send(reply)
        if (!response.destroyed) {
          isOver = true
          hooks.record({ _tag: "Lost", at: now(), request })
          response.destroy()
        }
      })

    const origin = yield* listen((incoming, response) => {
      const chunks: Array<Uint8Array> = []
      incoming.on("error", () => {})
      response.on("error", () => {})
      incoming.on("data", (chunk: Uint8Array) => chunks.push(chunk))
      incoming.on("end", () => {
        const name = incoming.headers[incarnationHeader]
        run(
          handle({
            incarnation: typeof name === "string" ? name : "unknown",
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString("utf8"),
            response
          })
        )
      })
    })
    return { tokenEndpoint: `${origin}/token` }
  })

const fieldsOf = (body: string): Readonly<Record<string, string | undefined>> => {
  try {
    const json: unknown = JSON.parse(body)
    return Object.fromEntries(Object.entries(json ?? {}).filter(([, value]) => typeof value === "string"))
  } catch {
    return {}
  }
}

const listen = (
  handle: (incoming: IncomingMessage, response: ServerResponse) => void
): Effect.Effect<string, GatewayError, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.async<{ readonly origin: string; readonly close: Effect.Effect<void> }, GatewayError>(
        (resume) => {
          const sockets = new Set<Socket>()
          const server = createServer(handle)
          server.keepAliveTimeout = 0
          server.on("connection", (socket) => {
            sockets.add(socket)
            socket.once("close", () => sockets.delete(socket))
          })
          const close = Effect.async<void>((resume) => {
            server.close(() => resume(Effect.void))
            for (const socket of sockets) socket.destroy()
          })
          server.once("error", ({ message }) => resume(Effect.fail(new GatewayError({ message }))))
          server.listen(0, "127.0.0.1", () => {
            const address = server.address()
            resume(
              typeof address === "object" && address !== null
                ? Effect.succeed({ origin: `http://127.0.0.1:${address.port}`, close })
                : Effect.fail(new GatewayError({ message: "no port" }))
            )
          })
        }
      ),
      ({ close }) => close
    ),
    ({ origin }) => origin
  )
