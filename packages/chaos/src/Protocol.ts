import * as Schema from "effect/Schema"
import { eventNames } from "./Trace.js"

/** What a worker is told, as JSON in its first argument. */
export const Settings = Schema.Struct({
  incarnation: Schema.String,
  /** `work`: calls until its stdin ends. `verify`: takes up each session, refreshes it once, calls once, and ends. */
  task: Schema.Literal("work", "verify"),
  tokenEndpoint: Schema.String,
  api: Schema.String,
  password: Schema.String,
  sessions: Schema.Array(Schema.String),
  /** How many fibers call in each session. */
  fibers: Schema.Number,
  store: Schema.Union(
    Schema.Struct({ name: Schema.Literal("file"), directory: Schema.String }),
    Schema.Struct({ name: Schema.Literal("sqlite", "postgres"), url: Schema.String }),
    Schema.Struct({ name: Schema.Literal("redis"), url: Schema.String })
  ),
  leaseMillis: Schema.Number,
  fence: Schema.Boolean
})

export interface Settings extends Schema.Schema.Type<typeof Settings> {}

export const SettingsJson = Schema.parseJson(Settings)

/** What a worker tells, a JSON line each. */
export const Line = Schema.Union(
  /** An event of its token manager; `token` is the fingerprint of the session's refresh token. */
  Schema.TaggedStruct("Told", {
    at: Schema.Number,
    session: Schema.String,
    event: Schema.Literal(...eventNames),
    token: Schema.optional(Schema.String),
    detail: Schema.optional(Schema.String)
  }),
  /** It did not run in this time, for whatever reason. */
  Schema.TaggedStruct("Halted", { at: Schema.Number, until: Schema.Number }),
  /** Calls of the API since it told the last time. */
  Schema.TaggedStruct("Calls", {
    done: Schema.Number,
    failed: Schema.Number,
    longestWaitMillis: Schema.Number
  }),
  /** How its last call in a session ended. */
  Schema.TaggedStruct("Last", {
    session: Schema.String,
    failure: Schema.optional(Schema.String)
  })
)

export type Line = Schema.Schema.Type<typeof Line>

export const LineJson = Schema.parseJson(Line)

/** Names the process that sends a token request. */
export const incarnationHeader = "x-incarnation"

/** Tells when it handed that request to its HTTP client. */
export const handedHeader = "x-handed-at"
