/** One of the processes that share a store. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import {
  AuthorizedHttpClient,
  Grant,
  OAuthToken,
  TokenEndpoint,
  TokenManager,
  TokenStore
} from "@effect-oauth/client"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Match from "effect/Match"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { answering } from "../processes/answering.js"
import { now, Question, Settings } from "./Protocol.js"
import * as Storage from "./storage.js"

const lifetime = Duration.hours(1)

/** What a token endpoint takes over a network that is near. */
const answersAfter = Duration.millis(20)

/** The clock of the process, which can be set ahead. */
const settableClock = () => {
  const real = Clock.make()
  let ahead = 0
  const unsafeCurrentTimeMillis = () => real.unsafeCurrentTimeMillis() + ahead
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis,
    currentTimeMillis: Effect.sync(unsafeCurrentTimeMillis),
    unsafeCurrentTimeNanos: () => real.unsafeCurrentTimeNanos(),
    currentTimeNanos: real.currentTimeNanos,
    sleep: (duration) => real.sleep(duration)
  }
  return {
    clock,
    setAhead: (duration: Duration.Duration) => {
      ahead = Duration.toMillis(duration)
    }
  }
}

const tokenOfLength43 = (name: string, number: number): string =>
  `${name}-${number}-`.padEnd(43, "ohS8aHq7V2Jt0wqk4rXcQzN5bYp1dVx9MfGsLe3u")

/** Answers after a time, and tells how often it was asked. */
const endpointOf = (process: string, takes: Duration.Duration) => {
  let requests = 0
  const issue = () =>
    Effect.suspend(() => {
      requests += 1
      return OAuthToken.issue({
        accessToken: tokenOfLength43(process, requests),
        refreshToken: tokenOfLength43(`r-${process}`, requests),
        expiresIn: lifetime
      })
    }).pipe(Effect.delay(takes))
  const endpoint = TokenEndpoint.TokenEndpoint.of({
    identity: "client",
    fetchToken: issue,
    refreshToken: issue,
    revokeToken: () => Effect.void
  })
  return { endpoint, requests: () => requests }
}

const api = HttpClient.make((request) =>
  Effect.succeed(HttpClientResponse.fromWeb(request, new Response(null, { status: 204 })))
)

const waitUntil = (instant: number) => Effect.suspend(() => Effect.sleep(Math.max(0, instant - now())))

const main = Effect.gen(function* () {
  const settings = yield* Schema.decode(Settings)(process.argv[2] ?? "")
  const { operations, storage } = Storage.counted(yield* Storage.at(settings.place))
  const store = yield* TokenStore.TokenStore.pipe(
    Effect.provide(TokenStore.layerStorage(Effect.succeed(storage)))
  )
  const { clock, setAhead } = settableClock()

  const managerOf = (user: string, endpoint: TokenEndpoint.Service) =>
    TokenManager.make({ grant: Grant.password({ username: user, password: Redacted.make("none") }) }).pipe(
      Effect.provideService(TokenEndpoint.TokenEndpoint, endpoint),
      Effect.provideService(TokenStore.TokenStore, store)
    )
  const ownManager = yield* managerOf(settings.process, endpointOf(settings.process, Duration.zero).endpoint)
  const shared = endpointOf(settings.process, answersAfter)
  const sharedManager = yield* managerOf("all", shared.endpoint)
  const client = AuthorizedHttpClient.authorize(api, ownManager, { origins: ["https://api.example.com"] })

  const answer = Match.typeTags<Question>()({
    Refresh: ({ from, until }) =>
      Effect.gen(function* () {
        yield* ownManager.getToken
        yield* waitUntil(from)
        const latencies: Array<number> = []
        while (now() < until) {
          const before = now()
          yield* ownManager.refreshToken()
          latencies.push(now() - before)
        }
        return latencies
      }),
    Renew: ({ from, lifetimes }) =>
      Effect.gen(function* () {
        setAhead(Duration.times(lifetime, lifetimes))
        const requestsBefore = shared.requests()
        yield* waitUntil(from)
        const { accessToken } = yield* sharedManager.getToken
        return {
          at: now(),
          accessToken: Redacted.value(accessToken),
          tokenRequests: shared.requests() - requestsBefore
        }
      }),
    Call: ({ times }) =>
      Effect.gen(function* () {
        yield* ownManager.getToken
        const before = operations()
        for (let time = 0; time < times; time += 1) yield* client.get("https://api.example.com/user")
        return { storeOperations: operations() - before }
      })
  })

  yield* Effect.withClock(answering(Question, answer), clock)
})

NodeRuntime.runMain(Effect.scoped(main))
