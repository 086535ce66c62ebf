import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Readable } from "node:stream"
import * as Terminal from "@effect/platform/Terminal"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import { assert, describe, it } from "@effect/vitest"
import { OidcProvider } from "@effect-oauth/loopback-servers"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import * as Cli from "../src/Cli.js"
import * as ExitCode from "../src/ExitCode.js"
import * as Arguments from "../src/internal/Arguments.js"
import * as Definitions from "../src/internal/Definitions.js"
import * as Help from "../src/internal/Help.js"
import * as Store from "../src/internal/Store.js"
import { version } from "../src/internal/version.js"

const password = "marker-password"

const alice = { username: "alice", password, name: "Alice", email: "alice@example.com" }

interface Typing {
  readonly input: string
  /** Whether someone sits at a terminal. */
  readonly isTTY?: boolean
  readonly env?: ReadonlyArray<readonly [string, string]>
}

const key = (character: string): Terminal.UserInput => {
  const isControl = character === "\u0003"
  return {
    input: Option.some(character),
    key: {
      name: character === "\r" ? "return" : isControl ? "c" : character,
      ctrl: isControl,
      meta: false,
      shift: false
    }
  }
}

/** Runs the program in this process, before a terminal on which someone types. */
const runTyping = (argv: ReadonlyArray<string>, { env = [], input, isTTY = true }: Typing) =>
  Effect.gen(function* () {
    const shown: Array<string> = []
    const written = { stdout: "", stderr: "" }
    const sink = (name: "stdout" | "stderr") => ({
      isTTY,
      write: (chunk: string | Uint8Array, done: () => void) => {
        written[name] += typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk)
        done()
      }
    })
    const stdin = Object.assign(Readable.from([]), { isTTY })
    const terminal = Terminal.Terminal.of({
      columns: Effect.succeed(80),
      rows: Effect.succeed(24),
      isTTY: Effect.succeed(isTTY),
      readInput: Effect.gen(function* () {
        const typed = yield* Mailbox.make<Terminal.UserInput>()
        for (const character of input) {
          yield* typed.offer(key(character))
          // As the terminal of the platform does when it is to end.
          if (character === "\u0003") yield* typed.end
        }
        return typed
      }),
      readLine: Effect.die("nobody reads lines"),
      display: (text) => Effect.sync(() => void shown.push(text))
    })
    const code = yield* Cli.run(argv, { stdin, stdout: sink("stdout"), stderr: sink("stderr") }).pipe(
      Effect.provide([NodeFileSystem.layer, NodePath.layer]),
      Effect.provideService(Terminal.Terminal, terminal),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(env)))
    )
    return { code, shown: shown.join(""), ...written }
  })

const newHome = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-oauth-cli-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const server = OidcProvider.make({
  users: [alice],
  accessTokenLifetime: "1 hour",
  clients: [
    { clientId: "public", authenticationMethod: "none" },
    { clientId: "client", clientSecret: "marker-secret", authenticationMethod: "client_secret_basic" }
  ]
})

