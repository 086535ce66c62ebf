import { createHash } from "node:crypto"
import { assert, describe, layer } from "@effect/vitest"
import { SampleServer } from "@effect-oauth/sample-server"
import * as Effect from "effect/Effect"
import { ask, get, known, post, type Reply, tokenBy } from "./support.js"

const redirectUri = "http://127.0.0.1:53682/callback?from=here"
const verifier = "a-verifier-of-forty-three-characters-or-more"
const challenge = createHash("sha256").update(verifier).digest("base64url")

const request = {
  response_type: "code",
  client_id: "client",
  redirect_uri: redirectUri,
  scope: "file_requests.read",
  state: 's"t&a=t/e',
  code_challenge: challenge,
  code_challenge_method: "S256"
}

type Query = Readonly<Record<string, string>> | string

const pathOf = (query: Query) => `/oauth/authorize?${new URLSearchParams(query)}`

const show = (query: Query = request, headers: Readonly<Record<string, string>> = {}) =>
  get(pathOf(query), headers)

/** What a browser keeps of a page: its cookie, and the hidden field of its form. */
const keptOf = ({ body, headers }: Reply) => ({
  cookie: /^sample_server_form=[\w-]{43}/.exec(headers.get("set-cookie") ?? "")?.[0] ?? "",
  formKey: /name="form_key" value="([\w-]{43})"/.exec(body)?.[1] ?? ""
})

const submit = (
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
  query: Query = request
) =>
  Effect.flatMap(SampleServer.SampleServer, ({ origin }) =>
    ask(origin + pathOf(query), {
      method: "POST",
      headers: { origin, ...headers },
      body: new URLSearchParams(fields)
    })
  )

const answers = { username: "alice", password: known.password, decision: "allow" }

/** Opens the page and sends it back with these answers. */
const decide = (fields: Readonly<Record<string, string>> = answers, query: Query = request) =>
  Effect.gen(function* () {
    const { cookie, formKey } = keptOf(yield* show(query))
    return yield* submit({ form_key: formKey, ...fields }, { cookie }, query)
  })

/** Where a reply sends the browser. */
const targetOf = ({ headers }: Reply) => {
  const location = headers.get("location") ?? "none:"
  return { location, parameters: Object.fromEntries(new URL(location).searchParams) }
}

const codeOf = (reply: Reply): string => targetOf(reply).parameters["code"] ?? ""

const exchange = (code: string, form: Readonly<Record<string, string>> = {}) =>
  post("/oauth2/non-auth-server/token", {
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
    ...form
  })

const errorOf = ({ body }: { readonly body: object }) => ("error" in body ? body.error : "no error")

