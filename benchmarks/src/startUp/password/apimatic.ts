import { HttpClient } from "@apimatic/axios-client-adapter"
import { AbortError, ApiError, createRequestBuilderFactory } from "@apimatic/core"
import { requestAuthenticationProvider } from "@apimatic/oauth-adapters"

const client = new HttpClient(AbortError)
const createRequest = createRequestBuilderFactory<"api" | "login", boolean>(
  (request, options) => client.executeRequest(request, options),
  (server) => `https://${server}.example.com`,
  ApiError,
  requestAuthenticationProvider(undefined, async () => {
    const request = createRequest("POST")
    request.baseUrl("login")
    request.appendPath("/token")
    request.header("Authorization", `Basic ${btoa("client:secret")}`)
    request.form({ grant_type: "password", username: "johndoe", password: "A3ddj3w" })
    request.authenticate(false)
    const granted: { readonly access_token: string } = JSON.parse((await request.callAsText()).result)
    return { accessToken: granted.access_token }
  }),
  {
    maxNumberOfRetries: 0,
    retryOnTimeout: true,
    retryInterval: 1,
    maximumRetryWaitTime: 0,
    backoffFactor: 2,
    httpStatusCodesToRetry: [],
    httpMethodsToRetry: []
  }
)
const request = createRequest("GET")
request.baseUrl("api")
request.appendPath("/user")
request.authenticate(true)
process.stdout.write(JSON.stringify(JSON.parse((await request.callAsText()).result)))
