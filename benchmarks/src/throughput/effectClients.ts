import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import {
  AuthorizedHttpClient,
  ClientAuthentication,
  Grant,
  OAuthToken,
  TokenEndpoint,
  TokenManager,
  TokenStore
} from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { Agent } from "undici"
import type { Session } from "../peers/Peer.js"
import type { Identity } from "./Protocol.js"
import { runEffects, type Subject } from "./Subject.js"
import { tunedAgent } from "./tunedAgent.js"

/** A transport of the platform, and how it is set up. */
export interface Transport {
  readonly name: string
  readonly note?: string | undefined
  readonly layer: Layer.Layer<HttpClient.HttpClient>
  /** The transport that this one is a variant of. */
  readonly variantOf?: string | undefined
  /** The contender that uses it without the platform's client. */
  readonly bare?: string | undefined
}

export const overFetch: Transport = { name: "fetch", layer: FetchHttpClient.layer, bare: "bare fetch" }

export const overNodeHttp: Transport = {
  name: "node:http",
  note: "`NodeHttpClient.layerWithoutAgent` with `makeAgentLayer({ keepAlive: true, maxFreeSockets: 1024 })`.",
  layer: Layer.provide(
    NodeHttpClient.layerWithoutAgent,
    NodeHttpClient.makeAgentLayer({ keepAlive: true, maxFreeSockets: 1024 })
  )
}

export const overNodeHttpAsItIs: Transport = {
  name: "node:http as it is",
  note: "`NodeHttpClient.layer`, whose agent keeps no connection.",
  layer: NodeHttpClient.layer,
  variantOf: overNodeHttp.name
}

export const overUndici: Transport = {
  name: "undici",
  layer: NodeHttpClient.layerUndici,
  bare: "bare undici"
}

export const overTunedUndici: Transport = {
  name: `undici, ${tunedAgent.connections} connections`,
  note: `\`new Agent({ connections: ${tunedAgent.connections} })\` as the \`NodeHttpClient.Dispatcher\`.`,
  layer: Layer.provide(
    NodeHttpClient.layerUndiciWithoutDispatcher,
    Layer.scoped(
      NodeHttpClient.Dispatcher,
      Effect.acquireRelease(
        Effect.sync(() => new Agent(tunedAgent)),
        (agent) => Effect.promise(() => agent.destroy())
      )
    )
  ),
  variantOf: overUndici.name,
  bare: `bare undici, ${tunedAgent.connections} connections`
}

/** What its user has no use for, and switches. */
export interface Setting {
  readonly name: string
  readonly note: string
  readonly apply: (client: HttpClient.HttpClient) => HttpClient.HttpClient
}

export const withoutSpans: Setting = {
  name: "without spans",
  note: "`HttpClient.withTracerDisabledWhen(() => true)`.",
  apply: HttpClient.withTracerDisabledWhen(() => true)
}

export const withoutPropagation: Setting = {
  name: "without trace headers",
  note: "`HttpClient.withTracerPropagation(false)`.",
  apply: HttpClient.withTracerPropagation(false)
}

const storedToken = ({ expiresAt, token }: Session) =>
  OAuthToken.make({ accessToken: token, refreshToken: "refresh", expiresIn: "1 day", expiry: expiresAt })

/** The client with all that stands behind it, and a session that is stored already. */
const authorizedClient = (session: Session, transport: Layer.Layer<HttpClient.HttpClient>) =>
  AuthorizedHttpClient.layer({ origins: [new URL(session.api).origin] }).pipe(
    Layer.provide(
      TokenManager.layer({
        grant: Grant.password({ username: "alice", password: Redacted.make("secret") }),
        key: "alice"
      })
    ),
    Layer.provide(
      TokenEndpoint.layer({
        server: { tokenEndpoint: session.tokenEndpoint },
        clientAuthentication: ClientAuthentication.clientSecretBasic({
          clientId: "client",
          clientSecret: Redacted.make("secret")
        })
      })
    ),
    Layer.provide(
      Layer.tap(TokenStore.layerMemory, (context) =>
        Effect.flatMap(Effect.provide(TokenStore.TokenStore, context), (store) =>
          store.modify("alice", () => Effect.succeed([undefined, Option.some(storedToken(session))]))
        )
      )
    ),
    Layer.provide(transport)
  )

const settled = (layer: Transport["layer"], setting: Setting | undefined): Transport["layer"] =>
  setting === undefined
    ? layer
    : Layer.provide(
        Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, setting.apply)),
        layer
      )

const nameOf = (who: string, transport: string, setting?: Setting): string =>
  [`${who} over ${transport}`, ...(setting === undefined ? [] : [setting.name])].join(", ")

const identified = (
  who: string,
  role: Identity["role"],
  transport: Transport,
  setting: Setting | undefined,
  without: string | undefined
): Identity => {
  const notes = [transport.note, setting?.note].filter((note) => note !== undefined)
  const isSwitched = setting !== undefined || transport.variantOf !== undefined
  return {
    name: nameOf(who, transport.name, setting),
    note: notes.length === 0 ? undefined : notes.join(" "),
    role,
    without,
    unswitched: isSwitched ? nameOf(who, transport.variantOf ?? transport.name) : undefined
  }
}

const platformClient = "bare HttpClient"

/** The client of this project. */
export const ours = (transport: Transport, setting?: Setting): Subject => ({
  identity: identified(
    "@effect-oauth/client",
    "ours",
    transport,
    setting,
    nameOf(platformClient, transport.name, setting)
  ),
  connect: (session) =>
    Effect.gen(function* () {
      const context = yield* Layer.build(authorizedClient(session, settled(transport.layer, setting)))
      const client = yield* Effect.provide(AuthorizedHttpClient.AuthorizedHttpClient, context)
      return runEffects(
        Effect.flatMap(
          Effect.suspend(() => client.get(session.api)),
          ({ json }) => json
        )
      )
    })
})

/** The platform's client, without any OAuth: the header is put on by hand. */
export const bare = (transport: Transport, setting?: Setting): Subject => ({
  identity: identified(platformClient, "platform", transport, setting, transport.bare),
  connect: (session) =>
    Effect.gen(function* () {
      const context = yield* Layer.build(settled(transport.layer, setting))
      const client = yield* Effect.provide(HttpClient.HttpClient, context)
      const headers = { authorization: `Bearer ${session.token}` }
      return runEffects<HttpClientError>(
        Effect.flatMap(
          Effect.suspend(() => client.get(session.api, { headers })),
          ({ json }) => json
        )
      )
    })
})
