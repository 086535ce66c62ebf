import { ResourceOwnerPassword } from "simple-oauth2"
import { type Peer, readJson } from "./Peer.js"

export const simpleOAuth2: Peer = {
  name: "simple-oauth2",
  note: "Sends no calls: its caller asks it whether the token has expired, and calls `fetch`.",
  connect: async ({ api, expiresAt, token, tokenEndpoint }) => {
    const client = new ResourceOwnerPassword({
      client: { id: "client", secret: "secret" },
      auth: { tokenHost: new URL(tokenEndpoint).origin }
    })
    let held = client.createToken({
      access_token: token,
      refresh_token: "refresh",
      expires_at: new Date(expiresAt)
    })
    return async () => {
      // As its page shows.
      if (held.expired(300)) held = await held.refresh()
      return readJson(
        await fetch(api, { headers: { authorization: `Bearer ${String(held.token["access_token"])}` } })
      )
    }
  }
}