describe("the prompt", () => {
  it.scopedLive("asks for the password without showing it", () =>
    Effect.gen(function* () {
      const { tokenEndpoint } = yield* server
      const env = [["HOME", yield* newHome]] as const
      const login = [
        "login",
        "--token-endpoint",
        tokenEndpoint,
        "--client-id",
        "public",
        "--username",
        "alice"
      ]
      const { code, shown, stderr, stdout } = yield* runTyping(login, { input: `${password}\r`, env })
      assert.deepStrictEqual([code, stderr], [ExitCode.ok, ""])
      assert.include(stdout, "Logged in as alice")
      assert.include(shown, "The password of alice (not shown)")
      assert.notInclude(shown, "marker")
      assert.notInclude(shown, "*")
      assert.notInclude(stdout, "marker")
    })
  )

  it.scopedLive("asks for the user name and the client secret as well where nobody said them", () =>
    Effect.gen(function* () {
      const { tokenEndpoint } = yield* server
      const login = ["login", "--token-endpoint", tokenEndpoint, "--client-id", "client"]
      const { code, shown, stderr } = yield* runTyping([...login, "--client-auth", "client_secret_basic"], {
        input: "alice\r",
        env: [
          ["HOME", yield* newHome],
          ["EFFECT_OAUTH_PASSWORD", password],
          ["EFFECT_OAUTH_CLIENT_SECRET", "marker-secret"]
        ]
      })
      assert.strictEqual(code, ExitCode.ok, stderr)
      assert.include(shown, "User name")
      const asked = yield* runTyping(
        [...login, "--username", "alice", "--client-auth", "client_secret_basic", "--profile", "other"],
        {
          input: "marker-secret\r",
          env: [
            ["HOME", yield* newHome],
            ["EFFECT_OAUTH_PASSWORD", password]
          ]
        }
      )
      assert.strictEqual(asked.code, ExitCode.ok, asked.stderr)
      assert.include(asked.shown, "The client secret (not shown)")
      assert.include(asked.stderr, "The client secret is not kept")
      for (const text of [asked.shown, asked.stdout, asked.stderr]) assert.notInclude(text, "marker")
    })
  )

  it.scopedLive("that is left with Ctrl-C ends with 130", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* runTyping(
        [
          "login",
          "--token-endpoint",
          "https://login.example.com/token",
          "--client-id",
          "public",
          "--username",
          "alice"
        ],
        { input: "mark\u0003", env: [["HOME", yield* newHome]] }
      )
      assert.deepStrictEqual([code, stdout], [ExitCode.interrupted, ""])
    })
  )

  it.scopedLive("is not shown to what is no terminal", () =>
    Effect.gen(function* () {
      const { code, shown, stderr } = yield* runTyping(
        [
          "login",
          "--token-endpoint",
          "https://login.example.com/token",
          "--client-id",
          "public",
          "--username",
          "alice"
        ],
        { input: "x\r", isTTY: false, env: [["HOME", yield* newHome]] }
      )
      assert.deepStrictEqual([code, shown], [ExitCode.usage, ""])
      assert.include(stderr, "no terminal to ask")
    })
  )

  it.scopedLive("takes no password from a terminal as the standard input", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* runTyping(
        [
          ...["login", "--token-endpoint", "https://login.example.com/token", "--client-id", "public"],
          ...["--username", "alice", "--password-stdin"]
        ],
        { input: "", env: [["HOME", yield* newHome]] }
      )
      assert.strictEqual(code, ExitCode.usage)
      assert.include(stderr, "would show the password")
    })
  )
})

describe("colours", () => {
  const wrong = (env: ReadonlyArray<readonly [string, string]>, isTTY: boolean, argv = ["nothing"]) =>
    Effect.map(runTyping(argv, { input: "", isTTY, env }), ({ stderr }) => stderr.includes("\u001b["))

  it.scopedLive("are for terminals, and not for those who do not want them", () =>
    Effect.gen(function* () {
      assert.isTrue(yield* wrong([], true))
      assert.isFalse(yield* wrong([], false))
      assert.isFalse(yield* wrong([["NO_COLOR", "1"]], true))
      assert.isFalse(yield* wrong([], true, ["nothing", "--json"]))
    })
  )
})

