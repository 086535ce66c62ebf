import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type * as AuthorizationServer from "@effect-oauth/client/AuthorizationServer"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import { Disconnected } from "../Fault.js"
import type * as Journal from "../Journal.js"
import type { Paths, Service } from "../TestAuthorizationServer.js"
import type { TestClient } from "../TestClient.js"
import type { TestUser } from "../TestUser.js"
import { httpDate, json, notFound, wrongMethod } from "./answer.js"
import { authorizationEndpoint } from "./authorizationEndpoint.js"
import * as faultPlan from "./faultPlan.js"
import type { Incoming } from "./incoming.js"
import * as levers from "./levers.js"
import { metadata } from "./metadata.js"
import type { Answerer } from "./network.js"
import * as playingUser from "./playingUser.js"
import * as policies from "./policy.js"
import * as recording from "./recording.js"
import { type Resource, resource } from "./resource.js"
import { redacted } from "./secretText.js"
import * as states from "./state.js"
import { grantTypes, tokenEndpoint } from "./tokenEndpoint.js"
import { introspectionEndpoint, revocationEndpoint } from "./tokenManagement.js"

interface Options extends policies.PolicyOptions {
  readonly origin: string
  readonly paths?: Paths | undefined
  readonly clients: ReadonlyArray<TestClient>
  readonly users: ReadonlyArray<TestUser>
  readonly resource: Resource
}

const pathsOf = ({ authorization, introspection, revocation, token }: Paths) => ({
  authorization: authorization ?? "/authorize",
  token: token ?? "/token",
  revocation: revocation ?? "/revoke",
  introspection: introspection ?? "/introspect",
  // RFC 8414 section 3.
  metadata: "/.well-known/oauth-authorization-server"
})

export const endpointsAt = (origin: string, paths: Paths): AuthorizationServer.AuthorizationServer => {
  const { authorization, revocation, token } = pathsOf(paths)
  return {
    issuer: origin,
    authorizationEndpoint: origin + authorization,
    tokenEndpoint: origin + token,
    revocationEndpoint: origin + revocation,
    authorizationResponseIssParameterSupported: true
  }
}

const registered = (client: TestClient, scopes: ReadonlyArray<string>): states.Client => {
  const { clientId, clientSecret } = client
  const isPublic = clientSecret === undefined
  return {
    clientId,
    clientSecret: isPublic ? undefined : redacted(clientSecret),
    authenticationMethods:
      client.authenticationMethods ?? (isPublic ? ["none"] : ["client_secret_basic", "client_secret_post"]),
    redirectUris: client.redirectUris ?? ["https://app.test/callback", "http://127.0.0.1/callback"],
    grantTypes: client.grantTypes ?? grantTypes.filter((type) => !isPublic || type !== "client_credentials"),
    scopes: client.scopes ?? scopes
  }
}

type Assembled = Omit<Service, "origin" | "resourceOrigin" | "clientAuthentication" | "grant"> & {
  readonly answer: Answerer
}

/** Both servers, around one state. */
export const make = (options: Options): Effect.Effect<Assembled> =>
  Effect.gen(function* () {
    const { origin } = options
    const paths = pathsOf(options.paths ?? {})
    const policy = policies.make(options)
    const clients = options.clients.map((client) => registered(client, policy.scopes))
    const passwords = options.users.map(({ password, username }) => [username, redacted(password)] as const)
    const state = yield* Ref.make(states.make(clients, passwords))
    const { journal, record } = yield* recording.make
    const faults = yield* faultPlan.make

    const now = Effect.zipWith(Clock.currentTimeMillis, Ref.get(state), (millis, { skew }) => millis + skew)
    const endpointAt = new Map<string, Journal.Endpoint>([
      [paths.authorization, "authorization"],
      [paths.token, "token"],
      [paths.revocation, "revocation"],
      [paths.introspection, "introspection"],
      [paths.metadata, "metadata"]
    ])

    const endpointOf = ({ url }: Incoming): Journal.Endpoint => {
      const endpoint = url.origin === origin ? endpointAt.get(url.pathname) : undefined
      return endpoint ?? (url.origin === options.resource.origin ? "resource" : "none")
    }

    const described = (method: string) =>
      method === "GET" ? json(200, metadata(origin, paths, policy, clients)) : wrongMethod("GET")

    const act = (
      endpoint: Journal.Endpoint,
      incoming: Incoming,
      { approve = true, username }: playingUser.Intention
    ) =>
      Effect.flatMap(now, (millis): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
        switch (endpoint) {
          case "authorization": {
            const hint = incoming.url.searchParams.get("login_hint")
            return authorizationEndpoint(state, policy, origin, millis, incoming, {
              username: username ?? hint ?? options.users[0]?.username ?? "nobody",
              isApproved: approve
            })
          }
          case "token":
            return tokenEndpoint(state, policy, millis, incoming)
          case "revocation":
            return revocationEndpoint(state, incoming)
          case "introspection":
            return introspectionEndpoint(state, origin, millis, incoming)
          case "metadata":
            return Effect.succeed(described(incoming.method))
          case "resource":
            return Effect.flatMap(Ref.get(state), (known) =>
              resource(known, millis, options.resource, incoming)
            )
          case "none":
            return Effect.succeed(notFound)
        }
      })

    const answer =
      (intention: playingUser.Intention): Answerer =>
      (incoming) =>
        Effect.gen(function* () {
          const endpoint = endpointOf(incoming)
          const entry = recording.entryOf(endpoint, yield* Clock.currentTimeMillis, incoming)
          const { isDown } = yield* Ref.get(state)
          if (isDown && endpoint !== "resource") {
            return yield* record(entry, new Disconnected({ message: "connect ECONNREFUSED" }))
          }
          const fault = yield* faults.meet(entry)
          const acted = Effect.zipWith(act(endpoint, incoming, intention), now, (response, millis) =>
            HttpServerResponse.setHeader(response, "date", httpDate(millis))
          )
          return yield* record(
            { ...entry, fault: fault?.name },
            fault === undefined ? acted : fault.apply({ request: entry, act: acted, now })
          )
        })

    return {
      ...levers.make(state, origin, now),
      answer: answer({}),
      authorize: playingUser.make(answer),
      endpoints: endpointsAt(origin, options.paths ?? {}),
      introspectionEndpoint: origin + paths.introspection,
      metadataUrl: origin + paths.metadata,
      secrets: Effect.map(Ref.get(state), states.secretsOf),
      journal,
      faults
    }
  })
