import { parseArgs } from "node:util"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { defaults, type SomeFixtures } from "./Fixtures.js"
import { port } from "./internal/ServedApi.js"

/** What the command is told. */
export interface Arguments {
  readonly port: number
  readonly host: string
  readonly quiet: boolean
  readonly accessTokenLifetime: Duration.Duration | undefined
  readonly redirectUris: ReadonlyArray<string>
  readonly fixtures: SomeFixtures
}

const shown = (fixture: string | Redacted.Redacted<string>): string =>
  typeof fixture === "string" ? fixture : Redacted.value(fixture)

export const usage = `Usage: npm run sample-server -- [options]

Serves the MultiAuth-Sample API on this machine until SIGINT (Ctrl+C) or SIGTERM. Then it lets nobody in any more,
answers what is under way, and ends with exit code 0.

  --port N                     the port; 0 is a free one (${port})
  --host ADDRESS               the address to listen on, such as 0.0.0.0 in a container (localhost: 127.0.0.1 and ::1)
  --access-token-lifetime S    how long the tokens of the grants are good, in seconds (3600)
  --redirect-uri URI           a redirect URI of the client, besides every one on this machine; any number of times
  --quiet                      no word about where the server is and what it is asked
  --help                       this text

What callers prove themselves with. The defaults are public:

  --client-id, --client-secret            the OAuth client (${shown(defaults.clientId)}, ${shown(defaults.clientSecret)})
  --username, --password                  the user, for the password grant and the login page (${shown(defaults.username)}, ${shown(defaults.password)})
  --authorization-code                    a code of the user's that is good again and again (${shown(defaults.authorizationCode)})
  --bearer-token                          the token of OAuthBearerToken (${shown(defaults.bearerToken)})
  --basic-username, --basic-password      basicAuth (${shown(defaults.basicUsername)}, ${shown(defaults.basicPassword)})
  --token, --api-key                      apiKey and apiHeader (${shown(defaults.token)}, ${shown(defaults.apiKey)})

Each option but the last two of the first list can also stand in the environment, where other processes do not see it:
--client-secret is SAMPLE_SERVER_CLIENT_SECRET, and so on. Redirect URIs are separated by spaces there.

Exit codes: 0 it was stopped, 1 it could not start, 2 the options are not right.
`

/** `Help`, the arguments, or what is wrong with them. An empty variable of the environment is none. */
export const parse = (
  argv: ReadonlyArray<string>,
  environment: Readonly<Record<string, string | undefined>>
): Either.Either<Arguments | "Help", string> =>
  Either.gen(function* () {
    const { values } = yield* Either.try({
      try: () => parseArgs({ args: [...argv], options }),
      catch: (cause) => (cause instanceof Error ? cause.message : String(cause))
    })
    if (values.help === true) return "Help"

    const variable = (name: string): string | undefined =>
      environment[`SAMPLE_SERVER_${name.toUpperCase().replaceAll("-", "_")}`] || undefined
    const text = (name: keyof typeof values & TextOption): string | undefined =>
      values[name] ?? variable(name)
    const secret = (name: keyof typeof values & TextOption): Redacted.Redacted<string> | undefined => {
      const value = text(name)
      return value === undefined ? undefined : Redacted.make(value)
    }
    const whole = (
      name: keyof typeof values & TextOption,
      lowest: number,
      highest: number
    ): Either.Either<number | undefined, string> => {
      const value = text(name)
      return value === undefined
        ? Either.right(undefined)
        : /^\d{1,9}$/.test(value) && Number(value) >= lowest && Number(value) <= highest
          ? Either.right(Number(value))
          : Either.left(`--${name} is "${value}"; it has to be a whole number from ${lowest} to ${highest}.`)
    }
    const seconds = yield* whole("access-token-lifetime", 1, 31_536_000)

    return {
      port: (yield* whole("port", 0, 65_535)) ?? port,
      host: text("host") ?? "localhost",
      quiet: values.quiet === true,
      accessTokenLifetime: seconds === undefined ? undefined : Duration.seconds(seconds),
      redirectUris: values["redirect-uri"] ?? variable("redirect-uri")?.split(" ") ?? [],
      fixtures: {
        clientId: text("client-id"),
        clientSecret: secret("client-secret"),
        username: text("username"),
        password: secret("password"),
        authorizationCode: secret("authorization-code"),
        bearerToken: secret("bearer-token"),
        basicUsername: text("basic-username"),
        basicPassword: secret("basic-password"),
        token: secret("token"),
        apiKey: secret("api-key")
      }
    }
  })

const one = { type: "string" } as const

const options = {
  port: one,
  host: one,
  "access-token-lifetime": one,
  "client-id": one,
  "client-secret": one,
  username: one,
  password: one,
  "authorization-code": one,
  "bearer-token": one,
  "basic-username": one,
  "basic-password": one,
  token: one,
  "api-key": one,
  "redirect-uri": { type: "string", multiple: true },
  quiet: { type: "boolean" },
  help: { type: "boolean", short: "h" }
} as const

type TextOption = Exclude<keyof typeof options, "help" | "quiet" | "redirect-uri">
