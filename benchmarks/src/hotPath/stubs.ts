import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"

export const api = "https://api.example.com/user"
export const tokenEndpoint = "https://auth.example.com/token"
export const token = "mF_9.B5f-4.1JqM.6sF0pVqmdkqKnlcxLmLp"

const user = JSON.stringify({ id: 1, name: "John Doe", email: "john.doe@example.com" })
const issued = JSON.stringify({
  access_token: token,
  token_type: "Bearer",
  expires_in: 86_400,
  refresh_token: "tGzv3JOkF0XG5Qx2TlKWIA"
})

const bodyOf = (url: string): string => (url.startsWith(tokenEndpoint) ? issued : user)

const headers = { "content-type": "application/json" }

const reply = (url: string): Response => new Response(bodyOf(url), { status: 200, headers })

/** `fetch` without a network: it answers at once, each time with a reply that has not been read. */
export const stubbedFetch: typeof fetch = async (input) =>
  reply(input instanceof Request ? input.url : String(input))

/** The thinnest transport that there can be under an Effect `HttpClient`. */
export const stubbedTransport: HttpClient.HttpClient = HttpClient.make((request, url) =>
  Effect.sync(() => HttpClientResponse.fromWeb(request, reply(url.href)))
)

/** An adapter of axios without a network. */
export const stubbedAdapter = async <Config extends { readonly url?: string | undefined }>(
  config: Config
) => ({
  data: bodyOf(config.url ?? ""),
  status: 200,
  statusText: "OK",
  headers,
  config,
  request: {}
})
