import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Ref from "effect/Ref"
import type { GrantType } from "../TestClient.js"
import { json, refusal, refused, wrongMethod } from "./answer.js"
import { authenticateClient } from "./authenticateClient.js"
import * as grants from "./grants.js"
import { form, type Incoming } from "./incoming.js"
import type { Outcome } from "./issue.js"
import type { Policy } from "./policy.js"
import type { State } from "./state.js"

const grantsByType: Readonly<Record<GrantType, grants.Grant>> = {
  password: grants.password,
  client_credentials: grants.clientCredentials,
  authorization_code: grants.authorizationCode,
  refresh_token: grants.refreshToken
}

export const grantTypes: ReadonlyArray<GrantType> = [
  "password",
  "client_credentials",
  "authorization_code",
  "refresh_token"
]

const grantTypeOf = (text: string): GrantType | undefined => grantTypes.find((known) => known === text)

/** RFC 7636 section 4.6. */
const challengeOf = (verifier: string | undefined): Effect.Effect<string | undefined> =>
  verifier === undefined
    ? Effect.succeed(undefined)
    : Effect.map(
        Effect.promise(() => globalThis.crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))),
        (digest) => Encoding.encodeBase64Url(new Uint8Array(digest))
      )

const grant = (
  state: State,
  authorization: string | undefined,
  parameters: ReadonlyMap<string, string>,
  context: { readonly now: number; readonly policy: Policy; readonly challenge: string | undefined }
): Outcome => {
  const client = authenticateClient(state, authorization, parameters)
  if (Either.isLeft(client)) return [Either.left(client.left), state]
  const asked = parameters.get("grant_type")
  if (asked === undefined) return [Either.left(refusal("invalid_request", "grant_type is required.")), state]
  const grantType = grantTypeOf(asked)
  if (grantType === undefined) {
    const description = `grant_type may be one of: ${grantTypes.join(", ")}.`
    return [Either.left(refusal("unsupported_grant_type", description)), state]
  }
  if (!client.right.grantTypes.includes(grantType)) {
    return [Either.left(refusal("unauthorized_client", "The client may not use this grant.")), state]
  }
  return grantsByType[grantType](state, { ...context, client: client.right, parameters })
}

/** The token endpoint (RFC 6749 section 3.2). */
export const tokenEndpoint = (
  state: Ref.Ref<State>,
  policy: Policy,
  now: number,
  incoming: Incoming
): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  if (incoming.method !== "POST") return Effect.succeed(wrongMethod("POST"))
  const read = form(incoming)
  if (Either.isLeft(read)) return Effect.succeed(refused(read.left))
  const parameters = read.right
  return challengeOf(parameters.get("code_verifier")).pipe(
    Effect.flatMap((challenge) =>
      Ref.modify(state, (known) =>
        grant(known, incoming.headers["authorization"], parameters, { now, policy, challenge })
      )
    ),
    Effect.map(Either.match({ onLeft: refused, onRight: (reply) => json(200, reply) }))
  )
}
