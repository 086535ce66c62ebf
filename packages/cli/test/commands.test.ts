import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { Installation, PostgreSQL, Redis, ScriptedServer } from "@effect-oauth/loopback-servers"
import * as Effect from "effect/Effect"
import { json, loggedIn, home as newHome, Sandbox, layer as sandbox, write } from "./fixtures/sandbox.js"

describe.concurrent("effect-oauth", () => {
  layer(sandbox, { excludeTestServices: true, timeout: 60_000 })((it) => {
    describe("status", () => {
      it.effect("tells the state and never a token", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          const { server } = yield* Sandbox
          const human = yield* home.run(["status"])
          assert.strictEqual(human.code, 0)
          const lines = human.stdout.trimEnd().split("\n")
          assert.deepStrictEqual(
            lines.map((line) => line.slice(0, 9).trim()),
            ["profile", "state", "expires", "refresh", "scope", "user", "client", "server", "store"]
          )
          assert.match(human.stdout, /^state {4}valid for 59 min/m)
          const { expiresAt, expiresIn, ...rest } = json((yield* home.run(["status", "--json"])).stdout)
          assert.isString(expiresAt)
          assert.isNumber(expiresIn)
          assert.deepStrictEqual(rest, {
            profile: "default",
            state: "valid",
            refreshable: true,
            scope: "api file_requests.read",
            username: "alice",
            clientId: "client",
            tokenEndpoint: server.tokenEndpoint,
            store: `file:${home.sessionFile}`
          })
        })
      )

      it.effect("tells expired from logged out", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          yield* home.expire
          const expired = yield* home.run(["status", "--json"])
          assert.strictEqual(expired.code, 0)
          assert.include(json(expired.stdout), { state: "expired", refreshable: true, expiresIn: 0 })
          yield* home.run(["logout"])
          const out = yield* home.run(["status", "--json"])
          assert.strictEqual(out.code, 3)
          assert.include(json(out.stdout), { state: "logged out", refreshable: false, expiresAt: null })
        })
      )

      it.effect("of a store that cannot be reached ends with 6 and does not show its password", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          const { code, stderr } = yield* home.run(["status"], {
            env: {
              EFFECT_OAUTH_STORE: "postgres://app:marker-store-password@127.0.0.1:1/app?sslmode=disable"
            }
          })
          assert.strictEqual(code, 6)
          assert.include(stderr, "postgres://app@127.0.0.1:1/app")
        })
      )
    })

    describe("call", () => {
      it.effect("sends the token to an origin of the profile and prints the body", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          const { server } = yield* Sandbox
          const { code, stderr, stdout } = yield* home.run(["call", "get", `${server.origin}/user`])
          assert.deepStrictEqual([code, stderr, JSON.parse(stdout).name], [0, "", "Alice"])
          const path = yield* home.run(["call", "GET", "/user", "-i"])
          assert.match(path.stdout, /^HTTP 200\n[\s\S]*content-type: application\/json\n[\s\S]*\n\n\{"id":1/)
        })
      )

      it.effect("sends bodies and headers, wherever the options stand", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          const body = join(home.path, "body.json")
          yield* write(body, '{"from":"a file"}')
          const echo = (args: ReadonlyArray<string>, stdin = "") =>
            Effect.map(home.run(args, { stdin, printsToken: true }), ({ stdout }) => JSON.parse(stdout))
          const given = yield* echo([
            "call",
            "POST",
            "/echo",
            "-d",
            '{"a":1}',
            "-H",
            "x-one: 1",
            "--header=x-two: 2"
          ])
          assert.strictEqual(given.body, '{"a":1}')
          assert.include(given.headers, { "content-type": "application/json", "x-one": "1", "x-two": "2" })
          assert.notProperty(given.headers, "traceparent")
          const form = yield* echo(["call", "-da=b", "POST", "/echo"])
          assert.deepStrictEqual(
            [form.body, form.headers["content-type"]],
            ["a=b", "application/x-www-form-urlencoded"]
          )
          assert.strictEqual(
            (yield* echo(["call", "POST", "/echo", "-d", `@${body}`])).body,
            '{"from":"a file"}'
          )
          assert.strictEqual((yield* echo(["call", "POST", "/echo", "--data-stdin"], "piped")).body, "piped")
          const typed = yield* echo(
            ["call", "POST", "/echo", "-d", "@-", "-H", "Content-Type: text/plain"],
            "x"
          )
          assert.deepStrictEqual([typed.body, typed.headers["content-type"]], ["x", "text/plain"])
        })
      )

      it.effect("ends with 7 for a status of 400 or above, and prints the body all the same", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          const { code, stderr, stdout } = yield* home.run(["call", "GET", "/nowhere"])
          assert.deepStrictEqual(
            [code, stdout !== "", stderr],
            [7, true, "error: The API answered with status 404.\n"]
          )
          const asJson = yield* home.run(["call", "GET", "/nowhere", "--json"])
          assert.include(json(asJson.stdout), { status: 404 })
          assert.deepNestedInclude(json(asJson.stderr), { "error.code": "HttpStatus", "error.status": 404 })
        })
      )

      it.effect("replaces a token that the API refuses", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          const { server } = yield* Sandbox
          const spent = yield* home.refreshes
          yield* server.revokeAccessToken(String((yield* home.session)["access_token"]))
          const { code, stdout } = yield* home.run(["call", "GET", "/user"])
          assert.deepStrictEqual([code, JSON.parse(stdout).name], [0, "Alice"])
          assert.strictEqual(yield* spent, 1)
        })
      )

      it.effect("refuses what must not get the token, or has one already", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          for (const args of [
            ["call", "GET", "https://api.example.org/user"],
            ["call", "GET", "//api.example.org/user"],
            ["call", "GET", "user"],
            ["call", "GET", "/user", "-H", "Authorization: Bearer marker-own"],
            ["call", "GET", "/user", "-H", "nonsense"],
            ["call", "FETCH", "/user"],
            ["call", "GET", "/user", "-d", "body"],
            ["call", "POST", "/user", "-d", "@/no/such/file"],
            ["call", "GET"]
          ]) {
            const { code, stdout } = yield* home.run(args)
            assert.deepStrictEqual([code, stdout], [2, ""], args.join(" "))
          }
        })
      )

      it.effect("ends with 5 when the API is not reached", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          const gone = yield* Effect.scoped(Effect.map(ScriptedServer.make([]), ({ origin }) => origin))
          const { code, stderr } = yield* home.run(["call", "GET", `${gone}/user`, "--origin", gone])
          assert.strictEqual(code, 5)
          assert.include(stderr, `${gone} could not be reached (ECONNREFUSED)`)
        })
      )
    })

    describe("refresh and logout", () => {
      it.effect("replaces a token that is still good", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          const before = yield* home.session
          const { code, stdout } = yield* home.run(["refresh"])
          assert.strictEqual(code, 0)
          assert.match(stdout, /^Refreshed: the token is valid for 59 min/)
          assert.notStrictEqual((yield* home.session)["access_token"], before["access_token"])
          assert.hasAllKeys(json((yield* home.run(["refresh", "--json"])).stdout), [
            "profile",
            "expiresAt",
            "expiresIn",
            "scope"
          ])
        })
      )

      it.effect("revokes the tokens, removes them, and can be repeated", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          const { server } = yield* Sandbox
          const accessToken = String((yield* home.session)["access_token"])
          const out = yield* home.run(["logout", "--json"])
          assert.deepStrictEqual(json(out.stdout), { profile: "default", wasLoggedIn: true, revoked: true })
          assert.isFalse((yield* server.introspect(accessToken)).active)
          assert.notInclude(readFileSync(home.sessionFile, "utf8"), 'token"')
          const again = yield* home.run(["logout", "--json"])
          assert.deepStrictEqual(json(again.stdout), {
            profile: "default",
            wasLoggedIn: false,
            revoked: false
          })
          assert.strictEqual((yield* home.run(["refresh"])).code, 3)
        })
      )

      it.effect(
        "keeps the session when the server cannot be told, unless it is to be removed all the same",
        () =>
          Effect.gen(function* () {
            const home = yield* loggedIn
            const gone = yield* Effect.scoped(Effect.map(ScriptedServer.make([]), ({ origin }) => origin))
            const env = { EFFECT_OAUTH_REVOCATION_ENDPOINT: `${gone}/revoke` }
            assert.strictEqual((yield* home.run(["logout"], { env })).code, 5)
            assert.property(yield* home.session, "refresh_token")
            assert.strictEqual((yield* home.run(["logout", "--local"], { env })).code, 0)
            assert.notProperty(yield* home.session, "refresh_token")
          })
      )
    })

    describe("settings", () => {
      it.effect("count as option, environment, profile, default", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          const client = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
            Effect.map(
              home.run(["status", "--json", ...args], { env }),
              ({ stdout }) => json(stdout)["clientId"]
            )
          const other = {
            EFFECT_OAUTH_CLIENT_ID: "of-environment",
            EFFECT_OAUTH_STORE: `file:${home.path}/other.json`
          }
          assert.strictEqual(yield* client([]), "client")
          assert.strictEqual(yield* client([], other), "of-environment")
          assert.strictEqual(yield* client(["--client-id", "of-option"], other), "of-option")
          const named = yield* home.run(["status", "--profile", "nobody"], {
            env: { EFFECT_OAUTH_PROFILE: "default" }
          })
          assert.strictEqual(named.code, 2)
          assert.include(named.stderr, "no profile nobody")
          const byEnvironment = yield* home.run(["status"], { env: { EFFECT_OAUTH_PROFILE: "nobody" } })
          assert.strictEqual(byEnvironment.code, 2)
          const asJson = yield* home.run(["status"], { env: { EFFECT_OAUTH_JSON: "1" } })
          assert.include(json(asJson.stdout), { state: "valid" })
        })
      )

      it.effect("of a profile are set, shown, listed, chosen and removed", () =>
        Effect.gen(function* () {
          const home = yield* newHome
          const set = [
            "profile",
            "set",
            "work",
            "--client-id",
            "client",
            "--token-endpoint",
            "https://login.example.com/token"
          ]
          assert.strictEqual(
            (yield* home.run([...set, "--scope", "api", "--store", "file:here.json"])).code,
            0
          )
          const shown = json((yield* home.run(["profile", "show", "work", "--json"])).stdout)
          assert.deepNestedInclude(shown, {
            "profile.scope": "api",
            "profile.store": `file:${process.cwd()}/here.json`
          })
          yield* home.run(["profile", "set", "work", "--unset", "scope", "--username", "alice"])
          const changed = json((yield* home.run(["profile", "show", "--profile", "work", "--json"])).stdout)
          assert.deepNestedInclude(changed, { "profile.username": "alice", "profile.clientId": "client" })
          assert.notNestedProperty(changed, "profile.scope")
          assert.strictEqual((yield* home.run(["profile", "use", "work"])).code, 0)
          assert.match((yield* home.run(["profile", "list"])).stdout, /^ *\* work +alice at https:\/\/login/m)
          assert.strictEqual((yield* home.run(["profile", "use", "nobody"])).code, 2)
          assert.strictEqual((yield* home.run(["profile", "remove", "work"])).code, 0)
          assert.deepInclude(json((yield* home.run(["profile", "list", "--json"])).stdout), {
            profiles: [],
            current: "default"
          })
          assert.strictEqual((yield* home.run(["profile", "set", "../x", "--scope", "a"])).code, 2)
        })
      )

      it.effect("are not removed while their session is there", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          const refused = yield* home.run(["profile", "remove", "default"])
          assert.strictEqual(refused.code, 2)
          assert.include(refused.stderr, "effect-oauth logout --profile default")
          assert.strictEqual((yield* home.run(["profile", "remove", "default", "--force"])).code, 0)
          yield* home.login()
          yield* home.run(["logout"])
          assert.strictEqual((yield* home.run(["profile", "remove", "default"])).code, 0)
        })
      )

      it.effect("that cannot be read are told by file and path, and not quoted", () =>
        Effect.gen(function* () {
          const home = yield* newHome
          for (const [text, path] of [
            ['{"profiles":{"default":{"clientId":"marker-1"', "is not JSON"],
            ['{"profiles":{"default":{"clientSecret":["marker-2"]}}}', "profiles.default.clientSecret"],
            ['{"profiles":{"default":{"pasword":"marker-3"}}}', "profiles.default.pasword"],
            [
              '{"profiles":{"default":{"clientAuthentication":"marker-4"}}}',
              "profiles.default.clientAuthentication"
            ]
          ] as const) {
            yield* write(home.configFile, text)
            const { code, stderr } = yield* home.run(["token"])
            assert.strictEqual(code, 2)
            assert.include(stderr, home.configFile)
            assert.include(stderr, path)
          }
        })
      )

      it.effect("do not keep the password of a store unless it is asked for", () =>
        Effect.gen(function* () {
          const home = yield* newHome
          const set = ["profile", "set", "work", "--store", "redis://app:marker-store@redis.example.com"]
          const refused = yield* home.run(set)
          assert.strictEqual(refused.code, 2)
          assert.include(refused.stderr, "EFFECT_OAUTH_STORE")
          assert.strictEqual((yield* home.run([...set, "--save-secrets"])).code, 0)
          const { stdout } = yield* home.run(["profile", "show", "work"])
          assert.include(stdout, "redis://app@redis.example.com")
        })
      )

      it.effect("name a store of a kind that there is", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          for (const store of ["mongodb://marker-x@host/db", "/a/path", "postgres:", "file:"]) {
            const { code, stderr } = yield* home.run(["status", "--store", store])
            assert.strictEqual(code, 2, store)
            assert.include(stderr, "file:PATH, sqlite:PATH")
          }
        })
      )

      it.effect("can put the session into SQLite", () =>
        Effect.gen(function* () {
          const home = yield* newHome
          const file = join(home.path, "db/sessions.db")
          assert.strictEqual((yield* home.login(["--store", `sqlite:${file}`])).code, 0)
          const token = yield* home.run(["token"], { printsToken: true })
          assert.deepStrictEqual([token.code, token.stderr], [0, ""])
          assert.include(json((yield* home.run(["status", "--json"])).stdout), { store: `sqlite:${file}` })
          assert.strictEqual((yield* home.run(["logout"])).code, 0)
          assert.strictEqual((yield* home.run(["token"])).code, 3)
        })
      )
    })

    for (const [kind, installation, url] of [
      ["Redis", Redis.installation, Effect.map(Redis.make(), (server) => server.url)],
      ["PostgreSQL", PostgreSQL.installation, Effect.map(PostgreSQL.make(), (server) => server.url)]
    ] as const) {
      describe(...Installation.needing(`a store in ${kind}`, installation), () => {
        it.scoped("is shared by all who name it", () =>
          Effect.gen(function* () {
            const one = yield* newHome
            const other = yield* newHome
            const store = yield* url
            assert.strictEqual((yield* one.login(["--store", store, "--save-secrets"])).code, 0)
            assert.strictEqual((yield* other.login(["--store", store, "--save-secrets"])).code, 0)
            const tokens = yield* Effect.all(
              [one, other].map((home) => home.run(["token"], { printsToken: true })),
              { concurrency: "unbounded" }
            )
            assert.deepStrictEqual(
              tokens.map(({ code, stderr }) => [code, stderr]),
              [
                [0, ""],
                [0, ""]
              ]
            )
            assert.strictEqual(tokens[0]?.stdout, tokens[1]?.stdout)
            assert.strictEqual((yield* one.run(["logout"])).code, 0)
            assert.strictEqual((yield* other.run(["token"])).code, 3)
          })
        )
      })
    }

    describe(
      ...Installation.needing("a store that is gone when a new token is to be stored", Redis.installation),
      () => {
        it.scoped("is waited for, so that the session outlives the run", () =>
          Effect.gen(function* () {
            const home = yield* newHome
            const redis = yield* Redis.make()
            const server = yield* ScriptedServer.make([
              ScriptedServer.json({
                access_token: "first",
                token_type: "Bearer",
                expires_in: 0,
                refresh_token: "r1"
              }),
              {
                ...ScriptedServer.json({
                  ...{ access_token: "second", token_type: "Bearer", expires_in: 3600, refresh_token: "r2" }
                }),
                delay: "1500 millis"
              }
            ])
            const args = [
              ...["--store", redis.url, "--token-endpoint", `${server.origin}/token`],
              ...["--client-id", "client", "--username", "alice"]
            ]
            const env = { EFFECT_OAUTH_PASSWORD: "x" }
            assert.strictEqual((yield* home.run(["login", ...args], { env })).code, 0)
            const refreshing = home.start(["token", ...args])
            yield* Effect.repeat(server.requests, { until: (requests) => requests.length === 2 })
            yield* redis.stop
            yield* Effect.sleep("4 seconds")
            yield* redis.start
            const ended = yield* refreshing.ended
            assert.deepStrictEqual([ended.code, ended.stdout], [0, "second\n"])
            assert.include(ended.stderr, "Waiting for the store")
            const next = yield* home.run(["token", ...args], { printsToken: true })
            assert.deepStrictEqual([next.code, next.stdout], [0, "second\n"])
          })
        )
      }
    )

    it.effect("tells its version and its help, and what it does not know ends with 2", () =>
      Effect.gen(function* () {
        const home = yield* newHome
        const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"))
        const told = yield* home.run(["--version"])
        assert.deepStrictEqual(told, { code: 0, stdout: `${version}\n`, stderr: "" })
        for (const args of [[], ["--help"], ["-h"], ["token", "--help"], ["profile", "set", "-h"]]) {
          const help = yield* home.run(args)
          assert.deepStrictEqual([help.code, help.stderr], [0, ""], args.join(" "))
          assert.notInclude(help.stdout, "\u001b")
        }
        for (const args of [
          ["nothing"],
          ["--nothing"],
          ["token", "--nothing"],
          ["profile", "nothing"],
          ["token", "x"]
        ]) {
          const wrong = yield* home.run(args)
          assert.deepStrictEqual([wrong.code, wrong.stdout], [2, ""], args.join(" "))
          assert.match(wrong.stderr, /^error: .+\n.*--help.*\n$/)
        }
      })
    )
  })
})
