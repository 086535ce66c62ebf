import { Configuration, fetchProtectedResource, genericGrantRequest } from "openid-client"

const configuration = new Configuration(
  { issuer: "https://login.example.com", token_endpoint: "https://login.example.com/token" },
  "client",
  "secret"
)
const { access_token } = await genericGrantRequest(configuration, "password", {
  username: "johndoe",
  password: "A3ddj3w"
})
const response = await fetchProtectedResource(
  configuration,
  access_token,
  new URL("https://api.example.com/user"),
  "GET"
)
process.stdout.write(JSON.stringify(await response.json()))
