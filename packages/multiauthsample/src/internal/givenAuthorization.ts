import { AuthValidationException, type ClientAuthentication, TokenRequest } from "@effect-oauth/client"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"

/** What a header holds in disguise: its credentials, and where these are Basic, the secret in them. */
const secretsIn = (header: string): ReadonlyArray<Redacted.Redacted<string>> => {
  const [, credentials = ""] = /^\S+ +(.*)$/.exec(header) ?? []
  const decoded = Either.getOrElse(Encoding.decodeBase64String(credentials), () => "")
  const secret = decoded.slice(decoded.indexOf(":") + 1)
  return [credentials, secret].filter((one) => one !== "").map((one) => Redacted.make(one))
}

const refuse = (what: string) =>
  Effect.fail(new AuthValidationException({ message: `The authorization of the call ${what}.` }))

/** A client that proves who it is by an `Authorization` header of the caller's making. */
export const givenAuthorization = (
  authorization: Redacted.Redacted<string>
): ClientAuthentication.ClientAuthentication => ({
  method: "authorization_header",
  clientId: "given",
  authenticate: (request) =>
    Effect.suspend(() => {
      const header = Redacted.value(authorization)
      if (header.trim() === "") return refuse("is empty")
      return /^[\t\x20-\x7e]+$/.test(header)
        ? Effect.succeed(TokenRequest.setHeader(request, "authorization", authorization, secretsIn(header)))
        : refuse("has characters that a header cannot carry")
    })
})
