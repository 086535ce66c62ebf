import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { assert, describe, it } from "@effect/vitest"
import { ApiSecurity } from "@effect-oauth/client"
import { Fixtures } from "@effect-oauth/sample-server"
import * as Either from "effect/Either"
import { security } from "multiauthsample"
import type { Known } from "../src/internal/Check.js"
import * as Requirement from "../src/internal/Requirement.js"
import type { Introspection } from "../src/internal/Tokens.js"
import * as Tokens from "../src/internal/Tokens.js"
import { basicAuth, bearer, keyQuery, keys, known } from "./support.js"

const { and, none, or, withScopes } = ApiSecurity

const live = (grant: Tokens.GrantName, ...scope: ReadonlyArray<string>): Introspection => ({
  _tag: "Live",
  session: { id: grant, grant, username: "alice" },
  scope
})

/** Tokens by their names. */
const issued: Readonly<Record<string, Introspection>> = {
  ccg: live("client_credentials"),
  acg: live("authorization_code", "file_requests.read", "more"),
  ropcg: live("password", "file_requests.read")
}

const knowledge: Known = {
  fixtures: Fixtures.defaults,
  tokens: { ...Tokens.make(), introspect: (token) => issued[token] ?? { _tag: "Unknown" } }
}

const judge = (
  requirement: ApiSecurity.Requirement,
  headers: Readonly<Record<string, string>>,
  query = ""
): Requirement.Judgement =>
  Requirement.judge(
    Either.getOrThrow(Requirement.make(requirement, knowledge)),
    HttpServerRequest.fromWeb(new Request(`http://localhost/${query}`, { headers }))
  )

/** The schemes that let a request in, or what is said of those that did not. */
const judged = (...request: Parameters<typeof judge>): ReadonlyArray<string> => {
  const judgement = judge(...request)
  return judgement._tag === "Admitted"
    ? judgement.schemes
    : [
        judgement.error,
        ...judgement.alternatives.map(({ lacking }) => lacking.map(({ scheme }) => scheme).join(" and "))
      ]
}

describe("a requirement", () => {
  it("of nothing is met by everything", () => {
    assert.deepStrictEqual(judged(none, {}), [])
    assert.deepStrictEqual(judged(and(none, security.OAuthCCG), {}), ["unauthorized", "OAuthCCG"])
  })

  it("of alternatives is met by the first that is", () => {
    const either = or(
      security.OAuthBearerToken,
      and(security.basicAuth, security.apiKey, security.apiHeader),
      security.OAuthCCG
    )
    assert.deepStrictEqual(judged(either, bearer(known.bearerToken)), ["OAuthBearerToken"])
    const all = { ...basicAuth, ...keys }
    assert.deepStrictEqual(judged(either, all, keyQuery), ["basicAuth", "apiKey", "apiHeader"])
    assert.deepStrictEqual(judged(either, bearer("ccg")), ["OAuthBearerToken"])
    assert.deepStrictEqual(judged(either, all), ["unauthorized", "OAuthBearerToken", "apiKey", "OAuthCCG"])
    assert.deepStrictEqual(judged(either, basicAuth), [
      "unauthorized",
      "OAuthBearerToken",
      "apiKey and apiHeader",
      "OAuthCCG"
    ])
  })

  it("of alternatives within a combination is met by a combination of them", () => {
    const nested = and(or(security.apiKey, security.apiHeader), security.basicAuth)
    assert.deepStrictEqual(judged(nested, basicAuth, keyQuery), ["apiKey", "basicAuth"])
    assert.deepStrictEqual(judged(nested, { ...basicAuth, ...keys }), ["apiHeader", "basicAuth"])
    assert.deepStrictEqual(judged(nested, keys), ["unauthorized", "apiKey and basicAuth", "basicAuth"])
  })

  it("of several tokens is met by the last of them, which is what is sent", () => {
    const both = and(security.OAuthACG, security.OAuthROPCG)
    assert.deepStrictEqual(judged(both, bearer("ropcg")), ["OAuthROPCG"])
    assert.deepStrictEqual(judged(both, bearer("acg")), ["unauthorized", "OAuthROPCG"])
    const reversed = and(security.OAuthROPCG, security.apiHeader, security.OAuthACG, security.apiKey)
    const request = [{ ...keys, ...bearer("acg") }, keyQuery] as const
    assert.deepStrictEqual(judged(reversed, ...request), ["apiHeader", "OAuthACG", "apiKey"])
    assert.deepStrictEqual(judged(and(security.OAuthCCG, security.basicAuth), basicAuth), ["basicAuth"])
  })

  it("of scopes is met by a token that allows them all", () => {
    const more = withScopes(security.OAuthACG, ["more", "file_requests.read"])
    assert.deepStrictEqual(judged(more, bearer("acg")), ["OAuthACG"])
    const wide = judge(withScopes(security.OAuthROPCG, ["more", "file_requests.read"]), bearer("ropcg"))
    assert.include(wide, {
      _tag: "Refused",
      error: "insufficient_scope",
      challenge: 'Bearer realm="MultiAuth-Sample", error="insufficient_scope"'
    })
    assert.include(JSON.stringify(wide), "the bearer token does not allow more")
    assert.deepStrictEqual(judged(more, bearer("ropcg")), ["unauthorized", "OAuthACG"])
  })

  it("tells the session of the token that met it", () => {
    const sessionOf = (...request: Parameters<typeof judge>) => {
      const judgement = judge(...request)
      return judgement._tag === "Admitted" ? judgement.session : "refused"
    }
    const issuedSession: Tokens.Session = { id: "password", grant: "password", username: "alice" }
    assert.deepStrictEqual(sessionOf(security.OAuthROPCG, bearer("ropcg")), issuedSession)
    assert.deepStrictEqual(
      sessionOf(and(security.apiHeader, security.OAuthROPCG), { ...keys, ...bearer("ropcg") }),
      issuedSession
    )
    assert.isUndefined(sessionOf(security.OAuthBearerToken, bearer(known.bearerToken)))
  })

  it("that nobody can check cannot be made", () => {
    const problemOf = (scheme: ApiSecurity.Scheme) =>
      Either.getOrElse(
        Either.flip(Requirement.make(or(none, ApiSecurity.make({ odd: scheme }).odd), knowledge)),
        () => "it can"
      )
    assert.strictEqual(
      problemOf(ApiSecurity.custom({ description: "A signature." })),
      "the scheme odd cannot be checked, as nobody says here how it is checked"
    )
    assert.strictEqual(
      problemOf(ApiSecurity.apiKey({ in: "header", names: ["token", "x-other"] })),
      "the scheme odd cannot be checked, as there is no fixture for its parameter x-other"
    )
    assert.strictEqual(
      problemOf(ApiSecurity.oauth2({})),
      "the scheme odd cannot be checked, as it names no grant whose tokens are issued here"
    )
    assert.strictEqual(problemOf(ApiSecurity.basic()), "it can")
  })
})
