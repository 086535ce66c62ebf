import { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client"
import { type Peer, readJson } from "./Peer.js"

export const badgateway: Peer = {
  name: "@badgateway/oauth2-client",
  connect: async ({ api, expiresAt, token, tokenEndpoint }) => {
    const client = new OAuth2Client({
      server: api,
      tokenEndpoint,
      clientId: "client",
      clientSecret: "secret"
    })
    const wrapper = new OAuth2Fetch({
      client,
      getNewToken: () => client.clientCredentials(),
      getStoredToken: () => ({ accessToken: token, expiresAt, refreshToken: "refresh" })
    })
    return async () => readJson(await wrapper.fetch(api))
  }
}
