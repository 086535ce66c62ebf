/** An authorization server in a process of its own, which tells what was asked of it and which tokens are good. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { OidcProvider } from "@effect-oauth/loopback-servers"
import * as Effect from "effect/Effect"
import * as Match from "effect/Match"
import * as Option from "effect/Option"
import { answering } from "../processes/answering.js"
import { clients, ServerQuestion, tokenPath } from "./Protocol.js"

const main = Effect.gen(function* () {
  let tokenRequests = 0
  const server = yield* OidcProvider.make({
    accessTokenLifetime: "1 hour",
    tokenPath,
    // Its own record of all requests takes long to read.
    resource: ({ path }) =>
      Effect.sync(() => {
        if (path === tokenPath) tokenRequests += 1
        return Option.none()
      }),
    scopes: ["api", "profile"],
    clients: [
      { ...clients.basic, authenticationMethod: "client_secret_basic" },
      { ...clients.post, authenticationMethod: "client_secret_post" }
    ]
  })
  const answer = Match.typeTags<ServerQuestion>()({
    Origin: () => Effect.succeed(server.origin),
    TokenRequests: () => Effect.sync(() => tokenRequests),
    Active: ({ accessTokens }) =>
      Effect.forEach(accessTokens, (token) => Effect.map(server.introspect(token), ({ active }) => active))
  })
  yield* answering(ServerQuestion, answer)
})

NodeRuntime.runMain(Effect.scoped(main))
