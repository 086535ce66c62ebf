import { assert, describe, layer } from "@effect/vitest"
import { SampleServer } from "@effect-oauth/sample-server"
import * as Effect from "effect/Effect"
import {
  basic,
  basicAuth,
  bearer,
  get,
  keyQuery,
  keys,
  known,
  type Reply,
  refusalOf,
  tokenBy
} from "./support.js"

const bearerChallenge = 'Bearer realm="MultiAuth-Sample"'
const invalidToken = `${bearerChallenge}, error="invalid_token"`
const basicChallenge = 'Basic realm="MultiAuth-Sample", charset="UTF-8"'
const queryChallenge = 'ApiKey realm="MultiAuth-Sample", in="query", names="token api-key"'
const headerChallenge = 'ApiKey realm="MultiAuth-Sample", in="header", names="token api-key"'

const passes = ({ body, headers, status }: Reply): void => {
  assert.deepStrictEqual([status, body], [200, "You've passed the test!"])
  assert.match(headers.get("content-type") ?? "", /^text\/plain/)
}

layer(SampleServer.layer(), { excludeTestServices: true })("the endpoints of authentication", (it) => {
  describe("oAuthBearerToken", () => {
    const path = "/auth/oauth2"

    it.effect("takes the fixture, and a live token of any grant", () =>
      Effect.gen(function* () {
        passes(yield* get(path, bearer(known.bearerToken)))
        passes(yield* get(path, { authorization: `bearer ${known.bearerToken}` }))
        for (const grant of ["authorization_code", "client_credentials", "password"] as const) {
          passes(yield* get(path, bearer((yield* tokenBy(grant)).access_token)))
        }
      })
    )

    it.effect("refuses a request without a token", () =>
      Effect.gen(function* () {
        const lacking = ["OAuthBearerToken: no bearer token was sent"]
        for (const headers of [{}, basicAuth, { authorization: "Bearer" }, { authorization: "Bearer a b" }]) {
          const reply = refusalOf(yield* get(path, headers))
          assert.deepStrictEqual(reply, { status: 401, lacking, challenge: bearerChallenge })
        }
        const inQuery = yield* get(`${path}?access_token=${known.bearerToken}`)
        assert.deepStrictEqual(refusalOf(inQuery).lacking, lacking)
      })
    )

    it.effect("refuses a token that is unknown, nearly right, a refresh token or expired", () =>
      Effect.gen(function* () {
        const server = yield* SampleServer.SampleServer
        const { access_token, refresh_token = "" } = yield* tokenBy("password")
        for (const token of [
          "wrong",
          known.bearerToken.slice(0, -1),
          known.bearerToken.slice(1),
          `${known.bearerToken}0`,
          refresh_token
        ]) {
          assert.deepStrictEqual(refusalOf(yield* get(path, bearer(token))), {
            status: 401,
            lacking: ["OAuthBearerToken: the bearer token is unknown"],
            challenge: invalidToken
          })
        }
        passes(yield* get(path, bearer(access_token)))
        yield* server.expireAccessTokens
        assert.deepStrictEqual(refusalOf(yield* get(path, bearer(access_token))), {
          status: 401,
          lacking: ["OAuthBearerToken: the bearer token has expired"],
          challenge: invalidToken
        })
        passes(yield* get(path, bearer((yield* tokenBy("refresh_token", { refresh_token })).access_token)))
      })
    )
  })

  it.effect("customAuthentication takes everything, as CustomAuth asks for nothing", () =>
    Effect.gen(function* () {
      passes(yield* get("/auth/customAuthentication"))
      passes(yield* get("/auth/customAuthentication", bearer("wrong")))
    })
  )

  describe("customQueryOrHeaderAuthentication", () => {
    const path = "/auth/customQueryOrHeaderParam"

    it.effect("takes the keys in the query, or in headers", () =>
      Effect.gen(function* () {
        passes(yield* get(path + keyQuery))
        passes(yield* get(path, keys))
        passes(yield* get(`${path}?token=wrong`, keys))
        passes(yield* get(path + keyQuery, { token: "wrong" }))
      })
    )

    it.effect("refuses what is not whole in one place, and says so of each", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(refusalOf(yield* get(path)), {
          status: 401,
          lacking: [
            "apiKey: the query parameter token was not sent, the query parameter api-key was not sent",
            "apiHeader: the header token was not sent, the header api-key was not sent"
          ],
          challenge: `${queryChallenge}, ${headerChallenge}`
        })
        const halves = yield* get(`${path}?token=${known.token}`, { "api-key": known.apiKey })
        assert.deepStrictEqual(refusalOf(halves).lacking, [
          "apiKey: the query parameter api-key was not sent",
          "apiHeader: the header token was not sent"
        ])
        const swapped = yield* get(path, { token: known.apiKey, "api-key": known.token })
        assert.deepStrictEqual(
          refusalOf(swapped).lacking[1],
          "apiHeader: the header token is wrong, the header api-key is wrong"
        )
        const twice = yield* get(`${path}${keyQuery}&token=${known.token}`)
        assert.deepStrictEqual(
          refusalOf(twice).lacking[0],
          "apiKey: the query parameter token is there more than once"
        )
      })
    )
  })

  describe("oAuthGrantTypesOrCombinations", () => {
    const path = "/oauth2/oauthOrCombination"

    it.effect("takes a token of OAuthCCG, or one of OAuthBearerToken", () =>
      Effect.gen(function* () {
        const server = yield* SampleServer.SampleServer
        passes(yield* get(path, bearer((yield* tokenBy("client_credentials")).access_token)))
        passes(yield* get(path, bearer(known.bearerToken)))
        const outcomes = (yield* server.requests).slice(-3).map(({ outcome }) => outcome)
        assert.deepStrictEqual(outcomes, ["token by client_credentials", "OAuthCCG", "OAuthBearerToken"])
      })
    )

    it.effect("refuses others, with one challenge for both", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(refusalOf(yield* get(path)), {
          status: 401,
          lacking: ["OAuthCCG: no bearer token was sent", "OAuthBearerToken: no bearer token was sent"],
          challenge: bearerChallenge
        })
        assert.deepStrictEqual(refusalOf(yield* get(path, bearer("wrong"))), {
          status: 401,
          lacking: ["OAuthCCG: the bearer token is unknown", "OAuthBearerToken: the bearer token is unknown"],
          challenge: invalidToken
        })
      })
    )
  })

  it.effect("noAuth is open to all that send its query", () =>
    Effect.gen(function* () {
      passes(yield* get("/auth/noAuth?array=true"))
      assert.strictEqual((yield* get("/auth/noAuth")).status, 400)
    })
  )

  describe("oAuthClientCredentialsGrant", () => {
    const path = "/oauth2/non-auth-server/status"

    it.effect("tells how the service is to a token of OAuthCCG", () =>
      Effect.gen(function* () {
        const { body, status } = yield* get(path, bearer((yield* tokenBy("client_credentials")).access_token))
        const { time, ...rest } = JSON.parse(body)
        assert.strictEqual(status, 200)
        assert.isBelow(Math.abs(Date.parse(time) - Date.now()), 10_000)
        assert.deepStrictEqual(rest, {
          status: "OK",
          app: "MultiAuth-Sample",
          moto: "Eight ways to prove who you are",
          notes: 1,
          users: 1,
          os: process.platform
        })
      })
    )

    it.effect("refuses the fixture, and the tokens of the other grants", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(refusalOf(yield* get(path, bearer(known.bearerToken))), {
          status: 401,
          lacking: ["OAuthCCG: the bearer token is unknown"],
          challenge: invalidToken
        })
        for (const grant of ["authorization_code", "password"] as const) {
          assert.deepStrictEqual(refusalOf(yield* get(path, bearer((yield* tokenBy(grant)).access_token))), {
            status: 401,
            lacking: [`OAuthCCG: the bearer token is of the grant ${grant}, not of client_credentials`],
            challenge: invalidToken
          })
        }
      })
    )
  })

  describe("oAuthAuthorizationGrant", () => {
    const path = "/oauth2/non-auth-server/user"

    it.effect("tells the user to a token of OAuthROPCG, also to a refreshed one", () =>
      Effect.gen(function* () {
        const { access_token, refresh_token = "" } = yield* tokenBy("password")
        const refreshed = yield* tokenBy("refresh_token", { refresh_token })
        for (const token of [access_token, refreshed.access_token]) {
          const { body, status } = yield* get(path, bearer(token))
          assert.strictEqual(status, 200)
          assert.deepStrictEqual(JSON.parse(body), {
            id: 1,
            name: "alice",
            email: "alice@example.com",
            created_at: "2024-02-15T08:00:00Z",
            updated_at: "2024-02-15T08:00:00Z"
          })
        }
      })
    )

    it.effect("refuses a token of OAuthACG alone, and says which token a request carries", () =>
      Effect.gen(function* () {
        const { access_token } = yield* tokenBy("authorization_code")
        const reply = yield* get(path, bearer(access_token))
        assert.deepStrictEqual(refusalOf(reply), {
          status: 401,
          lacking: ["OAuthROPCG: the bearer token is of the grant authorization_code, not of password"],
          challenge: invalidToken
        })
        assert.include(reply.body, "OAuthACG and OAuthROPCG (")
      })
    )

    it.effect("refuses the tokens of others, and none", () =>
      Effect.gen(function* () {
        const { access_token } = yield* tokenBy("client_credentials")
        for (const headers of [bearer(access_token), bearer(known.bearerToken), {}]) {
          assert.strictEqual((yield* get(path, headers)).status, 401)
        }
      })
    )
  })

  describe("basicAuthAndApiHeaderAuth", () => {
    const path = "/auth/basicAndApiKeyAndApiHeader"

    it.effect("takes all three together", () =>
      Effect.flatMap(get(path + keyQuery, { ...basicAuth, ...keys }), (reply) =>
        Effect.sync(() => passes(reply))
      )
    )

    it.effect("refuses a request that lacks one of them, and asks for that one", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(refusalOf(yield* get(path + keyQuery, keys)), {
          status: 401,
          lacking: ["basicAuth: no Basic credentials were sent"],
          challenge: basicChallenge
        })
        assert.deepStrictEqual(refusalOf(yield* get(path, { ...basicAuth, ...keys })), {
          status: 401,
          lacking: [
            "apiKey: the query parameter token was not sent, the query parameter api-key was not sent"
          ],
          challenge: queryChallenge
        })
        assert.deepStrictEqual(refusalOf(yield* get(path + keyQuery, basicAuth)), {
          status: 401,
          lacking: ["apiHeader: the header token was not sent, the header api-key was not sent"],
          challenge: headerChallenge
        })
        assert.strictEqual(
          refusalOf(yield* get(path)).challenge,
          [basicChallenge, queryChallenge, headerChallenge].join(", ")
        )
      })
    )

    it.effect("refuses wrong Basic credentials", () =>
      Effect.gen(function* () {
        const wrong = [
          basic("basic-user", "wrong"),
          basic("wrong", known.basicPassword),
          basic("", ""),
          basic("alice", known.password),
          { authorization: `Basic ${Buffer.from("no colon").toString("base64")}` }
        ]
        for (const headers of wrong) {
          assert.deepStrictEqual(refusalOf(yield* get(path + keyQuery, { ...keys, ...headers })).lacking, [
            "basicAuth: the user name or the password is wrong"
          ])
        }
      })
    )
  })

  it.effect("multipleAuthCombination takes everything, by CustomAuth", () =>
    Effect.gen(function* () {
      const server = yield* SampleServer.SampleServer
      passes(yield* get("/auth/multipleAuthCombination"))
      passes(yield* get("/auth/multipleAuthCombination", bearer(known.bearerToken)))
      const outcomes = (yield* server.requests).slice(-2).map(({ outcome }) => outcome)
      assert.deepStrictEqual(outcomes, ["CustomAuth", "CustomAuth"])
    })
  )

  it.effect("are no others, whatever is written around their paths", () =>
    Effect.gen(function* () {
      for (const path of [
        "/",
        "/nothing",
        "/request_token",
        "/oauth2/auth-server/auth/oauth2",
        "/AUTH/oauth2x"
      ]) {
        const { body, status } = yield* get(path)
        assert.deepStrictEqual([path, status], [path, 404])
        assert.deepStrictEqual(Object.keys(JSON.parse(body)), ["message"])
      }
      // However the router finds the endpoint, the gate is before it.
      for (const path of [
        "/auth/oauth2/",
        "/AUTH/OAUTH2",
        "/auth/%6fauth2",
        "//auth/oauth2",
        "/auth/oauth2;x"
      ]) {
        assert.include([401, 404], (yield* get(path)).status, path)
      }
    })
  )
})
