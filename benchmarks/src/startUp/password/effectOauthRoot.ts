import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import {
  AuthorizedHttpClient,
  ClientAuthentication,
  Grant,
  TokenEndpoint,
  TokenManager,
  TokenStore
} from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

const Authorized = AuthorizedHttpClient.layer({ origins: ["https://api.example.com"] }).pipe(
  Layer.provide(
    TokenManager.layer({
      grant: Grant.password({ username: "johndoe", password: Redacted.make("A3ddj3w") })
    })
  ),
  Layer.provide(
    TokenEndpoint.layer({
      server: { tokenEndpoint: "https://login.example.com/token" },
      clientAuthentication: ClientAuthentication.clientSecretBasic({
        clientId: "client",
        clientSecret: Redacted.make("secret")
      })
    })
  ),
  Layer.provide(TokenStore.layerMemory),
  Layer.provide(FetchHttpClient.layer)
)

const program = Effect.gen(function* () {
  const client = yield* AuthorizedHttpClient.AuthorizedHttpClient
  const response = yield* client.get("https://api.example.com/user")
  process.stdout.write(JSON.stringify(yield* response.json))
})

await Effect.runPromise(Effect.provide(program, Authorized))
