import { PublicClientApplication } from "@azure/msal-node"

const application = new PublicClientApplication({
  auth: { clientId: "client", authority: "https://login.example.com/tenant" }
})
const granted = await application.acquireTokenByUsernamePassword({
  scopes: ["api/.default"],
  username: "johndoe",
  password: "A3ddj3w"
})
const response = await fetch("https://api.example.com/user", {
  headers: { authorization: `Bearer ${granted?.accessToken}` }
})
process.stdout.write(JSON.stringify(await response.json()))