layer(SampleServer.layer({ redirectUris: ["https://app.example/callback"] }), { excludeTestServices: true })(
  "the authorization endpoint",
  (it) => {
    it.effect("shows a page that needs no script, and is in nobody's frame", () =>
      Effect.gen(function* () {
        const { body, headers, status } = yield* show()
        assert.strictEqual(status, 200)
        assert.strictEqual(headers.get("content-type"), "text/html; charset=utf-8")
        assert.notMatch(body, /<script|javascript:|\son\w+=/i)
        assert.include(body, "<b>client</b>")
        assert.include(body, "<code>file_requests.read</code>")
        assert.match(
          headers.get("content-security-policy") ?? "",
          /default-src 'none'.*frame-ancestors 'none'/
        )
        assert.strictEqual(headers.get("x-frame-options"), "DENY")
        assert.strictEqual(headers.get("cache-control"), "no-store")
        assert.match(
          headers.get("set-cookie") ?? "",
          /^sample_server_form=[\w-]{43}; Path=\/oauth; HttpOnly; SameSite=Strict$/
        )
        const style = /<style>([^<]*)<\/style>/.exec(body)?.[1] ?? ""
        const hash = createHash("sha256").update(style).digest("base64")
        assert.include(headers.get("content-security-policy"), `style-src 'sha256-${hash}'`)
      })
    )

    it.effect("sends a user who allows back with a code, the state and the issuer", () =>
      Effect.gen(function* () {
        const { origin } = yield* SampleServer.SampleServer
        const reply = yield* decide()
        assert.strictEqual(reply.status, 303)
        const { location, parameters } = targetOf(reply)
        assert.isTrue(location.startsWith("http://127.0.0.1:53682/callback?from=here&"))
        const { code = "", ...rest } = parameters
        assert.deepStrictEqual(rest, { from: "here", state: request.state, iss: origin })
        const { body, status } = yield* exchange(code)
        assert.strictEqual(status, 200)
        assert.include(body, { token_type: "Bearer", scope: "file_requests.read" })
        if ("access_token" in body) {
          const { refresh_token = "" } = body
          assert.include(yield* tokenBy("refresh_token", { refresh_token }), { token_type: "Bearer" })
        }
      })
    )

    it.effect("gives a code that is good once, and ends the session when it comes again", () =>
      Effect.gen(function* () {
        const code = codeOf(yield* decide())
        const { body } = yield* exchange(code)
        const token = "access_token" in body ? body.access_token : ""
        const isLive = Effect.map(
          get("/auth/oauth2", { authorization: `Bearer ${token}` }),
          ({ status }) => status === 200
        )
        assert.isTrue(yield* isLive)
        assert.strictEqual(errorOf(yield* exchange(code)), "invalid_grant")
        assert.isFalse(yield* isLive)
      })
    )

    it.effect("gives a code that is good only with its verifier and its redirect URI", () =>
      Effect.gen(function* () {
        const wrong = yield* exchange(codeOf(yield* decide()), { code_verifier: `${verifier}x` })
        assert.strictEqual(errorOf(wrong), "invalid_grant")
        const none = yield* exchange(codeOf(yield* decide()), { code_verifier: "" })
        assert.strictEqual(errorOf(none), "invalid_grant")
        const elsewhere = yield* exchange(codeOf(yield* decide()), { redirect_uri: "http://localhost/" })
        assert.strictEqual(errorOf(elsewhere), "invalid_request")
        const { code_challenge, code_challenge_method, ...withoutPkce } = request
        const code = codeOf(yield* decide(answers, withoutPkce))
        assert.strictEqual(errorOf(yield* exchange(code)), "invalid_grant")
      })
    )

    it.effect("sends a user who says no back with access_denied, without asking for a password", () =>
      Effect.gen(function* () {
        const { origin } = yield* SampleServer.SampleServer
        const reply = yield* decide({ decision: "deny" })
        assert.strictEqual(reply.status, 303)
        const { error_description, ...rest } = targetOf(reply).parameters
        assert.deepStrictEqual(rest, {
          error: "access_denied",
          from: "here",
          state: request.state,
          iss: origin
        })
      })
    )

    it.effect("asks again where the name or the password is wrong, and shows what was typed as text", () =>
      Effect.gen(function* () {
        for (const fields of [
          { ...answers, password: "wrong" },
          { ...answers, username: `"><script>alert(1)</script>'` },
          { decision: "allow" }
        ]) {
          const reply = yield* decide(fields)
          assert.strictEqual(reply.status, 403)
          assert.include(reply.body, "The user name or the password is wrong.")
          assert.notInclude(reply.body, "<script")
          assert.notInclude(reply.body, 'wrong"')
          assert.isNull(reply.headers.get("location"))
        }
        const typed = yield* decide({ ...answers, username: `<&"'>` })
        assert.include(typed.body, 'value="&#60;&#38;&#34;&#39;&#62;"')
      })
    )

    it.effect("takes no form that did not come from its page", () =>
      Effect.gen(function* () {
        const { cookie, formKey } = keptOf(yield* show())
        const others = keptOf(yield* show())
        const fields = { ...answers, form_key: formKey }
        const forged = [
          submit(fields, {}),
          submit(answers, { cookie }),
          submit(fields, { cookie: others.cookie }),
          submit({ ...answers, form_key: "" }, { cookie: "sample_server_form=" }),
          submit(fields, { cookie, origin: "http://localhost:8080" }),
          submit(fields, { cookie, origin: "null" }),
          submit({ ...fields, decision: "deny" }, {})
        ]
        for (const attempt of forged) {
          const reply = yield* attempt
          assert.strictEqual(reply.status, 403)
          assert.isNull(reply.headers.get("location"))
        }
        assert.strictEqual((yield* submit(fields, { cookie })).status, 303)
      })
    )

    it.effect("lets a second tab of a browser keep the first one's form good", () =>
      Effect.gen(function* () {
        const first = keptOf(yield* show())
        const second = keptOf(yield* show(request, { cookie: first.cookie }))
        assert.deepStrictEqual(second, first)
        const planted = keptOf(yield* show(request, { cookie: "sample_server_form=planted" }))
        assert.notInclude(planted.cookie, "planted")
      })
    )

    it.effect("sends errors of a known client back to it", () =>
      Effect.gen(function* () {
        const { origin } = yield* SampleServer.SampleServer
        const errors = [
          [{ ...request, response_type: "token" }, "unsupported_response_type"],
          [{ ...request, response_type: "" }, "invalid_request"],
          [{ ...request, scope: "unknown" }, "invalid_scope"],
          [{ ...request, code_challenge_method: "plain" }, "invalid_request"]
        ] as const
        for (const [query, error] of errors) {
          const reply = yield* show(query)
          assert.strictEqual(reply.status, 302)
          const { parameters } = targetOf(reply)
          assert.include(parameters, { error, from: "here", state: request.state, iss: origin })
        }
      })
    )

    it.effect("sends nobody to a place that is not the client's", () =>
      Effect.gen(function* () {
        const { redirect_uri: _, ...without } = request
        const queries: ReadonlyArray<Query> = [
          without,
          { ...request, client_id: "other" },
          { ...request, client_id: "" },
          `${new URLSearchParams(request)}&redirect_uri=https://evil.example/`,
          `redirect_uri=https://evil.example/&${new URLSearchParams(request)}`,
          ...[
            "https://evil.example/",
            "https://app.example/callback/more",
            "http://app.example/callback",
            "http://localhost.evil.example/",
            "http://evil.example/localhost",
            "http://evil-localhost/",
            "http://localhost@evil.example/",
            "http://localhost:80@evil.example/",
            "http://localhost\\@evil.example/",
            "http://localhost#@evil.example/",
            "http://127.0.0.1:80\\.evil.example/",
            "https://localhost/",
            "javascript:alert(1)",
            "//localhost/",
            "http://localhost/ x",
            "http://localhost/#fragment"
          ].map((redirect_uri) => ({ ...request, redirect_uri }))
        ]
        for (const query of queries) {
          const reply = yield* show(query)
          assert.strictEqual(reply.status, 400, JSON.stringify(query))
          assert.isNull(reply.headers.get("location"))
          assert.include(reply.body, "This request cannot be answered")
          assert.notInclude(reply.body, "<script")
          assert.strictEqual((yield* decide(answers, query)).status, 400)
        }
      })
    )

    it.effect("sends users to every page of this machine, and to what was registered", () =>
      Effect.gen(function* () {
        for (const redirect_uri of [
          "http://localhost",
          "http://localhost:8080",
          "http://localhost/a/b?c=d",
          "http://127.0.0.1:1/",
          "http://[::1]:53682/callback",
          "https://app.example/callback"
        ]) {
          const reply = yield* decide(answers, { ...request, redirect_uri })
          assert.strictEqual(new URL(targetOf(reply).location).origin, new URL(redirect_uri).origin)
          const { body } = yield* exchange(codeOf(reply), { redirect_uri })
          assert.property(body, "access_token")
        }
      })
    )

    it.effect("needs no state and no scope", () =>
      Effect.gen(function* () {
        const { scope, state, ...query } = request
        const reply = yield* decide(answers, query)
        assert.notProperty(targetOf(reply).parameters, "state")
        assert.include((yield* exchange(codeOf(reply))).body, { scope: "file_requests.read" })
      })
    )

    describe("in the log", () => {
      it.effect("is told apart by what came of it", () =>
        Effect.gen(function* () {
          const server = yield* SampleServer.SampleServer
          yield* decide()
          yield* decide({ decision: "deny" })
          yield* decide({ decision: "allow" })
          yield* show({ ...request, client_id: "other" })
          const outcomes = (yield* server.requests).slice(-7).map(({ outcome }) => outcome)
          assert.deepStrictEqual(outcomes, [
            "page shown",
            "code issued",
            "page shown",
            "access_denied",
            "page shown",
            "wrong user name or password",
            "refused"
          ])
        })
      )
    })
  }
)
