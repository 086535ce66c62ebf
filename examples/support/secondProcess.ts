/** A program that knows its session from the store alone, and its settings from the configuration. */
import { FetchHttpClient } from "@effect/platform"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { OAuthToken, TokenStore } from "@effect-oauth/client"
import { Config, Console, Effect, Layer, Redacted } from "effect"
import { MultiauthsampleClient, OAuthACGCredentials, OAuthROPCGCredentials } from "multiauthsample"

const Store = Layer.unwrapEffect(Effect.map(Config.string("SESSIONS"), TokenStore.layerDirectory))

const Client = MultiauthsampleClient.layerConfig({
  servers: { DEFAULT: Config.string("API_URL") },
  oAuthROPCGCredentials: Config.succeed(
    new OAuthROPCGCredentials({
      oAuthClientId: "client",
      oAuthClientSecret: Redacted.make("client-secret"),
      oAuthUsername: "alice",
      oAuthPassword: Redacted.make("wonderland")
    })
  ),
  oAuthACGCredentials: Config.succeed(
    new OAuthACGCredentials({ oAuthToken: OAuthToken.make({ accessToken: "kept elsewhere" }) })
  )
}).pipe(Layer.provide(Store), Layer.provide([NodeContext.layer, FetchHttpClient.layer]))

const main = Effect.gen(function* () {
  const client = yield* MultiauthsampleClient.MultiauthsampleClient
  const user = yield* client.authentication.oAuthAuthorizationGrant()
  yield* Console.log(`I am process ${process.pid}, and the API knows me as ${user.name}.`)
})

main.pipe(Effect.provide(Client), NodeRuntime.runMain)
