import { createServer } from "node:http"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { AuthorizationRequest } from "@effect-oauth/client"
import { TestAuthorizationServer } from "@effect-oauth/testing"
import { Context, Effect, Layer, type Tracer } from "effect"
import { make as makeTracer } from "effect/Tracer"

/** A tracer that keeps what it is told. */
const collecting = () => {
  const told: Array<unknown> = []
  const tracer = makeTracer({
    span: (name, parent, context, links, startTime, kind) => {
      told.push(name)
      const span: Tracer.Span = {
        _tag: "Span",
        name,
        spanId: String(told.length),
        traceId: "trace",
        parent,
        context,
        links: [...links],
        status: { _tag: "Started", startTime },
        attributes: new Map(),
        sampled: true,
        kind,
        end: () => undefined,
        attribute: (key, value) => void told.push([key, value]),
        event: (event, _, attributes) => void told.push([event, attributes]),
        addLinks: () => undefined
      }
      return span
    },
    context: (f) => f()
  })
  return { told, tracer }
}

it.scopedLive("the server on a socket has no spans, which would show codes", () =>
  Effect.gen(function* () {
    const { told, tracer } = collecting()
    const Servers = TestAuthorizationServer.layerServer().pipe(
      Layer.provide(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" })),
      Layer.provide(Layer.setTracer(tracer))
    )
    const server = Context.get(yield* Layer.build(Servers), TestAuthorizationServer.TestAuthorizationServer)
    const request = yield* AuthorizationRequest.make({
      server: server.endpoints,
      clientId: "client",
      redirectUri: "https://app.test/callback"
    })
    yield* Effect.promise(() => fetch(request.url, { redirect: "manual" }))
    assert.strictEqual(yield* server.journal.count(), 1)
    assert.isEmpty(told)
  })
)
