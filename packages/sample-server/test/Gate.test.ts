import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpServer from "@effect/platform/HttpServer"
import { assert, describe, it } from "@effect/vitest"
import { ApiSecurity } from "@effect-oauth/client"
import { Fixtures, SampleServerError } from "@effect-oauth/sample-server"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { security } from "multiauthsample"
import * as Gate from "../src/internal/Gate.js"
import * as Tokens from "../src/internal/Tokens.js"
import { bearer } from "./support.js"

const endpoint = HttpApiEndpoint.get("wide", "/wide/:id")
  .setPath(Schema.Struct({ id: Schema.NumberFromString }))
  .addSuccess(Schema.String)

const apiOf = (requirement: ApiSecurity.Requirement) =>
  HttpApi.make("served").addHttpApi(
    HttpApi.make("declared")
      .add(HttpApiGroup.make("all").add(endpoint.pipe(ApiSecurity.require(requirement))))
      .middleware(Gate.Gate)
  )

const tokens: Tokens.Tokens = {
  ...Tokens.make(),
  introspect: (token) =>
    token === "narrow"
      ? { _tag: "Live", session: { id: "1", grant: "password", username: "alice" }, scope: ["read"] }
      : { _tag: "Unknown" }
}

const known = { fixtures: Fixtures.defaults, tokens }

describe("the gate", () => {
  it.scopedLive("answers 401 or 403 before the request is looked at any further", () =>
    Effect.gen(function* () {
      const api = apiOf(ApiSecurity.withScopes(security.OAuthROPCG, ["write"]))
      const handled = HttpApiBuilder.group(api, "all", (handlers) =>
        handlers.handle("wide", () => Effect.succeed("in"))
      )
      const { dispose, handler } = HttpApiBuilder.toWebHandler(
        Layer.merge(
          HttpApiBuilder.api(api).pipe(Layer.provide(handled), Layer.provide(Gate.layer(api, known))),
          HttpServer.layerContext
        )
      )
      yield* Effect.addFinalizer(() => Effect.promise(dispose))
      const call = (path: string, token: string) =>
        Effect.promise(async () => {
          const response = await handler(new Request(`http://localhost${path}`, { headers: bearer(token) }))
          const { error } = await response.json()
          return [response.status, error, response.headers.get("www-authenticate")]
        })
      const challenge = 'Bearer realm="MultiAuth-Sample", error='
      for (const path of ["/wide/1", "/wide/none"]) {
        assert.deepStrictEqual(yield* call(path, "wrong"), [
          401,
          "unauthorized",
          `${challenge}"invalid_token"`
        ])
        assert.deepStrictEqual(yield* call(path, "narrow"), [
          403,
          "insufficient_scope",
          `${challenge}"insufficient_scope"`
        ])
      }
    })
  )

  it.scoped("is not built for an endpoint whose requirement nobody can check", () =>
    Effect.gen(function* () {
      const api = apiOf(
        ApiSecurity.make({ signed: ApiSecurity.custom({ description: "A signature." }) }).signed
      )
      const error = yield* Effect.flip(Layer.build(Gate.layer(api, known)))
      assert.instanceOf(error, SampleServerError)
      assert.strictEqual(error.reason, "Unchecked")
      assert.strictEqual(
        error.message,
        "The endpoint wide cannot be served: the scheme signed cannot be checked, as nobody says here how it is checked."
      )
    })
  )
})
