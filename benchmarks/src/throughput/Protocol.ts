import * as Schema from "effect/Schema"

/** Asks the API to listen; its port is the answer. */
export class Start extends Schema.TaggedClass<Start>()("Start", { token: Schema.String }) {}

/** Asks the API how many calls it has answered. */
export class Counts extends Schema.TaggedClass<Counts>()("Counts", {}) {}

export const Counted = Schema.Struct({ authorized: Schema.Number, refused: Schema.Number })

/** What a contender is told of the API. */
export const Session = Schema.Struct({
  api: Schema.String,
  token: Schema.String,
  expiresAt: Schema.Number,
  tokenEndpoint: Schema.String
})

/** Asks a process of contenders who they are. */
export class Introduce extends Schema.TaggedClass<Introduce>()("Introduce", {}) {}

/** Who a contender is, and what it is compared with, by names of other contenders. */
export const Identity = Schema.Struct({
  name: Schema.String,
  note: Schema.optional(Schema.String),
  /** This project's client, the platform's client without OAuth, what is below that, or another client. */
  role: Schema.Literal("ours", "platform", "bare", "peer"),
  /** The same without the topmost of its layers. */
  without: Schema.optional(Schema.String),
  /** The same with nothing switched, if something is. */
  unswitched: Schema.optional(Schema.String),
  /** Whether it is switched as a user is advised to, and so takes part wherever its role does. */
  isAdvised: Schema.optional(Schema.Boolean)
})

export type Identity = typeof Identity.Type

export const Introduced = Schema.Array(Identity)

/** Asks a contender for calls, so many at a time, until the time is over. */
export class Load extends Schema.TaggedClass<Load>()("Load", {
  contender: Schema.String,
  concurrency: Schema.Number,
  millis: Schema.Number,
  /** Whether it is watched whose code the time is spent in, which costs time itself. */
  isProfiled: Schema.Boolean
}) {}

/** What came of it. */
export const Done = Schema.Struct({
  calls: Schema.Number,
  seconds: Schema.Number,
  /** The time that the processors worked for the contender's process. */
  cpuSeconds: Schema.Number,
  /** The shares of that time by whose code it was spent in, if that was watched. */
  shares: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Number }))
})

export type Done = typeof Done.Type
