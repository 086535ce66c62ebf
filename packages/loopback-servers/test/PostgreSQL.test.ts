import { execFile } from "node:child_process"
import { connect } from "node:net"
import { dirname, join } from "node:path"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { needing } from "../src/Installation.js"
import * as PostgreSQL from "../src/PostgreSQL.js"
import { eventually, isOpen, signal, temporaryFolders } from "./support.js"

/** The rows that psql prints; fails with what it complains of. */
const query = ({ url }: PostgreSQL.Service, sql: string): Effect.Effect<string, Error> =>
  Effect.flatMap(Effect.orDie(Effect.flatten(PostgreSQL.installation.where)), (initdb) =>
    Effect.async<string, Error>((resume) => {
      const args = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql]
      execFile(join(dirname(initdb), "psql"), args, (error, rows) =>
        resume(error === null ? Effect.succeed(rows.trim()) : Effect.fail(error))
      )
    })
  )

/** The first byte of the answer to a client that asks for TLS. */
const answerToSSLRequest = ({ host, port }: PostgreSQL.Service): Effect.Effect<string, Error> =>
  Effect.async((resume) => {
    const socket = connect(port, host)
    socket.once("error", (error) => resume(Effect.fail(error)))
    socket.once("data", (bytes) => {
      resume(Effect.succeed(bytes.toString("latin1")))
      socket.destroy()
    })
    socket.write(Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f))
  })

