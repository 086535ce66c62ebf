import { createServer, connect as dial, type Server, type Socket } from "node:net"
import { afterAll, beforeAll } from "@effect/vitest"
import { Redis } from "@effect-oauth/loopback-servers"
import type { RedisTokenStorage } from "@effect-oauth/store-redis"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { createClient, createClientPool, createCluster } from "redis"

const ignore = (): void => undefined

export interface Address {
  readonly url: string
}

export interface ClientOptions extends Address {
  readonly keyPrefix?: string
  readonly RESP?: 2 | 3
}

/** A server for all tests of a suite: each takes a prefix of its own. It is started before the first of them. */
export const shared = (options: Redis.Options = {}): Effect.Effect<Redis.Service> => {
  const scope = Effect.runSync(Scope.make())
  let server: Redis.Service
  beforeAll(async () => {
    server = await Effect.runPromise(Scope.extend(Redis.make(options), scope))
  })
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return Effect.sync(() => server)
}

export const freshPrefix = Effect.sync(() => `test-${globalThis.crypto.randomUUID()}`)

const connected = <A extends { readonly destroy: () => void }>(make: () => Promise<A>) =>
  Effect.acquireRelease(Effect.promise(make), (client) => Effect.sync(() => client.destroy()))

/** A client as a user would make it, which queues what it is given while there is no connection. */
export const clientOf = ({ url, keyPrefix = "", RESP = 3 }: ClientOptions) =>
  connected(() => createClient({ url, keyPrefix, RESP }).on("error", ignore).connect())

export const poolOf = ({ url }: Address) =>
  connected(async () => {
    const pool = createClientPool({ url }, { minimum: 2, maximum: 4 }).on("error", ignore)
    await pool.connect()
    return pool
  })

export const clusterOf = ({ url }: Address) =>
  connected(() =>
    createCluster({ rootNodes: [{ url }] })
      .on("error", ignore)
      .connect()
  )

/** The kinds of client that a user can have, and the server that each needs. */
export const kinds: ReadonlyArray<{
  readonly kind: string
  readonly cluster: boolean
  readonly make: (server: Address) => Effect.Effect<RedisTokenStorage.RedisClient, never, Scope.Scope>
}> = [
  { kind: "a client", cluster: false, make: clientOf },
  { kind: "a pool", cluster: false, make: poolOf },
  { kind: "a cluster", cluster: true, make: clusterOf }
]

/** What a server says to one command. */
export const ask = (server: Address, ...command: ReadonlyArray<string>): Effect.Effect<unknown> =>
  Effect.scoped(
    Effect.flatMap(clientOf(server), (client) => Effect.promise(() => client.sendCommand([...command])))
  )

/** Stands before a server, and does to connections what networks do. */
export interface Network extends Address {
  /** Passes on so many packets that clients send, keeps what comes after them, and passes that on later. */
  readonly hold: (after?: number) => Effect.Effect<void>
  readonly pass: Effect.Effect<void>
  /** Passes nothing on any more over the connections that there are, and does not close them. */
  readonly swallow: Effect.Effect<void>
  readonly connections: Effect.Effect<number>
  /** Closes all connections. */
  readonly cut: Effect.Effect<void>
}

interface Link {
  readonly client: Socket
  readonly server: Socket
  readonly kept: Array<Uint8Array>
  isDead: boolean
}

export const networkTo = ({ port }: Redis.Service): Effect.Effect<Network, never, Scope.Scope> =>
  Effect.gen(function* () {
    const links = new Set<Link>()
    let passing = Number.POSITIVE_INFINITY

    const close = ({ client, server }: Link): void => {
      client.destroy()
      server.destroy()
    }

    const connect = (client: Socket): void => {
      const server = dial(port, "127.0.0.1")
      const link: Link = { client, server, kept: [], isDead: false }
      links.add(link)
      client.on("data", (packet) => {
        if (link.isDead) return
        if (passing > 0) server.write(packet)
        else link.kept.push(packet)
        passing -= 1
      })
      server.on("data", (packet) => link.isDead || client.write(packet))
      for (const socket of [client, server]) {
        socket.on("error", ignore).on("close", () => {
          links.delete(link)
          close(link)
        })
      }
    }

    const each = (use: (link: Link) => void) => Effect.sync(() => Array.from(links, use))

    const listening = yield* Effect.acquireRelease(
      Effect.async<Server>((resume) => {
        const server = createServer(connect)
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.async<void>((resume) => {
          server.close(() => resume(Effect.void))
          for (const link of links) close(link)
        })
    )
    const address = listening.address()
    const proxyPort = typeof address === "object" && address !== null ? address.port : 0
    return {
      url: `redis://127.0.0.1:${proxyPort}`,
      hold: (after = 0) =>
        Effect.sync(() => {
          passing = after
        }),
      pass: Effect.zipRight(
        Effect.sync(() => {
          passing = Number.POSITIVE_INFINITY
        }),
        each(({ server, kept }) => {
          for (const packet of kept.splice(0)) server.write(packet)
        })
      ),
      swallow: each((link) => {
        link.isDead = true
      }),
      connections: Effect.sync(() => links.size),
      cut: each(close)
    }
  })

/** A client whose connection is lost, once each, after a script has been run and before its reply is there. */
export const losingReplies = (client: RedisTokenStorage.RedisClient): RedisTokenStorage.RedisClient => {
  const lost = new Set<string>()
  return {
    withCommandOptions: (options) => {
      const commands = client.withCommandOptions(options)
      return {
        set: (...args) => commands.set(...args),
        eval: (...args) => commands.eval(...args),
        multi: () => commands.multi(),
        evalSha: async (sha, options) => {
          const reply = await commands.evalSha(sha, options)
          if (lost.has(sha)) return reply
          lost.add(sha)
          return Promise.reject(new Error("Socket closed unexpectedly"))
        }
      }
    }
  }
}
