import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { type Refusal, refusal, wrongMethod } from "./answer.js"
import { type Incoming, parameters, spaced } from "./incoming.js"
import { grantedScope, type Outcome } from "./issue.js"
import type { Policy } from "./policy.js"
import type { Challenge, Client, State } from "./state.js"

/** What the user does about an authorization request. */
export interface Decision {
  readonly username: string
  readonly isApproved: boolean
}

/** Of a loopback address every port will do (RFC 8252 section 7.3); of others the port is a part of them. */
const withoutPort = (uri: string): string => {
  if (!/^http:\/\/(127\.0\.0\.1|\[::1\])[:/]/.test(uri) || !URL.canParse(uri)) return uri
  const url = new URL(uri)
  url.port = ""
  return url.href
}

interface Asked {
  readonly client: Client
  readonly redirectUri: string
  readonly isRedirectUriSent: boolean
  readonly parameters: ReadonlyMap<string, string>
}

/** Who is not known must not be redirected to (RFC 6749 section 4.1.2.1). */
const asked = (state: State, pairs: URLSearchParams): Either.Either<Asked, Refusal> =>
  Either.gen(function* () {
    const read = yield* parameters(pairs)
    const client = Option.getOrUndefined(HashMap.get(state.clients, read.get("client_id") ?? ""))
    if (client === undefined) {
      return yield* Either.left(refusal("invalid_request", "client_id is not one of a client."))
    }
    const sent = read.get("redirect_uri")
    const [registered, ...others] = client.redirectUris
    const redirectUri = sent ?? (others.length === 0 ? registered : undefined)
    if (
      redirectUri === undefined ||
      !URL.canParse(redirectUri) ||
      !client.redirectUris.some((uri) => uri === redirectUri || withoutPort(uri) === withoutPort(redirectUri))
    ) {
      return yield* Either.left(
        refusal(
          "invalid_request",
          `redirect_uri is not one of the client's: ${client.redirectUris.join(" ")}`
        )
      )
    }
    return { client, redirectUri, isRedirectUriSent: sent !== undefined, parameters: read }
  })

/** RFC 7636 section 4.4.1. */
const challengeIn = (
  { client, parameters }: Asked,
  policy: Policy
): Either.Either<Challenge | undefined, Refusal> => {
  const value = parameters.get("code_challenge")
  const method = parameters.get("code_challenge_method") ?? "plain"
  if (value === undefined) {
    const isRequired =
      policy.proofKeys === "required" ||
      (policy.proofKeys === "of public clients" && client.clientSecret === undefined)
    return isRequired
      ? Either.left(refusal("invalid_request", "code_challenge is required."))
      : Either.right(undefined)
  }
  return method === "S256" || (method === "plain" && policy.plainProofKeys)
    ? Either.right({ method, value })
    : Either.left(refusal("invalid_request", "code_challenge_method has to be S256."))
}

const decide = (
  state: State,
  request: Asked,
  policy: Policy,
  now: number,
  { isApproved, username }: Decision
): Outcome<string> => {
  const refuse = (why: Refusal): Outcome<string> => [Either.left(why), state]
  const { client, parameters, redirectUri, isRedirectUriSent } = request
  if (parameters.get("response_type") !== "code") {
    return refuse(refusal("unsupported_response_type", "response_type has to be code."))
  }
  if (!client.grantTypes.includes("authorization_code")) {
    return refuse(refusal("unauthorized_client", "The client may not ask for a code."))
  }
  const scope = grantedScope(spaced(parameters.get("scope")), client.scopes)
  if (Either.isLeft(scope)) return refuse(scope.left)
  const challenge = challengeIn(request, policy)
  if (Either.isLeft(challenge)) return refuse(challenge.left)
  if (!isApproved || !HashMap.has(state.passwords, username)) {
    return refuse(refusal("access_denied", `The user ${username} said no, or is not known here.`))
  }
  const issued = state.issued + 1
  const text = policy.tokenText("code", issued)
  const code = {
    clientId: client.clientId,
    username,
    scope: scope.right,
    redirectUri,
    isRedirectUriSent,
    challenge: challenge.right,
    expiresAt: now + policy.codeLifetime,
    spentFor: undefined
  }
  return [Either.right(text), { ...state, issued, codes: HashMap.set(state.codes, text, code) }]
}

/** RFC 6749 sections 4.1.2 and 4.1.2.1, and who answers (RFC 9207 section 2). */
const callback = (request: Asked, issuer: string, answer: Either.Either<string, Refusal>): string => {
  const url = new URL(request.redirectUri)
  const add = (name: string, value: string | undefined) => {
    if (value !== undefined) url.searchParams.append(name, value)
  }
  if (Either.isRight(answer)) add("code", answer.right)
  else {
    add("error", answer.left.error)
    add("error_description", answer.left.description)
  }
  add("state", request.parameters.get("state"))
  add("iss", issuer)
  return url.href
}

/**
 * The authorization endpoint (RFC 6749 section 3.1), of a server that knows what its user would do, and has no page to
 * ask on: it sends them back at once.
 */
export const authorizationEndpoint = (
  state: Ref.Ref<State>,
  policy: Policy,
  issuer: string,
  now: number,
  incoming: Incoming,
  decision: Decision
): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  if (incoming.method !== "GET" && incoming.method !== "POST") {
    return Effect.succeed(wrongMethod("GET, POST"))
  }
  const pairs = incoming.method === "GET" ? incoming.url.searchParams : new URLSearchParams(incoming.body)
  return Ref.modify(state, (known): readonly [HttpServerResponse.HttpServerResponse, State] => {
    const request = asked(known, pairs)
    if (Either.isLeft(request)) {
      const { description, error } = request.left
      return [HttpServerResponse.text(`${error}: ${description}`, { status: 400 }), known]
    }
    const [answer, after] = decide(known, request.right, policy, now, decision)
    const location = callback(request.right, issuer, answer)
    return [HttpServerResponse.redirect(location, { headers: { "cache-control": "no-store" } }), after]
  })
}
