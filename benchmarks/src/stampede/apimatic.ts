import { HttpClient } from "@apimatic/axios-client-adapter"
import { AbortError, ApiError, createRequestBuilderFactory, type RetryConfiguration } from "@apimatic/core"
import type { HttpClientInterface } from "@apimatic/core-interfaces"
import { requestAuthenticationProvider } from "@apimatic/oauth-adapters"
import * as Effect from "effect/Effect"
import { keeper, type Subject } from "./Subject.js"

interface Held {
  readonly accessToken: string
  readonly refreshToken: string
  readonly expiry: bigint
}

const inSeconds = (millis: number): bigint => BigInt(Math.floor(millis / 1000))

const retrying: RetryConfiguration = {
  maxNumberOfRetries: 0,
  retryOnTimeout: true,
  retryInterval: 1,
  maximumRetryWaitTime: 0,
  backoffFactor: 2,
  httpStatusCodesToRetry: [408, 413, 429, 500, 502, 503, 504, 521, 522, 524],
  httpMethodsToRetry: ["GET", "PUT"]
}

/** An API that answers with the credentials that it was sent. */
const api: HttpClientInterface = async ({ headers }) => ({
  statusCode: 200,
  body: headers?.["Authorization"]?.slice("Bearer ".length) ?? "",
  headers: {}
})

export const apimatic: Subject = {
  name: "@apimatic/core with oauth-adapters",
  note: "Wired as the SDKs that are generated for it. Each caller makes a call, which an API within the process answers.",
  proof: "basic",
  asksForEach: true,
  keep: ({ accessToken, clientId, clientSecret, expiresAt, origin, refreshToken, tokenEndpoint }) =>
    Effect.sync(() => {
      let held: Held = { accessToken, refreshToken, expiry: inSeconds(expiresAt) }
      const client = new HttpClient(AbortError)
      const createTokenRequest = createRequestBuilderFactory<string, boolean>(
        (request, options) => client.executeRequest(request, options),
        () => origin,
        ApiError,
        () => (request, options, next) => next(request, options),
        retrying
      )
      const refresh = async (last: Held | undefined): Promise<Held> => {
        const request = createTokenRequest("POST", new URL(tokenEndpoint).pathname)
        request.header(
          "Authorization",
          `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}`
        )
        request.form({ grant_type: "refresh_token", refresh_token: last?.refreshToken })
        const reply = JSON.parse((await request.callAsText()).result)
        return {
          accessToken: reply.access_token,
          refreshToken: reply.refresh_token,
          expiry: inSeconds(Date.now() + reply.expires_in * 1000)
        }
      }
      const createRequest = createRequestBuilderFactory<string, boolean>(
        api,
        () => "https://api.example.com",
        ApiError,
        requestAuthenticationProvider(held, refresh, (token) => {
          held = token
        }),
        retrying
      )
      return keeper(
        async () => {
          const request = createRequest("GET", "/user")
          request.authenticate(true)
          return (await request.callAsText()).result
        },
        () => held.refreshToken
      )
    })
}
