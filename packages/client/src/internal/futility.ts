import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as OAuthToken from "../OAuthToken.js"

/**
 * Remembers which refusals another token does not cure: those of a token that had itself just come in place of a
 * refused one. All of them, until the token is accepted somewhere; after that, those of the requests that it was
 * refused for.
 */
export interface Futility {
  readonly isFutile: (request: HttpClientRequest.HttpClientRequest, token: OAuthToken.OAuthToken) => boolean
  /** A token that came in place of a refused one was refused as well. */
  readonly refused: (request: HttpClientRequest.HttpClientRequest, token: OAuthToken.OAuthToken) => void
  readonly accepted: (request: HttpClientRequest.HttpClientRequest, token: OAuthToken.OAuthToken) => void
}

// Beyond this they are not told apart any more, so that memory stays bounded.
const mostRequests = 1000

export const make = (): Futility => {
  let current: OAuthToken.OAuthToken | undefined
  let isAccepted = false
  const requests = new Set<string>()

  const nameOf = (request: HttpClientRequest.HttpClientRequest): string =>
    `${request.method} ${request.url.split("?", 1)[0]}`

  return {
    isFutile: (request, token) => token === current && (!isAccepted || requests.has(nameOf(request))),
    refused: (request, token) => {
      if (token !== current) {
        current = token
        isAccepted = false
        requests.clear()
      }
      if (requests.size < mostRequests) requests.add(nameOf(request))
    },
    accepted: (request, token) => {
      if (token !== current) return
      isAccepted = true
      if (requests.size > 0) requests.delete(nameOf(request))
    }
  }
}
