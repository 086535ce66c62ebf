import { allowInsecureRequests, protectedResourceRequest } from "oauth4webapi"
import { type Peer, readJson } from "./Peer.js"

export const oauth4webapi: Peer = {
  name: "oauth4webapi",
  note: "Keeps no token: its caller hands it one for each call.",
  connect:
    async ({ api, token }) =>
    async () =>
      readJson(
        await protectedResourceRequest(token, "GET", new URL(api), undefined, undefined, {
          [allowInsecureRequests]: true
        })
      )
}
