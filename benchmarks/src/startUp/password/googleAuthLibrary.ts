import { UserRefreshClient } from "google-auth-library"

const client = new UserRefreshClient({
  clientId: "client",
  clientSecret: "secret",
  refreshToken: "refresh",
  endpoints: { oauth2TokenUrl: "https://login.example.com/token" }
})
process.stdout.write(JSON.stringify((await client.request({ url: "https://api.example.com/user" })).data))
