import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as AuthorizedHttpClient from "@effect-oauth/client/AuthorizedHttpClient"
import * as ClientAuthentication from "@effect-oauth/client/ClientAuthentication"
import * as TokenEndpoint from "@effect-oauth/client/TokenEndpoint"
import * as TokenManager from "@effect-oauth/client/TokenManager"
import * as TokenStore from "@effect-oauth/client/TokenStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
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
