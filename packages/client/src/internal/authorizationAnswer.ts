import * as Headers from "@effect/platform/Headers"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type { AuthorizationRequest } from "../AuthorizationRequest.js"
import { AuthValidationException } from "../AuthValidationException.js"
import { OAuthProviderException } from "../OAuthProviderException.js"
import { scrubber } from "./secrets.js"

type Checked = Either.Either<void, AuthValidationException>

const refuse = (message: string): Either.Either<never, AuthValidationException> =>
  Either.left(new AuthValidationException({ message: `${message} Begin a new authorization request.` }))

const checkState = ({ state }: AuthorizationRequest, answer: URLSearchParams): Checked => {
  const given = answer.get("state")
  if (given === state) return Either.void
  return refuse(
    given === null
      ? "The answer has no state, so it is to no request of ours."
      : "The answer has the state of another request: the user has begun more than one, or somebody else wants them to " +
          "go on with an answer that is not theirs."
  )
}

const meant = ["state", "iss", "error", "error_description", "error_uri", "code"]

const checkRepetition = (answer: URLSearchParams): Checked => {
  const repeated = meant.find((name) => answer.getAll(name).length > 1)
  return repeated === undefined
    ? Either.void
    : refuse(`The answer has more than one ${repeated} (RFC 6749 section 3.1).`)
}

/** Before anything else that it says: an error of another server is none of this one (RFC 9207 section 2.4). */
const checkIssuer = (
  { isIssuerRequired, issuer }: AuthorizationRequest,
  answer: URLSearchParams
): Checked => {
  const given = answer.get("iss")
  if (given === null) {
    return isIssuerRequired
      ? refuse("The answer does not say which server it is from (RFC 9207), as this one always does.")
      : Either.void
  }
  return issuer === undefined || given === issuer
    ? Either.void
    : refuse("The answer is from another server than the request was sent to (RFC 9207).")
}

const refusal = (
  { codeVerifier, state }: AuthorizationRequest,
  answer: URLSearchParams,
  error: string
): OAuthProviderException => {
  const scrubbed = scrubber([Redacted.value(codeVerifier), state, answer.get("code") ?? ""])
  const said = (name: string): string | undefined => {
    const text = answer.get(name)
    return text === null || text === "" ? undefined : scrubbed(text)
  }
  return new OAuthProviderException({
    error: scrubbed(error),
    errorDescription: said("error_description"),
    errorUri: said("error_uri"),
    headers: Headers.empty
  })
}

/** The code of an answer that is to this request. */
export const read = (
  request: AuthorizationRequest,
  answer: URLSearchParams
): Either.Either<Redacted.Redacted<string>, OAuthProviderException | AuthValidationException> =>
  Either.gen(function* () {
    yield* checkState(request, answer)
    yield* checkRepetition(answer)
    yield* checkIssuer(request, answer)
    const error = answer.get("error")
    if (error !== null && error !== "") return yield* Either.left(refusal(request, answer, error))
    const code = answer.get("code")
    return code === null || code === ""
      ? yield* refuse("The answer has neither a code nor an error.")
      : Redacted.make(code)
  })
