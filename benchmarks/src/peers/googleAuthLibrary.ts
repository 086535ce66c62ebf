import { UserRefreshClient } from "google-auth-library"
import type { Peer } from "./Peer.js"

export const googleAuthLibrary: Peer = {
  name: "google-auth-library",
  connect: async ({ api, expiresAt, token }) => {
    const client = new UserRefreshClient({
      clientId: "client",
      clientSecret: "secret",
      refreshToken: "refresh"
    })
    client.setCredentials({ access_token: token, expiry_date: expiresAt, refresh_token: "refresh" })
    return async () => (await client.request<unknown>({ url: api })).data
  }
}
