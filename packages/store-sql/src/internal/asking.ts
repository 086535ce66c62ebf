import type { SqlError } from "@effect/sql/SqlError"
import * as Statement from "@effect/sql/Statement"
import { TokenStoreError } from "@effect-oauth/client/TokenStoreError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import * as Tracer from "effect/Tracer"
import { type SessionTable, UncommittedStatement } from "./sessionTable.js"

const patience = Duration.seconds(5)

// Others hold a row, or the file, for as long as one statement takes. Only a transaction holds it longer.
const again = Schedule.exponential("5 millis", 1.5).pipe(
  Schedule.union(Schedule.spaced("100 millis")),
  Schedule.jittered,
  Schedule.upTo("4 seconds")
)

/** A statement that failed, or what it was that was known of it instead. */
const causesOf = (failure: unknown): ReadonlyArray<unknown> => {
  const causes: Array<unknown> = []
  for (
    let cause = failure;
    cause !== undefined && causes.length < 5;
    cause = Predicate.hasProperty(cause, "cause") ? cause.cause : undefined
  ) {
    causes.push(cause)
  }
  return causes
}

const says = (failure: unknown, codes: RegExp, words?: RegExp): boolean =>
  causesOf(failure).some(
    (cause) =>
      (Predicate.hasProperty(cause, "code") && typeof cause.code === "string" && codes.test(cause.code)) ||
      (words !== undefined &&
        Predicate.hasProperty(cause, "message") &&
        typeof cause.message === "string" &&
        words.test(cause.message))
  )

/** Others use the file. */
const isLocked = (failure: unknown): boolean =>
  says(failure, /^SQLITE_(BUSY|LOCKED)\w*$/, /^(SQLITE_(BUSY|LOCKED)\w*: )?database( table)? is locked/)

/** Others were in the way. */
const isBusy = (failure: unknown): boolean =>
  isLocked(failure) || says(failure, /^(40001|40P01|55P03|ER_LOCK_\w+|ER_CHECKREAD)$/)

/** The connection broke on the way, or the server went down: there may be another one to connect to. */
const isBroken = (failure: unknown): boolean =>
  says(
    failure,
    /^(57P0[13]|ECONNRESET|EPIPE|PROTOCOL_CONNECTION_LOST|ER_SERVER_SHUTDOWN|ER_CLIENT_INTERACTION_TIMEOUT)$/,
    /^(Connection terminated|Can't add new command when connection is in closed state)/
  )

/**
 * libSQL does not end a statement that was refused so. Whatever its connection is told to write from then on is seen by
 * that connection only, and never written, though it says that it was; and nobody else can write.
 */
const isCrippled = (failure: unknown): boolean =>
  isLocked(failure) &&
  // Of libSQL's errors some are `LibsqlError`, and some have no name of their own.
  causesOf(failure).some((cause) => cause instanceof Error && /^(Libsql)?Error$/.test(cause.name))

/** There is no such table. */
export const isMissing = (failure: unknown): boolean =>
  says(failure, /^(42P01|ER_NO_SUCH_TABLE)$/, /no such table/)

const isOfNoSchema = (failure: unknown): boolean =>
  says(failure, /^(3F000|ER_BAD_DB_ERROR)$/, /unknown database/)

const isOther = (failure: unknown): boolean =>
  says(failure, /^(42703|ER_BAD_FIELD_ERROR)$/, /no such column|has no column/)

class CrippledConnection extends Error {
  override readonly name = "CrippledConnection"
}

const isPassing = (failure: unknown): boolean => isBusy(failure) || isBroken(failure)

/** Asks the database, and fails with what its user can do about it. Nothing is quoted of what a driver says. */
export interface Asking {
  readonly run: <A>(
    operation: TokenStoreError["operation"],
    statement: Effect.Effect<A, SqlError>
  ) => Effect.Effect<A, TokenStoreError>
  readonly failed: (operation: TokenStoreError["operation"], failure: unknown) => TokenStoreError
}

/**
 * The statements of a user's transaction end with it: a token that was stored within it would be lost if it is rolled
 * back, and a lease would be seen by nobody. So nothing of the caller's surroundings is kept but its span.
 */
const apart = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Statement.withTransformerDisabled(effect).pipe(
    Effect.mapInputContext((context: Context.Context<never>) =>
      Option.match(Context.getOption(context, Tracer.ParentSpan), {
        onNone: () => Context.empty(),
        onSome: (span) => Context.make(Tracer.ParentSpan, span)
      })
    )
  )

const done = { read: "read", lease: "leased", write: "written" } as const

export const asking = (
  table: string,
  { prepare, reconnect }: Pick<SessionTable, "prepare" | "reconnect">
): Asking => {
  let crippled = false
  const turn = Effect.unsafeMakeSemaphore(1)

  /** On a connection that can be crippled nothing may come between that and another connection. */
  const byTurns = <A, E>(statement: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Option.isSome(reconnect) ? turn.withPermits(1)(Effect.uninterruptible(statement)) : statement

  const otherConnection: Effect.Effect<void, unknown> = Option.getOrElse(reconnect, () =>
    Effect.fail("there is no other")
  )

  const replaceCrippled = Effect.catchAllCause(otherConnection, () =>
    Effect.sync(() => {
      crippled = true
    })
  )

  const explain = (failure: unknown, what: string): string => {
    if (isMissing(failure)) {
      return `There is no table ${table} for sessions. Make it with SqlTokenStorage.createTable, in a migration with SqlTokenStorage.migration, or let the store make it with { migrate: true }.`
    }
    if (isOfNoSchema(failure)) return `There is no schema for the table ${table}. Make it first.`
    if (isOther(failure)) {
      return `The table ${table} was not made for sessions: a column is missing. Name another table.`
    }
    if (failure instanceof CrippledConnection) {
      return `${what}: others were in the way of this connection before, and libSQL writes nothing through it any more. Make a new client.`
    }
    if (causesOf(failure).some((cause) => cause instanceof UncommittedStatement)) {
      return `${what}: autocommit is off, so nothing would stay written. Turn it on for the connections of this client.`
    }
    return isBusy(failure)
      ? `${what}: others were in the way for too long.${ownTransaction}`
      : `${what}: the statement failed.`
  }

  const whatOf = (operation: TokenStoreError["operation"]): string =>
    `A session in the table ${table} could not be ${done[operation]}`

  const failed: Asking["failed"] = (operation, failure) =>
    TokenStoreError.unavailable(operation, explain(failure, whatOf(operation)), causesOf(failure).at(-1))

  return {
    failed,
    run: (operation, statement) =>
      Effect.suspend(() => (crippled ? Effect.fail(new CrippledConnection()) : prepare)).pipe(
        Effect.zipRight(statement),
        Effect.tapError((failure) => (isCrippled(failure) ? replaceCrippled : Effect.void)),
        byTurns,
        Effect.retry({ schedule: again, while: isPassing }),
        apart,
        // Who asked waits for no driver to be interrupted, also where nothing can be interrupted.
        Effect.disconnect,
        Effect.interruptible,
        Effect.catchAllDefect((defect) => Effect.fail(defect)),
        Effect.mapError((failure) => failed(operation, failure)),
        Effect.timeoutFail({
          duration: patience,
          onTimeout: () =>
            TokenStoreError.unavailable(
              operation,
              `${whatOf(operation)}: the database did not answer within 5 seconds.${ownTransaction}`
            )
        })
      )
  }
}

const ownTransaction =
  " If the caller is in a transaction that has the only connection, or on SQLite the right to write, it has to end first."
