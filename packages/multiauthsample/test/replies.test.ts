import { FetchHttpClient } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { TokenStore } from "@effect-oauth/client"
import { ScriptedServer } from "@effect-oauth/loopback-servers"
import { Effect } from "effect"
import { MultiauthsampleClient, OAuthCCGCredentials } from "multiauthsample"
import { serversAt } from "./fixtures/connect.js"
import { oAuthBearerTokenCredentials, storedToken } from "./fixtures/credentials.js"

const transports = { fetch: FetchHttpClient.layer, "node:http": NodeHttpClient.layer }

/** How the two kinds of calls take a reply: those that answer with a text, and those that answer with JSON. */
const taken = (reply: ScriptedServer.Reply, transport: keyof typeof transports = "fetch") =>
  Effect.gen(function* () {
    const server = yield* ScriptedServer.make(() => reply)
    const told: Array<readonly [status: number, contentType: string | undefined, body: string]> = []
    const connect = (isTold: boolean) =>
      MultiauthsampleClient.make({
        servers: serversAt(server.origin),
        oAuthBearerTokenCredentials,
        oAuthCCGCredentials: new OAuthCCGCredentials({ oAuthToken: storedToken("at") }),
        httpCallBack: isTold
          ? {
              onAfterResponse: ({ headers, status, text }) =>
                Effect.map(
                  Effect.orDie(text),
                  (body) => void told.push([status, headers["content-type"], body])
                )
            }
          : undefined
      }).pipe(Effect.provide([TokenStore.layerMemory, transports[transport]]))
    const outcome = <A>(call: Effect.Effect<A, { readonly message: string }>) =>
      Effect.match(call, { onFailure: ({ message }) => message, onSuccess: (answer) => answer })
    const answers = (isTold: boolean) =>
      Effect.flatMap(connect(isTold), ({ authentication }) =>
        Effect.all({
          text: outcome(authentication.oAuthBearerToken()),
          json: outcome(authentication.oAuthClientCredentialsGrant())
        })
      )
    const untold = yield* answers(false)
    // Who is told of a reply does not change it.
    assert.deepStrictEqual(yield* answers(true), untold)
    return { ...untold, told: told[0] }
  })

const json = `{"status":"ok"}`

const notJson = (status: number) =>
  `The API answered ${status} (no content type) with a body that is not JSON.`

for (const transport of ["fetch", "node:http"] as const) {
  describe(`by ${transport}`, () => {
    for (const status of [200, 201, 202, 206, 226, 299]) {
      it.scopedLive(`${status} is an answer`, () =>
        Effect.gen(function* () {
          const { told, ...answers } = yield* taken({ status, body: json }, transport)
          assert.deepStrictEqual(answers, { text: json, json: { status: "ok" } })
          assert.deepStrictEqual(told, [status, undefined, json])
        })
      )
    }

    for (const status of [204, 205]) {
      it.scopedLive(`${status} is an empty text, and no JSON`, () =>
        Effect.gen(function* () {
          const { told, ...answers } = yield* taken({ status }, transport)
          assert.deepStrictEqual(answers, { text: "", json: notJson(status) })
          assert.deepStrictEqual(told, [status, undefined, ""])
        })
      )
    }

    for (const status of [302, 304, 404, 599, 600, 999]) {
      it.scopedLive(`${status} is an APIException`, () =>
        Effect.gen(function* () {
          const raw = `HTTP/1.1 ${status} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`
          const { told, ...answers } = yield* taken({ raw }, transport)
          assert.deepStrictEqual(answers, { text: "HTTP response not OK.", json: "HTTP response not OK." })
          assert.deepStrictEqual(told, [status, undefined, ""])
        })
      )
    }

    it.scopedLive("a mark of UTF-8 at the beginning is no part of the answer", () =>
      Effect.gen(function* () {
        for (const body of [`\uFEFF${json}`, json]) {
          const answers = yield* taken({ body }, transport)
          assert.deepInclude(answers, { text: json, json: { status: "ok" } })
        }
      })
    )

    it.scopedLive("what is not UTF-8 is still a text", () =>
      Effect.gen(function* () {
        const { text } = yield* taken({ body: new Uint8Array([0x68, 0xff, 0x69]) }, transport)
        assert.strictEqual(text, "h\uFFFDi")
      })
    )
  })
}

it.scopedLive("a reply of another shape says where, once for each place", () =>
  Effect.gen(function* () {
    for (const users of [1.5, "3", 2 ** 53, {}]) {
      const { json } = yield* taken(ScriptedServer.json({ status: "ok", users }))
      assert.strictEqual(json, "The API's reply is not what it declares: at users.")
    }
    const { json } = yield* taken(ScriptedServer.json({ app: 1 }))
    assert.match(String(json), /^The API's reply is not what it declares: at \w+\.$/)
  })
)
