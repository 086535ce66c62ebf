/**
 * A backend whose handlers call another API: they use an authorized client, and know nothing of tokens.
 *
 * A hundred requests come in at once while there is no token; one request for a token goes out.
 */
import { createServer } from "node:http"
import { FetchHttpClient, HttpClient, HttpRouter, HttpServer, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import {
  AuthorizedHttpClient,
  ClientAuthentication,
  Grant,
  TokenEndpoint,
  TokenManager,
  TokenStore
} from "@effect-oauth/client"
import { Console, Effect, Layer, Redacted } from "effect"
import { SampleServer } from "./support/sampleServer.js"

const Profile = HttpRouter.get(
  "/profile",
  Effect.gen(function* () {
    const server = yield* SampleServer
    const client = yield* AuthorizedHttpClient.AuthorizedHttpClient
    const response = yield* client.get(`${server.origin}/oauth2/non-auth-server/user`)
    return yield* HttpServerResponse.json(yield* response.json)
  }).pipe(
    Effect.catchTags({
      OAuthProviderException: (refusal) => HttpServerResponse.json({ error: refusal.error }, { status: 502 }),
      APIException: (failure) => HttpServerResponse.json({ error: failure.reason }, { status: 503 })
    })
  )
)

const Authorized = SampleServer.pipe(
  Effect.map((server) =>
    AuthorizedHttpClient.layer({ origins: [server.origin] }).pipe(
      Layer.provide(
        TokenManager.layer({
          grant: Grant.password({ username: "alice", password: Redacted.make("wonderland") })
        })
      ),
      Layer.provide(
        TokenEndpoint.layer({
          server: { tokenEndpoint: server.tokenEndpoint },
          clientAuthentication: ClientAuthentication.clientSecretBasic({
            clientId: "client",
            clientSecret: Redacted.make("client-secret")
          })
        })
      ),
      Layer.provide(TokenStore.layerMemory)
    )
  ),
  Layer.unwrapEffect
)

const Backend = HttpRouter.empty.pipe(
  Profile,
  HttpServer.serve(),
  Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
  Layer.provideMerge(Authorized),
  Layer.provideMerge(FetchHttpClient.layer),
  Layer.provideMerge(SampleServer.layer)
)

const visitors = Effect.gen(function* () {
  const address = (yield* HttpServer.HttpServer).address
  if (address._tag !== "TcpAddress") return yield* Effect.dieMessage("the backend listens on TCP")
  const visit = HttpClient.get(`http://127.0.0.1:${address.port}/profile`).pipe(
    Effect.flatMap((response) => response.json)
  )
  const profiles = yield* Effect.all(
    Array.from({ length: 100 }, () => visit),
    { concurrency: "unbounded" }
  )
  const tokenRequests = yield* Effect.flatMap(SampleServer, (server) => server.tokenRequests)
  yield* Console.log(`${profiles.length} visitors served, ${tokenRequests.length} token request`)
  if (tokenRequests.length !== 1) yield* Effect.fail("there should have been one token request")
})

visitors.pipe(Effect.provide(Backend), NodeRuntime.runMain)
