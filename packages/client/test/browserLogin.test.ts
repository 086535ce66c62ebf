import { createServer } from "node:http"
import { FetchHttpClient } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import {
  AuthorizedHttpClient,
  ClientAuthentication,
  LoopbackRedirect,
  TokenEndpoint,
  TokenManager,
  TokenStore
} from "@effect-oauth/client"
import {
  BrowserSignIn,
  Chromium,
  Installation,
  OidcProvider,
  RegisteredClient,
  ResourceServer,
  ScriptedServer
} from "@effect-oauth/loopback-servers"
import { Deferred, Effect, Fiber, Layer, Option } from "effect"

const Server = NodeHttpServer.layerServer(() => createServer().setTimeout(1000), {
  port: 0,
  host: "127.0.0.1"
})

const { clientId } = RegisteredClient.native

/** A login at a real authorization server, whose browser has not been opened yet. */
const begin = Effect.gen(function* () {
  const server = yield* OidcProvider.make({
    clients: [RegisteredClient.native],
    accessTokenLifetime: "1 minute",
    resource: ResourceServer.user
  })
  const opened = yield* Deferred.make<string>()
  const fiber = yield* LoopbackRedirect.authorize({
    server,
    clientId,
    scope: ["api"],
    open: (url) => Deferred.succeed(opened, url)
  }).pipe(Effect.provide(Server), Effect.fork)
  const url = yield* Deferred.await(opened)
  const { searchParams } = new URL(url)
  return {
    server,
    fiber,
    url,
    redirectUri: searchParams.get("redirect_uri") ?? "",
    state: searchParams.get("state") ?? ""
  }
})

const newPage = Effect.flatMap(Chromium.Chromium, ({ page }) => page)

/** Where the style is not applied that the page's policy names, the mark has no colour of its own. */
const markColour = (page: Chromium.Page) =>
  page.use((window) => window.locator("svg").evaluate((mark) => getComputedStyle(mark).color))

const lookedAt = (page: Chromium.Page) =>
  Effect.all({
    text: page.text,
    title: page.use((window) => window.title()),
    colour: markColour(page)
  })

