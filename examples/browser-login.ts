/**
 * A program without web pages, such as a command line. Its user logs in at the authorization server in a browser, and
 * lets the program in; the answer comes to a port that the program listens on for that long. The program never sees a
 * password, and has no secret of its own.
 *
 * A stand-in takes the part of the user. To be asked yourself: `npx tsx examples/browser-login.ts --yourself`, and log in
 * as `alice`, with any password.
 */
import { createServer } from "node:http"
import { FetchHttpClient } from "@effect/platform"
import { NodeContext, NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import {
  AuthorizedHttpClient,
  ClientAuthentication,
  LoopbackRedirect,
  TokenEndpoint,
  TokenManager,
  TokenStore
} from "@effect-oauth/client"
import { Console, Effect, Layer } from "effect"
import { SampleServer } from "./support/sampleServer.js"
import { User } from "./support/user.js"

const clientId = "native"

const yourself = process.argv.includes("--yourself")

const open = (url: string) =>
  Effect.gen(function* () {
    if (yourself) return yield* LoopbackRedirect.openBrowser(url)
    const user = yield* User
    return yield* user.open(url)
  })

// The port is there for the login, and for nothing else.
const Port = NodeHttpServer.layerServer(() => createServer().setTimeout(2000), { port: 0, host: "127.0.0.1" })

const logIn = Effect.gen(function* () {
  const server = yield* SampleServer
  const manager = yield* TokenManager.TokenManager
  const grant = yield* LoopbackRedirect.authorize({ server, clientId, scope: ["api"], open })
  yield* manager.fetchToken({ grant })
}).pipe(Effect.provide(Port))

const main = Effect.gen(function* () {
  yield* logIn
  if (!yourself) {
    const page = yield* Effect.flatMap(User, (user) => user.saw)
    yield* Console.log(`She reads: ${page.replace(/\s+/g, " ")}`)
  }
  const { origin } = yield* SampleServer
  const client = yield* AuthorizedHttpClient.make({ origins: [origin] })
  const response = yield* client.get(`${origin}/oauth2/non-auth-server/user`)
  if (response.status !== 200) yield* Effect.fail("the API should have let the program in")
  yield* Console.log("The API knows who it is:", yield* response.json)
})

const Manager = SampleServer.pipe(
  Effect.map((server) =>
    TokenManager.layer().pipe(
      Layer.provide(
        TokenEndpoint.layer({ server, clientAuthentication: ClientAuthentication.none({ clientId }) })
      ),
      Layer.provide(TokenStore.layerMemory)
    )
  ),
  Layer.unwrapEffect
)

const Everything = Manager.pipe(
  Layer.provideMerge(Layer.mergeAll(FetchHttpClient.layer, NodeContext.layer, User.layer, SampleServer.layer))
)

main.pipe(Effect.provide(Everything), NodeRuntime.runMain)
