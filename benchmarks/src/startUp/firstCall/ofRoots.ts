import { FetchHttpClient, HttpClient } from "@effect/platform"
import { NodeFileSystem, NodePath } from "@effect/platform-node"
import {
  AuthorizedHttpClient,
  ClientAuthentication,
  TokenEndpoint,
  TokenManager,
  TokenStore
} from "@effect-oauth/client"
import { Effect, Layer } from "effect"
import { session } from "./session.js"

const { origin } = new URL(session.api)

const Authorized = AuthorizedHttpClient.layer({ origins: [origin] }).pipe(
  Layer.provide(TokenManager.layer()),
  Layer.provide(
    TokenEndpoint.layer({
      server: { tokenEndpoint: session.tokenEndpoint },
      clientAuthentication: ClientAuthentication.none({ clientId: "client" })
    })
  ),
  Layer.provide(TokenStore.layerFile(session.file)),
  Layer.provide([FetchHttpClient.layer, NodeFileSystem.layer, NodePath.layer])
)

await Effect.gen(function* () {
  const client = HttpClient.filterStatusOk(yield* AuthorizedHttpClient.AuthorizedHttpClient)
  const response = yield* client.get(session.api)
  return yield* response.json
}).pipe(Effect.provide(Authorized), Effect.runPromise)
