import { allowInsecureRequests, Configuration, fetchProtectedResource } from "openid-client"
import { type Peer, readJson } from "./Peer.js"

export const openidClient: Peer = {
  name: "openid-client",
  note: "Keeps no token: its caller hands it one for each call.",
  connect: async ({ api, token, tokenEndpoint }) => {
    const configuration = new Configuration(
      { issuer: new URL(tokenEndpoint).origin, token_endpoint: tokenEndpoint },
      "client",
      "secret"
    )
    allowInsecureRequests(configuration)
    return async () => readJson(await fetchProtectedResource(configuration, token, new URL(api), "GET"))
  }
}
