import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import type * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Disconnected } from "../Fault.js"
import { type Incoming, readBody } from "./incoming.js"

/** Answers a request, or loses the connection. */
export type Answerer = (
  incoming: Incoming
) => Effect.Effect<HttpServerResponse.HttpServerResponse, Disconnected>

const transportFailure = (
  request: HttpClientRequest.HttpClientRequest,
  description: string
): HttpClientError.RequestError =>
  new HttpClientError.RequestError({
    request,
    reason: "Transport",
    description,
    cause: new Disconnected({ message: description })
  })

/** RFC 9110 section 6.4.1. */
const bodiless = new Set([204, 205, 304])

/** A client whose network is these servers, and nothing else. */
export const client = (
  origins: ReadonlyArray<string>,
  answer: Answerer,
  elsewhere: HttpClient.HttpClient | undefined
): HttpClient.HttpClient =>
  HttpClient.make((request, url) => {
    if (!origins.includes(url.origin)) {
      return elsewhere === undefined
        ? Effect.fail(
            transportFailure(
              request,
              `There is no server at ${url.origin}, only at ${origins.join(" and ")}.`
            )
          )
        : elsewhere.execute(request)
    }
    const { headers, method } = request
    return Effect.gen(function* () {
      const body = yield* readBody(request.body)
      const response = yield* answer({ method, url, headers, body })
      const runtime = yield* Effect.runtime<never>()
      const withoutBody = method === "HEAD" || bodiless.has(response.status)
      return HttpClientResponse.fromWeb(request, HttpServerResponse.toWeb(response, { runtime, withoutBody }))
    }).pipe(Effect.catchTag("Disconnected", ({ message }) => Effect.fail(transportFailure(request, message))))
  })

/** Lets go of the connection itself, of a server that lets us have it. */
const disconnect = (source: unknown, how: "end" | "destroy"): boolean => {
  const socket = Predicate.hasProperty(source, "socket") ? source.socket : undefined
  if (!Predicate.hasProperty(socket, how)) return false
  const { [how]: letGo } = socket
  if (!Predicate.isFunction(letGo)) return false
  letGo.call(socket)
  return true
}

/** A body that fails is cut off: what was sent of it is sent, and its end is not. */
const cutOff = (
  response: HttpServerResponse.HttpServerResponse,
  source: unknown
): HttpServerResponse.HttpServerResponse => {
  const { body } = response
  if (body._tag !== "Stream") return response
  const stream = Stream.tapError(body.stream, () => Effect.sync(() => disconnect(source, "end")))
  return HttpServerResponse.setBody(response, HttpBody.stream(stream, body.contentType))
}

/** Serves on a socket. */
export const serve = (
  server: HttpServer.HttpServer,
  origin: string,
  answer: Answerer
): Effect.Effect<void, never, Scope.Scope> => {
  const app = Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const { headers, method, source } = request
    const body = yield* Effect.orElseSucceed(request.text, () => "")
    const url = new URL(URL.canParse(request.url, origin) ? request.url : "/", origin)
    return yield* answer({ method, url, headers, body }).pipe(
      Effect.map((response) => cutOff(response, source)),
      Effect.catchTag("Disconnected", (lost) =>
        Effect.suspend(() =>
          disconnect(source, "destroy")
            ? Effect.never
            : Effect.succeed(HttpServerResponse.stream(Stream.fail(lost), { status: 502 }))
        )
      )
    )
  })
  // A span would have codes in its URL and in the headers of its response.
  return server.serve(app).pipe(HttpMiddleware.withTracerDisabledWhenEffect(constTrue))
}
