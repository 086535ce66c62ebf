import { inspect } from "node:util"
import {
  FetchHttpClient,
  HttpClient,
  HttpClientError,
  HttpClientRequest,
  HttpClientResponse
} from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import {
  AuthorizedHttpClient,
  AuthScheme,
  AuthValidationException,
  OAuthToken,
  type TokenManager,
  TokenStoreError
} from "@effect-oauth/client"
import { ScriptedServer } from "@effect-oauth/loopback-servers"
import { recordingLogs, recordingSpans, shown } from "@effect-oauth/loopback-servers/Evidence"
import { Fault, Journal, TestTransport } from "@effect-oauth/testing"
import {
  Cause,
  Context,
  Data,
  Effect,
  Either,
  Exit,
  FastCheck,
  identity,
  Option,
  Redacted,
  Schedule,
  Struct,
  Tracer
} from "effect"
import { session as sessionAt, transports } from "./fixtures/authorizedClient.js"

const secret = Redacted.make

const basic = AuthScheme.basic({ name: "BasicAuth", username: "alice", password: secret("wonder:länd") })
const bearer = AuthScheme.bearer({ name: "OAuthBearerToken", accessToken: secret("bearer-token") })
const keys = { token: secret("key token&+"), "api-key": secret("kéy/1") }
const sendableKeys = { token: secret("key token&+"), "api-key": secret("key/1") }
const apiKey = AuthScheme.apiKeyQuery({ name: "ApiKey", parameters: keys })
const apiHeader = AuthScheme.apiKeyHeader({ name: "ApiHeader", parameters: sendableKeys })

const noBasic = AuthScheme.basic({ name: "BasicAuth", username: "alice", password: undefined })
const noBearer = AuthScheme.bearer({ name: "OAuthBearerToken", accessToken: undefined })
const noApiKey = AuthScheme.apiKeyQuery({
  name: "ApiKey",
  parameters: { token: secret("given"), "api-key": secret("") }
})
const noApiHeader = AuthScheme.apiKeyHeader({
  name: "ApiHeader",
  parameters: { token: undefined, "api-key": secret("given") }
})

