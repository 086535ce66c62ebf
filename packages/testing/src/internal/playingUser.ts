import * as Headers from "@effect/platform/Headers"
import * as Effect from "effect/Effect"
import type { Service } from "../TestAuthorizationServer.js"
import { UserNotReturned } from "../UserNotReturned.js"
import type { Answerer } from "./network.js"

/** What a user is told to do, where it matters. */
export interface Intention {
  readonly username?: string | undefined
  readonly approve?: boolean | undefined
}

/** Goes to the authorization endpoint, and gives where it sends the user back to. */
export const make =
  (answer: (intention: Intention) => Answerer): Service["authorize"] =>
  (authorizationUrl, intention = {}) => {
    if (!URL.canParse(authorizationUrl)) {
      return new UserNotReturned({ message: "The authorization request is not an absolute URL." })
    }
    const url = new URL(authorizationUrl)
    return answer(intention)({ method: "GET", url, headers: Headers.empty, body: "" }).pipe(
      Effect.mapError(({ message }) => new UserNotReturned({ message })),
      Effect.flatMap(({ body, headers, status }) => {
        const location = headers["location"]
        if (location !== undefined) return Effect.succeed(location)
        const page = body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : "something else"
        return new UserNotReturned({
          message: `The authorization endpoint answered ${status}: ${page}`,
          status
        })
      })
    )
  }
