import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Child from "../processes/Child.js"
import { clients, type ServerQuestion, tokenPath } from "./Protocol.js"

/** What a session begins with, and what a refresh brings. */
export const TokenReply = Schema.Struct({
  access_token: Schema.String,
  refresh_token: Schema.String,
  expires_in: Schema.Number
})

export type TokenReply = Schema.Schema.Type<typeof TokenReply>

export type Proof = keyof typeof clients

const program = fileURLToPath(new URL("server.ts", import.meta.url))

/** A server that rotates refresh tokens, and ends the session when one is used again. It ends with the scope. */
export const make = Effect.gen(function* () {
  const child = yield* Child.start({ command: ["--import", "tsx", program] })
  const ask = <A, I>(question: ServerQuestion, answer: Schema.Schema<A, I>) => child.ask(question, answer)
  const origin = yield* ask({ _tag: "Origin" }, Schema.String)
  const tokenEndpoint = origin + tokenPath

  /** A request as anybody can send it, without a library. */
  const request = (proof: Proof, parameters: Readonly<Record<string, string>>) => {
    const { clientId, clientSecret } = clients[proof]
    const headers =
      proof === "basic"
        ? { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}` }
        : undefined
    const body = new URLSearchParams(
      proof === "post" ? { ...parameters, client_id: clientId, client_secret: clientSecret } : parameters
    )
    return Effect.tryPromise(async () => {
      const response = await fetch(tokenEndpoint, { method: "POST", headers: headers ?? {}, body })
      return response.json()
    }).pipe(Effect.flatMap(Schema.decodeUnknown(TokenReply)))
  }

  return {
    origin,
    tokenEndpoint,
    logIn: (proof: Proof, scope = "offline_access api") =>
      request(proof, {
        grant_type: "password",
        username: "alice",
        password: "wonderland",
        scope
      }),
    refresh: (proof: Proof, refreshToken: string) =>
      request(proof, { grant_type: "refresh_token", refresh_token: refreshToken }),
    isRefreshable: (proof: Proof, refreshToken: Option.Option<string>) =>
      Option.match(refreshToken, {
        onNone: () => Effect.succeed(false),
        onSome: (value) =>
          Effect.isSuccess(request(proof, { grant_type: "refresh_token", refresh_token: value }))
      }),
    tokenRequests: ask({ _tag: "TokenRequests" }, Schema.Number),
    /** Of these tokens those that are good now. */
    active: (accessTokens: ReadonlySet<string>) =>
      Effect.map(
        ask({ _tag: "Active", accessTokens: [...accessTokens] }, Schema.Array(Schema.Boolean)),
        (isActive) => new Set([...accessTokens].filter((_, index) => isActive[index] === true))
      )
  }
})

export type AuthorizationServer = Effect.Effect.Success<typeof make>
