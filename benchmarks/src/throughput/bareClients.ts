import { Agent, request } from "undici"
import { readJson } from "../peers/Peer.js"
import { ofPeer, type Subject } from "./Subject.js"
import { tunedAgent } from "./tunedAgent.js"

/** The `fetch` of Node, without any OAuth. */
export const bareFetch: Subject = ofPeer(
  {
    name: "bare fetch",
    connect: async ({ api, token }) => {
      const init = { headers: { authorization: `Bearer ${token}` } }
      return async () => readJson(await fetch(api, init))
    }
  },
  { role: "bare" }
)

/** The same, and each call can be given up, as any effect can. */
export const bareCancellableFetch: Subject = ofPeer(
  {
    name: "bare fetch, with a signal",
    note: "Each call has an `AbortController`, as those of the platform's client have.",
    connect: async ({ api, token }) => {
      const headers = { authorization: `Bearer ${token}` }
      return async () => readJson(await fetch(api, { headers, signal: new AbortController().signal }))
    }
  },
  { role: "bare", without: "bare fetch" }
)

const overUndici = (name: string, agent: Agent, note: string): Subject =>
  ofPeer(
    {
      name,
      note,
      connect: async ({ api, token }) => {
        const options = { dispatcher: agent, headers: { authorization: `Bearer ${token}` } }
        return async () => {
          const { body, statusCode } = await request(api, options)
          if (statusCode !== 200) throw new Error(`the API answered ${statusCode}`)
          return body.json()
        }
      }
    },
    { role: "bare" }
  )

/** undici, without any OAuth. */
export const bareUndici = overUndici("bare undici", new Agent(), "`undici.request` with `new Agent()`.")

export const bareTunedUndici = overUndici(
  `bare undici, ${tunedAgent.connections} connections`,
  new Agent(tunedAgent),
  `\`undici.request\` with \`new Agent({ connections: ${tunedAgent.connections} })\`.`
)
