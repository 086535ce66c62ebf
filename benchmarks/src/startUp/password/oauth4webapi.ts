import {
  ClientSecretBasic,
  genericTokenEndpointRequest,
  processGenericTokenEndpointResponse,
  protectedResourceRequest
} from "oauth4webapi"

const server = { issuer: "https://login.example.com", token_endpoint: "https://login.example.com/token" }
const client = { client_id: "client" }
const granted = await genericTokenEndpointRequest(server, client, ClientSecretBasic("secret"), "password", {
  username: "johndoe",
  password: "A3ddj3w"
})
const { access_token } = await processGenericTokenEndpointResponse(server, client, granted)
const response = await protectedResourceRequest(access_token, "GET", new URL("https://api.example.com/user"))
process.stdout.write(JSON.stringify(await response.json()))