describe("the command line", () => {
  const argv = (...given: ReadonlyArray<string>) =>
    Either.match(Arguments.order(given), {
      onLeft: ({ message }) => message,
      onRight: (request) => (request._tag === "Run" ? request.argv : request._tag)
    })

  it("may have its options anywhere, in any of their forms", () => {
    const expected = [
      "call",
      "--profile",
      "work",
      "--json",
      "--header",
      "a: b",
      "--data",
      "x",
      "--",
      "GET",
      "/user"
    ]
    assert.deepStrictEqual(
      argv("call", "GET", "--profile=work", "/user", "--json", "-Ha: b", "-d", "x"),
      expected
    )
    assert.deepStrictEqual(
      argv("--profile", "work", "--json", "call", "-H", "a: b", "-dx", "GET", "/user"),
      expected
    )
    assert.deepStrictEqual(argv("profile", "--json", "set", "--scope=", "work"), [
      ...["profile", "set", "--json", "--scope", "", "--", "work"]
    ])
    assert.deepStrictEqual(argv("call", "--", "GET", "--json"), ["call", "--", "GET", "--json"])
    assert.deepStrictEqual(argv("token", "--profile", "--json"), ["token", "--profile", "--json"])
  })

  it("counts the last of an option that cannot be repeated, and all of one that can", () => {
    assert.deepStrictEqual(argv("token", "--scope", "a", "--scope", "b", "--json", "--json"), [
      ...["token", "--scope", "b", "--json"]
    ])
    assert.deepStrictEqual(argv("token", "--origin", "a", "--origin", "b"), [
      ...["token", "--origin", "a", "--origin", "b"]
    ])
  })

  it("says what is wrong with it, and no value", () => {
    assert.strictEqual(argv("token", "--scope"), "--scope is followed by SCOPE.")
    assert.strictEqual(argv("token", "--json=x"), "There is no option --json of token.")
    assert.strictEqual(argv("token", "--s3cr3t=marker"), "There is no such option of token.")
    assert.strictEqual(argv("login", "marker"), "login takes options only, and no password among them.")
    assert.strictEqual(argv("token", "--client-auth", "marker").toString().includes("marker"), false)
    assert.strictEqual(argv("mark3r"), "There is no such command.")
    assert.strictEqual(argv("call", "GET"), "call is followed by METHOD URL.")
  })

  it("is told of by the help: each option, its variable, each exit code", () => {
    assert.strictEqual(argv("profile", "set", "x", "-h"), "Help")
    for (const command of Object.values<Definitions.CommandDefinition>(Definitions.commands)) {
      const help = Help.of(command.name, version).join("\n")
      assert.include(Help.of("", version).join("\n"), `  ${command.name}`)
      for (const { environment, name } of [...command.options, ...command.settings]) {
        assert.match(help, new RegExp(`--${name}\\b`))
        if (environment !== undefined) assert.include(help, environment.split(",")[0] ?? "")
      }
      for (const [code, meaning] of ExitCode.meanings)
        assert.match(help, new RegExp(`^ +${code} +${meaning}`, "m"))
      for (const line of help.split("\n")) assert.isAtMost(line.length, 100)
    }
  })

  it.scopedLive("knows no other options than the parser", () =>
    Effect.gen(function* () {
      const env = [["HOME", yield* newHome]] as const
      for (const command of Object.values<Definitions.CommandDefinition>(Definitions.commands)) {
        const options = [...command.options, ...command.settings].flatMap(({ choices, name, value }) =>
          value === undefined ? [`--${name}`] : [`--${name}`, choices?.[0] ?? "1"]
        )
        const words = command.words.map(() => "x1")
        const argv = [...command.name.split(" "), ...options, ...words]
        const { code, stderr } = yield* runTyping(argv, { input: "", isTTY: false, env })
        assert.notMatch(stderr, /unknown argument|Expected|not recognized/i, command.name)
        assert.notStrictEqual(code, ExitCode.defect, stderr)
      }
    })
  )
})

