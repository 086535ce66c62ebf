import { createHash } from "node:crypto"
import { createServer, request as nodeRequest } from "node:http"
import { connect } from "node:net"
import {
  type CommandExecutor,
  type HttpApp,
  HttpServer,
  HttpServerRequest,
  HttpServerResponse
} from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import {
  type AuthValidationException,
  type Grant,
  LoopbackRedirect,
  type OAuthProviderException
} from "@effect-oauth/client"
import { recordingLogs, recordingSpans, shown } from "@effect-oauth/loopback-servers/Evidence"
import {
  Console,
  Context,
  Data,
  Deferred,
  Effect,
  Exit,
  Fiber,
  Option,
  Redacted,
  Scope,
  TestClock
} from "effect"

const issuer = "https://login.example.com"

const asked = {
  server: {
    issuer,
    authorizationEndpoint: `${issuer}/authorize`,
    tokenEndpoint: `${issuer}/token`
  },
  clientId: "native",
  scope: ["api"]
}

const Server = NodeHttpServer.layerServer(() => createServer().setTimeout(500), {
  port: 0,
  host: "127.0.0.1"
})

interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Asks a port of this machine. The target may be any text. */
const ask = (port: number, target: string, { method = "GET", headers = {} }: Asked = {}) =>
  Effect.async<{
    readonly status: number | undefined
    readonly headers: NodeJS.Dict<string | ReadonlyArray<string>>
    readonly body: string
  }>((resume) => {
    const request = nodeRequest({ host: "127.0.0.1", port, path: target, method, headers, agent: false })
    request.on("response", (response) => {
      let body = ""
      response.setEncoding("utf8")
      response.on("data", (text) => {
        body += text
      })
      response.on("end", () =>
        resume(Effect.succeed({ status: response.statusCode, headers: response.headers, body }))
      )
    })
    request.on("error", (error) => resume(Effect.die(error)))
    request.end()
  })

const isOpen = (port: number): Effect.Effect<boolean> =>
  Effect.async((resume) => {
    const socket = connect(port, "127.0.0.1")
    socket.once("error", () => resume(Effect.succeed(false)))
    socket.once("connect", () => {
      socket.destroy()
      resume(Effect.succeed(true))
    })
  })

/** Begins a login, and gives what its browser was told to open. */
const begin = (options: Partial<LoopbackRedirect.Options> = {}) =>
  Effect.gen(function* () {
    const opened = yield* Deferred.make<string>()
    const fiber = yield* LoopbackRedirect.authorize({
      ...asked,
      open: (url) => Deferred.succeed(opened, url),
      ...options
    }).pipe(Effect.provide(Server), Effect.fork)
    const url = new URL(yield* Deferred.await(opened))
    const redirectUri = new URL(url.searchParams.get("redirect_uri") ?? "")
    const state = url.searchParams.get("state") ?? ""
    const port = Number(redirectUri.port)
    const query = (parameters: Readonly<Record<string, string>>) =>
      `${redirectUri.pathname}?${new URLSearchParams({ state, ...parameters })}`
    return { fiber, url, redirectUri, state, port, query }
  })

it("fails as it says, and as what opens the page fails", () => {
  type Failure = OAuthProviderException | AuthValidationException | LoopbackRedirect.AuthorizationTimeout
  class NoBrowser extends Data.TaggedError("NoBrowser") {}
  class Desktop extends Context.Tag("Desktop")<
    Desktop,
    { readonly open: Effect.Effect<void, NoBrowser> }
  >() {}
  const login = LoopbackRedirect.authorize({
    ...asked,
    open: () => Effect.flatMap(Desktop, ({ open }) => open)
  })
  expectTypeOf(login).toEqualTypeOf<
    Effect.Effect<Grant.Grant, Failure | NoBrowser, HttpServer.HttpServer | Desktop>
  >()
  const printed = LoopbackRedirect.authorize({ ...asked, open: Console.log })
  expectTypeOf(printed).toEqualTypeOf<Effect.Effect<Grant.Grant, Failure, HttpServer.HttpServer>>()
  const opened = LoopbackRedirect.authorize({ ...asked, open: LoopbackRedirect.openBrowser })
  expectTypeOf(opened).toEqualTypeOf<
    Effect.Effect<Grant.Grant, Failure, HttpServer.HttpServer | CommandExecutor.CommandExecutor>
  >()
})

