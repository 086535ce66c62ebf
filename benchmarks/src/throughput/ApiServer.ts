/** The API of this benchmark, in a process of its own: a small answer to whoever shows the token. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { answering } from "../processes/answering.js"
import { Counts, Start } from "./Protocol.js"

const profile = JSON.stringify({
  id: "5f0c1b7e",
  name: "Alice Liddell",
  email: "alice@example.com",
  roles: ["reader", "editor"],
  isActive: true
})

const send = (response: ServerResponse, status: number, body: string): void => {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body)
  })
  response.end(body)
}

const start = (token: string) =>
  Effect.async<number, Error>((resume) => {
    const expected = `Bearer ${token}`
    const tokenReply = JSON.stringify({ access_token: token, token_type: "Bearer", expires_in: 86_400 })
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      if (request.url === "/token") {
        send(response, 200, tokenReply)
      } else if (request.headers.authorization === expected) {
        counts.authorized += 1
        send(response, 200, profile)
      } else {
        counts.refused += 1
        send(response, 401, "{}")
      }
    }
    const server = createServer(
      // A turn comes again after seconds, and finds its connections as it left them.
      { keepAliveTimeout: 600_000, noDelay: true },
      handle
    )
    server.once("error", (error) => resume(Effect.fail(error)))
    server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => {
      const address = server.address()
      if (address !== null && typeof address === "object") resume(Effect.succeed(address.port))
    })
  })

const counts = { authorized: 0, refused: 0 }

const answer = (question: Start | Counts): Effect.Effect<unknown, Error> =>
  question._tag === "Start" ? start(question.token) : Effect.sync(() => ({ ...counts }))

Effect.runFork(answering(Schema.Union(Start, Counts), answer))
