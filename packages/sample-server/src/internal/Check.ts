import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as ApiSecurity from "@effect-oauth/client/ApiSecurity"
import * as Either from "effect/Either"
import type * as Redacted from "effect/Redacted"
import type { Fixtures } from "../Fixtures.js"
import * as form from "./form.js"
import { sameSecret } from "./sameSecret.js"
import type { GrantName, Session, Tokens } from "./Tokens.js"

/** What a request has to say to one scheme. */
export type Finding =
  | { readonly _tag: "Accepted"; readonly session?: Session | undefined }
  | {
      readonly _tag: "Lacking"
      /** What is missing or wrong, without a word of what was sent. */
      readonly reason: string
      /** What RFC 6750, section 3.1 calls it, where a bearer token was sent. */
      readonly error?: "invalid_token" | "insufficient_scope" | undefined
    }

/** The check of one scheme. */
export interface Check {
  readonly find: (request: HttpServerRequest.HttpServerRequest) => Finding
  /** How the scheme is asked for in `WWW-Authenticate` (RFC 9110, section 11.6.1). */
  readonly challenge: string
}

/** What the checks know. */
export interface Known {
  readonly fixtures: Fixtures
  readonly tokens: Tokens
}

const realm = 'realm="MultiAuth-Sample"'

const accepted: Finding = { _tag: "Accepted" }

const lacking = (reason: string): Finding => ({ _tag: "Lacking", reason })

/** Makes the check that the declaration asks for, or says why there is none. */
export const make = (
  { name, scheme, scopes }: ApiSecurity.OneScheme,
  { fixtures, tokens }: Known
): Either.Either<Check, string> => {
  switch (scheme._tag) {
    case "Basic":
      return Either.right(basic(fixtures))
    case "Bearer":
      return Either.right(bearer((token) => anyToken(token, fixtures, tokens)))
    case "OAuth2": {
      const grants = Object.entries(grantNames).flatMap(([flow, grant]) => (flow in scheme ? [grant] : []))
      return grants.length === 0
        ? Either.left("it names no grant whose tokens are issued here")
        : Either.right(bearer((token) => tokenOf(token, grants, scopes, tokens)))
    }
    case "ApiKey":
      return Either.map(
        Either.all(
          scheme.names.map((parameter) =>
            parameter === "token" || parameter === "api-key"
              ? Either.right([parameter, parameter === "token" ? fixtures.token : fixtures.apiKey] as const)
              : Either.left(`there is no fixture for its parameter ${parameter}`)
          )
        ),
        (keys) => apiKey(scheme.in, keys)
      )
    case "Custom":
      return name === "CustomAuth"
        ? // What it puts on requests is up to the user of the API, and in the generated SDKs it is nothing.
          Either.right({ find: () => accepted, challenge: `Custom ${realm}` })
        : Either.left("nobody says here how it is checked")
  }
}

const basic = ({ basicPassword, basicUsername }: Fixtures): Check => ({
  challenge: `Basic ${realm}, charset="UTF-8"`,
  find: ({ headers }) => {
    const encoded = /^Basic +([\w+/-]*=*)$/i.exec(headers["authorization"] ?? "")?.[1]
    if (encoded === undefined) return lacking("no Basic credentials were sent")
    const credentials = Buffer.from(encoded, "base64").toString("utf8")
    const colon = credentials.indexOf(":")
    return credentials.slice(0, colon) === basicUsername &&
      sameSecret(basicPassword, credentials.slice(colon + 1))
      ? accepted
      : lacking("the user name or the password is wrong")
  }
})

const apiKey = (
  place: ApiSecurity.ApiKey["in"],
  keys: ReadonlyArray<readonly [parameter: string, value: Redacted.Redacted<string>]>
): Check => {
  const kind = place === "query" ? "query parameter" : "header"
  const names = keys.map(([name]) => name)
  return {
    challenge: `ApiKey ${realm}, in="${place}", names="${names.join(" ")}"`,
    find: (request) => {
      const sent: form.Parameters =
        place === "query" ? form.queryOf(request) : Object.entries(request.headers)
      const problems = keys.flatMap(([name, expected]) => {
        const values = sent.filter(([other]) => other === name)
        const [value] = values
        if (value === undefined) return [`the ${kind} ${name} was not sent`]
        if (values.length > 1) return [`the ${kind} ${name} is there more than once`]
        return sameSecret(expected, value[1]) ? [] : [`the ${kind} ${name} is wrong`]
      })
      return problems.length === 0 ? accepted : lacking(problems.join(", "))
    }
  }
}

const bearer = (findToken: (token: string) => Finding): Check => ({
  challenge: `Bearer ${realm}`,
  find: ({ headers }) => {
    const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(headers["authorization"] ?? "")?.[1]
    return token === undefined ? lacking("no bearer token was sent") : findToken(token)
  }
})

const invalid = (reason: string): Finding => ({ _tag: "Lacking", reason, error: "invalid_token" })

/** A bearer token is good wherever it is from: the fixture, and every token that was issued here. */
const anyToken = (token: string, { bearerToken }: Fixtures, tokens: Tokens): Finding =>
  sameSecret(bearerToken, token) ? accepted : issued(token, tokens, () => undefined)

const grantNames: Readonly<Record<Exclude<keyof ApiSecurity.OAuth2, "_tag" | "description">, GrantName>> = {
  authorizationCode: "authorization_code",
  clientCredentials: "client_credentials",
  password: "password"
}

/** A token of one of the grants, that allows all of the scopes. */
const tokenOf = (
  token: string,
  grants: ReadonlyArray<GrantName>,
  scopes: ReadonlyArray<string>,
  tokens: Tokens
): Finding =>
  issued(token, tokens, ({ scope, session }) => {
    if (!grants.includes(session.grant)) {
      return invalid(`the bearer token is of the grant ${session.grant}, not of ${grants.join(" or ")}`)
    }
    const missing = scopes.filter((name) => !scope.includes(name))
    if (missing.length === 0) return undefined
    return {
      _tag: "Lacking",
      reason: `the bearer token does not allow ${missing.join(" ")}`,
      error: "insufficient_scope"
    }
  })

const issued = (
  token: string,
  tokens: Tokens,
  objection: (
    live: Extract<ReturnType<Tokens["introspect"]>, { readonly _tag: "Live" }>
  ) => Finding | undefined
): Finding => {
  const found = tokens.introspect(token)
  switch (found._tag) {
    case "Unknown":
      return invalid("the bearer token is unknown")
    case "Expired":
      return invalid("the bearer token has expired")
    case "Live":
      return objection(found) ?? { _tag: "Accepted", session: found.session }
  }
}
