import { inspect } from "node:util"
import * as Reactivity from "@effect/experimental/Reactivity"
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as Statement from "@effect/sql/Statement"
import { assert, describe, it } from "@effect/vitest"
import { SqlTokenStorage } from "@effect-oauth/store-sql"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import { tokenOf } from "../../client/test/fixtures/tokenStoreContract.js"
import { onEachDatabase, open, recorder, storeOf, whileTimePasses } from "./support.js"

const secret = "Rt6Yb5Hg"

const assertSilent = (subject: unknown): void => {
  assert.notInclude(
    inspect(subject, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true }),
    secret
  )
  assert.notInclude(String(JSON.stringify(subject)), secret)
}

/** What a tracer sends on of a span. */
const told = ({ attributes, name, status }: Tracer.Span): string =>
  inspect([
    name,
    attributes,
    status._tag === "Ended" && status.exit._tag === "Failure"
      ? Cause.pretty(status.exit.cause, { renderErrorCause: true })
      : ""
  ])

/** A client of this dialect, whose statements a function answers. */
const fakeClient = (
  dialect: Statement.Dialect,
  answer: (sql: string, params: ReadonlyArray<unknown>) => Effect.Effect<unknown, SqlError>
) => {
  const rows = (sql: string, params: ReadonlyArray<unknown>) =>
    Effect.map(answer(sql, params), (reply) => (Array.isArray(reply) ? reply : []))
  return SqlClient.make({
    acquirer: Effect.succeed({
      execute: rows,
      executeRaw: answer,
      executeValues: rows,
      executeUnprepared: rows,
      executeStream: () => Effect.dieMessage("not used")
    }),
    compiler: Statement.makeCompiler({
      dialect,
      placeholder: () => "?",
      onIdentifier: Statement.defaultEscape("`"),
      onRecordUpdate: () => ["", []],
      onCustom: () => ["", []]
    }),
    spanAttributes: []
  }).pipe(Effect.provide(Reactivity.layer))
}

const make = (sql: SqlClient.SqlClient, options?: SqlTokenStorage.Options) =>
  Effect.provideService(SqlTokenStorage.make(options), SqlClient.SqlClient, sql)

onEachDatabase("what a storage tells", (kind) => {
  it.scopedLive("of a failure holds no text that was to be stored", () =>
    Effect.gen(function* () {
      const database = yield* kind.database
      const sql = yield* database.connect()
      const table = sql(database.table)
      // PostgreSQL quotes the whole row in such a failure.
      yield* sql`CREATE TABLE ${table} (key_hash VARCHAR(255) PRIMARY KEY, session_key TEXT, stored TEXT CHECK (length(stored) < 3), holder TEXT, lease_until BIGINT, ends_at BIGINT)`
      const { storage } = yield* open(database)
      yield* storage.acquire("alice", "a")
      const { spans, trace } = yield* recorder
      const cause = yield* Effect.flip(
        Effect.sandbox(trace(storage.replace("alice", "a", Option.some(secret), Option.none())))
      )
      assert.isTrue(spans.some(({ status }) => status._tag === "Ended" && status.exit._tag === "Failure"))
      for (const span of spans) assert.notInclude(told(span), secret)
      const [error] = Cause.failures(cause)
      assert.propertyVal(error, "reason", "Unavailable")
      assert.propertyVal(error, "operation", "write")
      assert.match(
        String(Option.getOrUndefined(Option.fromNullable(error?.cause))),
        // Of the codes of MariaDB its driver knows the names that MySQL gave them.
        kind.isMysql ? /ER_\w+/ : /23514|SQLITE_CONSTRAINT/
      )
      assertSilent(error)
      assertSilent(cause)
      assert.notInclude(Cause.pretty(cause, { renderErrorCause: true }), secret)
    })
  )

  it.scopedLive("to a tracer is the text of each statement, and no value of it", () =>
    Effect.gen(function* () {
      const database = yield* kind.database
      const { storage } = yield* open(database)
      const { spans, statements, trace } = yield* recorder
      yield* trace(
        Effect.withSpan(
          Effect.gen(function* () {
            yield* storage.acquire(`alice ${secret}`, "a")
            yield* storage.replace(`alice ${secret}`, "a", Option.some(secret), Option.none())
            yield* storage.acquire(`alice ${secret}`, `b ${secret}`)
            yield* storage.setAside(`alice ${secret}`, `b ${secret}`)
            yield* storage.release(`alice ${secret}`, `b ${secret}`)
          }),
          "outer"
        )
      )
      assert.isAbove(statements().length, 4)
      for (const span of spans) assert.notInclude(told(span), secret)
      const outer = spans.find(({ name }) => name === "outer")
      const first = spans.find(({ name }) => name === "sql.execute")
      assert.strictEqual(Option.getOrUndefined(first?.parent ?? Option.none())?.spanId, outer?.spanId)
    })
  )

  it.scopedLive(
    "the database is two statements for a session that is replaced, or left, and one for a look",
    () =>
      Effect.gen(function* () {
        const database = yield* kind.database
        const { storage } = yield* open(database)
        const store = yield* storeOf(storage)
        const count = <A, E>(effect: Effect.Effect<A, E>) =>
          Effect.flatMap(recorder, ({ statements, trace }) =>
            Effect.map(trace(effect), () => statements().map((statement) => String(statement).split(" ")[0]))
          )
        const acquire = kind.isMysql ? ["INSERT", "SELECT"] : ["INSERT"]
        const replace = store.modify("alice", () => Effect.succeed([undefined, Option.some(tokenOf("one"))]))
        assert.deepStrictEqual(yield* count(replace), [...acquire, "UPDATE"])
        assert.deepStrictEqual(yield* count(replace), [...acquire, "UPDATE"])
        const leave = store.modify("alice", ({ token }) => Effect.succeed([undefined, token]))
        assert.deepStrictEqual(yield* count(leave), [...acquire, "UPDATE"])
        assert.deepStrictEqual(yield* count(store.read("alice")), ["SELECT"])
      })
  )
})

