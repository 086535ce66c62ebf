import { readdir } from "node:fs/promises"
import { assert, describe, it, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Chromium from "../src/Chromium.js"
import { needing } from "../src/Installation.js"
import * as ScriptedServer from "../src/ScriptedServer.js"
import { temporaryFolders } from "./support.js"

const html = (body: string, headers: Readonly<Record<string, string>> = {}): ScriptedServer.Reply => ({
  headers: { "content-type": "text/html; charset=utf-8", ...headers },
  body: `<!doctype html><html lang="en"><head><link rel="icon" href="data:,"><title>Test</title></head><body>${body}</body></html>`
})

const serving = (reply: ScriptedServer.Reply) => ScriptedServer.make(() => reply)

describe(...needing("Chromium", Chromium.installation), () => {
  layer(Chromium.layer())("one that tests share", (it) => {
    it.scoped("shows a page as a person reads it", () =>
      Effect.gen(function* () {
        const { origin } = yield* serving(
          html("<h1>Hello</h1><p hidden>no</p><script>document.title='yes'</script>")
        )
        const page = yield* Effect.flatMap(Chromium.Chromium, (chromium) => chromium.page)
        yield* page.goto(origin)
        assert.strictEqual(yield* page.text, "Hello")
        assert.strictEqual(yield* page.use((window) => window.title()), "yes")
        assert.deepStrictEqual(yield* page.problems, [])
      })
    )

    it.scoped("fills in a form and sends it", () =>
      Effect.gen(function* () {
        const form = '<form method="post"><label>Name <input name="name"></label><button>Send</button></form>'
        const server = yield* serving(html(form))
        const page = yield* Effect.flatMap(Chromium.Chromium, (chromium) => chromium.page)
        yield* page.goto(server.origin)
        yield* page.use((window) => window.getByLabel("Name").fill("é&=+"))
        yield* page.use((window) => window.getByRole("button", { name: "Send" }).click())
        const [, sent] = yield* server.requests
        assert.strictEqual(sent?.method, "POST")
        assert.deepStrictEqual(sent?.form, [["name", "é&=+"]])
      })
    )

    it.scoped("tells what goes wrong in a page", () =>
      Effect.gen(function* () {
        const policy = { "content-security-policy": "default-src 'none'; script-src 'unsafe-inline'" }
        const { origin } = yield* serving(
          html("<style>p{color:red}</style><script>console.error('said'); missing()</script>", policy)
        )
        const page = yield* Effect.flatMap(Chromium.Chromium, (chromium) => chromium.page)
        yield* page.goto(origin)
        const problems = (yield* page.problems).join("\n")
        assert.include(problems, "style-src")
        assert.include(problems, "said")
        assert.include(problems, "missing is not defined")
      })
    )

    it.scoped("does not know in one window who was in another", () =>
      Effect.gen(function* () {
        const server = yield* serving(html("", { "set-cookie": "session=1" }))
        const chromium = yield* Chromium.Chromium
        const [one, other] = yield* Effect.all([chromium.page, chromium.page])
        for (const page of [one, one, other]) yield* page.goto(server.origin)
        const cookies = (yield* server.requests).map(({ headers }) => headers["cookie"])
        assert.deepStrictEqual(cookies, [undefined, "session=1", undefined])
      })
    )

    it.scoped("reaches nothing but this machine", () =>
      Effect.gen(function* () {
        const { page } = yield* Chromium.Chromium
        for (const url of ["http://example.com/", "https://192.0.2.1/"]) {
          const { goto } = yield* page
          const error = yield* Effect.flip(goto(url))
          assert.include(error.message, "ERR_PROXY_CONNECTION_FAILED")
        }
        const { port } = new URL((yield* serving(html("here"))).origin)
        for (const host of ["localhost", "127.0.0.1"]) {
          const { goto, text } = yield* page
          yield* goto(`http://${host}:${port}`)
          assert.strictEqual(yield* text, "here")
        }
      })
    )

    it.scoped("fails when there is nothing to click", () =>
      Effect.gen(function* () {
        const { origin } = yield* serving(html("<p>nothing"))
        const page = yield* Effect.flatMap(Chromium.Chromium, (chromium) => chromium.page)
        yield* page.goto(origin)
        const error = yield* Effect.flip(page.use((window) => window.click("button", { timeout: 100 })))
        assert.strictEqual(error._tag, "BrowserError")
        assert.include(error.message, "Timeout 100ms exceeded")
      })
    )
  })

  it.scopedLive("prefers what it is told, and runs no script if it is told so", () =>
    Effect.gen(function* () {
      const { origin } = yield* serving(
        html(
          "<style>p { display: none } @media (prefers-color-scheme: dark) { p { display: block } }</style>" +
            "<p>dark</p><script>document.body.append('script')</script>"
        )
      )
      const shown = (options: Chromium.Options) =>
        Effect.gen(function* () {
          const page = yield* Effect.flatMap(Chromium.make(options), (chromium) => chromium.page)
          yield* page.goto(origin)
          return yield* page.text
        })
      assert.strictEqual(yield* shown({}), "script")
      assert.strictEqual(yield* shown({ colorScheme: "dark", javaScript: false }), "dark")
    })
  )

  it.scopedLive("ends with its scope and leaves nothing behind", () =>
    Effect.gen(function* () {
      yield* temporaryFolders
      const everything = Effect.promise(() => readdir(String(process.env["TMPDIR"])))
      const scope = yield* Scope.make()
      const { page } = yield* Scope.extend(Chromium.make(), scope)
      const { use } = yield* Scope.extend(page, scope)
      assert.isNotEmpty(yield* everything)
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* everything, [])
      const error = yield* Effect.flip(use((window) => window.title()))
      assert.include(error.message, "closed")
    })
  )

  it.scopedLive("leaves nothing behind when its start is interrupted", () =>
    Effect.gen(function* () {
      yield* temporaryFolders
      for (const time of [1, 50, 200]) {
        yield* Effect.timeoutOption(Effect.scoped(Chromium.make()), time)
        assert.deepStrictEqual(yield* Effect.promise(() => readdir(String(process.env["TMPDIR"]))), [])
      }
    })
  )
})