/** Sends one request through a scheme to a server that says `{}`, and tells what arrived. */
const sentBy = <E>(
  scheme: AuthScheme.AuthScheme<E>,
  decorate: (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest = identity
) =>
  Effect.gen(function* () {
    const server = yield* ScriptedServer.make(() => ScriptedServer.json({}))
    const client = yield* AuthorizedHttpClient.makeWith(scheme, { origins: [server.origin] })
    const result = yield* Effect.either(
      client.execute(decorate(HttpClientRequest.get(`${server.origin}/resource?page=2`)))
    )
    return { result, requests: yield* server.requests }
  }).pipe(Effect.scoped, Effect.provide(FetchHttpClient.layer))

const arrives = <E>(scheme: AuthScheme.AuthScheme<E>) =>
  Effect.map(sentBy(scheme), ({ requests }) => {
    assert.lengthOf(requests, 1)
    const [request] = requests
    if (request === undefined) return assert.fail("nothing arrived")
    const { authorization, token, "api-key": key } = request.headers
    return { authorization, token, key, query: Object.fromEntries(request.query) }
  })

const fails = <E>(scheme: AuthScheme.AuthScheme<E>) =>
  Effect.map(sentBy(scheme), ({ requests, result }) => {
    assert.deepStrictEqual(requests, [])
    return Either.isLeft(result) ? result.left : assert.fail("it was sent")
  })

const refusalOf = <E>(scheme: AuthScheme.AuthScheme<E>) =>
  Effect.map(fails(scheme), (error) =>
    error instanceof AuthValidationException ? error.message : assert.fail(String(error))
  )

/** A session at a server in memory, its scheme, and how often it asked for a token. */
const session = (options: TokenManager.Options = {}) =>
  Effect.map(
    sessionAt({ name: "OAuthCCG", ...options }, { refreshTokens: "none" }),
    ({ manager, server }) => ({
      manager,
      server,
      scheme: AuthScheme.oauth({ source: manager }),
      asked: server.journal.count(Journal.isAt("token"))
    })
  )

const stored = OAuthToken.make({ accessToken: "stored-token" })

describe("what is sent", () => {
  const nothing = { authorization: undefined, token: undefined, key: undefined, query: { page: "2" } }

  it.effect("none: nothing", () =>
    Effect.map(arrives(AuthScheme.none), (sent) => assert.deepStrictEqual(sent, nothing))
  )

  it.effect("bearer: the token", () =>
    Effect.map(arrives(bearer), (sent) =>
      assert.deepStrictEqual(sent, { ...nothing, authorization: "Bearer bearer-token" })
    )
  )

  it.effect("basic: name and password in UTF-8, not form-encoded", () =>
    Effect.map(arrives(basic), (sent) =>
      assert.deepStrictEqual(sent, {
        ...nothing,
        authorization: `Basic ${Buffer.from("alice:wonder:länd").toString("base64")}`
      })
    )
  )

  it.effect("apiKeyHeader: each parameter", () =>
    Effect.map(arrives(apiHeader), (sent) =>
      assert.deepStrictEqual(sent, { ...nothing, token: "key token&+", key: "key/1" })
    )
  )

  it.effect("apiKeyQuery: each parameter, beside those of the request", () =>
    Effect.map(arrives(apiKey), (sent) =>
      assert.deepStrictEqual(sent, {
        ...nothing,
        query: { page: "2", token: "key token&+", "api-key": "kéy/1" }
      })
    )
  )

  it.effect("apiKeyQuery: in the place of a parameter that the request has, wherever it has it", () =>
    Effect.gen(function* () {
      const key = AuthScheme.apiKeyQuery({ parameters: { page: secret("key-page") } })
      const other = HttpClientRequest.setUrlParam("page", "3")
      for (const decorate of [identity, other]) {
        const { requests } = yield* sentBy(key, decorate)
        assert.deepStrictEqual(requests[0]?.query, [["page", "key-page"]])
      }
    })
  )

  it.scoped("oauth: the token of the session", () =>
    Effect.gen(function* () {
      const { scheme } = yield* session()
      assert.strictEqual((yield* arrives(scheme)).authorization, "Bearer access-1")
    })
  )

  it.effect("custom: what the function does, after the others of an and", () =>
    Effect.gen(function* () {
      const custom = AuthScheme.custom({
        authorize: (request) =>
          Effect.succeed(
            HttpClientRequest.setHeader(request, "api-key", `signed ${request.headers["authorization"]}`)
          )
      })
      assert.strictEqual((yield* arrives(AuthScheme.and(custom, bearer))).key, "signed Bearer bearer-token")
    })
  )

  it.effect("and: all of them", () =>
    Effect.map(arrives(AuthScheme.and(basic, apiKey, apiHeader)), (sent) => {
      assert.match(sent.authorization ?? "", /^Basic /)
      assert.deepStrictEqual(
        { ...sent, authorization: undefined },
        {
          authorization: undefined,
          token: "key token&+",
          key: "key/1",
          query: { page: "2", token: "key token&+", "api-key": "kéy/1" }
        }
      )
    })
  )

  it.scoped("and: of two that write the same header the last one", () =>
    Effect.gen(function* () {
      const { scheme } = yield* session()
      const first = yield* arrives(AuthScheme.and(bearer, scheme))
      assert.strictEqual(first.authorization, "Bearer access-1")
      const second = yield* arrives(AuthScheme.and(scheme, bearer))
      assert.strictEqual(second.authorization, "Bearer bearer-token")
    })
  )

  it.effect("or: the first that can, and of that only", () =>
    Effect.gen(function* () {
      const header = yield* arrives(AuthScheme.or(noApiKey, apiHeader, bearer))
      assert.deepStrictEqual(header, { ...nothing, token: "key token&+", key: "key/1" })
      const group = yield* arrives(AuthScheme.or(AuthScheme.and(basic, noApiKey), bearer))
      assert.deepStrictEqual(group, { ...nothing, authorization: "Bearer bearer-token" })
    })
  )

  it.effect("a request that brings an Authorization header is left alone by what would write one", () =>
    Effect.gen(function* () {
      const bring = HttpClientRequest.setHeader("authorization", "Bearer mine")
      const left = yield* sentBy(bearer, bring)
      assert.strictEqual(left.requests[0]?.headers["authorization"], "Bearer mine")
      const beside = yield* sentBy(apiHeader, bring)
      assert.strictEqual(beside.requests[0]?.headers["authorization"], "Bearer mine")
      assert.strictEqual(beside.requests[0]?.headers["api-key"], "key/1")
    })
  )

  it.effect("other origins get nothing, whatever the scheme", () =>
    Effect.gen(function* () {
      for (const scheme of [basic, bearer, apiKey, apiHeader]) {
        const server = yield* ScriptedServer.make(() => ScriptedServer.json({}))
        const options = { origins: ["https://api.example.com"], otherOrigins: "pass" } as const
        const client = yield* AuthorizedHttpClient.makeWith(scheme, options)
        yield* client.get(server.origin)
        const [request] = yield* server.requests
        assert.isUndefined(request?.headers["authorization"])
        assert.isUndefined(request?.headers["api-key"])
        assert.deepStrictEqual([...(request?.query ?? [])], [])
      }
    }).pipe(Effect.scoped, Effect.provide(FetchHttpClient.layer))
  )

  it.effect("an origin that cannot be trusted is refused for each scheme", () =>
    Effect.gen(function* () {
      for (const scheme of [basic, bearer, apiKey, apiHeader]) {
        const options = { origins: ["http://api.example.com"] }
        const error = yield* Effect.flip(AuthorizedHttpClient.makeWith(scheme, options))
        assert.include(error.message, "plain http")
      }
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )

  it.effect("a redirect is not followed with a key in the query", () =>
    Effect.gen(function* () {
      const elsewhere = yield* ScriptedServer.make(() => ScriptedServer.json({}))
      const server = yield* ScriptedServer.make(({ query }) => ({
        redirect: `${elsewhere.origin}/?${new URLSearchParams(query.map(([name, value]) => [name, value]))}`,
        status: 302
      }))
      const client = yield* AuthorizedHttpClient.makeWith(apiKey, { origins: [server.origin] })
      const response = yield* client.get(server.origin)
      assert.strictEqual(response.status, 302)
      assert.notMatch(response.headers["location"] ?? "", /key.token|k%C3%A9y/)
      assert.deepStrictEqual(yield* elsewhere.requests, [])
    }).pipe(Effect.scoped, Effect.provide(FetchHttpClient.layer))
  )

  it.effect("followRedirects outside: a redirect that repeats the key is followed with the key, once", () =>
    Effect.gen(function* () {
      const server = yield* ScriptedServer.make(({ path, query }) =>
        path === "/pets"
          ? { redirect: `/pets/?${new URLSearchParams(query.map(([name, value]) => [name, value]))}` }
          : ScriptedServer.json({})
      )
      const client = yield* AuthorizedHttpClient.makeWith(apiKey, { origins: [server.origin] })
      yield* HttpClient.followRedirects(client).get(`${server.origin}/pets?page=2`)
      const [, followed] = yield* server.requests
      assert.sameDeepMembers(
        [...(followed?.query ?? [])],
        [
          ["page", "2"],
          ["token", "key token&+"],
          ["api-key", "kéy/1"]
        ]
      )
    }).pipe(Effect.scoped, Effect.provide(FetchHttpClient.layer))
  )

  it.effect("a custom function sends nothing to an origin that has no name", () =>
    Effect.gen(function* () {
      const elsewhere = yield* ScriptedServer.make(() => ScriptedServer.json({}))
      const custom = AuthScheme.custom({
        authorize: (request) => Effect.succeed(HttpClientRequest.setUrl(request, elsewhere.origin))
      })
      for (const scheme of [custom, AuthScheme.and(bearer, custom)]) {
        assert.include(yield* refusalOf(scheme), `${elsewhere.origin} is none of the origins`)
      }
      assert.deepStrictEqual(yield* elsewhere.requests, [])
    }).pipe(Effect.scoped)
  )
})

describe("what is missing", () => {
  it.effect("each scheme says it in its own words, and nothing is sent", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* refusalOf(noBasic), "[BasicAuth: Username or Password is undefined.]")
      assert.strictEqual(yield* refusalOf(noBearer), "[OAuthBearerToken: AccessToken is undefined.]")
      assert.strictEqual(yield* refusalOf(noApiKey), "[ApiKey: token or api-key is undefined.]")
      assert.strictEqual(yield* refusalOf(noApiHeader), "[ApiHeader: token or api-key is undefined.]")
    })
  )

  it.scoped("a session without a way to a token", () =>
    Effect.gen(function* () {
      const { asked, scheme } = yield* session({ autoRefresh: false })
      assert.strictEqual(yield* refusalOf(scheme), "[OAuthCCG: OAuthToken is undefined or expired.]")
      assert.strictEqual(yield* asked, 0)
    })
  )

  it.effect("and names all that is missing, and not what is there", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* refusalOf(AuthScheme.and(noBasic, apiKey, noApiHeader)),
        "[BasicAuth: Username or Password is undefined.] and [ApiHeader: token or api-key is undefined.]"
      )
    })
  )

  it.effect("or names all", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* refusalOf(AuthScheme.or(noBearer, AuthScheme.and(noBasic, noApiKey, apiHeader))),
        "[OAuthBearerToken: AccessToken is undefined.] or " +
          "[BasicAuth: Username or Password is undefined.] and [ApiKey: token or api-key is undefined.]"
      )
    })
  )

  it.effect("what no header can carry", () =>
    Effect.gen(function* () {
      for (const broken of ["a\r\nx: y", "ä", "\u0000", "snow ☃"]) {
        const header = AuthScheme.apiKeyHeader({ parameters: { key: secret(broken) } })
        assert.strictEqual(
          yield* refusalOf(header),
          "[ApiKey: key has characters that a header cannot carry.]"
        )
        const token = AuthScheme.bearer({ accessToken: secret(broken) })
        assert.strictEqual(
          yield* refusalOf(token),
          "[Bearer: AccessToken has characters that a header cannot carry.]"
        )
      }
      const name = AuthScheme.apiKeyHeader({ parameters: { "a: b": secret("c") } })
      assert.strictEqual(yield* refusalOf(name), "[ApiKey: a: b has characters that a header cannot carry.]")
      const colon = AuthScheme.basic({ username: "a:b", password: secret("c") })
      assert.strictEqual(yield* refusalOf(colon), "[Basic: Username must not contain a colon.]")
    })
  )

  for (const [transport, layer] of transports) {
    it.scoped(`a token that no header can carry, as one of a store can be, over ${transport}`, () =>
      Effect.gen(function* () {
        const initialToken = OAuthToken.make({ accessToken: "stored-token\n" })
        const { manager, scheme } = yield* session({ initialToken })
        const server = yield* ScriptedServer.make(() => ScriptedServer.json({}))
        const options = { origins: [server.origin] }
        const client = yield* AuthorizedHttpClient.makeWith(scheme, options)
        const error = yield* Effect.flip(client.get(server.origin))
        assert.strictEqual(error.message, "[OAuth: AccessToken has characters that a header cannot carry.]")
        const plain = AuthorizedHttpClient.authorize(yield* HttpClient.HttpClient, manager, options)
        assert.strictEqual((yield* Effect.flip(plain.get(server.origin)))._tag, "AuthValidationException")
        const other = yield* AuthorizedHttpClient.makeWith(AuthScheme.or(scheme, bearer), options)
        yield* other.get(server.origin)
        assert.deepStrictEqual(
          (yield* server.requests).map(({ headers }) => headers["authorization"]),
          ["Bearer bearer-token"]
        )
      }).pipe(Effect.provide(layer))
    )
  }

  it.scoped("nothing is fetched for a call that lacks something else", () =>
    Effect.gen(function* () {
      const { asked, scheme } = yield* session()
      for (const combination of [AuthScheme.and(scheme, noBearer), AuthScheme.and(noBearer, scheme)]) {
        assert.strictEqual(yield* refusalOf(combination), "[OAuthBearerToken: AccessToken is undefined.]")
      }
      assert.strictEqual(yield* asked, 0)
    })
  )

  it.scoped("nothing is fetched for a call whose other session is over", () =>
    Effect.gen(function* () {
      const over = yield* session({
        grant: undefined,
        initialToken: OAuthToken.make({ accessToken: "old", expiry: -1, refreshToken: "rt" })
      })
      const refusal = yield* Effect.flip(over.manager.getToken)
      assert.propertyVal(refusal, "error", "invalid_grant")
      assert.isFalse(yield* over.manager.isObtainable)
      const { asked, scheme } = yield* session()
      assert.strictEqual(yield* fails(AuthScheme.and(scheme, over.scheme)), refusal)
      assert.strictEqual(yield* asked, 0)
      assert.strictEqual(yield* over.asked, 1)
    })
  )

  it.effect("missing is the message that a request would get", () =>
    Effect.gen(function* () {
      for (const scheme of [
        noBasic,
        AuthScheme.and(noBasic, noApiKey, basic),
        AuthScheme.or(noBasic, noBearer)
      ]) {
        assert.strictEqual(Option.getOrThrow(yield* scheme.missing), yield* refusalOf(scheme))
      }
      for (const scheme of [basic, AuthScheme.and(basic, apiKey), AuthScheme.or(noBasic, bearer)]) {
        assert.isTrue(Option.isNone(yield* scheme.missing))
      }
    })
  )

  it.scoped("isObtainable: a good token, a refresh token, a grant; not what is logged out", () =>
    Effect.gen(function* () {
      const obtainable = (options: TokenManager.Options) =>
        Effect.flatMap(session(options), ({ manager }) => manager.isObtainable)
      const without = { grant: undefined }
      const expired = { accessToken: "old", expiry: -1 }
      assert.isTrue(yield* obtainable({}))
      assert.isFalse(yield* obtainable(without))
      assert.isFalse(yield* obtainable({ autoRefresh: false }))
      assert.isTrue(yield* obtainable({ ...without, initialToken: stored }))
      assert.isTrue(yield* obtainable({ autoRefresh: false, initialToken: stored }))
      assert.isFalse(yield* obtainable({ ...without, initialToken: OAuthToken.make(expired) }))
      const renewable = OAuthToken.make({ ...expired, refreshToken: "rt" })
      assert.isTrue(yield* obtainable({ ...without, initialToken: renewable }))
      assert.isFalse(yield* obtainable({ ...without, autoRefresh: false, initialToken: renewable }))
      const { asked, manager } = yield* session()
      yield* manager.getToken
      yield* manager.logout
      assert.isFalse(yield* manager.isObtainable)
      assert.strictEqual(yield* asked, 1)
    })
  )
})

