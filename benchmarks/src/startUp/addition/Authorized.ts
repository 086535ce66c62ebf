import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as AuthorizedHttpClient from "@effect-oauth/client/AuthorizedHttpClient"
import * as ClientAuthentication from "@effect-oauth/client/ClientAuthentication"
import * as Grant from "@effect-oauth/client/Grant"
import * as TokenEndpoint from "@effect-oauth/client/TokenEndpoint"
import * as TokenManager from "@effect-oauth/client/TokenManager"
import * as TokenStore from "@effect-oauth/client/TokenStore"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

/** `HttpClient` for a program that knows nothing of tokens. */
export const Authorized = AuthorizedHttpClient.layerHttpClient({ origins: ["https://api.example.com"] }).pipe(
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
