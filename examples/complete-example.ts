/**
 * The complete example: a session begins with a password, outlives its access token, is stored, is taken up by a second
 * process without another login, and ends. `npm run quickstart` runs it.
 */
import { fileURLToPath } from "node:url"
import { Command, FetchHttpClient, FileSystem } from "@effect/platform"
import { NodeContext, NodeRuntime } from "@effect/platform-node"
import { OAuthToken, TokenStore } from "@effect-oauth/client"
import { ScriptedServer } from "@effect-oauth/loopback-servers"
import { DateTime, Duration, Effect, Layer, Option, Redacted, Schema } from "effect"
import {
  type APIException,
  MultiauthsampleClient,
  OAuthACGCredentials,
  type OAuthProviderException,
  OAuthROPCGCredentials
} from "multiauthsample"
import { expect, heading, say, step } from "./support/narrator.js"
import { SampleServer } from "./support/sampleServer.js"

const credentials = new OAuthROPCGCredentials({
  oAuthClientId: "client",
  oAuthClientSecret: Redacted.make("client-secret"),
  oAuthUsername: "alice",
  oAuthPassword: Redacted.make("wonderland")
})

// The call needs a token of the scheme OAuthACG as well. This one was stored long ago, by the Python SDK.
const oAuthACGCredentials = Effect.map(
  Schema.decode(OAuthToken.StoredJson)(
    `{"access_token":"stored-by-python","token_type":"Bearer","expires_in":9999999,"expiry":4102444800}`
  ),
  (oAuthToken) => new OAuthACGCredentials({ oAuthToken })
)

const at = (token: OAuthToken.OAuthToken): string =>
  Option.match(token.expiry, { onNone: () => "nobody knows when", onSome: DateTime.formatIso })

/** The client of the API, for a user, at an address. */
const clientFor = (
  oAuthROPCGCredentials: OAuthROPCGCredentials,
  origin: string,
  revocationEndpoint?: string
) =>
  Layer.unwrapEffect(
    Effect.map(oAuthACGCredentials, (oAuthACGCredentials) =>
      MultiauthsampleClient.layer({
        servers: { DEFAULT: origin },
        revocationEndpoint,
        oAuthROPCGCredentials,
        oAuthACGCredentials,
        onTokenUpdate: (token) => say(`update callback: a new token is stored, good until ${at(token)}`)
      })
    )
  )

const callApi = Effect.gen(function* () {
  const client = yield* MultiauthsampleClient.MultiauthsampleClient
  const user = yield* client.authentication.oAuthAuthorizationGrant()
  yield* say(`the API says: ${user.name} <${user.email}>`)
  return user
})

/** The stored token if there is one; else one for the user's password. */
const loadOrFetch = Effect.gen(function* () {
  const { oAuthROPCG } = yield* MultiauthsampleClient.MultiauthsampleClient
  const stored = yield* oAuthROPCG.currentToken
  if (Option.isSome(stored)) return stored.value
  yield* say("nothing is stored, so the password is sent")
  return yield* oAuthROPCG.fetchToken()
})

const untilExpiry = Effect.gen(function* () {
  const { oAuthROPCG } = yield* MultiauthsampleClient.MultiauthsampleClient
  const token = yield* oAuthROPCG.currentToken
  const expiry = Option.getOrThrow(Option.flatMap(token, (token) => token.expiry))
  const left = DateTime.distanceDuration(yield* DateTime.now, expiry)
  yield* say(`it lives for ${Math.ceil(Duration.toSeconds(left))} more seconds; waiting`)
  yield* Effect.sleep(left)
  yield* expect(yield* oAuthROPCG.isTokenExpired, "the token should have expired")
  yield* say("it is expired")
})

/** What the two kinds of failure look like to a caller. */
const explain = <A, R>(call: Effect.Effect<A, OAuthProviderException | APIException, R>) =>
  Effect.matchEffect(call, {
    onSuccess: () => Effect.succeed("success"),
    onFailure: (error) => Effect.as(say(`${error._tag}: ${error.message}`), error._tag)
  })

