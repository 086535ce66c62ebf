import { assert, describe, it } from "@effect/vitest"
import { Arguments, Fixtures } from "@effect-oauth/sample-server"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"

const parse = (argv: ReadonlyArray<string>, environment: Readonly<Record<string, string>> = {}) => {
  const parsed = Either.getOrThrowWith(Arguments.parse(argv, environment), (problem) => new Error(problem))
  if (parsed === "Help") throw new Error("help")
  const { fixtures, ...rest } = parsed
  return {
    ...rest,
    fixtures: Object.fromEntries(
      Object.entries(fixtures).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, Redacted.isRedacted(value) ? Redacted.value(value) : value]]
      )
    )
  }
}

const defaults = {
  port: 3000,
  host: "localhost",
  quiet: false,
  accessTokenLifetime: undefined,
  redirectUris: [],
  fixtures: {}
}

describe("the arguments", () => {
  it("are optional, and then those of the TESTING environment", () => {
    assert.deepStrictEqual(parse([]), defaults)
    assert.deepStrictEqual(parse([], { SAMPLE_SERVER_PORT: "", SAMPLE_SERVER_PASSWORD: "" }), defaults)
  })

  const settings = [
    ["client-id", "clientId"],
    ["client-secret", "clientSecret"],
    ["username", "username"],
    ["password", "password"],
    ["authorization-code", "authorizationCode"],
    ["bearer-token", "bearerToken"],
    ["basic-username", "basicUsername"],
    ["basic-password", "basicPassword"],
    ["token", "token"],
    ["api-key", "apiKey"]
  ] as const

  it("name every fixture, on the command line and in the environment, where the command line wins", () => {
    assert.sameMembers(
      settings.map(([, name]) => name),
      Object.keys(Fixtures.defaults)
    )
    for (const [option, name] of settings) {
      const variable = `SAMPLE_SERVER_${option.toUpperCase().replaceAll("-", "_")}`
      assert.deepStrictEqual(parse([`--${option}`, "a b"]).fixtures, { [name]: "a b" })
      assert.deepStrictEqual(parse([], { [variable]: "c d" }).fixtures, { [name]: "c d" })
      assert.deepStrictEqual(parse([`--${option}=a b`], { [variable]: "c d" }).fixtures, { [name]: "a b" })
      assert.include(Arguments.usage, `--${option}`)
    }
  })

  it("say where, how long and how loud", () => {
    const argv = ["--port", "0", "--host=0.0.0.0", "--quiet", "--access-token-lifetime", "5"]
    const uris = ["--redirect-uri", "https://a.example/", "--redirect-uri", "https://b.example/"]
    const { accessTokenLifetime, ...rest } = parse([...argv, ...uris])
    assert.deepStrictEqual(accessTokenLifetime, Duration.seconds(5))
    const redirectUris = ["https://a.example/", "https://b.example/"]
    assert.deepStrictEqual(rest, { port: 0, host: "0.0.0.0", quiet: true, redirectUris, fixtures: {} })
    const environment = {
      SAMPLE_SERVER_PORT: "3001",
      SAMPLE_SERVER_HOST: "::1",
      SAMPLE_SERVER_REDIRECT_URI: "https://a.example/ https://b.example/"
    }
    assert.deepInclude(parse([], environment), { port: 3001, host: "::1", redirectUris })
  })

  it("that are wrong are named, and what was meant", () => {
    const problem = (...argv: ReadonlyArray<string>) =>
      Either.getOrElse(Either.flip(Arguments.parse(argv, {})), () => "none")
    for (const port of ["65536", "-1", "http", "1.5", "0x10", ""]) {
      assert.strictEqual(
        problem(`--port=${port}`),
        `--port is "${port}"; it has to be a whole number from 0 to 65535.`
      )
    }
    assert.match(problem("--access-token-lifetime", "0"), /from 1 to 31536000/)
    assert.match(problem("--prot", "1"), /--prot/)
    assert.match(problem("--port"), /--port/)
    assert.match(problem("more"), /more/)
  })

  it("ask for help", () => {
    for (const argv of [["--help"], ["-h"], ["--port", "wrong", "--help"]]) {
      assert.deepStrictEqual(Arguments.parse(argv, {}), Either.right("Help"))
    }
  })
})
