import { connect } from "node:net"
import * as Effect from "effect/Effect"

/**
 * Sends one command to a Redis of this machine on a connection of its own. Gives the reply: a bulk string as it is,
 * anything else by its first line, with its mark.
 */
export const ask = (port: number, ...command: ReadonlyArray<string>): Effect.Effect<string, Error> =>
  Effect.async<string, Error>((resume) => {
    let received = ""
    const failed = (message: string) => resume(Effect.fail(new Error(message)))
    const socket = connect(port, "127.0.0.1")
    socket.setEncoding("latin1")
    socket.once("error", (error) => failed(error.message))
    socket.once("close", () => failed("no whole reply"))
    socket.on("data", (text: string) => {
      received += text
      const reply = wholeReply(received)
      if (reply === undefined) return
      resume(Effect.succeed(reply))
      socket.destroy()
    })
    const words = command.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)
    socket.write(`*${words.length}\r\n${words.join("")}`)
    return Effect.sync(() => socket.destroy())
  })

const wholeReply = (received: string): string | undefined => {
  const lineEnd = received.indexOf("\r\n")
  if (lineEnd === -1) return undefined
  const line = received.slice(0, lineEnd)
  if (!line.startsWith("$") || line === "$-1") return line
  const start = lineEnd + 2
  const end = start + Number(line.slice(1))
  return received.length < end + 2 ? undefined : received.slice(start, end)
}
