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

/** The `error` of a JSON body that is held in memory, or that of a challenge (RFC 6750 section 3). */
const errorOf = ({ body, headers }: HttpServerResponse.HttpServerResponse): string | undefined => {
  const challenged = /error="([^"]*)"/.exec(headers["www-authenticate"] ?? "")?.[1]
  if (challenged !== undefined || body._tag !== "Uint8Array") return challenged
  const json = Either.try((): unknown => JSON.parse(new TextDecoder().decode(body.body)))
  if (Either.isLeft(json) || !Predicate.hasProperty(json.right, "error")) return undefined
  return typeof json.right.error === "string" ? json.right.error : undefined
}

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, Disconnected>

const outcomeOf = (
  exit: Exit.Exit<HttpServerResponse.HttpServerResponse, Disconnected>
): Pick<Journal.Entry, "outcome" | "status" | "error"> => {
  if (Exit.isSuccess(exit)) {
    return { outcome: "Answered", status: exit.value.status, error: errorOf(exit.value) }
  }
  return { outcome: Exit.isInterrupted(exit) ? "Abandoned" : "Disconnected" }
}

export interface Recorder {
  readonly journal: Journal.Journal
  /** Writes the request down, then what becomes of it. */
  readonly record: (entry: Journal.Entry, answer: Answer) => Answer
}

export const make: Effect.Effect<Recorder> = Effect.gen(function* () {
  const written = yield* Ref.make(Chunk.empty<Ref.Ref<Journal.Entry>>())
  const seen = yield* Ref.make(0)
  const entries = Effect.flatMap(Ref.get(written), Effect.forEach(Ref.get))
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
      sinceLast: Effect.flatMap(entries, (all) =>
        Effect.map(Ref.getAndSet(seen, all.length), (before) => all.slice(before))
      ),
      clear: Effect.zipRight(Ref.set(written, Chunk.empty()), Ref.set(seen, 0))
    },
    record: (entry, answer) =>
      Effect.flatMap(Ref.make(entry), (recorded) =>
        Effect.zipRight(
          Ref.update(written, Chunk.append(recorded)),
          Effect.onExit(answer, (exit) => Ref.update(recorded, (one) => ({ ...one, ...outcomeOf(exit) })))
        )
      )
  }
})