const fetchToken = Effect.gen(function* () {
  const { oAuthROPCG } = yield* MultiauthsampleClient.MultiauthsampleClient
  return yield* oAuthROPCG.fetchToken()
}).pipe(Effect.catchTag("AuthValidationException", "TokenStoreError", Effect.die))

const wrongPassword = Effect.gen(function* () {
  const { origin } = yield* SampleServer
  const wrong = credentials.cloneWith({ oAuthPassword: Redacted.make("queen of hearts") })
  const outcome = yield* explain(fetchToken).pipe(
    Effect.provide(Layer.provide(clientFor(wrong, origin), [TokenStore.layerMemory, FetchHttpClient.layer]))
  )
  yield* expect(outcome === "OAuthProviderException", "the provider should have refused")
})

const unreachableServer = Effect.gen(function* () {
  const gone = yield* Effect.scoped(Effect.map(ScriptedServer.make([]), ({ origin }) => origin))
  const outcome = yield* explain(fetchToken).pipe(
    Effect.provide(
      Layer.provide(clientFor(credentials, gone), [TokenStore.layerMemory, FetchHttpClient.layer])
    )
  )
  yield* expect(outcome === "APIException", "nobody should have answered")
})

const secondProcess = (sessions: string) =>
  Effect.gen(function* () {
    const { origin } = yield* SampleServer
    const script = fileURLToPath(new URL("support/secondProcess.ts", import.meta.url))
    const output = yield* Command.make(process.execPath, ...process.execArgv, script).pipe(
      Command.env({ API_URL: origin, SESSIONS: sessions }),
      Command.stderr("inherit"),
      Command.string
    )
    yield* say(`the second process prints: ${output.trim()}`)
    yield* expect(output.includes("Alice"), "the second process should have called the API")
  })

const logOut = Effect.gen(function* () {
  const server = yield* SampleServer
  const { oAuthROPCG } = yield* MultiauthsampleClient.MultiauthsampleClient
  const token = Option.getOrThrow(yield* oAuthROPCG.currentToken)
  yield* oAuthROPCG.logout
  yield* say("the tokens are revoked and no longer stored")
  const { active } = yield* server.introspect(Redacted.value(token.accessToken))
  yield* expect(!active, "the server should have forgotten the token")
  const refused = yield* Effect.flip(callApi)
  yield* say(`another call: ${refused._tag}: ${refused.message}`)
  yield* expect(refused._tag === "AuthValidationException", "there should be no session any more")
})

const story = (sessions: string) =>
  Effect.gen(function* () {
    yield* step("Log in", ["password"], loadOrFetch)
    yield* step("Call the API", [], callApi)
    yield* step("Let the access token expire", [], untilExpiry)
    yield* step("Call again: the session refreshes itself", ["refresh_token"], callApi)
    yield* step("A second process takes up the stored session", [], secondProcess(sessions))
    yield* step("A wrong password", ["password"], wrongPassword)
    yield* step("A server that nobody can reach", [], unreachableServer)
    yield* step("Log out", [], logOut)
  })

const main = Effect.gen(function* () {
  const server = yield* SampleServer
  const fs = yield* FileSystem.FileSystem
  const sessions = yield* fs.makeTempDirectoryScoped({ prefix: "effect-oauth-" })
  yield* heading("effect-oauth: a session that begins with a password")
  yield* say(`authorization server: oidc-provider at ${server.origin}`)
  yield* say("access tokens live for a few seconds, refresh tokens rotate and are good once")
  const [time] = yield* Effect.timed(
    Effect.provide(
      story(sessions),
      Layer.provide(clientFor(credentials, server.origin, server.revocationEndpoint), [
        TokenStore.layerDirectory(sessions),
        FetchHttpClient.layer
      ])
    )
  )
  yield* heading(`\nEvery step went as told, in ${Math.round(Duration.toSeconds(time))} seconds.`)
}).pipe(
  Effect.tapErrorTag("StepFailed", (failure) => heading(`\nNot as told: ${failure.message}.`)),
  Effect.scoped
)

main.pipe(Effect.provide([SampleServer.layer, NodeContext.layer]), NodeRuntime.runMain)