describe(...needing("PostgreSQL", PostgreSQL.installation), () => {
  layer(PostgreSQL.layer({ settings: { max_connections: "7" } }))("one that tests share", (it) => {
    it.effect("is at its address, and speaks the protocol", () =>
      Effect.gen(function* () {
        const server = yield* PostgreSQL.PostgreSQL
        assert.strictEqual(server.url, `postgres://postgres@127.0.0.1:${server.port}/postgres`)
        assert.strictEqual(yield* answerToSSLRequest(server), "N")
        assert.strictEqual(yield* query(server, "select current_user, 6 * 7"), "postgres|42")
      })
    )

    it.effect("listens on 127.0.0.1 only, does not wait for disks, and has the settings it was given", () =>
      Effect.gen(function* () {
        const server = yield* PostgreSQL.PostgreSQL
        const settings = ["listen_addresses", "fsync", "max_connections"]
        assert.strictEqual(
          yield* query(server, settings.map((name) => `show ${name}`).join("; ")),
          "127.0.0.1\noff\n7"
        )
      })
    )

    it.effect("is stopped and started under a clock that stands still", () =>
      Effect.gen(function* () {
        const server = yield* PostgreSQL.PostgreSQL
        yield* server.stop()
        yield* server.start
        assert.isTrue(yield* isOpen(server.port))
      })
    )
  })

  for (const { how, end } of [
    { how: "stopped", end: (server: PostgreSQL.Service) => server.stop() },
    { how: "stopped fast", end: (server: PostgreSQL.Service) => server.stop("fast") },
    { how: "killed", end: (server: PostgreSQL.Service) => server.kill }
  ]) {
    it.scopedLive(`has what was committed when it is started again after it was ${how}`, () =>
      Effect.gen(function* () {
        const server = yield* PostgreSQL.make()
        yield* query(server, "create table kept (word text); insert into kept values ('wonderland')")
        const busy = yield* Effect.fork(Effect.exit(query(server, "select pg_sleep(60)")))
        yield* eventually(
          query(server, "select count(*) from pg_stat_activity where query like 'select pg_sleep%'").pipe(
            Effect.map((count) => count === "1"),
            Effect.orDie
          )
        )
        yield* end(server)
        assert.isTrue(Exit.isFailure(yield* Fiber.join(busy)))
        assert.isFalse(yield* isOpen(server.port))
        assert.isTrue(Exit.isFailure(yield* Effect.exit(query(server, "select 1"))))
        yield* server.start
        assert.strictEqual(yield* query(server, "select word from kept"), "wonderland")
      })
    )
  }

  it.scopedLive("is killed when the last of its processes is gone, which may take a while to notice", () =>
    Effect.gen(function* () {
      const server = yield* PostgreSQL.make()
      const sleeper = "select pid from pg_stat_activity where query like 'select pg_sleep%'"
      const busy = yield* Effect.fork(Effect.exit(query(server, "select pg_sleep(60)")))
      yield* eventually(Effect.map(Effect.orDie(query(server, sleeper)), (pid) => pid !== ""))
      const ofBusy = { pid: Effect.succeed(Option.some(Number(yield* query(server, sleeper)))) }
      // Whatever becomes of the test, nothing frozen is left behind.
      yield* Effect.acquireRelease(signal(ofBusy, "SIGSTOP"), () => Effect.exit(signal(ofBusy, "SIGCONT")))
      const killing = yield* Effect.fork(server.kill)
      yield* eventually(Effect.map(server.pid, Option.isNone))
      assert.isFalse(yield* isOpen(server.port))
      assert.isTrue(Option.isNone(yield* Fiber.poll(killing)))
      yield* signal(ofBusy, "SIGCONT")
      yield* Fiber.join(killing)
      assert.isTrue(Exit.isFailure(yield* Fiber.join(busy)))
    })
  )

  it.scopedLive("does nothing when it is started or stopped twice", () =>
    Effect.gen(function* () {
      const server = yield* PostgreSQL.make()
      const pid = yield* server.pid
      yield* server.start
      assert.deepStrictEqual(yield* server.pid, pid)
      yield* server.stop()
      yield* server.stop("fast")
      yield* server.kill
      assert.isTrue(Option.isNone(yield* server.pid))
      yield* Effect.all([server.start, server.start], { concurrency: "unbounded" })
      assert.strictEqual(yield* query(server, "select 1"), "1")
    })
  )

  it.scopedLive("notices that it was killed from outside, and comes back", () =>
    Effect.gen(function* () {
      const server = yield* PostgreSQL.make()
      yield* signal(server, "SIGKILL")
      yield* eventually(Effect.map(server.pid, Option.isNone))
      yield* server.start
      assert.strictEqual(yield* query(server, "select 1"), "1")
    })
  )

  it.scopedLive("runs beside another, with other data", () =>
    Effect.gen(function* () {
      const [one, two] = yield* Effect.all([PostgreSQL.make(), PostgreSQL.make()], { concurrency: 2 })
      assert.notStrictEqual(one.port, two.port)
      yield* query(one, "create table mine ()")
      assert.strictEqual(yield* query(one, "select to_regclass('mine')"), "mine")
      assert.strictEqual(yield* query(two, "select to_regclass('mine')"), "")
      yield* one.stop()
      assert.strictEqual(yield* query(two, "select 1"), "1")
    })
  )

  for (const { how, prepare } of [
    { how: "running", prepare: () => Effect.void },
    { how: "stopped", prepare: (server: PostgreSQL.Service) => server.stop() },
    { how: "killed", prepare: (server: PostgreSQL.Service) => server.kill },
    { how: "frozen", prepare: (server: PostgreSQL.Service) => signal(server, "SIGSTOP") }
  ]) {
    it.scopedLive(`ends with its scope and leaves nothing behind, when it is ${how}`, () =>
      Effect.gen(function* () {
        const folders = yield* temporaryFolders
        const scope = yield* Scope.make()
        const server = yield* Scope.extend(PostgreSQL.make(), scope)
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
      for (const time of [20, 100, 300]) {
        yield* Effect.timeoutOption(Effect.scoped(PostgreSQL.make()), time)
        assert.deepStrictEqual(yield* folders, [])
      }
    })
  )

  it.scopedLive("says with the words of its log why it cannot start", () =>
    Effect.gen(function* () {
      const folders = yield* temporaryFolders
      const make = Effect.scoped(PostgreSQL.make({ settings: { max_connections: "none" } }))
      const error = yield* Effect.flip(make)
      assert.strictEqual(error._tag, "LoopbackServerError")
      assert.match(error.message, /^PostgreSQL cannot start: it ended with code 1 before it was ready\n/)
      assert.include(error.message, 'invalid value for parameter "max_connections": "none"')
      assert.deepStrictEqual(yield* folders, [])
    })
  )
})
