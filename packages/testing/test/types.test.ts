import type { HttpClient, HttpServer } from "@effect/platform"
import { describe, expectTypeOf, it } from "@effect/vitest"
import type { AuthValidationException } from "@effect-oauth/client"
import {
  Disclosure,
  Fault,
  type Journal,
  MalformedReply,
  TestAuthorizationServer,
  TestSession,
  TestTransport,
  type UserNotReturned
} from "@effect-oauth/testing"
import { Effect, type Layer, type Option, type Scope } from "effect"

type Server = TestAuthorizationServer.TestAuthorizationServer

describe("types", () => {
  it("say what a layer provides, needs and fails with", () => {
    expectTypeOf(TestAuthorizationServer.layer()).toEqualTypeOf<
      Layer.Layer<Server | HttpClient.HttpClient, never, never>
    >()
    expectTypeOf(TestAuthorizationServer.layerServer()).toEqualTypeOf<
      Layer.Layer<Server, AuthValidationException, HttpServer.HttpServer>
    >()
    expectTypeOf(TestAuthorizationServer.serve()).toEqualTypeOf<
      Effect.Effect<
        TestAuthorizationServer.Service,
        AuthValidationException,
        HttpServer.HttpServer | Scope.Scope
      >
    >()
    expectTypeOf(TestSession.layer()).toEqualTypeOf<
      Layer.Layer<TestSession.Services, AuthValidationException, Server | HttpClient.HttpClient>
    >()
  })

  it("say that looking for secrets cannot fail, and needs what the program needs, and the server", () => {
    const program: Effect.Effect<string, "no", "one"> = Effect.fail("no")
    expectTypeOf(Disclosure.of(program)).toEqualTypeOf<
      Effect.Effect<ReadonlyArray<string>, never, "one" | Server>
    >()
  })

  it("say what a transport provides, and what it can answer", () => {
    expectTypeOf(TestTransport.layer(() => new Response())).toEqualTypeOf<
      Layer.Layer<TestTransport.TestTransport | HttpClient.HttpClient>
    >()
    void TestTransport.make(() => Effect.fail(new Error("a cause of any type")))
    // @ts-expect-error what an answer needs is there already
    void TestTransport.make(() => Effect.as(Effect.scope, new Response()))
  })

  it("say how each lever can fail: only the user's part can", () => {
    type Service = TestAuthorizationServer.Service
    expectTypeOf<ReturnType<Service["authorize"]>>().toEqualTypeOf<Effect.Effect<string, UserNotReturned>>()
    expectTypeOf<Service["revokeAccessTokens"]>().toEqualTypeOf<Effect.Effect<void>>()
    expectTypeOf<ReturnType<Journal.Journal["last"]>>().toEqualTypeOf<
      Effect.Effect<Option.Option<Journal.Entry>>
    >()
  })

  it("know the kinds and the methods there are", () => {
    expectTypeOf(MalformedReply.make).parameter(0).toEqualTypeOf<MalformedReply.Kind>()
    expectTypeOf<"html">().toExtend<MalformedReply.Kind>()
    expectTypeOf<"nonsense">().not.toExtend<MalformedReply.Kind>()
    expectTypeOf(Fault.tooManyRequests).parameter(0).toEqualTypeOf<Fault.RetryAfter | undefined>()
    // @ts-expect-error a clock is ahead or behind
    void ((server: TestAuthorizationServer.Service) => server.skewClock({}))
  })
})
