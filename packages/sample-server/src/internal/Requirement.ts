import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as ApiSecurity from "@effect-oauth/client/ApiSecurity"
import * as Either from "effect/Either"
import * as Check from "./Check.js"
import type { Session } from "./Tokens.js"

/** What an endpoint needs, ready to be checked: any of these. */
export type Requirement = ReadonlyArray<Alternative>

/** Schemes that are all needed. */
interface Alternative {
  readonly schemes: ReadonlyArray<string>
  readonly checks: ReadonlyArray<NamedCheck>
}

interface NamedCheck extends Check.Check {
  readonly scheme: string
}

/** What is said to a request. */
export type Judgement =
  | {
      readonly _tag: "Admitted"
      /** The schemes that it was admitted by. */
      readonly schemes: ReadonlyArray<string>
      /** The session of its token, if that was issued here. */
      readonly session: Session | undefined
    }
  | {
      readonly _tag: "Refused"
      readonly error: "unauthorized" | "insufficient_scope"
      readonly message: string
      /** Each alternative, and what of it is missing or wrong. */
      readonly alternatives: ReadonlyArray<{
        readonly schemes: ReadonlyArray<string>
        readonly lacking: ReadonlyArray<{ readonly scheme: string; readonly reason: string }>
      }>
      /** The value of `WWW-Authenticate`. */
      readonly challenge: string
    }

/** Makes the checks of a requirement, or says of which scheme there is none. */
export const make = (
  requirement: ApiSecurity.Requirement,
  known: Check.Known
): Either.Either<Requirement, string> =>
  Either.all(
    ApiSecurity.alternatives(requirement).map((schemes) =>
      Either.map(
        Either.all(schemes.filter(isSeen).map((scheme) => named(scheme, known))),
        (checks): Alternative => ({ schemes: schemes.map(({ name }) => name), checks })
      )
    )
  )

const named = (scheme: ApiSecurity.OneScheme, known: Check.Known): Either.Either<NamedCheck, string> =>
  Either.mapBoth(Check.make(scheme, known), {
    onLeft: (problem) => `the scheme ${scheme.name} cannot be checked, as ${problem}`,
    onRight: (check) => ({ ...check, scheme: scheme.name })
  })

/**
 * Of several schemes that write the `Authorization` header a request can only show the last: a client that needs a token
 * of `OAuthACG` and one of `OAuthROPCG` has both, and sends the second.
 */
const isSeen = (
  { scheme }: ApiSecurity.OneScheme,
  index: number,
  schemes: ReadonlyArray<ApiSecurity.OneScheme>
): boolean =>
  !writesAuthorization(scheme) || !schemes.slice(index + 1).some((later) => writesAuthorization(later.scheme))

const writesAuthorization = ({ _tag }: ApiSecurity.Scheme): boolean =>
  _tag === "Basic" || _tag === "Bearer" || _tag === "OAuth2"

/** Takes the first alternative that a request meets. */
export const judge = (requirement: Requirement, request: HttpServerRequest.HttpServerRequest): Judgement => {
  const refusals: Array<Refusal> = []
  for (const { checks, schemes } of requirement) {
    const findings = checks.map((check) => ({ check, finding: check.find(request) }))
    const lacks = findings.flatMap(({ check, finding }) =>
      finding._tag === "Lacking" ? [{ check, finding }] : []
    )
    if (lacks.length === 0) {
      const sessions = findings.flatMap(({ finding }) =>
        finding._tag === "Accepted" && finding.session !== undefined ? [finding.session] : []
      )
      return { _tag: "Admitted", schemes: checks.map(({ scheme }) => scheme), session: sessions[0] }
    }
    refusals.push({
      schemes,
      unseen: schemes.filter((name) => !checks.some(({ scheme }) => scheme === name)),
      lacks
    })
  }
  return refused(refusals)
}

interface Refusal {
  readonly schemes: ReadonlyArray<string>
  readonly unseen: ReadonlyArray<string>
  readonly lacks: ReadonlyArray<Lack>
}

interface Lack {
  readonly check: NamedCheck
  readonly finding: Extract<Check.Finding, { readonly _tag: "Lacking" }>
}

const refused = (refusals: ReadonlyArray<Refusal>): Judgement => {
  const lacks = refusals.flatMap(({ lacks }) => lacks)
  return {
    _tag: "Refused",
    error: lacks.some(({ finding }) => finding.error === "insufficient_scope")
      ? "insufficient_scope"
      : "unauthorized",
    message: `This needs ${refusals.map(inWords).join(", or ")}.`,
    alternatives: refusals.map(({ lacks, schemes }) => ({
      schemes,
      lacking: lacks.map(({ check, finding }) => ({ scheme: check.scheme, reason: finding.reason }))
    })),
    challenge: challenges(lacks)
  }
}

const inWords = ({ schemes, unseen }: Refusal): string =>
  schemes.join(" and ") +
  (unseen.length > 0 ? ` (all of them are bearer tokens, and a request can only carry the last)` : "")

/** One challenge for each way to ask, with the error of a token that was sent and is not good enough. */
const challenges = (lacks: ReadonlyArray<Lack>): string => {
  const errors = new Map<string, string>()
  for (const { check, finding } of lacks) {
    errors.set(check.challenge, errors.get(check.challenge) || (finding.error ?? ""))
  }
  return [...errors]
    .map(([challenge, error]) => (error === "" ? challenge : `${challenge}, error="${error}"`))
    .join(", ")
}
