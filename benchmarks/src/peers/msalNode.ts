import { ConfidentialClientApplication, type INetworkModule, type NetworkResponse } from "@azure/msal-node"
import { type Peer, readJson } from "./Peer.js"

const authority = "https://authority.invalid/tenant"

/** Sends to this machine what is meant for an authority, which has to have an https address. */
const networkTo = (tokenEndpoint: string): INetworkModule => {
  const post = async <T>(
    _: string,
    options?: { readonly headers?: Record<string, string>; readonly body?: string }
  ) => {
    const response = await fetch(tokenEndpoint, {
      method: "POST",
      headers: options?.headers ?? {},
      body: options?.body ?? ""
    })
    const reply: NetworkResponse<T> = { headers: {}, body: await response.json(), status: response.status }
    return reply
  }
  return {
    sendPostRequestAsync: post,
    sendGetRequestAsync: (url) => Promise.reject(new Error(`${url} was not to be asked`))
  }
}

export const msalNode: Peer = {
  name: "@azure/msal-node",
  note: "Wants an authority over https, so its network module sends what is meant for that to this machine; the token is its own, of the client credentials grant. Sends no calls: its caller asks it for the token and calls `fetch`.",
  connect: async ({ api, tokenEndpoint }) => {
    const application = new ConfidentialClientApplication({
      auth: {
        clientId: "client",
        clientSecret: "secret",
        authority,
        knownAuthorities: ["authority.invalid"],
        authorityMetadata: JSON.stringify({
          issuer: `${authority}/v2.0`,
          authorization_endpoint: `${authority}/authorize`,
          token_endpoint: `${authority}/token`,
          jwks_uri: `${authority}/keys`
        })
      },
      system: { networkClient: networkTo(tokenEndpoint) }
    })
    return async () => {
      const result = await application.acquireTokenByClientCredential({ scopes: ["api/.default"] })
      return readJson(await fetch(api, { headers: { authorization: `Bearer ${result?.accessToken}` } }))
    }
  }
}
