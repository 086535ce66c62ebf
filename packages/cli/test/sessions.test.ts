import { chmodSync, readdirSync, readFileSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, layer } from "@effect/vitest"
import { ScriptedServer } from "@effect-oauth/loopback-servers"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import {
  json,
  loggedIn,
  home as newHome,
  password,
  Sandbox,
  layer as sandbox,
  write
} from "./fixtures/sandbox.js"

const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8)

describe.concurrent("effect-oauth", () => {
  layer(sandbox, { excludeTestServices: true, timeout: 60_000 })((it) => {
    describe("login", () => {
      it.effect("begins a session and keeps the options, and neither password nor client secret", () =>
        Effect.gen(function* () {
          const home = yield* newHome
          const { code, stderr, stdout } = yield* home.login(["--scope", "api"])
          assert.strictEqual(stderr, "")
          assert.match(
            stdout,
            /^Logged in as alice with the profile default: the token is valid for 59 min \d+ s\.\n$/
          )
          assert.strictEqual(code, 0)
          const config = readFileSync(home.configFile, "utf8")
          assert.notInclude(config, "marker")
          assert.deepStrictEqual(Object.keys(JSON.parse(config).profiles.default), [
            "tokenEndpoint",
            "revocationEndpoint",
            "clientId",
            "username",
            "scope",
            "origins"
          ])
          assert.strictEqual(modeOf(home.configFile), "600")
          assert.strictEqual(modeOf(home.sessionFile), "600")
          assert.strictEqual(modeOf(dirname(home.configFile)), "700")
        })
      )

      it.effect("with --json is one object", () =>
        Effect.gen(function* () {
          const home = yield* newHome
          const { stdout } = yield* home.login(["--json"])
          const { expiresAt, expiresIn, ...rest } = json(stdout)
          assert.match(String(expiresAt), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
          assert.isAbove(Number(expiresIn), 3500)
          assert.deepStrictEqual(rest, {
            profile: "default",
            username: "alice",
            refreshable: true,
            scope: "api file_requests.read",
            store: `file:${home.sessionFile}`
          })
        })
      )

      it.effect("that is refused ends with 4 and changes nothing", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          const before = readFileSync(home.sessionFile, "utf8")
          const { code, stderr, stdout } = yield* home.run(["login", "--password-stdin"], {
            stdin: "marker-wrong-password"
          })
          assert.strictEqual(code, 4)
          assert.strictEqual(stdout, "")
          assert.match(stderr, /^error: .*invalid_grant.*\n.*effect-oauth login\n$/)
          assert.strictEqual(readFileSync(home.sessionFile, "utf8"), before)
        })
      )

      it.effect("takes the password from the environment, and asks nobody without a terminal", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          const without = yield* home.run(["login"])
          assert.strictEqual(without.code, 2)
          assert.include(without.stderr, "--password-stdin")
          const inEnvironment = yield* home.run(["login"], { env: { EFFECT_OAUTH_PASSWORD: password } })
          assert.strictEqual(inEnvironment.code, 0)
        })
      )

      it.effect("refuses secrets as arguments, says why, and does not repeat them", () =>
        Effect.gen(function* () {
          const home = yield* newHome
          for (const args of [
            ["login", "--password", "marker-argument"],
            ["login", "--password=marker-argument"],
            ["login", "-p", "marker-argument"],
            ["--client-secret", "marker-argument", "login"],
            ["token", "--client-secret=marker-argument"],
            ["login", "marker-argument"]
          ]) {
            const { code, stderr, stdout } = yield* home.run(args)
            assert.strictEqual(code, 2, args.join(" "))
            assert.strictEqual(stdout, "")
            assert.match(stderr, /EFFECT_OAUTH_(PASSWORD|CLIENT_SECRET)/)
          }
          const { stderr } = yield* home.run(["login", "--password", "marker-argument"])
          assert.match(stderr, /others on this machine can read the command line/)
        })
      )

      it.effect("as another user leaves the session that is there", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          const before = readFileSync(home.sessionFile, "utf8")
          const other = yield* home.login(["--username", "bob"])
          assert.strictEqual(other.code, 6)
          assert.include(other.stderr, "Log out first")
          assert.strictEqual(readFileSync(home.sessionFile, "utf8"), before)
          assert.strictEqual((yield* home.run(["logout"])).code, 0)
          assert.strictEqual((yield* home.login(["--username", "bob"])).code, 0)
        })
      )

      it.effect("sets a session file aside that cannot be read, and says where", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          yield* write(home.sessionFile, "{ marker-corrupt")
          const token = yield* home.run(["token"])
          assert.strictEqual(token.code, 6)
          assert.strictEqual(token.stdout, "")
          assert.include(token.stderr, home.sessionFile)
          assert.strictEqual(readFileSync(home.sessionFile, "utf8"), "{ marker-corrupt")
          assert.strictEqual((yield* home.run(["token", "--json"])).code, 6)
          const login = yield* home.login()
          assert.strictEqual(login.code, 0)
          const aside =
            readdirSync(dirname(home.sessionFile)).find((name) => name.includes("unreadable")) ?? ""
          assert.include(login.stderr, join(dirname(home.sessionFile), aside))
          assert.strictEqual(readFileSync(join(dirname(home.sessionFile), aside), "utf8"), "{ marker-corrupt")
        })
      )

      it.effect("keeps a client secret on request only, and finds it again", () =>
        Effect.gen(function* () {
          const home = yield* newHome
          assert.strictEqual((yield* home.login(["--save-secrets"])).code, 0)
          assert.include(readFileSync(home.configFile, "utf8"), "marker-client-secret")
          assert.strictEqual(modeOf(home.configFile), "600")
          yield* home.expire
          const without = { env: { EFFECT_OAUTH_CLIENT_SECRET: "" }, printsToken: true }
          assert.strictEqual((yield* home.run(["token"], without)).code, 0)
          const shown = yield* home.run(["profile", "show"])
          assert.include(shown.stdout, "(kept)")
          chmodSync(home.configFile, 0o644)
          assert.include((yield* home.run(["status"])).stderr, "chmod 600")
        })
      )

      it.effect("of a public client needs no secret", () =>
        Effect.gen(function* () {
          const home = yield* newHome
          const login = yield* home.login(["--client-id", "public", "--client-auth", "none"])
          assert.strictEqual(login.code, 0)
        })
      )
    })

    describe("token", () => {
      it.effect("prints the token and nothing else, and asks nobody while it is good", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          const spent = yield* home.refreshes
          const { code, stderr, stdout } = yield* home.run(["token"], { printsToken: true })
          const session = yield* home.session
          assert.deepStrictEqual([code, stderr, stdout], [0, "", `${session["access_token"]}\n`])
          assert.strictEqual(yield* spent, 0)
        })
      )

      it.effect("with --json tells how long it is good", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          const { stdout } = yield* home.run(["token", "--json"], { printsToken: true })
          const { expiresAt, expiresIn, ...rest } = json(stdout)
          assert.isString(expiresAt)
          assert.isNumber(expiresIn)
          assert.deepStrictEqual(rest, {
            accessToken: (yield* home.session)["access_token"],
            tokenType: "Bearer",
            scope: "api file_requests.read"
          })
        })
      )

      it.effect("needs no client secret while it is good, and names the variable when it does", () =>
        Effect.gen(function* () {
          const home = yield* newHome
          yield* home.login([
            "--client-auth",
            "client_secret_basic",
            "--client-secret-env",
            "EFFECT_OAUTH_CLIENT_SECRET"
          ])
          const env = { EFFECT_OAUTH_CLIENT_SECRET: "" }
          assert.strictEqual((yield* home.run(["token"], { env, printsToken: true })).code, 0)
          yield* home.expire
          const before = yield* home.session
          const { code, stderr } = yield* home.run(["token"], { env })
          assert.strictEqual(code, 2)
          assert.include(stderr, "set EFFECT_OAUTH_CLIENT_SECRET")
          assert.deepStrictEqual(yield* home.session, before)
        })
      )

      it.effect("says that a login is needed where there is no session, and never asks", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          yield* home.run(["logout"])
          const { code, stderr, stdout } = yield* home.run(["token"])
          assert.deepStrictEqual(
            [code, stdout, stderr],
            [3, "", "error: Not logged in with the profile default.\nLog in: effect-oauth login\n"]
          )
          const asJson = yield* home.run(["token", "--json"])
          assert.deepStrictEqual(json(asJson.stderr), {
            error: {
              code: "LoginNeeded",
              exitCode: 3,
              message: "Not logged in with the profile default.",
              hint: "Log in: effect-oauth login"
            }
          })
        })
      )

      it.effect("begins a session with a password of the environment", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          yield* home.run(["logout"])
          const { code, stdout } = yield* home.run(["token"], {
            env: { EFFECT_OAUTH_PASSWORD: password },
            printsToken: true
          })
          assert.strictEqual(code, 0)
          assert.strictEqual(stdout.trim(), (yield* home.session)["access_token"])
        })
      )

      it.effect("ends with 4 when the refresh is refused, and with 3 from then on", () =>
        Effect.gen(function* () {
          const home = yield* loggedIn
          const { server } = yield* Sandbox
          yield* server.revokeSession(String((yield* home.session)["refresh_token"]))
          yield* home.expire
          const refused = yield* home.run(["token"])
          assert.strictEqual(refused.code, 4)
          assert.include(refused.stderr, "effect-oauth login")
          const afterwards = yield* home.run(["token"])
          assert.strictEqual(afterwards.code, 3)
          assert.include(afterwards.stderr, "has expired and cannot be refreshed")
        })
      )

      it.effect("ends with 5 when nobody answers, and leaves the session", () =>
        Effect.gen(function* () {
          const home = yield* newHome
          const gone = yield* Effect.scoped(Effect.map(ScriptedServer.make([]), ({ origin }) => origin))
          yield* write(home.sessionFile, JSON.stringify({ access_token: "a", refresh_token: "r", expiry: 1 }))
          const { code, stderr } = yield* home.run([
            "token",
            "--token-endpoint",
            `${gone}/token`,
            "--client-id",
            "client",
            "--username",
            "alice"
          ])
          assert.strictEqual(code, 5)
          assert.match(stderr, /^error: .+\nTry again\.\n$/)
          assert.strictEqual((yield* home.session)["refresh_token"], "r")
        })
      )

      it.effect(
        "of any number at once is one refresh, and the same for all",
        () =>
          Effect.gen(function* () {
            const count = Number(process.env["CLI_PROCESSES"] ?? 30)
            const home = yield* loggedIn
            yield* home.expire
            const spent = yield* home.refreshes
            const [time, ended] = yield* Effect.timed(
              Effect.forEach(
                Array.from({ length: count }),
                () => Effect.suspend(() => home.start(["token"]).ended),
                {
                  concurrency: "unbounded"
                }
              )
            )
            if (process.env["CLI_PROCESSES"] !== undefined) yield* Effect.log(`${count} processes in ${time}`)
            assert.deepStrictEqual(
              ended.filter(({ code, stderr }) => code !== 0 || stderr !== ""),
              []
            )
            assert.deepStrictEqual(Array.from(new Set(ended.map(({ stdout }) => stdout))), [
              `${(yield* home.session)["access_token"]}\n`
            ])
            assert.strictEqual(yield* spent, 1)
          }),
        120_000
      )

      it.effect("ends at once when it is interrupted while it waits, and nothing is lost", () =>
        Effect.gen(function* () {
          const home = yield* newHome
          const slow = yield* ScriptedServer.make((_, index) =>
            index === 0
              ? { hang: true }
              : ScriptedServer.json({ access_token: "new", token_type: "Bearer", expires_in: 3600 })
          )
          const args = [
            "token",
            "--token-endpoint",
            `${slow.origin}/token`,
            "--client-id",
            "client",
            "--username",
            "alice"
          ]
          yield* write(home.sessionFile, JSON.stringify({ access_token: "a", refresh_token: "r", expiry: 1 }))
          const holder = home.start(args)
          yield* Effect.repeat(slow.requests, { until: (requests) => requests.length > 0 })
          const interrupt = (afterSeconds: number) =>
            Effect.gen(function* () {
              const waiting = home.start(args)
              yield* Effect.sleep(Duration.seconds(afterSeconds))
              waiting.process.kill("SIGINT")
              return yield* Effect.timed(waiting.ended)
            })
          // On a busy machine the signal may come before the program has begun: then the system ends it.
          const waits = [1, 3, 6, 10]
          let [time, interrupted] = yield* interrupt(waits[0] ?? 1)
          for (const wait of waits.slice(1)) {
            if (interrupted.code === "SIGINT") [time, interrupted] = yield* interrupt(wait)
          }
          assert.deepStrictEqual(interrupted, { code: 130, stdout: "", stderr: "" })
          assert.isBelow(Duration.toMillis(time), 2500)
          holder.process.kill("SIGINT")
          assert.strictEqual((yield* holder.ended).code, 130)
          assert.strictEqual((yield* home.session)["refresh_token"], "r")
          const next = yield* home.run(args, { printsToken: true })
          assert.deepStrictEqual([next.code, next.stdout], [0, "new\n"])
        }).pipe(Effect.scoped)
      )
    })
  })
})
