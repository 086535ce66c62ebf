import { OAuth2Client, OAuth2Fetch } from "@badgateway/oauth2-client"

const client = new OAuth2Client({
  tokenEndpoint: "https://login.example.com/token",
  clientId: "client",
  clientSecret: "secret"
})
const wrapper = new OAuth2Fetch({
  client,
  getNewToken: () => client.password({ username: "johndoe", password: "A3ddj3w" })
})
const response = await wrapper.fetch("https://api.example.com/user")
process.stdout.write(JSON.stringify(await response.json()))
