import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Array from "effect/Array"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Exit from "effect/Exit"
import { constTrue } from "effect/Function"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import type { Disconnected } from "../Fault.js"
import * as Journal from "../Journal.js"
import { contentTypeOf, type Incoming } from "./incoming.js"
import { plain } from "./secretText.js"

/** Everything that is not known to be harmless is a secret. */
const harmless = new Set([
  "audience",
  "client_id",
  "code_challenge",
  "code_challenge_method",
  "grant_type",
  "login_hint",
  "prompt",
  "redirect_uri",
  "resource",
  "response_type",
  "scope",
  "token_type_hint",
  "username"
])

const parametersOf = ({ body, headers, url }: Incoming): ReadonlyArray<readonly [string, string]> => [
  ...url.searchParams,
  ...(contentTypeOf(headers) === "application/x-www-form-urlencoded" ? new URLSearchParams(body) : [])
]

export const bearerToken = ({ headers }: Incoming): string | undefined =>
  /^bearer +(\S+) *$/i.exec(headers["authorization"] ?? "")?.[1]

const basicClientId = ({ headers }: Incoming): string | undefined => {
  const encoded = /^basic +(\S+)$/i.exec(headers["authorization"] ?? "")?.[1]
  if (encoded === undefined) return undefined
  const decoded = Either.getOrElse(Encoding.decodeBase64String(encoded), () => "")
  return new URLSearchParams(`_=${decoded.split(":", 1)[0]}`).get("_") ?? undefined
}

export const entryOf = (endpoint: Journal.Endpoint, at: number, incoming: Incoming): Journal.Entry => {
  const pairs = parametersOf(incoming)
  const isProtocol = endpoint !== "resource" && endpoint !== "none"
  const clear = new Map(isProtocol ? pairs : [])
  const accessToken = bearerToken(incoming)
  return {
    endpoint,
    at,
    method: incoming.method,
    path: incoming.url.pathname,
    parameters: Object.fromEntries(
      pairs.map(([name, value]) => [name, isProtocol && harmless.has(name) ? value : Redacted.make(value)])
    ),
    grantType: clear.get("grant_type"),
    clientId: basicClientId(incoming) ?? clear.get("client_id"),
    username: clear.get("username"),
    accessToken: accessToken === undefined ? undefined : Redacted.make(accessToken),
    outcome: "Pending"
  }
}

/** A member of a JSON body that is held in memory. */
const textOf = ({ body }: HttpServerResponse.HttpServerResponse, name: string): string | undefined => {
  if (body._tag !== "Uint8Array") return undefined
  const json = Either.try((): unknown => JSON.parse(new TextDecoder().decode(body.body)))
  if (Either.isLeft(json) || !Predicate.hasProperty(json.right, name)) return undefined
  const { [name]: value } = json.right
  return typeof value === "string" ? value : undefined
}

/** That of a challenge (RFC 6750 section 3), or of the body. */
const errorOf = (response: HttpServerResponse.HttpServerResponse): string | undefined =>
  /error="([^"]*)"/.exec(response.headers["www-authenticate"] ?? "")?.[1] ?? textOf(response, "error")

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, Disconnected>

const outcomeOf = (
  exit: Exit.Exit<HttpServerResponse.HttpServerResponse, Disconnected>
): Pick<Journal.Entry, "outcome" | "status" | "error" | "newRefreshToken"> => {
  if (!Exit.isSuccess(exit)) return { outcome: Exit.isInterrupted(exit) ? "Abandoned" : "Disconnected" }
  const refreshToken = textOf(exit.value, "refresh_token")
  return {
    outcome: "Answered",
    status: exit.value.status,
    error: errorOf(exit.value),
    newRefreshToken: refreshToken === undefined ? undefined : Redacted.make(refreshToken)
  }
}

/** An entry, and the moments at which it came and went: the count of all that came or went before. */
interface Stay {
  readonly entry: Journal.Entry
  readonly came: number
  readonly went: number
}

const mostAtOnce = (stays: ReadonlyArray<Stay>): number => {
  const departures = stays.map(({ went }) => went).sort((one, other) => one - other)
  let gone = 0
  let most = 0
  for (const [index, { came }] of stays.entries()) {
    while ((departures[gone] ?? Number.POSITIVE_INFINITY) < came) gone += 1
    most = Math.max(most, index + 1 - gone)
  }
  return most
}

const sentAgain = (entries: ReadonlyArray<Journal.Entry>): ReadonlyArray<Journal.Entry> => {
  const over = new Set<string>()
  return entries.filter((entry) => {
    const { error, newRefreshToken, parameters } = entry
    if (!Journal.hasGrantType("refresh_token")(entry)) return false
    const sent = plain(parameters["refresh_token"] ?? "")
    const isAgain = over.has(sent)
    if ((newRefreshToken !== undefined && plain(newRefreshToken) !== sent) || error === "invalid_grant")
      over.add(sent)
    return isAgain
  })
}

export interface Recorder {
  readonly journal: Journal.Journal
  /** Writes the request down, then what becomes of it. */
  readonly record: (entry: Journal.Entry, answer: Answer) => Answer
}

export const make: Effect.Effect<Recorder> = Effect.gen(function* () {
  const written = yield* Ref.make(Chunk.empty<Ref.Ref<Stay>>())
  const moments = yield* Ref.make(0)
  const seen = yield* Ref.make(0)
  const moment = Ref.updateAndGet(moments, (count) => count + 1)
  const stays = Effect.flatMap(Ref.get(written), Effect.forEach(Ref.get))
  const entries = Effect.map(stays, (all) => all.map(({ entry }) => entry))
  const those = (which: Journal.Which) => Effect.map(entries, (all) => all.filter(which))

  return {
    journal: {
      entries,
      tokenRequests: those(Journal.isAt("token")),
      resourceRequests: those(Journal.isAt("resource")),
      grantTypes: Effect.map(those(Journal.isAt("token")), (all) =>
        all.flatMap(({ grantType }) => grantType ?? [])
      ),
      lines: Effect.map(entries, (all) => all.map(Journal.line)),
      count: (which = constTrue) => Effect.map(those(which), (all) => all.length),
      last: (which = constTrue) => Effect.map(those(which), Array.last),
      mostAtOnce: (which = constTrue) =>
        Effect.map(stays, (all) => mostAtOnce(all.filter(({ entry }) => which(entry)))),
      sentAgain: Effect.map(entries, sentAgain),
      sinceLast: Effect.flatMap(entries, (all) =>
        Effect.map(Ref.getAndSet(seen, all.length), (before) => all.slice(before))
      ),
      clear: Effect.zipRight(Ref.set(written, Chunk.empty()), Ref.set(seen, 0))
    },
    record: (entry, answer) =>
      Effect.gen(function* () {
        const stay = yield* Ref.make<Stay>({ entry, came: yield* moment, went: Number.POSITIVE_INFINITY })
        yield* Ref.update(written, Chunk.append(stay))
        return yield* Effect.onExit(answer, (exit) =>
          Effect.flatMap(moment, (went) =>
            Ref.update(stay, ({ came }) => ({ came, went, entry: { ...entry, ...outcomeOf(exit) } }))
          )
        )
      })
  }
})
