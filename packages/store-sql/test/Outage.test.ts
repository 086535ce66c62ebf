import { createServer, connect as dial, type Socket } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Installation, PostgreSQL } from "@effect-oauth/loopback-servers"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { accessOf, tokenOf } from "../../client/test/fixtures/tokenStoreContract.js"
import { pgClient, storageOn, storeOf, whileTimePasses } from "./support.js"

/** Stands before a server, and does to connections what networks do. */
const networkTo = ({ port }: { readonly port: number }) =>
  Effect.gen(function* () {
    const links = new Set<readonly [client: Socket, server: Socket]>()
    const listening = yield* Effect.acquireRelease(
      Effect.async<ReturnType<typeof createServer>>((resume) => {
        const server = createServer((client) => {
          const upstream = dial(port, "127.0.0.1")
          const pair = [client, upstream] as const
          links.add(pair)
          client.pipe(upstream).pipe(client)
          for (const socket of pair) {
            socket
              .on("error", () => undefined)
              .on("close", () => {
                links.delete(pair)
                for (const end of pair) end.destroy()
              })
          }
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.async<void>((resume) => {
          server.close(() => resume(Effect.void))
          for (const pair of links) for (const end of pair) end.destroy()
        })
    )
    const address = listening.address()
    const listeningOn = typeof address === "object" && address !== null ? address.port : 0
    const each = (use: (client: Socket, server: Socket) => void) =>
      Effect.sync(() => {
        for (const [client, server] of links) use(client, server)
      })
    return {
      url: `postgres://postgres@127.0.0.1:${listeningOn}/postgres`,
      /** Passes nothing on any more of what the server replies, over the connections that there are. */
      loseReplies: each((client, server) => server.unpipe(client).resume()),
      cut: each((client) => client.destroy())
    }
  })

const text = (content: string) => Option.some(content)

describe(
  ...Installation.needing("SqlTokenStorage while PostgreSQL comes and goes", PostgreSQL.installation),
  () => {
    for (const { how, end } of [
      { how: "stopped", end: (server: PostgreSQL.Service) => server.stop() },
      { how: "killed", end: (server: PostgreSQL.Service) => server.kill }
    ]) {
      it.scopedLive(`fails with a type when it was ${how}, and heals when it is back`, () =>
        Effect.gen(function* () {
          const server = yield* PostgreSQL.make()
          const sql = yield* pgClient(server)
          const storage = yield* storageOn(sql, { table: "sessions" })
          const store = yield* storeOf(storage)
          const put = (name: string) =>
            store.modify("alice", () => Effect.succeed([undefined, Option.some(tokenOf(name))]))
          yield* put("before")
          yield* storage.acquire("bob", "b")
          yield* end(server)
          const failures = yield* Effect.all([
            Effect.flip(store.read("alice")),
            Effect.flip(put("lost")),
            Effect.flip(storage.replace("bob", "b", text("lost"), Option.none()))
          ])
          for (const { message, reason } of failures) {
            assert.strictEqual(reason, "Unavailable")
            assert.match(message, /could not be \w+: the statement failed\.$/)
          }
          assert.match(String(failures[0].cause), /ECONNREFUSED/)
          yield* server.start
          assert.strictEqual(accessOf((yield* store.read("alice")).token), "before")
          assert.isTrue(yield* storage.replace("bob", "b", text("kept"), Option.none()))
          yield* put("after")
          assert.strictEqual(accessOf((yield* store.read("alice")).token), "after")
        })
      )
    }

    it.scopedLive("a restart during a refresh does not lose what was refreshed", () =>
      Effect.gen(function* () {
        const server = yield* PostgreSQL.make()
        const storage = yield* storageOn(yield* pgClient(server), { table: "sessions" })
        const store = yield* storeOf(storage)
        const restart = Effect.zipRight(server.stop(), server.start)
        yield* store.modify("alice", () =>
          Effect.as(Effect.interruptible(restart), [undefined, Option.some(tokenOf("refreshed"))])
        )
        assert.strictEqual(accessOf((yield* store.read("alice")).token), "refreshed")
      })
    )

    it.scopedLive("connections that are cut while they are used are made anew", () =>
      Effect.gen(function* () {
        const server = yield* PostgreSQL.make()
        const network = yield* networkTo(server)
        const storage = yield* storageOn(yield* pgClient(network), { table: "sessions" })
        const cutting = yield* Effect.fork(Effect.repeat(network.cut, Schedule.spaced("20 millis")))
        for (let count = 0; count < 50; count += 1) {
          // The server may come to a statement of a connection that is gone only after the next statement.
          const key = `session ${count}`
          yield* Effect.flatten(storage.acquire(key, "a"))
          assert.isTrue(yield* storage.replace(key, "a", text(`${count}`), Option.none()))
          assert.strictEqual(Option.getOrUndefined(yield* storage.read(key)), `${count}`)
        }
        yield* Fiber.interrupt(cutting)
      })
    )

    it.scopedLive("a write whose answer got lost with the connection counts once it is done again", () =>
      Effect.gen(function* () {
        const server = yield* PostgreSQL.make()
        const network = yield* networkTo(server)
        const storage = yield* storageOn(yield* pgClient(network), { table: "sessions" })
        const direct = yield* storageOn(yield* pgClient(server), { table: "sessions" })
        yield* storage.acquire("alice", "a")
        yield* network.loseReplies
        const writing = yield* Effect.fork(storage.replace("alice", "a", text("arrived"), Option.none()))
        yield* direct
          .read("alice")
          .pipe(Effect.repeat({ until: Option.isSome, schedule: Schedule.spaced("5 millis") }))
        yield* network.cut
        assert.isTrue(yield* Fiber.join(writing))
        assert.strictEqual(Option.getOrUndefined(yield* direct.read("alice")), "arrived")
      })
    )

    it.scoped("a server that does not answer any more is not waited for for ever", () =>
      Effect.gen(function* () {
        const server = yield* PostgreSQL.make()
        const network = yield* networkTo(server)
        const storage = yield* storageOn(yield* pgClient(network), { table: "sessions" })
        yield* network.loseReplies
        const error = yield* whileTimePasses(Effect.flip(storage.acquire("alice", "a")))
        assert.strictEqual(error.reason, "Unavailable")
        assert.match(error.message, /could not be leased: the database did not answer within 5 seconds\./)
      })
    )
  }
)
