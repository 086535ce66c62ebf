import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import {
  AuthorizedHttpClient,
  ClientAuthentication,
  OAuthToken,
  TokenEndpoint,
  TokenManager,
  TokenStore
} from "@effect-oauth/client"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import type { AuthorizationServer } from "./AuthorizationServer.js"
import type { Session, Subject } from "./Subject.js"

const managerOf = ({ clientId, clientSecret, ...session }: Session) =>
  Effect.gen(function* () {
    const services = yield* Layer.build(
      Layer.merge(
        TokenEndpoint.layer({
          server: { tokenEndpoint: session.tokenEndpoint },
          clientAuthentication: ClientAuthentication.clientSecretBasic({
            clientId,
            clientSecret: Redacted.make(clientSecret)
          })
        }),
        TokenStore.layerMemory
      ).pipe(Layer.provide(FetchHttpClient.layer))
    )
    const initialToken = OAuthToken.make({
      accessToken: session.accessToken,
      refreshToken: session.refreshToken,
      expiresIn: "1 hour",
      expiry: session.expiresAt
    })
    return yield* Effect.provide(TokenManager.make({ initialToken }), services)
  })

/** Each as a server runs a request: a fiber that is nobody's child, and a promise of what it comes to. */
const all = <A, E>(call: Effect.Effect<A, E>, callers: number) =>
  Effect.flatMap(Effect.runtime<never>(), (runtime) =>
    Effect.promise(() =>
      Promise.all(Array.from({ length: callers }, () => Runtime.runPromise(runtime, Effect.option(call))))
    )
  )

const refreshTokenOf = (manager: TokenManager.Service) =>
  manager.currentToken.pipe(
    Effect.map(Option.flatMap(({ refreshToken }) => Option.map(refreshToken, Redacted.value))),
    Effect.orDie
  )

/** Each caller is a fiber that needs the token. */
export const tokens: Subject = {
  name: "effect-oauth, TokenManager",
  note: "Each caller is a fiber, run as a server runs a request; those of the other clients are promises, which cost less.",
  proof: "basic",
  keep: (session) =>
    Effect.map(managerOf(session), (manager) => ({
      rush: (callers) =>
        Effect.map(
          all(manager.getToken, callers),
          // Not within the callers: what the others give their callers is a string already.
          (answers) => answers.map(Option.map(({ accessToken }) => Redacted.value(accessToken)))
        ),
      refreshToken: refreshTokenOf(manager)
    }))
}

const apiUrl = "https://api.example.com/user"

/** An API that answers with the credentials that it was sent. */
const api = HttpClient.make((request) =>
  Effect.succeed(
    HttpClientResponse.fromWeb(
      request,
      new Response(request.headers["authorization"]?.slice("Bearer ".length))
    )
  )
)

/** Each caller is a fiber that calls the API. */
export const calls: Subject = {
  name: "effect-oauth, AuthorizedHttpClient",
  note: "Each caller makes a call, which an API within the process answers.",
  proof: "basic",
  keep: (session) =>
    Effect.map(managerOf(session), (manager) => {
      const client = AuthorizedHttpClient.authorize(api, manager, { origins: ["https://api.example.com"] })
      const call = Effect.flatMap(client.get(apiUrl), ({ text }) => text)
      return { rush: (callers) => all(call, callers), refreshToken: refreshTokenOf(manager) }
    })
}

/** What the callers cost by themselves, whoever does the refresh that they wait for. */
const bare =
  (name: string, calling: (token: Effect.Effect<string, unknown>) => Effect.Effect<string, unknown>) =>
  ({ refresh }: AuthorizationServer): Subject => ({
    name,
    note: "Knows that there will be one refresh, and does nothing else that a client has to do.",
    proof: "basic",
    keep: (session) =>
      Effect.gen(function* () {
        const refreshed = yield* Deferred.make<
          { readonly access_token: string; readonly refresh_token: string },
          unknown
        >()
        const call = calling(Effect.map(Deferred.await(refreshed), ({ access_token }) => access_token))
        return {
          rush: (callers) =>
            Effect.zipRight(
              Effect.fork(Effect.intoDeferred(refresh("basic", session.refreshToken), refreshed)),
              all(call, callers)
            ),
          refreshToken: Effect.map(
            Effect.option(Deferred.await(refreshed)),
            Option.map((one) => one.refresh_token)
          )
        }
      })
  })

export const bareFibers = bare("bare Effect: one refresh, and fibers that wait for it", identity)

export const bareCalls = bare("bare Effect HttpClient: one refresh, and calls that wait for it", (token) =>
  Effect.flatMap(token, (authorization) =>
    Effect.flatMap(
      api.get(apiUrl, { headers: { authorization: `Bearer ${authorization}` } }),
      ({ text }) => text
    )
  )
)