describe("or takes the first that can produce", () => {
  class Locked extends Data.TaggedError("Locked")<{ readonly by: string }> {}
  const locked = AuthScheme.custom({ authorize: () => Effect.fail(new Locked({ by: "the vault" })) })

  for (const [why, fault, failure] of [
    ["is down", Fault.connectionFailure, { _tag: "APIException", isTransient: true }],
    ["refuses the client", Fault.refuse("invalid_client"), { error: "invalid_client", responseCode: 401 }]
  ] as const) {
    it.scoped(`a session whose server ${why} leaves the request to the next`, () =>
      Effect.gen(function* () {
        const { asked, scheme, server } = yield* session()
        yield* server.faults.next(fault)
        assert.strictEqual(
          (yield* arrives(AuthScheme.or(scheme, bearer))).authorization,
          "Bearer bearer-token"
        )
        assert.strictEqual(yield* asked, 1)
      })
    )

    it.scoped(`if nothing else can, that the server ${why} is the failure`, () =>
      Effect.gen(function* () {
        const { scheme, server } = yield* session()
        yield* server.faults.next(fault)
        assert.deepInclude(yield* fails(AuthScheme.or(noBearer, scheme, noBasic)), failure)
      })
    )
  }

  it.scoped("a session that can begin is preferred to what is there already, if it comes first", () =>
    Effect.gen(function* () {
      const { asked, scheme } = yield* session()
      assert.strictEqual((yield* arrives(AuthScheme.or(scheme, bearer))).authorization, "Bearer access-1")
      assert.strictEqual((yield* arrives(AuthScheme.or(bearer, scheme))).authorization, "Bearer bearer-token")
      assert.strictEqual(yield* asked, 1)
    })
  )

  it.effect("a session whose store is down leaves the request to the others, also within an and", () =>
    Effect.gen(function* () {
      const storeDown = Effect.fail(
        new TokenStoreError({ reason: "Unavailable", operation: "read", message: "down" })
      )
      const broken = AuthScheme.oauth({
        source: { getToken: storeDown, isObtainable: storeDown, replaceToken: () => storeDown }
      })
      for (const either of [AuthScheme.or(broken, bearer), AuthScheme.or(bearer, broken)]) {
        assert.isTrue(Option.isNone(yield* either.missing))
        const sent = yield* arrives(AuthScheme.and(apiHeader, either))
        assert.strictEqual(sent.authorization, "Bearer bearer-token")
      }
      const neither = AuthScheme.or(noBearer, broken)
      assert.strictEqual((yield* Effect.flip(neither.missing))._tag, "TokenStoreError")
      const error = yield* fails(AuthScheme.and(neither, apiHeader))
      assert.instanceOf(error, TokenStoreError)
    })
  )

  it.effect("a custom function that fails, fails the request in its own words", () =>
    Effect.gen(function* () {
      const error = yield* fails(locked)
      assert.instanceOf(error, Locked)
    })
  )
})

