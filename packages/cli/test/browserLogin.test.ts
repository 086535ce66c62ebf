import { chmodSync, existsSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { SignIn } from "@effect-oauth/loopback-servers"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { type Home, json, home as newHome, Sandbox, layer as sandbox, write } from "./fixtures/sandbox.js"

/** A login that opens a browser, which only keeps what it was to open. */
const openedBy = (home: Home, args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { server } = yield* Sandbox
    const opened = join(home.path, "opened")
    for (const name of ["xdg-open", "open"]) {
      const program = join(home.path, "bin", name)
      yield* write(program, `#!/bin/sh\nprintf %s "$1" > "${opened}.new"\nmv "${opened}.new" "${opened}"\n`)
      yield* Effect.sync(() => chmodSync(program, 0o755))
    }
    const running = home.start(
      [
        ...["login", "--token-endpoint", server.tokenEndpoint, "--client-id", "native"],
        ...["--authorization-endpoint", server.authorizationEndpoint, "--origin", server.origin],
        ...["--scope", "api"],
        ...args
      ],
      { env: { PATH: `${join(home.path, "bin")}:${process.env["PATH"]}`, EFFECT_OAUTH_CLIENT_SECRET: "" } }
    )
    const url = yield* Effect.try(() => readFileSync(opened, "utf8")).pipe(
      Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 500 })
    )
    yield* Effect.sync(() => rmSync(opened))
    return { running, url }
  })

/** What a browser shows in the end. */
const visit = (url: string) => Effect.promise(async () => (await fetch(url)).text())

/** The user logs in and lets the program in, or does not. */
const goThrough = (url: string, consent = true) => Effect.flatMap(SignIn.signIn(url, { consent }), visit)

const parametersOf = (url: string) => Object.fromEntries(new URL(url).searchParams)