describe("a driver that dies", () => {
  it.scoped("fails with a type, and does not say of what", () =>
    Effect.gen(function* () {
      const sql = yield* fakeClient("pg", () => Effect.die(new TypeError(`of ${secret}`)))
      const storage = yield* make(sql)
      const error = yield* Effect.flip(storage.read("alice"))
      assert.strictEqual(error.reason, "Unavailable")
      assert.match(String(error.cause), /TypeError/)
      assertSilent(error)
    })
  )

  it.scoped("or never ends is left behind", () =>
    Effect.gen(function* () {
      const sql = yield* fakeClient("pg", () => Effect.uninterruptible(Effect.as(Effect.sleep("1 day"), [])))
      const storage = yield* make(sql)
      const error = yield* whileTimePasses(Effect.flip(storage.read("alice")))
      assert.match(error.message, /did not answer within 5 seconds/)
    })
  )

  it.scoped("of something that names itself as its cause is no riddle", () =>
    Effect.gen(function* () {
      const failure: { cause?: unknown } = {}
      failure.cause = failure
      const sql = yield* fakeClient("pg", () => Effect.fail(new SqlError({ cause: failure })))
      const storage = yield* make(sql)
      assert.strictEqual((yield* Effect.flip(storage.read("alice"))).reason, "Unavailable")
    })
  )
})

describe("a setting that cannot be", () => {
  for (const table of [
    "",
    ".",
    "a.",
    ".a",
    "a.b.c",
    "1a",
    "a b",
    'a"b',
    "a;b",
    "a-b",
    "ä",
    "a".repeat(64),
    "a\n"
  ]) {
    it.scoped(`is refused at once: the table ${JSON.stringify(table)}`, () =>
      Effect.gen(function* () {
        const sql = yield* fakeClient("pg", () => Effect.succeed([]))
        const error = yield* Effect.flip(make(sql, { table }))
        assert.strictEqual(error._tag, "AuthValidationException")
        assert.match(error.message, /^The name of the table for sessions is none\./)
      })
    )
  }

  for (const leaseDuration of [Duration.zero, Duration.millis(99), Duration.infinity]) {
    it.scoped(`is refused at once: a lease of ${Duration.format(leaseDuration)}`, () =>
      Effect.gen(function* () {
        const sql = yield* fakeClient("pg", () => Effect.succeed([]))
        const error = yield* Effect.flip(make(sql, { leaseDuration }))
        assert.strictEqual(error._tag, "AuthValidationException")
        assert.match(error.message, /^leaseDuration has to be finite/)
      })
    )
  }

  for (const [dialect, name] of [
    ["mssql", "Microsoft SQL Server"],
    ["clickhouse", "ClickHouse"]
  ] as const) {
    it.scoped(`is refused at once: ${name}`, () =>
      Effect.gen(function* () {
        const sql = yield* fakeClient(dialect, () => Effect.succeed([]))
        for (const refused of [
          make(sql),
          Effect.provideService(SqlTokenStorage.createTable(), SqlClient.SqlClient, sql),
          Effect.provideService(SqlTokenStorage.migration(), SqlClient.SqlClient, sql)
        ]) {
          const error = yield* Effect.flip(Effect.asVoid(refused))
          assert.strictEqual(error._tag, "AuthValidationException")
          assert.include(error.message, `one of ${name}.`)
        }
      })
    )
  }
})