describe("property: combinations", () => {
  type Tree =
    | { readonly at: number; readonly isThere: boolean }
    | { readonly and: ReadonlyArray<Tree> }
    | { readonly or: ReadonlyArray<Tree> }

  const { tree } = FastCheck.letrec<{ tree: Tree }>((tie) => ({
    tree: FastCheck.oneof(
      { maxDepth: 3 },
      FastCheck.record({ at: FastCheck.nat(5), isThere: FastCheck.boolean() }),
      FastCheck.record({ and: FastCheck.array(tie("tree"), { minLength: 1, maxLength: 3 }) }),
      FastCheck.record({ or: FastCheck.array(tie("tree"), { minLength: 1, maxLength: 3 }) })
    )
  }))

  const schemeOf = (one: Tree): AuthScheme.AuthScheme<AuthValidationException> => {
    if ("at" in one) {
      const parameters = { [`k${one.at}`]: one.isThere ? secret(`v${one.at}`) : undefined }
      return AuthScheme.apiKeyQuery({ name: `S${one.at}`, parameters })
    }
    const [first, ...rest] = ("and" in one ? one.and : one.or).map(schemeOf)
    if (first === undefined) return assert.fail("an empty combination")
    return "and" in one ? AuthScheme.and(first, ...rest) : AuthScheme.or(first, ...rest)
  }

  /** What the record's rules come to: what is sent, or the message. */
  const expected = (one: Tree): Either.Either<ReadonlyArray<string>, string> => {
    if ("at" in one) {
      return one.isThere
        ? Either.right([`k${one.at}=v${one.at}`])
        : Either.left(`[S${one.at}: k${one.at} is undefined.]`)
    }
    const parts = ("and" in one ? one.and : one.or).map(expected)
    const messages = parts.flatMap((part) => (Either.isLeft(part) ? [part.left] : []))
    if ("or" in one) return parts.find(Either.isRight) ?? Either.left(messages.join(" or "))
    return messages.length > 0
      ? Either.left(messages.join(" and "))
      : Either.right(parts.flatMap((part) => (Either.isRight(part) ? part.right : [])))
  }

  it.effect.prop("are met, or say what is missing, as the record has it", [tree], ([one]) =>
    Effect.gen(function* () {
      const api = yield* TestTransport.make(() => Effect.fail("nobody is there"))
      const client = AuthorizedHttpClient.authorizeWith(api.client, schemeOf(one), {
        origins: ["https://a.example"]
      })
      const error = yield* Effect.flip(client.get("https://a.example/"))
      const queries = (yield* api.sent).map(({ url }) => url.search.slice(1))
      const want = expected(one)
      if (Either.isRight(want)) {
        assert.strictEqual(error._tag, "RequestError")
        assert.sameMembers((queries[0] ?? "").split("&"), [...new Set(want.right)])
      } else {
        assert.strictEqual(error.message, want.left)
        assert.deepStrictEqual(queries, [])
      }
    })
  )
})

