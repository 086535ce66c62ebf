import * as Schema from "effect/Schema"

/** Where the sessions are. */
export const Place = Schema.Union(
  Schema.Struct({ store: Schema.Literal("file"), directory: Schema.String }),
  Schema.Struct({ store: Schema.Literal("sqlite", "postgres"), url: Schema.String }),
  Schema.Struct({ store: Schema.Literal("redis"), url: Schema.String })
)

export type Place = Schema.Schema.Type<typeof Place>

export type StoreName = Place["store"]

/** What a process is told, as JSON in its first argument. */
export const Settings = Schema.parseJson(Schema.Struct({ process: Schema.String, place: Place }))

/** Instants are those of a clock that all processes of the machine share, in milliseconds. */
export const Question = Schema.Union(
  /** Refresh a session of your own again and again, from then until then. */
  Schema.TaggedStruct("Refresh", { from: Schema.Number, until: Schema.Number }),
  /** So many lifetimes of a token have passed, and the one of the session that all share is over: get the next one. */
  Schema.TaggedStruct("Renew", { lifetimes: Schema.Number, from: Schema.Number }),
  /** Call an API so many times, with a good token. */
  Schema.TaggedStruct("Call", { times: Schema.Number })
)

export type Question = Schema.Schema.Type<typeof Question>

/** How long each of the refreshes took. */
export const Refreshed = Schema.Array(Schema.Number)

export const Renewed = Schema.Struct({
  at: Schema.Number,
  accessToken: Schema.String,
  tokenRequests: Schema.Number
})

/** What the calls asked of the store. */
export const Called = Schema.Struct({ storeOperations: Schema.Number })

/** The shared clock: monotonic since the machine was started. */
export const now = (): number => Number(process.hrtime.bigint() / 1000n) / 1000