describe("the completions", () => {
  const script = (shell: string) =>
    Effect.map(runTyping(["--completions", shell], { input: "" }), ({ stdout }) => stdout)

  it.scopedLive("work in bash", () =>
    Effect.gen(function* () {
      const bash = yield* script("bash")
      const complete = (...words: ReadonlyArray<string>) =>
        execFileSync("bash", [
          "-c",
          `${bash}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _effect_oauth; echo "\${COMPREPLY[*]}"`,
          "bash",
          "effect-oauth",
          ...words
        ])
          .toString()
          .trim()
      assert.strictEqual(complete("lo"), "login logout")
      assert.strictEqual(complete("--profile", "x", "tok"), "token")
      assert.strictEqual(complete("profile", "s"), "show set")
      assert.strictEqual(complete("profile", "set", "--unset", "sc"), "scope")
      assert.strictEqual(complete("login", "--client-auth", "n"), "none")
      assert.strictEqual(complete("token", "--js"), "--json")
      assert.include(complete("call", "-"), "--header -H")
    })
  )

  it.scopedLive("are there for zsh and fish", () =>
    Effect.gen(function* () {
      assert.include(yield* script("zsh"), "bashcompinit")
      const fish = yield* script("fish")
      assert.include(fish, "-a login -d 'Begin a session with a password, or in a browser.'")
      assert.include(fish, "__fish_seen_subcommand_from profile; and __fish_seen_subcommand_from set")
      assert.include((yield* runTyping(["--completions", "csh"], { input: "" })).stderr, "bash, zsh, fish")
    })
  )
})

describe("Store", () => {
  const parse = (store: string) =>
    Effect.either(Effect.provide(Store.make("p", store, { migrate: false }), NodePath.layer))

  it.scopedLive("is named by a URL, of which nothing secret is shown", () =>
    Effect.gen(function* () {
      for (const [store, shown] of [
        ["file:///srv/a%20b.json", "file:/srv/a b.json"],
        ["file:/srv/a.json", "file:/srv/a.json"],
        ["FILE:relative.json", `file:${process.cwd()}/relative.json`],
        ["sqlite:/srv/a.db", "sqlite:/srv/a.db"],
        [
          "postgres://app:marker@db.example.com:5432/app?sslpassword=marker",
          "postgres://app@db.example.com:5432/app"
        ],
        ["postgresql://db.example.com/app", "postgresql://db.example.com/app"],
        ["libsql://db.example.com?authToken=marker", "libsql://db.example.com"],
        ["rediss://:marker@redis.example.com/0", "rediss://redis.example.com/0"]
      ] as const) {
        const made = yield* parse(store)
        assert.strictEqual(Either.getOrThrow(made).shown, shown)
      }
    })
  )

  it.scopedLive("of another kind is refused without being repeated", () =>
    Effect.gen(function* () {
      for (const store of [
        "mongodb://a:marker@host",
        "marker",
        "/marker",
        "postgres:marker",
        "redis://",
        "file://host/marker"
      ]) {
        const refused = yield* Effect.flip(Effect.flatten(parse(store)))
        assert.strictEqual(refused._tag, "UsageError")
        assert.notInclude(refused.message + refused.hint, "marker")
      }
    })
  )

  it("may be kept where it holds no secret", () => {
    assert.deepStrictEqual(
      ["postgres://app@db/app", "redis://db", "file:/a", "libsql://db?tls=1"].map(Store.holdsSecret),
      [false, false, false, false]
    )
    assert.deepStrictEqual(
      ["postgres://app:x@db/app", "libsql://db?authToken=x", "postgres://db/a?password=x"].map(
        Store.holdsSecret
      ),
      [true, true, true]
    )
  })
})

describe("the version", () => {
  it("is that of the manifest", () => {
    const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"))
    assert.strictEqual(version, manifest.version)
  })
})

describe("an interruption", () => {
  it.scopedLive("is none of the exit codes of the run", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(
        runTyping(
          [
            "login",
            "--token-endpoint",
            "https://login.example.com/token",
            "--client-id",
            "public",
            "--username",
            "a"
          ],
          {
            input: "",
            env: [["HOME", yield* newHome]]
          }
        )
      )
      yield* Effect.sleep("100 millis")
      const exit = yield* Fiber.interrupt(fiber)
      assert.strictEqual(exit._tag, "Failure")
    })
  )
})
