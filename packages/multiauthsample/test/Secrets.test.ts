import { HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { ScriptedServer } from "@effect-oauth/loopback-servers"
import { recordingLogs, recordingSpans, shown } from "@effect-oauth/loopback-servers/Evidence"
import { Effect, type Exit, Redacted, Schedule } from "effect"
import {
  ApiHeaderCredentials,
  ApiKeyCredentials,
  BasicAuthCredentials,
  Configuration,
  CustomAuthCredentials,
  type MultiauthsampleClient,
  OAuthACGCredentials,
  OAuthBearerTokenCredentials,
  OAuthCCGCredentials,
  OAuthROPCGCredentials
} from "multiauthsample"
import { connect, serversAt } from "./fixtures/connect.js"

// Everything that is secret has this in it, in one form or another.
const marker = (name: string) => Redacted.make(`marker-${name}-Qy7`)

const client = { oAuthClientId: "client", oAuthClientSecret: marker("client") }

const configuration = new Configuration({
  accessToken: marker("access"),
  basicAuthCredentials: new BasicAuthCredentials({ username: "alice", password: marker("basic") }),
  apiKeyCredentials: new ApiKeyCredentials({ token: marker("query token"), apiKey: marker("query/key") }),
  apiHeaderCredentials: new ApiHeaderCredentials({ token: marker("header"), apiKey: marker("header-key") }),
  oAuthCCGCredentials: new OAuthCCGCredentials(client),
  oAuthACGCredentials: new OAuthACGCredentials({ ...client, oAuthRedirectUri: "https://cb" }),
  oAuthROPCGCredentials: new OAuthROPCGCredentials({
    ...client,
    oAuthUsername: "alice",
    oAuthPassword: marker("password")
  }),
  oAuthBearerTokenCredentials: new OAuthBearerTokenCredentials({ accessToken: marker("bearer") }),
  customAuthCredentials: new CustomAuthCredentials({
    authorize: (request) =>
      Effect.succeed(HttpClientRequest.setHeader(request, "x-custom", Redacted.value(marker("custom"))))
  }),
  timeout: "3 seconds"
})

const base64 = (text: string) => Buffer.from(text).toString("base64")

const forms: ReadonlyArray<string> = [
  "marker",
  base64(`alice:${Redacted.value(marker("basic"))}`),
  base64(`client:${Redacted.value(marker("client"))}`),
  base64(`given:${Redacted.value(marker("given"))}`)
]

const authorization = Redacted.make(`Basic ${base64(`given:${Redacted.value(marker("given"))}`)}`)

type Call = (client: MultiauthsampleClient.Service) => Effect.Effect<unknown, unknown>

const apiCalls: Readonly<Record<string, Call>> = {
  oAuthBearerToken: ({ authentication }) => authentication.oAuthBearerToken(),
  customAuthentication: ({ authentication }) => authentication.customAuthentication(),
  customQueryOrHeaderAuthentication: ({ authentication }) =>
    authentication.customQueryOrHeaderAuthentication(),
  oAuthGrantTypesOrCombinations: ({ authentication }) => authentication.oAuthGrantTypesOrCombinations(),
  noAuth: ({ authentication }) => authentication.noAuth(),
  oAuthClientCredentialsGrant: ({ authentication }) => authentication.oAuthClientCredentialsGrant(),
  basicAuthAndApiHeaderAuth: ({ authentication }) => authentication.basicAuthAndApiHeaderAuth(),
  oAuthAuthorizationGrant: ({ authentication, oAuthACG }) =>
    Effect.zipRight(oAuthACG.fetchToken(marker("code")), authentication.oAuthAuthorizationGrant()),
  multipleAuthCombination: ({ authentication }) => authentication.multipleAuthCombination()
}

const tokenCalls: Readonly<Record<string, Call>> = {
  "oAuthCCG.fetchToken": ({ oAuthCCG }) => oAuthCCG.fetchToken({ assertion_hint: marker("hint") }),
  "oAuthACG.fetchToken": ({ oAuthACG }) => oAuthACG.fetchToken(marker("code")),
  "oAuthACG.fetchTokenFromCallback": ({ oAuthACG }) =>
    Effect.flatMap(oAuthACG.getAuthorizationUrl({ state: "s" }), () =>
      oAuthACG.fetchTokenFromCallback(`https://cb?state=s&code=${Redacted.value(marker("code"))}`)
    ),
  "oAuthROPCG.fetchToken": ({ oAuthROPCG }) => oAuthROPCG.fetchToken(),
  requestTokenOAuthCCG: ({ oAuthAuthorization }) =>
    oAuthAuthorization.requestTokenOAuthCCG({ authorization }),
  requestTokenOAuthACG: ({ oAuthAuthorization }) =>
    oAuthAuthorization.requestTokenOAuthACG({
      authorization,
      code: marker("code"),
      redirectUri: "https://cb",
      codeVerifier: marker("verifier")
    }),
  refreshTokenOAuthACG: ({ oAuthAuthorization }) =>
    oAuthAuthorization.refreshTokenOAuthACG({ authorization, refreshToken: marker("refresh") }),
  requestTokenOAuthROPCG: ({ oAuthAuthorization }) =>
    oAuthAuthorization.requestTokenOAuthROPCG({
      authorization,
      username: "alice",
      password: marker("password")
    }),
  refreshTokenOAuthROPCG: ({ oAuthAuthorization }) =>
    oAuthAuthorization.refreshTokenOAuthROPCG({ authorization, refreshToken: marker("refresh") })
}

const token = ScriptedServer.json({
  access_token: "marker-access-token-Qy7",
  refresh_token: "marker-refresh-token-Qy7",
  token_type: "Bearer",
  expires_in: 3600
})

/** All that was sent, as a server would quote it. */
const echoOf = (
  request: Parameters<Extract<ScriptedServer.Script, (...args: never) => unknown>>[0]
): string =>
  [
    ...Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`),
    ...request.query.map(([name, value]) => `${name}=${value}`),
    request.rawBody,
    ...request.form.map(([, value]) => value)
  ].join(" ")

type Echo = (request: Parameters<typeof echoOf>[0]) => ScriptedServer.Reply

const echoes: Readonly<Record<string, Echo>> = {
  "an error page": (request) => ({
    status: 500,
    body: echoOf(request),
    headers: { "x-echo": encodeURI(echoOf(request)), "x-plain": request.headers["authorization"] ?? "" }
  }),
  "a refusal": (request) =>
    ScriptedServer.json(
      { error: "invalid_request", error_description: echoOf(request), error_uri: echoOf(request) },
      { status: 400 }
    ),
  "a redirect": (request) => ({ redirect: `http://127.0.0.1:1/?${encodeURI(echoOf(request))}` }),
  "another shape": (request) => ScriptedServer.json({ status: [echoOf(request)], id: echoOf(request) }),
  "half a reply": (request) => ({ truncated: echoOf(request) }),
  "a reset": () => ({ reset: true })
}

/** Makes a call against a server that echoes, and collects all that can be seen of it. */
const evidenceOf = (call: Call, script: ScriptedServer.Script) =>
  Effect.gen(function* () {
    const server = yield* ScriptedServer.make(script)
    const logs = yield* recordingLogs
    const spans = recordingSpans()
    const seen: Array<unknown> = []
    const exit: Exit.Exit<unknown, unknown> = yield* Effect.gen(function* () {
      const client = yield* connect(
        configuration.cloneWith({
          servers: serversAt(server.origin),
          tokenRetry: Schedule.stop,
          httpCallBack: {
            onBeforeRequest: (request) => Effect.sync(() => void seen.push(request)),
            onAfterResponse: ({ headers, request, status }) =>
              Effect.sync(() => void seen.push({ headers, request, status }))
          }
        })
      )
      seen.push(client)
      return yield* call(client).pipe(
        Effect.tapErrorCause((cause) => Effect.logError("it failed", cause)),
        Effect.withSpan("test", { captureStackTrace: false }),
        Effect.exit
      )
    }).pipe(Effect.provide(logs.layer), Effect.provide(spans.layer))
    const failure = exit._tag === "Failure" ? exit : undefined
    const texts = shown([failure, logs.lines, spans.spans(), seen])
    return { texts: [...texts, ...(failure === undefined ? [] : shown(failure))], failure }
  })

const showsNothing = (texts: ReadonlyArray<string>) => {
  assert.isAbove(texts.length, 20)
  for (const form of forms) {
    const shows = texts.find((text) => text.includes(form))
    if (shows !== undefined) {
      const at = shows.indexOf(form)
      assert.fail(`${form} shows in: ${shows.slice(Math.max(0, at - 200), at + 100)}`)
    }
  }
}

describe("no secret shows", () => {
  for (const [name, call] of Object.entries(apiCalls)) {
    it.scopedLive(`of ${name}, wherever the API echoes it`, () =>
      Effect.forEach(Object.entries(echoes), ([what, echo]) =>
        Effect.gen(function* () {
          const { failure, texts } = yield* evidenceOf(call, (request) =>
            request.method === "POST" ? token : echo(request)
          )
          // A text that the API sends is the answer, whatever it quotes.
          if (what !== "another shape" && what !== "half a reply") assert.isDefined(failure, what)
          showsNothing(texts)
        })
      )
    )

    it.scopedLive(`of ${name}, when all goes well`, () =>
      Effect.gen(function* () {
        const { failure, texts } = yield* evidenceOf(call, ({ method }) =>
          method === "POST" ? token : ScriptedServer.json({ status: "ok" })
        )
        assert.isUndefined(failure)
        showsNothing(texts)
      })
    )
  }

  for (const [name, call] of Object.entries(tokenCalls)) {
    it.scopedLive(`of ${name}, wherever the provider echoes it`, () =>
      Effect.forEach(Object.entries(echoes), ([what, echo]) =>
        Effect.gen(function* () {
          const { failure, texts } = yield* evidenceOf(call, echo)
          assert.isDefined(failure, what)
          showsNothing(texts)
        })
      )
    )
  }
})

it("the test sees what there is to see", () => {
  assert.throws(() => showsNothing(Array.from({ length: 30 }, () => forms[1] ?? "")), /shows in/)
})
