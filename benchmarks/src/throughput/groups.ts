import type { Peer } from "../peers/Peer.js"
import type { Setting, Transport } from "./effectClients.js"
import { ofPeer, type Subject } from "./Subject.js"

const peer = async (load: Promise<Peer>): Promise<ReadonlyArray<Subject>> => [ofPeer(await load)]

const platform = () => import("./effectClients.js")

/** The platform's client and ours, by the same transport, with the same switched. */
const pair =
  (
    by: (clients: Awaited<ReturnType<typeof platform>>) => readonly [transport: Transport, setting?: Setting]
  ) =>
  async (): Promise<ReadonlyArray<Subject>> => {
    const clients = await platform()
    const [transport, setting] = by(clients)
    return [clients.bare(transport, setting), clients.ours(transport, setting)]
  }

/**
 * A peer has a process to itself, as a program has one client. What is compared closely shares one, so that it is not
 * the luck of a process that is measured; the ones that are only switched are together to spare processes.
 */
export const groups: ReadonlyMap<string, () => Promise<ReadonlyArray<Subject>>> = new Map([
  [
    "bare fetch",
    async () => {
      const { bareCancellableFetch, bareFetch } = await import("./bareClients.js")
      return [bareFetch, bareCancellableFetch]
    }
  ],
  ["fetch", pair(({ overFetch }) => [overFetch])],
  ["fetch, without spans", pair(({ overFetch, withoutSpans }) => [overFetch, withoutSpans])],
  ["node:http", pair(({ overNodeHttp }) => [overNodeHttp])],
  [
    "node:http, switched",
    async () => {
      const { ours, overNodeHttp, overNodeHttpAsItIs, withoutSpans } = await platform()
      return [ours(overNodeHttp, withoutSpans), ours(overNodeHttpAsItIs)]
    }
  ],
  [
    "bare undici",
    async () => {
      const { bareTunedUndici, bareUndici } = await import("./bareClients.js")
      return [bareUndici, bareTunedUndici]
    }
  ],
  ["undici", pair(({ overUndici }) => [overUndici])],
  ["undici, without spans", pair(({ overUndici, withoutSpans }) => [overUndici, withoutSpans])],
  [
    "undici, switched",
    async () => {
      const { ours, overTunedUndici, overUndici, withoutPropagation } = await platform()
      return [ours(overUndici, withoutPropagation), ours(overTunedUndici)]
    }
  ],
  [
    "undici, as advised",
    async () => {
      const advised = await pair(({ overTunedUndici, withoutSpans }) => [overTunedUndici, withoutSpans])()
      return advised.map((subject) => ({ ...subject, identity: { ...subject.identity, isAdvised: true } }))
    }
  ],
  ["badgateway", () => peer(import("../peers/badgateway.js").then((module) => module.badgateway))],
  ["openid-client", () => peer(import("../peers/openidClient.js").then((module) => module.openidClient))],
  ["oauth4webapi", () => peer(import("../peers/oauth4webapi.js").then((module) => module.oauth4webapi))],
  ["simple-oauth2", () => peer(import("../peers/simpleOAuth2.js").then((module) => module.simpleOAuth2))],
  [
    "google-auth-library",
    () => peer(import("../peers/googleAuthLibrary.js").then((module) => module.googleAuthLibrary))
  ],
  ["apimatic", () => peer(import("../peers/apimatic.js").then((module) => module.apimatic))],
  [
    "axios-auth-refresh",
    () => peer(import("../peers/axiosAuthRefresh.js").then((module) => module.axiosAuthRefresh))
  ],
  ["msal-node", () => peer(import("../peers/msalNode.js").then((module) => module.msalNode))]
])
