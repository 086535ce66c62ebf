import { Agent } from "node:http"
import { HttpClient } from "@apimatic/axios-client-adapter"
import { AbortError, ApiError, createRequestBuilderFactory } from "@apimatic/core"
import { requestAuthenticationProvider } from "@apimatic/oauth-adapters"
import type { Peer } from "./Peer.js"

export const apimatic: Peer = {
  name: "@apimatic/core with oauth-adapters",
  note: "Wired as the SDKs that are generated for it, with an agent that keeps connections, and without their validation of what comes back.",
  connect: async ({ api, expiresAt, token }) => {
    const { origin, pathname } = new URL(api)
    const client = new HttpClient(AbortError, {
      httpAgent: new Agent({ keepAlive: true, maxFreeSockets: 1024 })
    })
    const held = { accessToken: token, expiry: BigInt(Math.floor(expiresAt / 1000)) }
    const createRequest = createRequestBuilderFactory<string, boolean>(
      (request, options) => client.executeRequest(request, options),
      () => origin,
      ApiError,
      requestAuthenticationProvider(held, async () => held),
      {
        maxNumberOfRetries: 0,
        retryOnTimeout: true,
        retryInterval: 1,
        maximumRetryWaitTime: 0,
        backoffFactor: 2,
        httpStatusCodesToRetry: [408, 413, 429, 500, 502, 503, 504, 521, 522, 524],
        httpMethodsToRetry: ["GET", "PUT"]
      }
    )
    return async () => {
      const request = createRequest("GET")
      request.baseUrl("default")
      request.appendPath(pathname)
      request.authenticate(true)
      return JSON.parse((await request.callAsText()).result)
    }
  }
}
