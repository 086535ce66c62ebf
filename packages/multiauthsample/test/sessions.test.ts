import { FetchHttpClient, FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { AuthValidationException, OAuthToken, TokenStore } from "@effect-oauth/client"
import { ScriptedServer } from "@effect-oauth/loopback-servers"
import { formField } from "@effect-oauth/loopback-servers/RecordedRequest"
import { type Context, Effect, Layer, Option, Redacted } from "effect"
import {
  type ConfigurationOptions,
  MultiauthsampleClient,
  OAuthACGCredentials,
  OAuthCCGCredentials,
  type OAuthManager,
  OAuthROPCGCredentials
} from "multiauthsample"
import { serversAt } from "./fixtures/connect.js"
import {
  oAuthACGCredentials,
  oAuthCCGCredentials,
  oAuthROPCGCredentials,
  storedToken
} from "./fixtures/credentials.js"

const client = { oAuthClientId: "client", oAuthClientSecret: Redacted.make("client-secret") }

/** Gives tokens that say whose they are, and else answers what each endpoint answers. */
const server = ScriptedServer.make((request) => {
  const owner = formField(request, "refresh_token") ?? formField(request, "code") ?? "user"
  return request.method === "POST"
    ? ScriptedServer.json({ access_token: `of ${owner}`, token_type: "Bearer", refresh_token: `${owner}+` })
    : ScriptedServer.json({ status: "ok", token: request.headers["authorization"] })
})

type Store = Context.Context<TokenStore.TokenStore>

const store = Layer.build(TokenStore.layerMemory)

const connect = (origin: string, shared: Store, options: ConfigurationOptions) =>
  MultiauthsampleClient.make({ servers: serversAt(origin), ...options }).pipe(
    Effect.provide(shared),
    Effect.provide(FetchHttpClient.layer)
  )

const tokenOf = (manager: OAuthManager) =>
  Effect.map(manager.currentToken, (token) =>
    Option.getOrNull(Option.map(token, ({ accessToken }) => Redacted.value(accessToken)))
  )

const expired = (owner: string) => OAuthToken.make({ accessToken: "old", refreshToken: owner, expiry: 1 })

describe("users who share a store", () => {
  const begun: ReadonlyArray<
    readonly [
      "oAuthACG" | "oAuthROPCG",
      credentials: (oAuthToken: OAuthToken.OAuthToken) => ConfigurationOptions
    ]
  > = [
    [
      "oAuthACG",
      (oAuthToken) => ({ oAuthACGCredentials: new OAuthACGCredentials({ ...client, oAuthToken }) })
    ],
    [
      "oAuthROPCG",
      (oAuthToken) => ({ oAuthROPCGCredentials: new OAuthROPCGCredentials({ ...client, oAuthToken }) })
    ]
  ]

  for (const [scheme, credentials] of begun) {
    it.scopedLive(
      `have each their own session of ${scheme}, where it began with a token from elsewhere`,
      () =>
        Effect.gen(function* () {
          const { origin, requests } = yield* server
          const shared = yield* store
          const [alice, bob] = yield* Effect.all([
            connect(origin, shared, credentials(expired("alice"))),
            connect(origin, shared, credentials(expired("bob")))
          ])
          yield* alice[scheme].refreshToken()
          yield* bob[scheme].refreshToken()
          assert.deepStrictEqual(
            [yield* tokenOf(alice[scheme]), yield* tokenOf(bob[scheme])],
            ["of alice", "of bob"]
          )
          // Who begins with the same token finds what came of it.
          const again = yield* connect(origin, shared, credentials(expired("alice")))
          assert.strictEqual(yield* tokenOf(again[scheme]), "of alice")
          assert.lengthOf(yield* requests, 2)
        })
    )
  }

  it.scopedLive("have each their own if sessionKey tells them apart, and find it again by that", () =>
    Effect.gen(function* () {
      const { origin } = yield* server
      const shared = yield* store
      const clientOf = (sessionKey: string | undefined, oAuthToken?: OAuthToken.OAuthToken) =>
        connect(origin, shared, {
          sessionKey,
          oAuthACGCredentials: oAuthACGCredentials.cloneWith({ oAuthToken }),
          oAuthCCGCredentials
        })
      const alice = yield* clientOf("alice")
      const bob = yield* clientOf("bob")
      const nobody = yield* clientOf(undefined)
      yield* alice.oAuthACG.fetchToken(Redacted.make("a"))
      yield* bob.oAuthACG.fetchToken(Redacted.make("b"))
      yield* bob.oAuthCCG.fetchToken()
      assert.isNull(yield* tokenOf(nobody.oAuthACG))
      const found = (sessionKey: string, token?: OAuthToken.OAuthToken) =>
        Effect.flatMap(clientOf(sessionKey, token), ({ oAuthACG }) => tokenOf(oAuthACG))
      assert.deepStrictEqual([yield* found("alice"), yield* found("bob")], ["of a", "of b"])
      assert.strictEqual(yield* found("alice", expired("alice")), "of a")
      assert.isNull(yield* tokenOf((yield* clientOf("alice")).oAuthCCG))
      assert.strictEqual(yield* tokenOf((yield* clientOf("bob")).oAuthCCG), "of user")
    })
  )

  it.scopedLive("cannot be told apart by nothing", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Effect.asVoid(connect("http://localhost:3000", yield* store, { sessionKey: "" }))
      )
      assert.strictEqual(error.message, "sessionKey is empty.")
    })
  )
})