describe(...Installation.needing("a login in a real browser", Chromium.installation), () => {
  layer(Chromium.layer())((it) => {
    it.scoped("ends on the page of the program, which has a token then that opens the API", () =>
      Effect.gen(function* () {
        const { server, fiber, url, redirectUri } = yield* begin
        const page = yield* newPage
        yield* BrowserSignIn.signIn(page, url)
        const grant = yield* Fiber.join(fiber)
        assert.deepStrictEqual(yield* lookedAt(page), {
          text: "Authorization received\n\nYou can close this page and go back to the program that opened it.",
          title: "Authorization received",
          colour: "rgb(26, 127, 75)"
        })

        const again = yield* newPage
        const gone = yield* Effect.flip(again.goto(redirectUri))
        assert.include(gone.message, "ERR_CONNECTION_REFUSED")

        const Manager = TokenManager.layer().pipe(
          Layer.provide(
            TokenEndpoint.layer({ server, clientAuthentication: ClientAuthentication.none({ clientId }) })
          ),
          Layer.provide(TokenStore.layerMemory)
        )
        const user = yield* Effect.gen(function* () {
          const manager = yield* TokenManager.TokenManager
          const token = yield* manager.fetchToken({ grant })
          assert.deepStrictEqual(token.scope, Option.some("api"))
          const client = yield* AuthorizedHttpClient.make({ origins: [server.origin] })
          const response = yield* client.get(`${server.origin}/oauth2/non-auth-server/user`)
          assert.strictEqual(response.status, 200)
          return yield* response.json
        }).pipe(Effect.provide(Manager), Effect.provide(FetchHttpClient.layer))
        assert.include(user, { name: "Alice", email: "alice@example.com" })
      })
    )

    it.scoped("that is cancelled ends on a page that says so, and with the server's refusal", () =>
      Effect.gen(function* () {
        const { fiber, url } = yield* begin
        const page = yield* newPage
        yield* BrowserSignIn.signIn(page, url, { consent: false })
        const error = yield* Effect.flip(Fiber.join(fiber))
        if (error._tag !== "OAuthProviderException") return assert.fail(error._tag)
        assert.strictEqual(error.error, "access_denied")
        assert.strictEqual(error.errorDescription, "End-User aborted interaction")
        assert.deepStrictEqual(yield* lookedAt(page), {
          text: [
            "Access was not granted",
            "You declined, or the authorization server did not allow it. It says:",
            "access_denied",
            "End-User aborted interaction",
            "You can close this page, and try again from the program that opened it."
          ].join("\n\n"),
          title: "Access was not granted",
          colour: "rgb(180, 35, 24)"
        })
      })
    )

    for (const [what, parameters] of [
      ["code", { code: "c" }],
      [
        "refusal, even where that is a page of its own",
        {
          error: "</main><script>document.title='no'</script>",
          error_description: "<img src=x onerror=missing()>"
        }
      ]
    ] as const) {
      it.scoped(`shows its page without a complaint to a ${what}`, () =>
        Effect.gen(function* () {
          const { fiber, redirectUri, state } = yield* begin
          const page = yield* newPage
          yield* page.goto(`${redirectUri}?${new URLSearchParams({ state, ...parameters })}`)
          yield* Fiber.await(fiber)
          assert.deepStrictEqual(yield* page.problems, [])
          const title = yield* page.use((window) => window.title())
          assert.include(["Authorization received", "Signing in failed"], title)
          if ("error" in parameters) assert.include(yield* page.text, parameters.error)
        })
      )
    }

    it.scoped("is not disturbed by other web sites, however they ask", () =>
      Effect.gen(function* () {
        const { fiber, redirectUri, state, url } = yield* begin
        const { port } = new URL(redirectUri)
        const attempt = `${redirectUri}?code=theirs&state=guessed`
        // A name that is theirs, and leads to this machine: there they would even have the state.
        const rebound = `http://evil.localhost:${port}/callback?code=theirs&state=${state}`
        const site = yield* ScriptedServer.make((request) =>
          request.path === "/"
            ? {
                headers: { "content-type": "text/html" },
                body: `
                  <link rel="icon" href="data:,">
                  <img src="${attempt}">
                  <iframe src="${attempt}"></iframe>
                  <iframe name="sink"></iframe>
                  <form method="post" action="${attempt}" target="sink"></form>
                  <script>
                    document.forms[0].submit()
                    const all = ["${attempt}", "${rebound}"].map((url) =>
                      fetch(url).then((r) => r.text()).then((text) => "read: " + text, () => "refused")
                    )
                    all.push(fetch("${attempt}", { mode: "no-cors" }).then(() => "sent"))
                    Promise.all(all).then((results) => { document.title = results.join(", ") })
                  </script>`
              }
            : { status: 404 }
        )
        const theirs = yield* newPage
        yield* theirs.goto(`${site.origin}/`)
        yield* theirs.use((window) => window.waitForFunction(() => document.title !== ""))
        const result = yield* theirs.use((window) => window.title())
        assert.strictEqual(result, "refused, refused, sent")
        const framed = yield* theirs.use((window) =>
          Promise.all(window.frames().map((frame) => frame.content()))
        )
        assert.notInclude(framed.join("\n"), "expected answer")
        const visitor = yield* newPage
        yield* visitor.goto(rebound)
        assert.strictEqual(yield* visitor.text, `This is 127.0.0.1:${port}.\n`)
        assert.isTrue(Option.isNone(yield* Fiber.poll(fiber)))

        const page = yield* newPage
        yield* BrowserSignIn.signIn(page, url)
        yield* Fiber.join(fiber)
        assert.include(yield* page.text, "Authorization received")
      })
    )
  })

  layer(Chromium.layer({ colorScheme: "dark", javaScript: false }))(
    "that runs no script, in the dark",
    (it) => {
      it.scoped("ends on the same page", () =>
        Effect.gen(function* () {
          const { fiber, url } = yield* begin
          const page = yield* newPage
          yield* BrowserSignIn.signIn(page, url)
          yield* Fiber.join(fiber)
          assert.include(yield* page.text, "Authorization received")
          assert.strictEqual(yield* markColour(page), "rgb(76, 195, 138)")
        })
      )
    }
  )
})
