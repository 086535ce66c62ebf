/**
 * What an operator sees of a session: its spans, metrics, events and status, through the OpenTelemetry SDK.
 *
 * A session is begun, kept fresh, refused by a resource and ended, against a real authorization server on this machine.
 */
import { FetchHttpClient } from "@effect/platform"
import { NodeRuntime } from "@effect/platform-node"
import {
  AuthorizedHttpClient,
  ClientAuthentication,
  Grant,
  TokenEndpoint,
  TokenManager,
  TokenStore
} from "@effect-oauth/client"
import { Chunk, Console, Effect, Fiber, Layer, Redacted, Schedule, Stream } from "effect"
import { metricsTable, OpenTelemetry, traces } from "./support/exporters.js"
import { expect, heading } from "./support/narrator.js"
import { SampleServer } from "./support/sampleServer.js"

const Session = SampleServer.pipe(
  Effect.map((server) =>
    AuthorizedHttpClient.layer({ origins: [server.origin] }).pipe(
      Layer.provideMerge(
        TokenManager.layer({
          grant: Grant.password({ username: "alice", password: Redacted.make("wonderland") }),
          keepFresh: true
        })
      ),
      Layer.provide(
        TokenEndpoint.layer({
          server: { tokenEndpoint: server.tokenEndpoint, revocationEndpoint: server.revocationEndpoint },
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

/** What happens in a life of a session that is worth a look. */
const life = Effect.gen(function* () {
  const server = yield* SampleServer
  const manager = yield* TokenManager.TokenManager
  const client = yield* AuthorizedHttpClient.AuthorizedHttpClient
  const getUser = client.get(`${server.origin}/oauth2/non-auth-server/user`)
  const showStatus = (when: string) =>
    Effect.flatMap(manager.status, (status) => Console.log(`  ${when}: ${JSON.stringify(status)}`))

  yield* heading("Status")
  yield* showStatus("before the first call")

  // Three calls that need a token: one request. The next one finds it in memory.
  yield* Effect.all([getUser, getUser, getUser], { concurrency: "unbounded" }).pipe(
    Effect.withSpan("three first calls")
  )
  yield* Effect.withSpan(getUser, "a call with a good token")
  yield* showStatus("in use")

  // The resource refuses a token that should be good.
  const refused = yield* manager.getToken
  yield* server.revokeAccessToken(Redacted.value(refused.accessToken))
  yield* Effect.withSpan(getUser, "a call with a refused token")

  // Nobody calls, and the token is replaced ahead of its expiry.
  const renewed = yield* manager.getToken
  yield* manager.getToken.pipe(
    Effect.repeat({
      schedule: Schedule.spaced("100 millis").pipe(Schedule.upTo("20 seconds")),
      until: (token) => token.accessToken !== renewed.accessToken
    })
  )
  yield* showStatus("refreshed without a call")

  // A wrong password.
  const typo = Grant.password({ username: "alice", password: Redacted.make("wonderlamb") })
  yield* Effect.ignore(manager.fetchToken({ grant: typo }).pipe(Effect.withSpan("a wrong password")))
  yield* showStatus("after a wrong password")

  yield* Effect.withSpan(manager.logout, "logout")
  yield* showStatus("logged out")
})

const main = Effect.gen(function* () {
  const { events } = yield* TokenManager.TokenManager
  const listening = yield* events.pipe(
    Stream.takeUntil(({ _tag }) => _tag === "LoggedOut"),
    Stream.map(({ _tag }) => _tag),
    Stream.runCollect,
    Effect.fork
  )
  yield* Effect.yieldNow()
  yield* life
  const told = Chunk.join(yield* Fiber.join(listening), ", ")

  yield* heading("\nEvents")
  yield* Console.log(`  ${told}`)
  yield* heading("\nSpans")
  for (const line of traces()) yield* Console.log(`  ${line}`)
  yield* heading("\nMetrics")
  yield* Console.table(yield* metricsTable)

  const expected = "Issued, Rejected, Refreshed, Refreshed, RefreshFailed, LoggedOut"
  yield* expect(told === expected, `the events should have been: ${expected}`)
})

main.pipe(
  Effect.provide(
    Session.pipe(Layer.provideMerge(FetchHttpClient.layer), Layer.provideMerge(SampleServer.layer))
  ),
  Effect.provide(OpenTelemetry),
  NodeRuntime.runMain
)
