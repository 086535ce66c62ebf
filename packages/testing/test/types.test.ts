import type { HttpClient, HttpServer } from "@effect/platform"
import { describe, expectTypeOf, it } from "@effect/vitest"
import type { AuthValidationException } from "@effect-oauth/client"
import {
  Fault,
  type Journal,
  MalformedReply,
  TestAuthorizationServer,
  TestSession,
  type UserNotReturned
} from "@effect-oauth/testing"
import type { Effect, Layer, Option, Scope } from "effect"

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
