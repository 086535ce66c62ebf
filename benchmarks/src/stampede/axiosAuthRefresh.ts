import { createRequire } from "node:module"
import { createAuthRefresh } from "axios-auth-refresh"
import * as Effect from "effect/Effect"
import { keeper, type Subject } from "./Subject.js"

// Of the two modules of axios the one that the declarations of axios-auth-refresh are for.
const axios: Parameters<typeof createAuthRefresh>[0] = createRequire(import.meta.url)("axios")

/** An API that answers with the credentials that it was sent, and refuses those that have run out. */
const clientOfApi = (expired: string) =>
  axios.create({
    adapter: async (config) => {
      const token = String(config.headers.get("Authorization")).slice("Bearer ".length)
      const response = { data: token, status: 200, statusText: "OK", headers: {}, config }
      if (token !== expired) return response
      // As axios rejects what a status refuses.
      throw Object.assign(new Error("Request failed with status code 401"), {
        isAxiosError: true,
        config,
        request: {},
        response: { ...response, status: 401, statusText: "Unauthorized" }
      })
    }
  })

export const axiosAuthRefresh: Subject = {
  name: "axios with axios-auth-refresh",
  note: "Knows no expiry: each caller makes a call, which an API within the process answers with 401 the first time. Of the calls that were sent by then only the first is sent again: those that come while it refreshes wait, those that are refused meanwhile fail.",
  proof: "basic",
  keep: ({ clientId, clientSecret, tokenEndpoint, ...session }) =>
    Effect.sync(() => {
      const client = clientOfApi(session.accessToken)
      const held = { ...session }
      client.interceptors.request.use((request) => {
        request.headers.set("Authorization", `Bearer ${held.accessToken}`)
        return request
      })
      createAuthRefresh(client, async () => {
        const { data } = await axios.post<{ readonly access_token: string; readonly refresh_token: string }>(
          tokenEndpoint,
          new URLSearchParams({ grant_type: "refresh_token", refresh_token: held.refreshToken }),
          { auth: { username: clientId, password: clientSecret } }
        )
        held.accessToken = data.access_token
        held.refreshToken = data.refresh_token
      })
      return keeper(
        async () => (await client.get<string>("https://api.example.com/user")).data,
        () => held.refreshToken
      )
    })
}