describe.concurrent("effect-oauth login --browser", () => {
  layer(sandbox, { excludeTestServices: true, timeout: 60_000 })((it) => {
    it.effect("begins the session of whoever logs in, and keeps how in the profile", () =>
      Effect.gen(function* () {
        const { server } = yield* Sandbox
        const home = yield* newHome
        const { running, url } = yield* openedBy(home, ["--browser", "--issuer", server.issuer])
        assert.match(parametersOf(url)["redirect_uri"] ?? "", /^http:\/\/127\.0\.0\.1:\d+\/callback$/)
        assert.notProperty(parametersOf(url), "login_hint")
        assert.include(yield* goThrough(url), "<h1>Authorization received</h1>")
        const { code, stderr, stdout } = yield* running.ended
        assert.strictEqual(code, 0, stderr)
        assert.match(stdout, /^Logged in with the profile default: the token is valid for 59 min \d+ s\.\n$/)
        assert.include(stderr, `\n  ${url}\n`)

        const call = yield* home.run(["call", "GET", "/user"])
        assert.include(json(call.stdout), { name: "Alice" })
        assert.deepStrictEqual(JSON.parse(readFileSync(home.configFile, "utf8")).profiles.default, {
          tokenEndpoint: server.tokenEndpoint,
          authorizationEndpoint: server.authorizationEndpoint,
          issuer: server.issuer,
          clientId: "native",
          scope: "api",
          origins: [server.origin]
        })

        const again = yield* openedBy(home, [])
        yield* goThrough(again.url)
        assert.strictEqual((yield* again.running.ended).code, 0)
      })
    )

    it.effect("with --json says where to go at once, and is one object in the end", () =>
      Effect.gen(function* () {
        const home = yield* newHome
        const { running, url } = yield* openedBy(home, ["--browser", "--json", "--username", "alice"])
        assert.include(parametersOf(url), { login_hint: "alice" })
        yield* goThrough(url)
        const { code, stderr, stdout } = yield* running.ended
        assert.strictEqual(code, 0, stderr)
        assert.include(json(stdout), { profile: "default", username: "alice", refreshable: true })
        assert.include(stderr, `\n  ${url}\n`)
      })
    )

    it.effect("that is cancelled ends with 4, and keeps nothing", () =>
      Effect.gen(function* () {
        const home = yield* newHome
        const { running, url } = yield* openedBy(home, ["--browser"])
        assert.include(yield* goThrough(url, false), "<h1>Access was not granted</h1>")
        const { code, stderr, stdout } = yield* running.ended
        assert.deepStrictEqual([code, stdout], [4, ""])
        assert.match(stderr, /error: .*access_denied.*\n.*effect-oauth login\n$/)
        assert.isFalse(existsSync(home.configFile))
      })
    )

    it.effect("that another server answers ends with 2", () =>
      Effect.gen(function* () {
        const home = yield* newHome
        const { running, url } = yield* openedBy(home, ["--browser", "--issuer", "https://login.example.com"])
        assert.include(yield* goThrough(url), "<h1>Signing in failed</h1>")
        const { code, stderr } = yield* running.ended
        assert.strictEqual(code, 2)
        assert.match(stderr, /error: The answer is from another server .*RFC 9207/)
      })
    )

    it.effect("receives the answer where it is told, and lets go of that when it is interrupted", () =>
      Effect.gen(function* () {
        const home = yield* newHome
        const port = yield* Effect.scoped(Effect.map(listening, ({ port }) => port))
        const redirectUri = `http://127.0.0.1:${port}/callback`
        const { running, url } = yield* openedBy(home, ["--browser", "--redirect-uri", redirectUri])
        assert.include(parametersOf(url), { redirect_uri: redirectUri })
        assert.include(yield* visit(redirectUri), "This is not the expected answer")
        running.process.kill("SIGINT")
        assert.strictEqual((yield* running.ended).code, 130)
        const refused = yield* Effect.flip(Effect.tryPromise(() => fetch(redirectUri)))
        assert.include(String(refused.error), "fetch failed")
      })
    )

    it.effect("opens nothing where it cannot go on", () =>
      Effect.scoped(
        Effect.gen(function* () {
          const { server } = yield* Sandbox
          const home = yield* newHome
          const { port } = yield* listening
          const settings = [
            ...["--token-endpoint", server.tokenEndpoint, "--client-id", "native"],
            ...["--client-auth", "none"]
          ]
          const authorization = ["--authorization-endpoint", server.authorizationEndpoint]
          for (const [args, message] of [
            [[], "does not say: --authorization-endpoint|nothing else says: --authorization-endpoint"],
            [["--authorization-endpoint", "http://login.example.com/"], "plain http on another machine"],
            [[...authorization, "--password-stdin"], "takes no password"],
            [
              [...authorization, "--redirect-uri", "http://localhost/callback"],
              "not an http URL on 127.0.0.1"
            ],
            [
              [...authorization, "--redirect-uri", "https://127.0.0.1/callback"],
              "not an http URL on 127.0.0.1"
            ],
            [
              [...authorization, "--redirect-uri", "http://127.0.0.1/callback?a"],
              "not an http URL on 127.0.0.1"
            ],
            [[...authorization, "--redirect-uri", `http://127.0.0.1:${port}/callback`], "EADDRINUSE"],
            [[...authorization, "--store", `sqlite:${join(home.path, "shared.db")}`], "whose session it is"]
          ] as const) {
            const { code, stderr, stdout } = yield* home.run(["login", "--browser", ...settings, ...args])
            assert.deepStrictEqual([code, stdout], [2, ""], stderr)
            assert.match(stderr, new RegExp(`^error: .*(${message})`))
          }
        })
      )
    )
  })
})

/** A port that somebody has. */
const listening = Effect.acquireRelease(
  Effect.async<{ readonly port: number; readonly close: () => void }>((resume) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      resume(Effect.succeed({ port, close: () => server.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
)
