import axios from "axios"
import { createAuthRefresh } from "axios-auth-refresh"

// The declarations of axios-auth-refresh are for the other of the two modules of axios.
type Client = Parameters<typeof createAuthRefresh>[0]
const isClient = (value: unknown): value is Client => typeof value === "function"

const client: unknown = axios.create()
if (!isClient(client)) throw new TypeError()
let token: unknown

client.interceptors.request.use((request) => {
  request.headers.set("Authorization", `Bearer ${String(token)}`)
  return request
})
createAuthRefresh(client, async () => {
  const { data } = await axios.post<{ readonly access_token?: unknown }>(
    "https://login.example.com/token",
    new URLSearchParams({ grant_type: "password", username: "johndoe", password: "A3ddj3w" }),
    { auth: { username: "client", password: "secret" } }
  )
  token = data.access_token
})
process.stdout.write(JSON.stringify((await client.get("https://api.example.com/user")).data))
