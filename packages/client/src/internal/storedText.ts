import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as OAuthToken from "../OAuthToken.js"
import type { StoredSession } from "../TokenStore.js"
import { TokenStoreError } from "../TokenStoreError.js"
import { parseJson } from "./parseJson.js"

// A field of the stored object, which other readers of the form keep as any unknown field.
const field = "effect_oauth"

const versionOf = (mark: Readonly<Record<string, unknown>>): Option.Option<number> =>
  typeof mark["version"] === "number" ? Option.some(mark["version"]) : Option.none()

/** A stored text as the session that it holds. `place` names where it is. */
export const decode = (
  text: string,
  key: string,
  place: Effect.Effect<string>
): Effect.Effect<StoredSession, TokenStoreError> => {
  const failed = (reason: "Corrupt" | "Occupied", message: (place: string) => string) =>
    Effect.flatMap(
      place,
      (name) => new TokenStoreError({ reason, operation: "read", message: message(name) })
    )
  const corrupt = (why: string) =>
    failed(
      "Corrupt",
      (name) =>
        `${name} holds no token: ${why}. It was left as it is. A new session, begun on purpose, sets it aside.`
    )
  return Effect.gen(function* () {
    const json = Option.getOrUndefined(parseJson(text))
    if (json === undefined) return yield* corrupt("it is not JSON, or not all of it")
    if (!Predicate.isRecord(json) || Array.isArray(json)) return yield* corrupt("it is not a JSON object")
    const { [field]: given, ...stored } = json
    const mark = Predicate.isRecord(given) ? given : {}
    const version = versionOf(mark)
    const isOfAnother = typeof mark["key"] === "string" && mark["key"] !== key
    if (mark["ended"] === true) return { token: Option.none(), version, isEnded: !isOfAnother }
    if (isOfAnother) {
      return yield* failed(
        "Occupied",
        (name) =>
          `${name} holds the session of another user, client or scope. It was left as it is; use another place.`
      )
    }
    const token = yield* Effect.catchAll(OAuthToken.fromStored(stored), (malformed) =>
      corrupt(malformed.message)
    )
    return { token, version, isEnded: false }
  })
}

export const encode = (token: OAuthToken.OAuthToken, key: string, version: number): string =>
  `${JSON.stringify({ ...OAuthToken.toStored(token), [field]: { key, version } }, null, 2)}\n`

/** The mark that is left of a session that was ended on purpose. */
export const encodeEnd = (key: string, version: number): string =>
  `${JSON.stringify({ [field]: { key, version, ended: true } })}\n`
