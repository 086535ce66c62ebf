import * as Schema from "effect/Schema"

export const keepers = [
  "tokens",
  "mapOfTokens",
  "tokenManagers",
  "badgateway",
  "googleAuthLibrary",
  "simpleOAuth2"
] as const

/** Who keeps the sessions in a process. */
export type KeeperName = (typeof keepers)[number]

export const Question = Schema.Struct({
  keeper: Schema.Literal(...keepers),
  sessions: Schema.Number,
  lookups: Schema.Number
})

/** What is measured in one process. */
export const Measured = Schema.Struct({
  /** What the heap has grown by, after everything was collected that nobody holds. */
  bytes: Schema.Number,
  /** All sessions, one after the other. */
  takeUpMillis: Schema.Number,
  /** All lookups, one after the other. */
  lookupMillis: Schema.Number
})

export type Measured = Schema.Schema.Type<typeof Measured>
