/**
 * A script that calls the API: `main` in fifteen lines. The token is fetched when it is needed.
 */
import { FetchHttpClient } from "@effect/platform"
import { NodeRuntime } from "@effect/platform-node"
import { OAuthToken, TokenStore } from "@effect-oauth/client"
import { Console, Effect, Layer, Redacted } from "effect"
import { MultiauthsampleClient, OAuthACGCredentials, OAuthROPCGCredentials } from "multiauthsample"
import { SampleServer } from "./support/sampleServer.js"

const main = Effect.gen(function* () {
  const client = yield* MultiauthsampleClient.MultiauthsampleClient
  const user = yield* client.authentication.oAuthAuthorizationGrant()
  yield* Console.log(`Hello, ${user.name}.`)
})

const Client = SampleServer.pipe(
  Effect.map(({ origin }) =>
    MultiauthsampleClient.layer({
      servers: { DEFAULT: origin },
      oAuthROPCGCredentials: new OAuthROPCGCredentials({
        oAuthClientId: "client",
        oAuthClientSecret: Redacted.make("client-secret"),
        oAuthUsername: "alice",
        oAuthPassword: Redacted.make("wonderland")
      }),
      oAuthACGCredentials: new OAuthACGCredentials({ oAuthToken: OAuthToken.make({ accessToken: "kept" }) })
    })
  ),
  Layer.unwrapEffect,
  Layer.provide([TokenStore.layerMemory, FetchHttpClient.layer, SampleServer.layer])
)

main.pipe(Effect.provide(Client), NodeRuntime.runMain)