describe("a resource that says 401", () => {
  const unauthorized = { status: 401 }

  it.scoped("to what cannot be replaced: that is the answer", () =>
    Effect.gen(function* () {
      for (const scheme of [basic, bearer, apiKey, apiHeader, AuthScheme.and(basic, apiKey)]) {
        const server = yield* ScriptedServer.make(() => unauthorized)
        const client = yield* AuthorizedHttpClient.makeWith(scheme, { origins: [server.origin] })
        assert.strictEqual((yield* client.get(server.origin)).status, 401)
        assert.lengthOf(yield* server.requests, 1)
      }
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )

  it.scoped("to the session within an and: it is replaced once, the rest stays", () =>
    Effect.gen(function* () {
      const { asked, scheme } = yield* session()
      for (const both of [AuthScheme.and(apiHeader, scheme), AuthScheme.and(scheme, apiHeader)]) {
        const current = yield* arrives(both)
        const server = yield* ScriptedServer.make(({ headers }) =>
          headers["authorization"] === current.authorization ? unauthorized : ScriptedServer.json({})
        )
        const client = yield* AuthorizedHttpClient.makeWith(both, { origins: [server.origin] })
        assert.strictEqual((yield* client.get(server.origin)).status, 200)
        const requests = yield* server.requests
        assert.deepStrictEqual(
          requests.map(({ headers }) => headers["api-key"]),
          ["key/1", "key/1"]
        )
      }
      assert.strictEqual(yield* asked, 3)
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )

  it.scoped("to a session that was overwritten by another scheme: it is not replaced", () =>
    Effect.gen(function* () {
      const { asked, scheme } = yield* session()
      const server = yield* ScriptedServer.make(() => unauthorized)
      const options = { origins: [server.origin] }
      const client = yield* AuthorizedHttpClient.makeWith(AuthScheme.and(scheme, bearer), options)
      assert.strictEqual((yield* client.get(server.origin)).status, 401)
      assert.lengthOf(yield* server.requests, 1)
      assert.strictEqual(yield* asked, 1)
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )

  it.scoped("a retry outside carries what is current", () =>
    Effect.gen(function* () {
      let count = 0
      const custom = AuthScheme.custom({
        authorize: (request) =>
          Effect.sync(() => HttpClientRequest.setHeader(request, "x-signature", `signature-${++count}`))
      })
      const server = yield* ScriptedServer.make(({ headers }) =>
        headers["x-signature"] === "signature-3" ? ScriptedServer.json({}) : { status: 503 }
      )
      const client = (yield* AuthorizedHttpClient.makeWith(custom, { origins: [server.origin] })).pipe(
        HttpClient.filterStatusOk,
        HttpClient.retry({ schedule: Schedule.recurs(5) })
      )
      assert.strictEqual((yield* client.get(server.origin)).status, 200)
      assert.deepStrictEqual(
        (yield* server.requests).map(({ headers }) => headers["x-signature"]),
        ["signature-1", "signature-2", "signature-3"]
      )
    }).pipe(Effect.provide(FetchHttpClient.layer))
  )
})

describe("a reply", () => {
  /** The headers of a reply, as a client of this scheme sees them. */
  const headersBy = <E>(scheme: AuthScheme.AuthScheme<E>, headers: Readonly<Record<string, string>>) => {
    const options = { origins: ["https://api.example.com"] }
    return TestTransport.make(() => new Response(null, { status: 302, headers })).pipe(
      Effect.map((api) => AuthorizedHttpClient.authorizeWith(api.client, scheme, options)),
      Effect.flatMap((client) => client.get("https://api.example.com/")),
      Effect.map((response) => Object.fromEntries(Object.entries(response.headers)))
    )
  }

  it.effect("keeps what a client goes by, though a key may be a word or a number of it", () =>
    Effect.gen(function* () {
      const headers = {
        "cache-control": "max-age=60",
        "content-encoding": "gzip",
        "content-length": "60",
        "content-type": "application/json; charset=utf-8",
        date: "Thu, 01 Jan 2026 00:00:60 GMT",
        "retry-after": "60"
      }
      for (const word of ["json", "gzip", "60", "2026", "api", "https", "test", "/"]) {
        const key = AuthScheme.apiKeyHeader({ parameters: { key: secret(word) } })
        for (const location of ["https://api.example.com/test/60", "//api.example.com/test", "/test/60"]) {
          assert.deepStrictEqual(yield* headersBy(key, { ...headers, location }), { ...headers, location })
        }
        assert.deepStrictEqual(yield* headersBy(key, { "x-echo": `key ${word}` }), {
          "x-echo": "key <redacted>"
        })
      }
      const host = AuthScheme.apiKeyHeader({ parameters: { key: secret("staging-api") } })
      const location = "https://staging-api.example.com/test"
      assert.deepStrictEqual(yield* headersBy(host, { location }), { location })
    })
  )

  it.effect("has the key in no part of a location", () =>
    Effect.gen(function* () {
      const key = AuthScheme.apiKeyQuery({ parameters: { key: secret("Kx9/Secret 01") } })
      for (const location of [
        "/?key=Kx9%2fSecret+01",
        "/Kx9%2FSecret%2001/x",
        "https://Kx9%2FSecret%2001@api.example.com/",
        "https://api.example.com/#Kx9/Secret 01",
        "https://api.example.com?to=%2F%3Fkey%3DKx9%252FSecret%252001"
      ]) {
        const shown = (yield* headersBy(key, { location }))["location"] ?? ""
        assert.include(shown, "<redacted>", location)
        assert.notInclude(shown, "Secret", location)
      }
      const short = AuthScheme.apiKeyQuery({ parameters: { key: secret("test") } })
      const [location] = Object.values(yield* headersBy(short, { location: "/test?key=test#test" }))
      assert.strictEqual(location, "/test?key=<redacted>#<redacted>")
    })
  )

  it.effect("does not have what was put into Authorization without its scheme, or without the blanks", () =>
    Effect.gen(function* () {
      const token = AuthScheme.apiKeyHeader({ parameters: { Authorization: secret("Token Kx9Secret01") } })
      const blank = AuthScheme.apiKeyHeader({ parameters: { key: secret(" Kx9Secret01\t") } })
      for (const scheme of [token, blank]) {
        assert.deepStrictEqual(yield* headersBy(scheme, { "x-echo": "<Kx9Secret01>" }), {
          "x-echo": "<<redacted>>"
        })
      }
    })
  )

  it.effect("does not have a key of any length", () =>
    Effect.gen(function* () {
      for (const unit of ["Kx9Secret01", 'Kx9Secret+é&"%/']) {
        const long = Array.from({ length: 5_000 }, (_, index) => `${unit}${index}`).join("")
        const key = AuthScheme.apiKeyQuery({ parameters: { key: secret(long) } })
        for (const echo of [encodeURIComponent(long), new URLSearchParams({ long }).toString()]) {
          const shown = yield* headersBy(key, { "x-echo": `<${echo}>`, "x-other": "other" })
          assert.match(shown["x-echo"] ?? "", /^<(long=)?(<redacted>)+>$/)
          assert.strictEqual(shown["x-other"], "other")
        }
      }
    })
  )

  it.effect("does not have what a custom function has put into the URL, whatever its characters", () =>
    Effect.gen(function* () {
      const scheme = AuthScheme.custom({
        authorize: (request) =>
          Effect.succeed(
            HttpClientRequest.setUrl(request, `${request.url}?key=Kx9Secret?01&signature=Sg9Nature01#top`)
          )
      })
      assert.deepStrictEqual(yield* headersBy(scheme, { "x-echo": "Kx9Secret?01 Sg9Nature01" }), {
        "x-echo": "<redacted> <redacted>"
      })
    })
  )
})

describe("a tracer", () => {
  type Parts = Parameters<Tracer.Tracer["span"]>

  interface Written {
    readonly name: string
    readonly attributes: Map<string, unknown>
    readonly ended: Array<string>
  }

  const plainSpan = (
    [name, parent, context, links, startTime, kind]: Parts,
    written: Written
  ): Tracer.Span => ({
    _tag: "Span",
    name,
    spanId: "0000000000000001",
    traceId: "00000000000000000000000000000001",
    parent,
    context,
    links,
    sampled: true,
    kind,
    status: { _tag: "Started", startTime },
    attributes: written.attributes,
    attribute: (key, value) => written.attributes.set(key, value),
    event: () => {},
    addLinks: () => {},
    end: (_, exit) => written.ended.push(exit._tag === "Failure" ? Cause.pretty(exit.cause) : "")
  })

  class Private {
    readonly #span: Tracer.Span
    constructor(span: Tracer.Span) {
      this.#span = span
    }
    get attributes() {
      return this.#span.attributes
    }
    get attribute() {
      return this.#span.attribute
    }
    hasAttribute(key: string) {
      return this.#span.attributes.has(key)
    }
  }

  const key = "Kx9Secret01"
  const scheme = AuthScheme.apiKeyQuery({ parameters: { key: secret(key) } })
  let recognized = 0
  // By hand: what it fails of quotes the URL, and it looks at the span that the platform has opened for it.
  const broken = HttpClient.make((request, url) =>
    Effect.flatMap(Effect.orDie(Effect.currentSpan), (span) => {
      if (span instanceof Private && span.hasAttribute("url.full")) recognized += 1
      return new HttpClientError.RequestError({ request, reason: "Transport", description: url.href })
    })
  ).pipe(HttpClient.withSpanNameGenerator(({ urlParams }) => `GET ${urlParams}`))

  for (const [kind, make] of Object.entries<(span: Tracer.Span) => Tracer.Span>({
    "plain objects": identity,
    "frozen ones": Object.freeze,
    "instances with private fields": (span) =>
      Object.assign(new Private(span), Struct.omit(span, "attribute", "attributes"))
  })) {
    it.effect(`sees no secret in its spans, be they ${kind}`, () =>
      Effect.gen(function* () {
        const spans: Array<Written> = []
        const tracer = Tracer.make({
          span: (...parts) => {
            const written = { name: parts[0], attributes: new Map(), ended: [] }
            spans.push(written)
            return make(plainSpan(parts, written))
          },
          context: (f) => f()
        })
        const client = AuthorizedHttpClient.authorizeWith(broken, scheme, { origins: ["https://a.example"] })
        yield* client.get("https://a.example/").pipe(Effect.flip, Effect.withTracer(tracer))
        if (kind.includes("private")) assert.strictEqual(recognized, 1)
        assert.lengthOf(spans, 1)
        assert.strictEqual(spans[0]?.name, "GET key,<redacted>")
        assert.strictEqual(spans[0]?.attributes.get("url.full"), "https://a.example/?key=<redacted>")
        assert.include(spans[0]?.ended[0], "https://a.example/?key=<redacted>")
      })
    )
  }

  it.effect("may give one span for all, as one does that samples nothing", () =>
    Effect.gen(function* () {
      const written: Written = { name: "", attributes: new Map(), ended: [] }
      let span: Tracer.Span | undefined
      const tracer = Tracer.make({
        span: (...parts) => {
          span ??= plainSpan(parts, written)
          return span
        },
        context: (f) => f()
      })
      const client = AuthorizedHttpClient.authorizeWith(broken, scheme, { origins: ["https://a.example"] })
      const before = { ...tracer.span("", Option.none(), Context.empty(), [], 0n, "client") }
      yield* client.get("https://a.example/").pipe(Effect.flip, Effect.withTracer(tracer))
      assert.deepStrictEqual({ ...span }, before)
    })
  )

  it.effect("is told no secret of what a span begins with, nor of what it is linked to", () =>
    Effect.gen(function* () {
      const told: Array<unknown> = []
      const tracer = Tracer.make({
        span: (name, parent, context, links, startTime, kind, options) => {
          const attributesOf = (some: ReadonlyArray<Tracer.SpanLink>) =>
            some.map(({ attributes }) => attributes)
          told.push(options?.attributes, attributesOf(links))
          const written = { name, attributes: new Map(), ended: [] }
          return {
            ...plainSpan([name, parent, context, links, startTime, kind, options], written),
            addLinks: (more) => {
              told.push(attributesOf(more))
            }
          }
        },
        context: (f) => f()
      })
      const client = HttpClient.make((request, url) =>
        Effect.gen(function* () {
          const attributes = { asked: url.search, count: 1 }
          const other = yield* Effect.orDie(Effect.currentSpan)
          yield* Effect.linkSpanCurrent(other, attributes)
          const links: ReadonlyArray<Tracer.SpanLink> = [{ _tag: "SpanLink", span: other, attributes }]
          return yield* Effect.succeed(HttpClientResponse.fromWeb(request, new Response())).pipe(
            Effect.withSpan("cache", { attributes, links })
          )
        })
      ).pipe(AuthorizedHttpClient.authorizeWith(scheme, { origins: ["https://a.example"] }))
      yield* Effect.withTracer(client.get("https://a.example/"), tracer)
      const attributes = { asked: "?key=<redacted>", count: 1 }
      assert.deepStrictEqual(told, [undefined, [], [attributes], attributes, [attributes]])
    })
  )
})

describe("no secret shows", () => {
  const marked = {
    password: "Pq7Zr2Kd&+/ 0123456789",
    bearer: "Bt4Xm9Lf0123456789",
    query: "Qk6Yb5Hg&+/ 0123456789",
    header: "Hk2Vc7Ns&+/ 0123456789",
    customHeader: "Ch8Dk4Tw0123456789",
    customQuery: "Cq5Gj9Bz 0123456789"
  }
  const marks = Object.values(marked).map((value) => value.slice(0, 8))
  const base64Mark = Buffer.from(`alice:${marked.password}`).toString("base64").slice(9, 17)

  const schemes: Record<string, AuthScheme.AuthScheme<AuthValidationException>> = {
    basic: AuthScheme.basic({ username: "alice", password: secret(marked.password) }),
    bearer: AuthScheme.bearer({ accessToken: secret(marked.bearer) }),
    apiKeyQuery: AuthScheme.apiKeyQuery({ parameters: { token: secret(marked.query) } }),
    apiKeyHeader: AuthScheme.apiKeyHeader({ parameters: { token: secret(marked.header) } }),
    custom: AuthScheme.custom({
      authorize: (request) =>
        Effect.succeed(
          request.pipe(
            HttpClientRequest.setHeader("x-signature", `v1 ${marked.customHeader}`),
            HttpClientRequest.setUrlParam("signature", marked.customQuery)
          )
        )
    })
  }

  const everything = AuthScheme.and(
    AuthScheme.apiKeyQuery({ parameters: { token: secret(marked.query) } }),
    AuthScheme.apiKeyHeader({ parameters: { token: secret(marked.header) } }),
    AuthScheme.basic({ username: "alice", password: secret(marked.password) })
  )

  const found = (values: ReadonlyArray<unknown>, beyond: ReadonlyArray<object>): ReadonlyArray<string> =>
    values.flatMap((value) =>
      shown(value, beyond).flatMap((text) =>
        [...marks, base64Mark]
          .filter((mark) => text.includes(mark))
          .map(
            (mark) =>
              `${mark} in ${text.slice(Math.max(0, text.indexOf(mark) - 60), text.indexOf(mark) + 40)}`
          )
      )
    )

  for (const [transport, layer] of transports) {
    for (const [name, scheme] of Object.entries({ ...schemes, everything })) {
      it.scopedLive(`of ${name} over ${transport}, wherever an API echoes it`, () =>
        Effect.gen(function* () {
          const logs = yield* recordingLogs
          const spans = recordingSpans()
          const echo = ScriptedServer.make(({ headers, path, query }) => {
            const all = `${headers["authorization"]} ${headers["token"]} ${headers["x-signature"]} ${query.map(([, value]) => encodeURIComponent(value)).join(" ")}`
            return path === "/broken"
              ? { reset: true }
              : {
                  status: 400,
                  body: "{}",
                  headers: { "x-echo": all, location: `/?${new URLSearchParams([["q", all]])}` }
                }
          })
          const server = yield* echo
          const { recorded, seen } = yield* Effect.gen(function* () {
            const client = yield* AuthorizedHttpClient.makeWith(scheme, { origins: [server.origin] })
            const answered = yield* client.get(`${server.origin}/answered`)
            yield* Effect.logInfo("answered", answered)
            const statusError = yield* Effect.flip(
              HttpClient.filterStatusOk(client).get(`${server.origin}/status`)
            )
            yield* Effect.logError("status", statusError)
            const broken = yield* Effect.exit(client.get(`${server.origin}/broken`))
            const nobody = yield* AuthorizedHttpClient.makeWith(scheme, { origins: ["http://127.0.0.1:1"] })
            const unreachable = yield* Effect.exit(nobody.get("http://127.0.0.1:1/"))
            return [scheme, client, answered, inspect(answered), statusError, broken, unreachable]
          }).pipe(
            Effect.withSpan("caller"),
            // The exporter forgets everything when the SDK shuts down.
            Effect.map((seen) => ({ seen, recorded: spans.spans() })),
            Effect.provide([layer, logs.layer, spans.layer])
          )
          assert.isAtLeast(recorded.filter((span) => span.name.startsWith("http.client")).length, 4)
          assert.deepStrictEqual(found([...seen, ...logs.lines, recorded], spans.sdk), [])
          // The detector sees what was on the way.
          const requests = yield* server.requests
          assert.isAtLeast(requests.length, 3)
          assert.isNotEmpty(found([requests], []))
        })
      )
    }
  }

  it.scopedLive("where a transport logs what it sends, and fails with it", () =>
    Effect.gen(function* () {
      const logs = yield* recordingLogs
      const spans = recordingSpans()
      // By hand: what it fails of quotes the URL.
      const transport = HttpClient.make((request, url) =>
        Effect.zipRight(
          Effect.logInfo(request.headers),
          new HttpClientError.RequestError({
            request,
            reason: "Transport",
            description: `cannot connect to ${url.href}`,
            cause: new Error(url.href)
          })
        )
      )
      const client = AuthorizedHttpClient.authorizeWith(transport, everything, {
        origins: ["https://a.example"]
      })
      const { error, recorded } = yield* Effect.flip(client.get("https://a.example/")).pipe(
        Effect.map((error) => ({ error, recorded: spans.spans() })),
        Effect.provide([logs.layer, spans.layer])
      )
      assert.include(error.message, "cannot connect to https://a.example/")
      assert.isNotEmpty(logs.lines)
      assert.isTrue(recorded.some(({ status }) => status.message?.includes("cannot connect")))
      assert.deepStrictEqual(found([error, ...logs.lines, recorded], spans.sdk), [])
    })
  )

  it.effect("where a custom function fails with the request that it was given", () =>
    Effect.gen(function* () {
      const api = yield* TestTransport.make(() => Effect.dieMessage("it was sent"))
      for (const authorize of [
        (request: HttpClientRequest.HttpClientRequest) => {
          throw new Error(`cannot sign ${inspect(request.toJSON())}`)
        },
        (request: HttpClientRequest.HttpClientRequest) => Effect.die(request),
        (request: HttpClientRequest.HttpClientRequest) =>
          new HttpClientError.RequestError({
            request,
            reason: "Encode",
            description: `${request.headers["authorization"]}`
          })
      ]) {
        const scheme = AuthScheme.and(everything, AuthScheme.custom({ authorize }))
        const client = AuthorizedHttpClient.authorizeWith(api.client, scheme, {
          origins: ["https://a.example"]
        })
        const exit = yield* Effect.exit(client.get("https://a.example/"))
        assert.isTrue(Exit.isFailure(exit))
        assert.notInclude(shown(exit).join(), "it was sent")
        assert.deepStrictEqual(found([exit], []), [])
      }
    })
  )

  it.scopedLive(
    "of a session, where an API echoes its token in a header: not in the transport's span, either",
    () =>
      Effect.gen(function* () {
        const spans = recordingSpans()
        const api = yield* ScriptedServer.make(({ headers }) =>
          ScriptedServer.json({}, { headers: { "x-echo": headers["authorization"] ?? "" } })
        )
        const { manager } = yield* session({ initialToken: OAuthToken.make({ accessToken: marked.bearer }) })
        const recorded = yield* Effect.flatMap(HttpClient.HttpClient, (client) =>
          AuthorizedHttpClient.authorize(client, manager, { origins: [api.origin] }).get(api.origin)
        ).pipe(Effect.map(spans.spans), Effect.provide([FetchHttpClient.layer, spans.layer]))
        assert.isTrue(recorded.some((span) => span.name === "http.client GET"))
        assert.deepStrictEqual(found([recorded], spans.sdk), [])
      })
  )
})
