/** A program as users write it: fibers that call an API, in sessions that it shares with other processes. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import {
  AuthorizedHttpClient,
  ClientAuthentication,
  Grant,
  TokenEndpoint,
  type TokenEvent,
  TokenManager
} from "@effect-oauth/client"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { handedHeader, incarnationHeader, type Settings, SettingsJson } from "../Protocol.js"
import { fingerprint, now } from "../Trace.js"
import * as Calls from "./Calls.js"
import * as stores from "./stores.js"
import { tell } from "./tell.js"

const clientAuthentication = ClientAuthentication.clientSecretBasic({
  clientId: "client",
  clientSecret: Redacted.make("client-secret")
})

const EndpointLayer = ({ incarnation, tokenEndpoint }: Settings) =>
  TokenEndpoint.layer({ server: { tokenEndpoint }, clientAuthentication }).pipe(
    Layer.provide(
      Layer.effect(
        HttpClient.HttpClient,
        Effect.map(
          HttpClient.HttpClient,
          HttpClient.mapRequest((request) =>
            HttpClientRequest.setHeaders(request, {
              [incarnationHeader]: incarnation,
              [handedHeader]: String(now())
            })
          )
        )
      )
    )
  )

const SessionLayer = (username: string, { api, password }: Settings) =>
  AuthorizedHttpClient.layer({ origins: [api] }).pipe(
    Layer.provideMerge(
      TokenManager.layer({ grant: Grant.password({ username, password: Redacted.make(password) }) })
    )
  )

const refreshTokenIn = (event: TokenEvent.TokenEvent): string | undefined =>
  "token" in event
    ? Option.getOrUndefined(
        Option.map(event.token.refreshToken, (token) => fingerprint(Redacted.value(token)))
      )
    : undefined

const tellEvent = (session: string) => (event: TokenEvent.TokenEvent) =>
  tell({
    _tag: "Told",
    at: now(),
    session,
    event: event._tag,
    token: refreshTokenIn(event),
    detail: "error" in event ? `${event.error._tag}: ${event.error.message}` : undefined
  })

const describe = (error: { readonly _tag: string; readonly message: string }): string =>
  `${error._tag}: ${error.message}`

const callOnce = (api: string) =>
  Effect.gen(function* () {
    const client = yield* AuthorizedHttpClient.AuthorizedHttpClient
    const response = yield* client.get(`${api}/user`)
    yield* response.text
    if (response.status !== 200) return yield* Effect.fail(`the API answered ${response.status}`)
  }).pipe(Effect.mapError((error) => (typeof error === "string" ? error : describe(error))))

const keepCalling = (api: string) =>
  Effect.gen(function* () {
    const calls = yield* Calls.Calls
    const from = now()
    const isGood = yield* Effect.match(callOnce(api), { onFailure: () => false, onSuccess: () => true })
    yield* calls.ended(from, isGood)
    yield* Effect.sleep(Duration.millis(60 + 80 * (yield* Random.next)))
  }).pipe(Effect.forever)

/** Whether the session is there in the end. What is on its way to be mended gets the time for it. */
const lastCall = (session: string, api: string) =>
  callOnce(api).pipe(
    Effect.retry(Schedule.intersect(Schedule.spaced("300 millis"), Schedule.recurs(10))),
    Effect.match({
      onFailure: (failure) => ({ _tag: "Last", session, failure }) as const,
      onSuccess: () => ({ _tag: "Last", session }) as const
    }),
    Effect.flatMap(tell)
  )

const whenToldToStop: Effect.Effect<void> = Effect.async<void>((resume) => {
  const stop = () => resume(Effect.void)
  process.stdin.once("end", stop).once("error", stop).resume()
})

const work = (session: string, { api, fibers }: Settings) =>
  Effect.gen(function* () {
    const loops = Effect.all(
      Array.from({ length: fibers }, () => keepCalling(api)),
      { concurrency: "unbounded", discard: true }
    )
    yield* Effect.raceFirst(loops, whenToldToStop)
    yield* lastCall(session, api)
  })

const verify = (session: string, { api }: Settings) =>
  Effect.gen(function* () {
    const manager = yield* TokenManager.TokenManager
    yield* manager.currentToken
    // What a lost reply has ended is begun anew by the call.
    yield* Effect.ignore(manager.refreshToken())
    yield* lastCall(session, api)
  })

const run = (session: string, settings: Settings) =>
  Effect.gen(function* () {
    const manager = yield* TokenManager.TokenManager
    yield* Effect.fork(Stream.runForEach(manager.events, tellEvent(session)))
    // Events are for those who listen already, and the last one has to be told, too.
    yield* Effect.sleep("1 millis")
    yield* settings.task === "work" ? work(session, settings) : verify(session, settings)
    yield* Effect.sleep("5 millis")
  }).pipe(Effect.provide(SessionLayer(session, settings)))

const main = Effect.gen(function* () {
  const settings = yield* Schema.decode(SettingsJson)(process.argv[2] ?? "")
  const shared = Layer.mergeAll(
    stores.layer(settings),
    EndpointLayer(settings),
    Calls.layer(settings.leaseMillis / 4)
  ).pipe(Layer.provideMerge(FetchHttpClient.layer))
  const program = Effect.gen(function* () {
    yield* Effect.forEach(settings.sessions, (session) => run(session, settings), {
      concurrency: "unbounded",
      discard: true
    })
    yield* (yield* Calls.Calls).flush
  })
  yield* Effect.provide(program, shared)
}).pipe(
  Effect.scoped,
  Effect.tapErrorCause((cause) => Effect.logError(cause)),
  Effect.provide(Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger)))
)

// What it logs itself would be between the lines that are told.
NodeRuntime.runMain(main, { disableErrorReporting: true })
