import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as OAuthToken from "../OAuthToken.js"

/**
 * Remembers which refusals another token does not cure: those of a token that had itself just come in place of a
 * refused one. All of them, until the token is accepted somewhere; after that, those of the requests that it, or a
 * token that it replaced, was refused for. A token that came in the course of time starts with a clean slate.
 */
export interface Futility {
  readonly isFutile: (request: HttpClientRequest.HttpClientRequest, token: OAuthToken.OAuthToken) => boolean
  /** What became of a request that was sent again with the token that came in place of the refused one. */
  readonly replayed: (
    request: HttpClientRequest.HttpClientRequest,
    refused: OAuthToken.OAuthToken,
    token: OAuthToken.OAuthToken,
    isAccepted: boolean
  ) => void
  readonly accepted: (request: HttpClientRequest.HttpClientRequest, token: OAuthToken.OAuthToken) => void
}

// Beyond this they are not told apart any more, so that memory stays bounded.
const mostRequests = 1000

export const make = (): Futility => {
  let current: OAuthToken.OAuthToken | undefined
  let isAcceptedSomewhere = false
  const requests = new Set<string>()

  const nameOf = (request: HttpClientRequest.HttpClientRequest): string =>
    `${request.method} ${request.url.split("?", 1)[0]}`

  return {
    isFutile: (request, token) =>
      token === current && (!isAcceptedSomewhere || requests.has(nameOf(request))),
    replayed: (request, refused, token, isAccepted) => {
      if (token !== current) {
        if (refused !== current) requests.clear()
        current = token
        isAcceptedSomewhere = false
      }
      if (isAccepted) {
        isAcceptedSomewhere = true
        requests.delete(nameOf(request))
      } else if (requests.size < mostRequests) {
        requests.add(nameOf(request))
      }
    },
    accepted: (request, token) => {
      if (token !== current) return
      isAcceptedSomewhere = true
      if (requests.size > 0) requests.delete(nameOf(request))
    }
  }
}
