import type { Peer } from "../peers/Peer.js"
import { ofPeer, type Subject } from "./Subject.js"

const peer = async (load: Promise<Peer>): Promise<ReadonlyArray<Subject>> => [ofPeer(await load)]

const advised = (subject: Subject): Subject => ({
  ...subject,
  identity: { ...subject.identity, isAdvised: true }
})

const withFetch = async (): Promise<ReadonlyArray<Subject>> => {
  const { bareCancellableFetch, bareFetch } = await import("./bareClients.js")
  const { bare, ours, overFetch, withoutSpans } = await import("./effectClients.js")
  return [
    bareFetch,
    bareCancellableFetch,
    bare(overFetch),
    ours(overFetch),
    bare(overFetch, withoutSpans),
    ours(overFetch, withoutSpans)
  ]
}

const withNodeHttp = async (): Promise<ReadonlyArray<Subject>> => {
  const { bare, ours, overNodeHttp, overNodeHttpAsItIs, withoutSpans } = await import("./effectClients.js")
  return [bare(overNodeHttp), ours(overNodeHttp), ours(overNodeHttp, withoutSpans), ours(overNodeHttpAsItIs)]
}

const withUndici = async (): Promise<ReadonlyArray<Subject>> => {
  const { bareTunedUndici, bareUndici } = await import("./bareClients.js")
  const { bare, ours, overTunedUndici, overUndici, withoutPropagation, withoutSpans } = await import(
    "./effectClients.js"
  )
  return [
    bareUndici,
    bareTunedUndici,
    bare(overUndici),
    ours(overUndici),
    ours(overUndici, withoutPropagation),
    bare(overUndici, withoutSpans),
    ours(overUndici, withoutSpans),
    ours(overTunedUndici),
    advised(bare(overTunedUndici, withoutSpans)),
    advised(ours(overTunedUndici, withoutSpans))
  ]
}

/**
 * A peer has a process to itself; what is compared closely shares one, so that it is not the luck of a process that is
 * measured.
 */
export const groups: ReadonlyMap<string, () => Promise<ReadonlyArray<Subject>>> = new Map([
  ["fetch", withFetch],
  ["node:http", withNodeHttp],
  ["undici", withUndici],
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