describe("a token alone", () => {
  it.scopedLive("is in no store, so that one which holds a single session is left to another scheme", () =>
    Effect.gen(function* () {
      const { origin } = yield* server
      const fs = yield* FileSystem.FileSystem
      const path = `${yield* fs.makeTempDirectoryScoped()}/session.json`
      const { authentication, oAuthCCG, oAuthROPCG } = yield* connect(
        origin,
        yield* Layer.build(TokenStore.layerFile(path)),
        {
          oAuthROPCGCredentials,
          oAuthCCGCredentials: new OAuthCCGCredentials({ oAuthToken: storedToken("alone") })
        }
      )
      yield* oAuthROPCG.fetchToken()
      const status = yield* authentication.oAuthClientCredentialsGrant()
      assert.strictEqual(status["token"], "Bearer alone")
      yield* oAuthCCG.logout
      assert.isNull(yield* tokenOf(oAuthCCG))
      assert.strictEqual(yield* tokenOf(oAuthROPCG), "of user")
    }).pipe(Effect.provide(NodeContext.layer))
  )

  it.scopedLive("that has expired is not taken for one that can be had: nothing is spent for its sake", () =>
    Effect.gen(function* () {
      const { origin, requests } = yield* server
      const { authentication, oAuthROPCG } = yield* connect(origin, yield* store, {
        oAuthACGCredentials: oAuthACGCredentials.cloneWith({ oAuthToken: expired("alice") }),
        oAuthROPCGCredentials: new OAuthROPCGCredentials({ oAuthToken: expired("nobody to ask") })
      })
      const error = yield* Effect.flip(authentication.oAuthAuthorizationGrant())
      assert.strictEqual(error.message, "[OAuthROPCG: OAuthToken is undefined or expired.]")
      assert.deepStrictEqual(yield* requests, [])
      const refused = yield* Effect.flip(oAuthROPCG.refreshToken())
      assert.strictEqual(refused.message, "OAuthROPCG: oAuthClientId and oAuthClientSecret are undefined.")
    })
  )
})

it.scopedLive("credentials of which a half is missing fail the client, and are named", () =>
  Effect.gen(function* () {
    const halves: ReadonlyArray<readonly [ConfigurationOptions, string]> = [
      [
        { oAuthCCGCredentials: oAuthCCGCredentials.cloneWith({ oAuthClientSecret: undefined }) },
        "OAuthCCG: oAuthClientSecret is undefined."
      ],
      [
        { oAuthACGCredentials: oAuthACGCredentials.cloneWith({ oAuthClientId: undefined }) },
        "OAuthACG: oAuthClientId is undefined."
      ],
      [
        { oAuthROPCGCredentials: oAuthROPCGCredentials.cloneWith({ oAuthPassword: undefined }) },
        "OAuthROPCG: oAuthPassword is undefined."
      ]
    ]
    for (const [options, message] of halves) {
      const error = yield* Effect.flip(Effect.asVoid(connect("http://localhost:3000", yield* store, options)))
      assert.instanceOf(error, AuthValidationException)
      assert.strictEqual(error.message, message)
    }
  })
)