const whatIsAsked = (url: URL) => Object.fromEntries(url.searchParams)

describe("LoopbackRedirect.authorize (RFC 8252 section 7.3)", () => {
  it.scoped("gives the grant of the code that comes back, and closes its port", () =>
    Effect.gen(function* () {
      const { fiber, url, redirectUri, port, query } = yield* begin()
      assert.strictEqual(url.origin + url.pathname, `${issuer}/authorize`)
      assert.strictEqual(redirectUri.href, `http://127.0.0.1:${port}/callback`)
      assert.include(whatIsAsked(url), { client_id: "native", response_type: "code", scope: "api" })

      const { status, body } = yield* ask(port, query({ code: "c&d e", iss: issuer }))
      assert.strictEqual(status, 200)
      assert.include(body, "<h1>Authorization received</h1>")
      assert.isTrue(body.endsWith("</html>\n"))

      const grant = yield* Fiber.join(fiber)
      assert.isFalse(yield* isOpen(port))
      const { parameters } = yield* grant.request
      const sent = Object.fromEntries(
        parameters.map(([name, value]) => [name, Redacted.isRedacted(value) ? Redacted.value(value) : value])
      )
      const { code_verifier: verifier = "", ...others } = sent
      assert.deepStrictEqual(others, {
        grant_type: "authorization_code",
        code: "c&d e",
        redirect_uri: redirectUri.href
      })
      assert.strictEqual(
        url.searchParams.get("code_challenge"),
        createHash("sha256").update(verifier).digest("base64url")
      )
    })
  )

  it.scoped("receives the answer at the path that is registered", () =>
    Effect.gen(function* () {
      const { fiber, redirectUri, port, query } = yield* begin({ path: "/oauth2/code%20here" })
      assert.strictEqual(redirectUri.pathname, "/oauth2/code%20here")
      assert.strictEqual((yield* ask(port, "/callback?code=c")).status, 404)
      assert.strictEqual((yield* ask(port, query({ code: "c" }))).status, 200)
      yield* Fiber.join(fiber)
    })
  )

  describe("refuses what is not the answer, and goes on waiting:", () => {
    for (const [what, target, options, status] of [
      ["an icon", () => "/favicon.ico", {}, 404],
      ["the root", () => "/", {}, 404],
      ["a path below", (query: string) => query.replace("?", "/?"), {}, 404],
      ["a target that is no path", () => "*", { method: "OPTIONS" }, 404],
      ["a target that is another server's", (query: string) => `//evil.example${query}`, {}, 404],
      ["another server's address", (query: string) => `http://evil.example${query}`, {}, 404],
      ["an address that is none", () => "http://[/callback", {}, 404],
      ["POST", (query: string) => query, { method: "POST" }, 405],
      ["HEAD", (query: string) => query, { method: "HEAD" }, 405],
      ["another server's name", (query: string) => query, { headers: { host: "evil.example" } }, 421],
      ["another name of this machine", (query: string) => query, { headers: { host: "localhost" } }, 421],
      ["no state", () => "/callback?code=c", {}, 400],
      ["a wrong state", () => "/callback?code=c&state=guessed", {}, 400],
      ["a refusal with a wrong state", () => "/callback?error=access_denied&state=guessed", {}, 400],
      ["two states", (query: string) => `${query}&state=guessed`, {}, 400],
      ["nothing at all", () => "/callback", {}, 400]
    ] as const) {
      it.scoped(what, () =>
        Effect.gen(function* () {
          const { fiber, port, query } = yield* begin()
          const refused = yield* ask(port, target(query({ code: "c" })), options)
          assert.strictEqual(refused.status, status)
          assert.strictEqual(refused.headers["cache-control"], "no-store")
          assert.strictEqual(refused.headers["connection"], "close")
          if (status === 405) assert.strictEqual(refused.headers["allow"], "GET")
          assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))

          assert.strictEqual((yield* ask(port, query({ code: "c" }))).status, 200)
          assert.strictEqual((yield* Fiber.join(fiber)).grantType, "authorization_code")
        })
      )
    }

    it.scoped("bytes that are no HTTP", () =>
      Effect.gen(function* () {
        const { fiber, port, query } = yield* begin()
        yield* Effect.async<void>((resume) => {
          const socket = connect(port, "127.0.0.1", () => socket.write("\u0016\u0003\u0001\r\n\r\n"))
          socket.resume().on("close", () => resume(Effect.void))
        })
        assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
        yield* ask(port, query({ code: "c" }))
        yield* Fiber.join(fiber)
      })
    )
  })

  it.scoped("fails with what the server says, and shows it as it is", () =>
    Effect.gen(function* () {
      const { fiber, port, query } = yield* begin()
      const description = `<script>alert("1")</script> & 'so'`
      const { status, body } = yield* ask(
        port,
        query({ error: "access_denied", error_description: description, iss: issuer })
      )
      assert.strictEqual(status, 200)
      assert.include(body, "<h1>Access was not granted</h1>")
      assert.include(body, "access_denied")
      assert.include(body, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;so&#39;")
      assert.notInclude(body, "<script")
      const error = yield* Effect.flip(Fiber.join(fiber))
      if (error._tag !== "OAuthProviderException") return assert.fail(error._tag)
      assert.strictEqual(error.error, "access_denied")
      assert.strictEqual(error.errorDescription, description)
      assert.isFalse(yield* isOpen(port))
    })
  )

  for (const [what, parameters] of [
    ["comes from another server (RFC 9207)", { code: "c", iss: "https://evil.example" }],
    ["holds neither a code nor an error", { iss: issuer }]
  ] as const) {
    it.scoped(`fails when the answer ${what}`, () =>
      Effect.gen(function* () {
        const { fiber, port, query } = yield* begin()
        const { status, body } = yield* ask(port, query(parameters))
        const error = yield* Effect.flip(Fiber.join(fiber))
        assert.strictEqual(error._tag, "AuthValidationException")
        assert.strictEqual(status, 400)
        assert.include(body, "<h1>Signing in failed</h1>")
      })
    )
  }

  it.scoped("gives pages that are kept, framed and followed by nothing, and may load nothing", () =>
    Effect.gen(function* () {
      const { port, query } = yield* begin()
      const unexpected = yield* ask(port, "/callback?state=guessed")
      const received = yield* ask(port, query({ code: "c" }))
      for (const { headers, body } of [unexpected, received]) {
        assert.include(headers, {
          "cache-control": "no-store",
          "referrer-policy": "no-referrer",
          "x-content-type-options": "nosniff",
          "content-type": "text/html; charset=utf-8"
        })
        const [, style = ""] = /<style>(.*)<\/style>/s.exec(body) ?? []
        const hash = createHash("sha256").update(style).digest("base64")
        assert.strictEqual(
          headers["content-security-policy"],
          `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; ` +
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        // Else a browser asks for a /favicon.ico.
        assert.include(body, '<link rel="icon" href="data:,">')
        assert.notMatch(body, /(src|href)="(?!data:)/)
      }
    })
  )

  it.scoped("shows the same page to a browser that comes twice, and takes the first answer", () =>
    Effect.gen(function* () {
      // No client can come again before a real server is closed, other than by luck.
      const served = yield* Deferred.make<HttpApp.Default<unknown>>()
      const server = HttpServer.make({
        address: { _tag: "TcpAddress", hostname: "::1", port: 5000 },
        serve: (app) => Deferred.succeed(served, app)
      })
      const opened = yield* Deferred.make<string>()
      const fiber = yield* LoopbackRedirect.authorize({
        ...asked,
        open: (url) => Deferred.succeed(opened, url)
      }).pipe(Effect.provideService(HttpServer.HttpServer, server), Effect.fork)
      const { searchParams } = new URL(yield* Deferred.await(opened))
      const redirectUri = searchParams.get("redirect_uri") ?? ""
      assert.strictEqual(redirectUri, "http://[::1]:5000/callback")

      /** The answer is given on when the scope closes: when the page has been sent. */
      const visit = (code: string, scope: Scope.Scope) =>
        Effect.flatMap(served, (app) => {
          const url = `${redirectUri}?code=${code}&state=${searchParams.get("state")}`
          const request = HttpServerRequest.fromWeb(new Request(url, { headers: { host: "[::1]:5000" } }))
          return app.pipe(
            Effect.provideService(HttpServerRequest.HttpServerRequest, request),
            Scope.extend(scope),
            Effect.flatMap((response) => Effect.promise(() => HttpServerResponse.toWeb(response).text()))
          )
        })
      const scope = yield* Scope.make()
      const first = yield* visit("1", scope)
      assert.include(first, "Authorization received")
      assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))
      assert.strictEqual(
        yield* Effect.scoped(Effect.flatMap(Effect.scope, (scope) => visit("2", scope))),
        first
      )
      yield* Scope.close(scope, Exit.void)
      const { parameters } = yield* (yield* Fiber.join(fiber)).request
      const codes = parameters.flatMap(([name, value]) =>
        name === "code" && Redacted.isRedacted(value) ? [Redacted.value(value)] : []
      )
      assert.deepStrictEqual(codes, ["1"])
    })
  )

  it.scoped("waits for five minutes, or as long as it is told", () =>
    Effect.gen(function* () {
      for (const [options, wait] of [
        [{}, "5 minutes"],
        [{ timeout: "90 seconds" }, "90 seconds"]
      ] as const) {
        const { fiber, port, redirectUri } = yield* begin(options)
        yield* TestClock.adjust(wait === "5 minutes" ? "299 seconds" : "89 seconds")
        assert.isTrue(yield* isOpen(port))
        yield* TestClock.adjust("1 second")
        const error = yield* Effect.flip(Fiber.join(fiber))
        if (error._tag !== "AuthorizationTimeout") return assert.fail(error._tag)
        assert.isTrue(error.isTransient)
        assert.include(error.message, `to ${redirectUri} within ${wait === "5 minutes" ? "5m" : "1m 30s"}:`)
        assert.isFalse(yield* isOpen(port))
      }
    })
  )

  it.scoped("closes its port when it is interrupted", () =>
    Effect.gen(function* () {
      const { fiber, port } = yield* begin()
      assert.isTrue(yield* isOpen(port))
      yield* Fiber.interrupt(fiber)
      assert.isFalse(yield* isOpen(port))
    })
  )

  it.scoped("is not kept by connections on which nothing is sent", () =>
    Effect.gen(function* () {
      const { fiber, port, query } = yield* begin()
      yield* Effect.acquireRelease(
        Effect.async<ReturnType<typeof connect>>((resume) => {
          const socket = connect(port, "127.0.0.1", () => resume(Effect.succeed(socket)))
        }),
        (socket) => Effect.sync(() => socket.destroy())
      )
      assert.strictEqual((yield* ask(port, query({ code: "c" }))).status, 200)
      yield* Fiber.join(fiber)
      assert.isFalse(yield* isOpen(port))
    })
  )

  it.scopedLive("takes the answer of who does not wait for the page", () =>
    Effect.gen(function* () {
      const { fiber, port, query, redirectUri } = yield* begin()
      yield* Effect.async<void>((resume) => {
        const socket = connect(port, "127.0.0.1", () => {
          socket.end(`GET ${query({ code: "c" })} HTTP/1.1\r\nHost: ${redirectUri.host}\r\n\r\n`)
        })
        socket.resume().once("close", () => resume(Effect.void))
      })
      const grant = yield* Fiber.join(fiber)
      assert.strictEqual(grant.grantType, "authorization_code")
    })
  )

  it.scoped("fails as what opens the page fails, and closes its port", () =>
    Effect.gen(function* () {
      class NoBrowser extends Data.TaggedError("NoBrowser")<{ readonly url: string }> {}
      const error = yield* LoopbackRedirect.authorize({
        ...asked,
        open: (url) => new NoBrowser({ url })
      }).pipe(Effect.provide(Server), Effect.flip)
      if (error._tag !== "NoBrowser") return assert.fail(error._tag)
      const port = new URL(new URL(error.url).searchParams.get("redirect_uri") ?? "").port
      assert.isFalse(yield* isOpen(Number(port)))
    })
  )

  it.scoped("does not wait for what opens the page when the answer is there", () =>
    Effect.gen(function* () {
      const interrupted = yield* Deferred.make<void>()
      const opened = yield* Deferred.make<string>()
      const fiber = yield* LoopbackRedirect.authorize({
        ...asked,
        open: (url) =>
          Effect.zipRight(Deferred.succeed(opened, url), Effect.never).pipe(
            Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined))
          )
      }).pipe(Effect.provide(Server), Effect.fork)
      const { searchParams } = new URL(yield* Deferred.await(opened))
      const redirectUri = new URL(searchParams.get("redirect_uri") ?? "")
      yield* ask(Number(redirectUri.port), `/callback?code=c&state=${searchParams.get("state")}`)
      yield* Fiber.join(fiber)
      assert.isTrue(yield* Deferred.isDone(interrupted))
    })
  )

  describe("opens no page when", () => {
    const refusal = (address: HttpServer.Address, path?: string) =>
      LoopbackRedirect.authorize({
        ...asked,
        path,
        open: () => Effect.dieMessage("opened")
      }).pipe(
        Effect.provideService(
          HttpServer.HttpServer,
          HttpServer.make({ address, serve: () => Effect.dieMessage("served") })
        ),
        Effect.flip
      )

    for (const address of [
      { _tag: "TcpAddress", hostname: "0.0.0.0", port: 5000 },
      { _tag: "TcpAddress", hostname: "192.168.1.2", port: 5000 },
      { _tag: "TcpAddress", hostname: "fe80::1", port: 5000 },
      { _tag: "UnixAddress", path: "/tmp/socket" }
    ] as const) {
      it.effect(`its server listens on ${HttpServer.formatAddress(address)}`, () =>
        Effect.gen(function* () {
          const error = yield* refusal(address)
          assert.strictEqual(error._tag, "AuthValidationException")
          assert.include(error.message, HttpServer.formatAddress(address))
          assert.include(error.message, '"127.0.0.1" or "::1"')
        })
      )
    }

    for (const path of [
      "callback",
      "",
      "//evil.example/callback",
      "/a?b",
      "/a#b",
      "/a/../b",
      "/ä",
      "http://["
    ]) {
      it.effect(`its path is ${JSON.stringify(path)}`, () =>
        Effect.gen(function* () {
          const error = yield* refusal({ _tag: "TcpAddress", hostname: "127.0.0.1", port: 5000 }, path)
          assert.strictEqual(error._tag, "AuthValidationException")
          assert.include(error.message, `path (${path})`)
        })
      )
    }
  })

  it.scoped("shows the code to nobody", () =>
    Effect.gen(function* () {
      const logs = yield* recordingLogs
      const spans = recordingSpans()
      const code = "b4d8c0d3"
      const { grant, recorded } = yield* Effect.gen(function* () {
        const { fiber, port, query } = yield* begin()
        yield* ask(port, query({ code, iss: issuer }))
        return yield* Fiber.join(fiber)
      }).pipe(
        Effect.withSpan("login"),
        Effect.map((grant) => ({ grant, recorded: spans.spans() })),
        Effect.provide([logs.layer, spans.layer])
      )
      assert.deepStrictEqual(
        recorded.map(({ name }) => name),
        ["login"]
      )
      assert.notInclude(shown([logs.lines, recorded, grant], spans.sdk).join("\n"), code)
    })
  )
})
