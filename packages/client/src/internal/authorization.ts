import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as OAuthToken from "../OAuthToken.js"

type Request = HttpClientRequest.HttpClientRequest

/** What of a request must not be seen. */
export interface Confidence {
  /** What must not be seen of it where somebody echoes it. */
  readonly secrets: ReadonlyArray<string>
  /** The headers that hold them, save `Authorization`, which the platform's spans hide by themselves. */
  readonly headerNames: ReadonlyArray<string>
  /** Whether there is nothing but an `Authorization` header: `fetch` drops it when it goes to another origin. */
  readonly isDroppedAcrossOrigins: boolean
}

/** What a request is authorized with at one moment, in clear. */
export interface Authorization<out E = never> extends Confidence {
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The same, as a list that is not made anew for each request. */
  readonly headerList: ReadonlyArray<{ readonly name: string; readonly value: string }>
  /** What puts something in the query, as functions: a program that has none does not carry what they need. */
  readonly query: ReadonlyArray<(request: Request) => Request>
  /** What else is done to the request, in order, when the headers and the query are there. */
  readonly custom: ReadonlyArray<(sent: Carried) => Effect.Effect<Carried, E>>
  /** What a resource that refuses may refuse, and what is sent in its place. */
  readonly replaceable?: Replaceable<E> | undefined
}

export interface Replaceable<out E> {
  readonly token: OAuthToken.OAuthToken
  readonly replace: Effect.Effect<Authorization<E>, E>
}

/** What it is made of; what is left out is not there. */
type Parts<E> = Partial<Pick<Authorization<E>, "custom" | "headers" | "query" | "replaceable" | "secrets">>

const isAuthorizationHeader = (name: string): boolean => name === "authorization"

export const make = <E = never>({
  custom = [],
  headers = {},
  query = [],
  replaceable,
  secrets = []
}: Parts<E>): Authorization<E> => {
  const headerNames = Object.keys(headers).filter((name) => !isAuthorizationHeader(name))
  return {
    headers,
    headerList: Object.entries(headers).map(([name, value]) => ({ name, value })),
    query,
    custom,
    secrets,
    replaceable,
    headerNames,
    isDroppedAcrossOrigins: headerNames.length + query.length + custom.length === 0
  }
}

export const none: Authorization = make({})

/** A bearer token, which can be replaced. */
export const ofToken = <E>(
  token: OAuthToken.OAuthToken,
  replace: Effect.Effect<Authorization<E>, E>
): Authorization<E> => {
  const secret = Redacted.value(token.accessToken)
  return make({
    headers: { authorization: `Bearer ${secret}` },
    secrets: [secret],
    replaceable: { token, replace }
  })
}

const replaceableOf = <E, E2>(
  first: Authorization<E>,
  second: Authorization<E2>
): Replaceable<E | E2> | undefined => {
  if (second.replaceable !== undefined) {
    const { replace, token } = second.replaceable
    return { token, replace: Effect.map(replace, (other) => both(first, other)) }
  }
  // What the second has overwritten was not sent, so it is not what was refused.
  if (first.replaceable === undefined || second.headers["authorization"] !== undefined) return undefined
  const { replace, token } = first.replaceable
  return { token, replace: Effect.map(replace, (other) => both(other, second)) }
}

/** Both on one request; where both write the same header, the second one is sent. */
export const both = <E, E2>(first: Authorization<E>, second: Authorization<E2>): Authorization<E | E2> =>
  make<E | E2>({
    headers: { ...first.headers, ...second.headers },
    query: [...first.query, ...second.query],
    custom: [...first.custom, ...second.custom],
    secrets: [...first.secrets, ...second.secrets],
    replaceable: replaceableOf(first, second)
  })

/** A request as it goes out, and what must not be seen of it. */
export interface Carried extends Confidence {
  readonly request: Request
}

// What every request may have, and what scrubbing would take out of replies to no purpose.
const isHarmlessHeader = (name: string): boolean =>
  /^(?:accept(?:-.*)?|content-.*|date|host|user-agent)$/.test(name)

// A flag or a version is no secret, and would be found in every other header.
const shortestCustomSecret = 8

/** What a user's function has added is taken for a secret: nobody here knows better. */
const addedBy = (before: Request, after: Request): { readonly [name: string]: string } =>
  Object.fromEntries(
    Object.entries(after.headers).filter(
      ([name, value]) => before.headers[name] !== value && !isHarmlessHeader(name)
    )
  )

const queryAddedBy = (before: Request, after: Request): ReadonlyArray<string> => {
  const known = new Set(before.urlParams.map(([name, value]) => `${name}=${value}`))
  return after.urlParams.flatMap(([name, value]) => (known.has(`${name}=${value}`) ? [] : [value]))
}

const searchOf = (url: string): ReadonlyArray<string> =>
  URL.canParse(url) ? Array.from(new URL(url).searchParams.values()) : []

/** Has a function of the user's put on a request what it does. */
export const customOf =
  <E>(authorize: (request: Request) => Effect.Effect<Request, E>) =>
  (sent: Carried): Effect.Effect<Carried, E> =>
    Effect.map(authorize(sent.request), (request) => {
      const headers = addedBy(sent.request, request)
      const knownSearch = searchOf(sent.request.url)
      const added = [
        ...Object.values(headers),
        ...Object.values(headers).flatMap((value) => value.split(" ").slice(1)),
        ...queryAddedBy(sent.request, request),
        ...searchOf(request.url).filter((value) => !knownSearch.includes(value))
      ]
      return {
        request,
        secrets: [...sent.secrets, ...added.filter((value) => value.length >= shortestCustomSecret)],
        headerNames: [
          ...sent.headerNames,
          ...Object.keys(headers).filter((name) => !isAuthorizationHeader(name))
        ],
        isDroppedAcrossOrigins: false
      }
    })

// Sent beside ours, a parameter of the same name in the URL itself might be the one that is read.
const withoutParameters = (request: Request, names: ReadonlyArray<string>): Request => {
  if (!request.url.includes("?")) return request
  const url = new URL(request.url)
  const present = names.filter((name) => url.searchParams.has(name))
  if (present.length === 0) return request
  for (const name of present) url.searchParams.delete(name)
  return HttpClientRequest.setUrl(request, url.href)
}

/** Puts parameters in the query of a request. */
export const queryOf =
  (parameters: ReadonlyArray<readonly [name: string, value: string]>) =>
  (request: Request): Request =>
    withoutParameters(
      request,
      parameters.map(([name]) => name)
    ).pipe(HttpClientRequest.setUrlParams(Object.fromEntries(parameters)))

/** Puts on a request what is there to authorize it. */
export const carry = (request: Request, { headerList, query }: Authorization<unknown>): Request =>
  headerList.reduce(
    // One after the other, which takes a tenth of the time of `setHeaders`.
    (carried, { name, value }) => HttpClientRequest.setHeader(carried, name, value),
    query.reduce((carried, put) => put(carried), request)
  )

/** Has the user's functions put on a request what they do. */
export const carryCustom = <E>(
  request: Request,
  { custom, headerNames, isDroppedAcrossOrigins, secrets }: Authorization<E>
): Effect.Effect<Carried, E> => {
  const carried: Carried = { request, secrets, headerNames, isDroppedAcrossOrigins }
  return Effect.reduce(custom, carried, (sent, one) => one(sent))
}