describe("on MySQL, as far as no server is needed", () => {
  const onMysql = (answers: ReadonlyArray<unknown>) =>
    Effect.gen(function* () {
      const left = [...answers]
      const asked: Array<readonly [sql: string, params: ReadonlyArray<unknown>]> = []
      const sql = yield* fakeClient("mysql", (statement, params) =>
        Effect.suspend(() => {
          asked.push([statement.replaceAll(/\s+/g, " "), params])
          const answer = left.shift()
          return answer instanceof Error
            ? Effect.fail(new SqlError({ cause: answer }))
            : Effect.succeed(answer)
        })
      )
      return { asked, sql, storage: yield* make(sql, { table: "auth.sessions" }) }
    })

  const id = "2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90"
  const now = "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)"
  const failure = (code: string, message = "of the server") => Object.assign(new Error(message), { code })

  it.scoped("takes a lease, and then looks whether it has it", () =>
    Effect.gen(function* () {
      const { asked, storage } = yield* onMysql([{ affectedRows: 2 }, [["text"]], { affectedRows: 1 }, []])
      const taken = Option.getOrThrow(yield* storage.acquire("alice", "a"))
      assert.strictEqual(Option.getOrUndefined(taken.text), "text")
      assert.isTrue(Option.isNone(yield* storage.acquire("alice", "a")))
      const isFree = `lease_until IS NULL OR lease_until <= ${now} OR holder = ?`
      assert.deepStrictEqual(asked[0], [
        `INSERT INTO \`auth\`.\`sessions\` (key_hash, session_key, holder, lease_until) VALUES (?, ?, ?, ${now} + 10000) ON DUPLICATE KEY UPDATE holder = IF(${isFree}, ?, holder), lease_until = IF(${isFree}, ${now} + 10000, lease_until)`,
        [id, "alice", "a", "a", "a", "a"]
      ])
      assert.deepStrictEqual(asked[1], [
        "SELECT stored FROM `auth`.`sessions` WHERE key_hash = ? AND holder = ?",
        [id, "a"]
      ])
    })
  )

  it.scoped("counts the rows that a statement affected", () =>
    Effect.gen(function* () {
      const { asked, storage } = yield* onMysql([
        { affectedRows: 1 },
        { affectedRows: 0 },
        { affectedRows: 1, info: "" },
        { affectedRows: 0, info: "" }
      ])
      assert.isTrue(yield* storage.renew("alice", "a"))
      assert.isFalse(yield* storage.renew("alice", "a"))
      assert.isTrue(yield* storage.replace("alice", "a", Option.some("text"), Option.none()))
      assert.isFalse(yield* storage.replace("alice", "a", Option.some("text"), Option.none()))
      for (const [statement] of asked) assert.notInclude(statement, "RETURNING")
    })
  )

  it.scoped("counts rows that had these values already, though the client counts what was changed", () =>
    Effect.gen(function* () {
      const { storage } = yield* onMysql([
        { affectedRows: 0, info: "Rows matched: 1  Changed: 0  Warnings: 0" },
        { affectedRows: 0, info: "Rows matched: 0  Changed: 0  Warnings: 0" },
        { affectedRows: 0, info: "Datensätze gefunden: 1  Geändert: 0  Warnungen: 0" }
      ])
      assert.isTrue(yield* storage.renew("alice", "a"))
      assert.isFalse(yield* storage.renew("alice", "a"))
      assert.isTrue(yield* storage.replace("alice", "a", Option.some("text"), Option.none()))
    })
  )

  it.scoped("has no lease, and wrote nothing, in a transaction that nobody ends", () =>
    Effect.gen(function* () {
      const open = { affectedRows: 1, serverStatus: 0b01 }
      const { asked, storage } = yield* onMysql([open, open, open, { affectedRows: 1, serverStatus: 0b10 }])
      for (const operation of [
        Effect.asVoid(storage.acquire("alice", "a")),
        Effect.asVoid(storage.replace("alice", "a", Option.some("text"), Option.none())),
        storage.release("alice", "a")
      ]) {
        const error = yield* Effect.flip(operation)
        assert.strictEqual(error.reason, "Unavailable")
        assert.match(error.message, /: autocommit is off, so nothing would stay written\./)
      }
      assert.lengthOf(asked, 3)
      assert.isTrue(yield* storage.renew("alice", "a"))
    })
  )

  for (const failed of [
    failure("ER_LOCK_DEADLOCK"),
    failure("ER_LOCK_WAIT_TIMEOUT"),
    failure("ER_CHECKREAD"),
    failure("ER_SERVER_SHUTDOWN"),
    failure("ER_CLIENT_INTERACTION_TIMEOUT"),
    failure("PROTOCOL_CONNECTION_LOST"),
    failure("", "Can't add new command when connection is in closed state")
  ]) {
    it.scoped(`tries again, and is none the worse for it: ${failed.code || failed.message}`, () =>
      Effect.gen(function* () {
        const { asked, storage } = yield* onMysql([
          failed,
          { affectedRows: 1 },
          failed,
          failed,
          { affectedRows: 1 }
        ])
        assert.isTrue(yield* whileTimePasses(storage.renew("alice", "a")))
        assert.isTrue(yield* whileTimePasses(storage.renew("alice", "a")))
        assert.lengthOf(asked, 5)
      })
    )
  }

  it.scoped("empties no row of which there is no copy", () =>
    Effect.gen(function* () {
      const { asked, storage } = yield* onMysql([failure("ER_CHECK_CONSTRAINT_VIOLATED")])
      const error = yield* Effect.flip(storage.setAside("alice", "a"))
      assert.strictEqual(error.reason, "Unavailable")
      assert.lengthOf(asked, 1)
      assert.match(asked[0]?.[0] ?? "", /^INSERT INTO .* ON DUPLICATE KEY UPDATE lease_until = NULL$/)
    })
  )

  it.scoped("purges what it has found, a thousand rows at once", () =>
    Effect.gen(function* () {
      const found = (count: number) => Array.from({ length: count }, (_, index) => [`hash ${index}`])
      const purge = (answers: ReadonlyArray<unknown>) =>
        Effect.gen(function* () {
          const { asked, sql } = yield* onMysql(answers)
          const purged = yield* Effect.provideService(SqlTokenStorage.purge(), SqlClient.SqlClient, sql)
          return { asked, purged }
        })
      const { asked, purged } = yield* purge([
        found(1000),
        { affectedRows: 998 },
        found(2),
        { affectedRows: 2 }
      ])
      assert.strictEqual(purged, 1000)
      assert.lengthOf(asked, 4)
      assert.match(asked[0]?.[0] ?? "", /^SELECT key_hash .* LIMIT 1000$/)
      assert.match(
        asked[3]?.[0] ?? "",
        /^DELETE .* WHERE key_hash IN \(\?,\?\) AND \(stored IS NULL OR ends_at/
      )
      assert.deepStrictEqual(asked[3]?.[1], ["hash 0", "hash 1"])
      assert.strictEqual((yield* purge([[]])).purged, 0)
      // Somebody has taken them all up again.
      assert.strictEqual(
        (yield* purge([found(1000), { affectedRows: 0 }, found(1), { affectedRows: 1 }])).purged,
        0
      )
    })
  )

  it.scoped("says what to do when the table is missing", () =>
    Effect.gen(function* () {
      const { storage } = yield* onMysql([failure("ER_NO_SUCH_TABLE")])
      assert.match((yield* Effect.flip(storage.read("alice"))).message, /^There is no table auth\.sessions/)
    })
  )
})
