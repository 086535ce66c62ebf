import { randomInt } from "node:crypto"
import { createServer } from "node:net"
import * as Effect from "effect/Effect"
import { LoopbackServerError } from "../LoopbackServerError.js"

/**
 * A port of 127.0.0.1 that nobody listens on. It is below those that systems give to outgoing connections and to
 * whoever asks for any port: a server that is stopped for a while finds it free again. So is the port 10,000 above it,
 * which a node of a Redis cluster takes too.
 */
export const freePort = (server: string): Effect.Effect<number, LoopbackServerError> =>
  Effect.async<number, LoopbackServerError>((resume) => {
    const port = randomInt(11_000, 21_000)
    const probe = createServer()
    probe.once("error", (cause) => resume(Effect.fail(new LoopbackServerError({ server, cause }))))
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () =>
      probe.close(() => resume(Effect.succeed(port)))
    )
  }).pipe(Effect.retry({ times: 50 }))
