import * as Schema from "effect/Schema"

/** What the process of the authorization server is asked. */
export const ServerQuestion = Schema.Union(
  /** Where it is. */
  Schema.TaggedStruct("Origin", {}),
  /** How many requests its token endpoint has got. */
  Schema.TaggedStruct("TokenRequests", {}),
  /** Which of these access tokens it takes now. */
  Schema.TaggedStruct("Active", { accessTokens: Schema.Array(Schema.String) })
)

export type ServerQuestion = Schema.Schema.Type<typeof ServerQuestion>

/** Where most clients look for it that cannot be told. */
export const tokenPath = "/oauth/token"

/** The server holds a client to one way to prove itself, and not every library can do both. */
export const clients = {
  basic: { clientId: "by-header", clientSecret: "secret-in-the-header" },
  post: { clientId: "by-form", clientSecret: "secret-in-the-form" }
} as const
