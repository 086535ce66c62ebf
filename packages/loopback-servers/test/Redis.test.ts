import { once } from "node:events"
import { createServer, type Socket } from "node:net"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { needing } from "../src/Installation.js"
import { ask } from "../src/internal/resp.js"
import * as Redis from "../src/Redis.js"
import { eventually, isOpen, signal, temporaryFolders } from "./support.js"

describe(...needing("Redis", Redis.installation), () => {
  layer(Redis.layer())("one that tests share", (it) => {
    it.effect("is at its address, and speaks the protocol", () =>
      Effect.gen(function* () {
        const { url, port } = yield* Redis.Redis
        assert.strictEqual(url, `redis://127.0.0.1:${port}`)
        assert.strictEqual(yield* ask(port, "PING"), "+PONG")
        assert.strictEqual(yield* ask(port, "SET", "{a}", "é\r\n"), "+OK")
        assert.strictEqual(yield* ask(port, "STRLEN", "{a}"), ":4")
        assert.strictEqual(yield* ask(port, "MSET", "a", "1", "b", "2"), "+OK")
      })
    )

    it.effect("is stopped and started under a clock that stands still", () =>
      Effect.gen(function* () {
        const server = yield* Redis.Redis
        yield* server.stop
        yield* server.start
        assert.strictEqual(yield* ask(server.port, "PING"), "+PONG")
      })
    )
  })

  for (const persistent of [false, true]) {
    for (const how of ["stop", "kill"] as const) {
      it.scopedLive(`${persistent ? "keeps" : "forgets"} what it was told, after ${how}`, () =>
        Effect.gen(function* () {
          const server = yield* Redis.make({ persistent })
          yield* ask(server.port, "SET", "word", "wonderland")
          yield* server[how]
          assert.isTrue(Option.isNone(yield* server.pid))
          assert.isFalse(yield* isOpen(server.port))
          yield* server.start
          assert.strictEqual(yield* ask(server.port, "GET", "word"), persistent ? "wonderland" : "$-1")
        })
      )
    }
  }

  it.scopedLive("does nothing when it is started or stopped twice", () =>
    Effect.gen(function* () {
      const server = yield* Redis.make()
      const pid = yield* server.pid
      yield* server.start
      assert.deepStrictEqual(yield* server.pid, pid)
      yield* server.stop
      yield* server.stop
      yield* server.kill
      yield* Effect.all([server.start, server.start], { concurrency: "unbounded" })
      assert.strictEqual(yield* ask(server.port, "PING"), "+PONG")
    })
  )

  it.scopedLive("notices that it was killed from outside, and comes back", () =>
    Effect.gen(function* () {
      const server = yield* Redis.make()
      yield* signal(server, "SIGKILL")
      yield* eventually(Effect.map(server.pid, Option.isNone))
      yield* server.start
      assert.strictEqual(yield* ask(server.port, "PING"), "+PONG")
    })
  )

  it.scopedLive("waits for its port when another holds it for a while", () =>
    Effect.gen(function* () {
      const server = yield* Redis.make()
      yield* server.stop
      const other = createServer().listen(server.port, "127.0.0.1")
      yield* Effect.promise(() => once(other, "listening"))
      const start = yield* Effect.fork(server.start)
      yield* Effect.sleep("200 millis")
      assert.isTrue(Option.isNone(yield* Fiber.poll(start)))
      other.close()
      yield* Fiber.join(start)
      assert.strictEqual(yield* ask(server.port, "PING"), "+PONG")
    })
  )

  it.scopedLive("does not wait for an answer of what had its port before", () =>
    Effect.gen(function* () {
      const server = yield* Redis.make()
      yield* server.stop
      // Who asked while it was there is still connected when the port is free.
      const sockets: Array<Socket> = []
      const other = createServer((socket) => {
        sockets.push(socket)
        other.close()
      })
      yield* Effect.addFinalizer(() =>
        Effect.forEach(sockets, (socket) => Effect.sync(() => socket.destroy()))
      )
      other.listen(server.port, "127.0.0.1")
      yield* Effect.promise(() => once(other, "listening"))
      yield* server.start
      assert.isNotEmpty(sockets)
      assert.strictEqual(yield* ask(server.port, "PING"), "+PONG")
    })
  )

  it.scopedLive("runs beside others, with other data", () =>
    Effect.gen(function* () {
      const servers = yield* Effect.replicateEffect(Redis.make(), 8, { concurrency: "unbounded" })
      assert.strictEqual(new Set(servers.map(({ port }) => port)).size, 8)
      for (const { port } of servers) {
        assert.strictEqual(yield* ask(port, "INCR", "count"), ":1")
      }
    })
  )

  it.scopedLive("is a cluster if it is told so: keys of one command are in one slot", () =>
    Effect.gen(function* () {
      const { port, kill, start } = yield* Redis.make({ cluster: true })
      const usesSlots = Effect.gen(function* () {
        assert.match(yield* ask(port, "MSET", "a", "1", "b", "2"), /^-CROSSSLOT /)
        assert.strictEqual(yield* ask(port, "MSET", "{a}1", "1", "{a}2", "2"), "+OK")
        for (const key of ["a", "b", "c", "d"]) assert.strictEqual(yield* ask(port, "SET", key, "1"), "+OK")
      })
      yield* usesSlots
      yield* kill
      yield* start
      yield* usesSlots
    })
  )

  for (const { how, prepare } of [
    { how: "running", prepare: () => Effect.void },
    { how: "stopped", prepare: (server: Redis.Service) => server.stop },
    { how: "frozen", prepare: (server: Redis.Service) => signal(server, "SIGSTOP") }
  ]) {
    it.scopedLive(`ends with its scope and leaves nothing behind, when it is ${how}`, () =>
      Effect.gen(function* () {
        const folders = yield* temporaryFolders
        const scope = yield* Scope.make()
        const server = yield* Scope.extend(Redis.make({ persistent: true }), scope)
        assert.lengthOf(yield* folders, 1)
        yield* prepare(server)
        yield* Scope.close(scope, Exit.void)
        assert.isFalse(yield* isOpen(server.port))
        assert.isTrue(Option.isNone(yield* server.pid))
        assert.deepStrictEqual(yield* folders, [])
      })
    )
  }

  it.scopedLive("leaves nothing behind when its start is interrupted", () =>
    Effect.gen(function* () {
      const folders = yield* temporaryFolders
      for (const time of [1, 5, 10]) {
        yield* Effect.timeoutOption(Effect.scoped(Redis.make({ cluster: true })), time)
        assert.deepStrictEqual(yield* folders, [])
      }
    })
  )
})
