import { createServer } from "node:http"
import { FetchHttpClient, HttpClient, HttpServer } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { AuthorizationRequest, AuthorizedHttpClient, TokenEndpoint } from "@effect-oauth/client"
import { Fault, Journal, MalformedReply, TestAuthorizationServer, TestSession } from "@effect-oauth/testing"
import { Effect, Either, Layer, Schedule } from "effect"
import { Server, shown } from "./fixtures/asking.js"

const OnSocket = TestAuthorizationServer.layerServer().pipe(
  Layer.provide(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" }))
)

const Session = TestSession.layer().pipe(
  Layer.provideMerge(OnSocket),
  Layer.provideMerge(FetchHttpClient.layer)
)

describe("on a real socket", () => {
  it.scopedLive("the same server serves a whole session", () =>
    Effect.gen(function* () {
      const server = yield* Server
      const client = yield* AuthorizedHttpClient.AuthorizedHttpClient
      assert.match(server.origin, /^http:\/\/127\.0\.0\.1:\d+$/)
      const { body, status } = yield* Effect.flatMap(
        client.get(`${server.resourceOrigin}/user`),
        (response) => Effect.map(response.json, (body) => ({ body, status: response.status }))
      )
      assert.strictEqual(status, 200)
      assert.deepInclude(body, { path: "/user", username: "alice" })
      yield* server.revokeAccessTokens
      assert.strictEqual((yield* client.get(`${server.resourceOrigin}/user`)).status, 200)
      assert.deepStrictEqual(yield* server.journal.lines, [
        "token password 200",
        "GET /user 200",
        "GET /user 401 invalid_token",
        "token refresh_token 200",
        "GET /user 200"
      ])
    }).pipe(Effect.provide(Session))
  )

  it.scopedLive("a browser is sent back at once", () =>
    Effect.gen(function* () {
      const server = yield* Server
      const request = yield* AuthorizationRequest.make({
        server: server.endpoints,
        clientId: "client",
        redirectUri: "http://127.0.0.1:1234/callback"
      })
      const response = yield* HttpClient.get(request.url).pipe(
        Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" })
      )
      const grant = yield* AuthorizationRequest.receive(request, response.headers["location"] ?? "")
      const endpoint = yield* TokenEndpoint.TokenEndpoint
      yield* endpoint.fetchToken(grant)
      assert.isTrue((yield* server.introspect("access-2")).active)
    }).pipe(Effect.provide(Session))
  )

  for (const [fault, expected] of [
    [Fault.connectionFailure, /^APIException transient: .*could not be reached/],
    [Fault.lostReply, /^APIException transient: .*could not be reached/],
    [Fault.hang, /^APIException transient: .*did not answer within 500ms/],
    [Fault.status(503), /^APIException transient: .* 503/],
    [MalformedReply.make("cutOff"), /^APIException transient: .*the connection broke within the body/],
    [MalformedReply.make("endless"), /^APIException transient: .*did not answer within 500ms/],
    [MalformedReply.make("huge"), /^APIException final: .*more than 1048576 bytes/],
    [MalformedReply.make("html"), /^APIException final: .*an HTML or XML page/]
  ] as const) {
    it.scopedLive(`a fault is one: ${fault.name}`, () =>
      Effect.gen(function* () {
        const { clientAuthentication, endpoints, faults, grant, journal } = yield* Server
        const endpoint = yield* TokenEndpoint.make({
          server: { ...endpoints, timeout: "500 millis", retry: Schedule.stop },
          clientAuthentication
        })
        yield* faults.next(fault)
        const outcome = yield* Effect.either(endpoint.fetchToken(grant))
        assert.match(Either.isLeft(outcome) ? shown(outcome.left) : "token", expected)
        yield* endpoint.fetchToken(grant)
        assert.strictEqual(yield* journal.count(Journal.isAt("token")), 2)
      }).pipe(Effect.provide(Session))
    )
  }

  it.effect("is not where there is no port", () =>
    Effect.gen(function* () {
      const nowhere = HttpServer.make({
        serve: () => Effect.void,
        address: { _tag: "UnixAddress", path: "/tmp/socket" }
      })
      const error = yield* TestAuthorizationServer.serve().pipe(
        Effect.provideService(HttpServer.HttpServer, nowhere),
        Effect.scoped,
        Effect.flip
      )
      assert.strictEqual(error._tag, "AuthValidationException")
      assert.include(error.message, "/tmp/socket")
    })
  )
})
