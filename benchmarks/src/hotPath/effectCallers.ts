import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import {
  AuthorizedHttpClient,
  type AuthValidationException,
  ClientAuthentication,
  Grant,
  TokenEndpoint,
  type TokenError,
  TokenManager,
  TokenManagers,
  TokenStore
} from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Tracer from "effect/Tracer"
import type { Caller } from "./blocks.js"
import { api, stubbedFetch, stubbedTransport, token, tokenEndpoint } from "./stubs.js"

type Client = HttpClient.HttpClient.With<HttpClientError.HttpClientError | TokenError>

/** Around a block of calls. */
export type Setting = <A, E>(calls: Effect.Effect<A, E>) => Effect.Effect<A, E>

export const withSpans: Setting = (calls) => calls

export const withoutSpans: Setting = (calls) => Effect.withTracerEnabled(calls, false)

/** Where spans are exported, whatever to. */
export const withTracer =
  (tracer: Tracer.Tracer): Setting =>
  (calls) =>
    Effect.withTracer(calls, tracer)

/** `fetch` over the stub, as a program sets it up. */
export const overFetch =
  (setting: Setting, init?: RequestInit | undefined): Setting =>
  (calls) =>
    setting(calls).pipe(
      Effect.provideService(FetchHttpClient.Fetch, stubbedFetch),
      init === undefined ? (same) => same : Effect.provideService(FetchHttpClient.RequestInit, init)
    )

export const fetchTransport: Effect.Effect<HttpClient.HttpClient> = HttpClient.HttpClient.pipe(
  Effect.provide(FetchHttpClient.layer)
)

const grant = Grant.clientCredentials()

const Sessions = Layer.mergeAll(
  TokenManager.layer({ grant }),
  TokenManagers.layer({ session: () => ({ grant }) })
).pipe(
  Layer.provide(
    TokenEndpoint.layer({
      server: { tokenEndpoint },
      clientAuthentication: ClientAuthentication.clientSecretBasic({
        clientId: "client",
        clientSecret: Redacted.make("secret")
      })
    })
  ),
  Layer.provide([TokenStore.layerMemory, Layer.succeed(HttpClient.HttpClient, stubbedTransport)])
)

export const bareName = "Effect HttpClient, no token"
export const byHandName = "Effect HttpClient, a fixed token by hand"
export const managerName = "@effect-oauth/client, TokenManager"

/** The same call with and without us, over a transport. */
export const clientsOver = (
  transport: HttpClient.HttpClient
): Effect.Effect<
  ReadonlyArray<readonly [name: string, client: Client]>,
  AuthValidationException,
  Scope.Scope
> =>
  Effect.gen(function* () {
    const services = yield* Layer.build(Sessions)
    const [manager, managers] = yield* Effect.all([
      TokenManager.TokenManager,
      TokenManagers.TokenManagers
    ]).pipe(Effect.provide(services))
    const authorized = (source: TokenManager.TokenSource): Client =>
      AuthorizedHttpClient.authorize(transport, source, { origins: [new URL(api).origin] })
    return [
      [bareName, transport],
      [byHandName, HttpClient.mapRequest(transport, HttpClientRequest.bearerToken(token))],
      [managerName, authorized(manager)],
      ["@effect-oauth/client, TokenManagers", authorized(managers.source("user"))]
    ]
  })

/** Each call is made and its reply read. */
export const caller = (name: string, client: Client, setting: Setting): Caller => ({
  name,
  calls: (count) => {
    let made = 0
    const call = Effect.flatMap(
      Effect.suspend(() => client.get(api)),
      (response) => response.json
    )
    return Effect.runPromise(
      setting(
        Effect.whileLoop({
          while: () => made < count,
          body: () => call,
          step: () => {
            made += 1
          }
        })
      )
    )
  }
})
