import { createRequire } from "node:module"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { UserRefreshClient } from "google-auth-library"
import { apimatic } from "../peers/apimatic.js"
import { axiosAuthRefresh } from "../peers/axiosAuthRefresh.js"
import { badgateway } from "../peers/badgateway.js"
import { msalNode } from "../peers/msalNode.js"
import { oauth4webapi } from "../peers/oauth4webapi.js"
import { openidClient } from "../peers/openidClient.js"
import { type Call, type Peer, readJson } from "../peers/Peer.js"
import { simpleOAuth2 } from "../peers/simpleOAuth2.js"
import type { Caller } from "./blocks.js"
import { api, stubbedAdapter, stubbedFetch, token, tokenEndpoint } from "./stubs.js"

/** The defaults that each client of axios begins with, of the module that the peers use. */
const axiosDefaults: { adapter?: unknown } = createRequire(import.meta.url)("axios").defaults

/** While the scope is open, `fetch` and axios reach no network. */
const withoutNetwork: Effect.Effect<void, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => {
    const before = { fetch: globalThis.fetch, adapter: axiosDefaults.adapter }
    globalThis.fetch = stubbedFetch
    axiosDefaults.adapter = stubbedAdapter
    return before
  }),
  (before) =>
    Effect.sync(() => {
      globalThis.fetch = before.fetch
      axiosDefaults.adapter = before.adapter
    })
)

const bareFetch: Peer = {
  name: "bare fetch, a fixed token by hand",
  connect: async () => async () =>
    readJson(await fetch(api, { headers: { authorization: `Bearer ${token}` } }))
}

/** It does not go by the global `fetch`. */
const googleAuthLibrary: Peer = {
  name: "google-auth-library",
  connect: async ({ expiresAt }) => {
    const client = new UserRefreshClient({
      clientId: "client",
      clientSecret: "secret",
      refreshToken: "refresh",
      transporterOptions: { fetchImplementation: stubbedFetch }
    })
    client.setCredentials({ access_token: token, expiry_date: expiresAt, refresh_token: "refresh" })
    return async () => (await client.request<unknown>({ url: api })).data
  }
}

const repeated =
  (call: Call): Caller["calls"] =>
  async (count) => {
    for (let made = 0; made < count; made += 1) await call()
  }

/** Bare `fetch` and the other clients, each on a transport that answers at once. */
export const stubbedPeers: Effect.Effect<ReadonlyArray<Caller>, never, Scope.Scope> = Effect.gen(
  function* () {
    yield* withoutNetwork
    const session = { api, token, tokenEndpoint, expiresAt: Date.now() + 86_400_000 }
    return yield* Effect.forEach(
      [
        bareFetch,
        badgateway,
        openidClient,
        oauth4webapi,
        simpleOAuth2,
        msalNode,
        googleAuthLibrary,
        axiosAuthRefresh,
        apimatic
      ],
      ({ connect, name, note }) =>
        Effect.map(
          Effect.promise(() => connect(session)),
          (call): Caller => ({ name, note, calls: repeated(call) })
        )
    )
  }
)
