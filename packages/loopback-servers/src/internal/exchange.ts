import OAuth2Server from "@node-oauth/oauth2-server"
import { type Answer, json } from "../Answer.js"
import type { IncomingRequest } from "../RecordedRequest.js"

/** Lets the library fill its own kind of response, also in the cases where it only rejects. */
export const exchange = async (
  incoming: IncomingRequest,
  handle: (request: OAuth2Server.Request, response: OAuth2Server.Response) => Promise<unknown>
): Promise<Answer> => {
  const response = new OAuth2Server.Response({})
  const isRedirect = () => response.headers?.["location"] !== undefined
  try {
    await handle(
      new OAuth2Server.Request({
        method: incoming.method,
        headers: { ...incoming.headers },
        query: Object.fromEntries(incoming.query),
        body: Object.fromEntries(incoming.form)
      }),
      response
    )
  } catch (cause) {
    if (!(cause instanceof OAuth2Server.OAuthError)) throw cause
    if (!isRedirect()) {
      const refusal = { error: cause.name, error_description: cause.message }
      return json(cause.code, refusal, response.headers)
    }
  }
  return isRedirect()
    ? { status: 302, headers: response.headers }
    : json(200, response.body, response.headers)
}
