import { Agent } from "node:http"
import { createRequire } from "node:module"
import { createAuthRefresh } from "axios-auth-refresh"
import type { Peer } from "./Peer.js"

// Of the two modules of axios the one that the declarations of axios-auth-refresh are for.
const axios: Parameters<typeof createAuthRefresh>[0] = createRequire(import.meta.url)("axios")

export const axiosAuthRefresh: Peer = {
  name: "axios with axios-auth-refresh",
  note: "With an agent that keeps connections.",
  connect: async ({ api, token, tokenEndpoint }) => {
    const client = axios.create({ httpAgent: new Agent({ keepAlive: true, maxFreeSockets: 1024 }) })
    let held: unknown = token
    client.interceptors.request.use((request) => {
      request.headers.set("Authorization", `Bearer ${String(held)}`)
      return request
    })
    createAuthRefresh(client, async () => {
      const { data } = await axios.post<{ access_token?: unknown }>(tokenEndpoint)
      held = data.access_token
    })
    return async () => (await client.get<unknown>(api)).data
  }
}
