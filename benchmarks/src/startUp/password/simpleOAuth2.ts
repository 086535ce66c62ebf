import { ResourceOwnerPassword } from "simple-oauth2"

const client = new ResourceOwnerPassword({
  client: { id: "client", secret: "secret" },
  auth: { tokenHost: "https://login.example.com" }
})
const { token } = await client.getToken({ username: "johndoe", password: "A3ddj3w" })
const response = await fetch("https://api.example.com/user", {
  headers: { authorization: `Bearer ${String(token["access_token"])}` }
})
process.stdout.write(JSON.stringify(await response.json()))
