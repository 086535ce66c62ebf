import * as Prompt from "@effect/cli/Prompt"
import * as Terminal from "@effect/platform/Terminal"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { secret } from "./Environment.js"
import { type UsageError, usage } from "./Failure.js"
import type { Profile } from "./Profile.js"
import * as Session from "./Session.js"
import type { Settings } from "./Settings.js"
import { StandardInput } from "./StandardInput.js"

/** Settings that name the user. */
export interface Named extends Settings {
  readonly profile: Profile & { readonly username: string }
}

const isInteractive: Effect.Effect<boolean, never, StandardInput | Terminal.Terminal> = Effect.gen(
  function* () {
    const { isTTY } = yield* StandardInput
    const terminal = yield* Terminal.Terminal
    return isTTY && (yield* terminal.isTTY)
  }
)

const ask = (
  what: string,
  instead: string
): Effect.Effect<
  Redacted.Redacted<string>,
  UsageError | Terminal.QuitException,
  StandardInput | Prompt.Prompt.Environment
> =>
  Effect.gen(function* () {
    if (!(yield* isInteractive)) {
      return yield* usage(`There is no ${what}, and no terminal to ask for it.`, instead)
    }
    return yield* Prompt.run(
      Prompt.hidden({
        message: `The ${what} (not shown)`,
        validate: (text) => (text === "" ? Effect.fail(`The ${what} is empty.`) : Effect.succeed(text))
      })
    )
  })

/** The user's password: from the standard input, the environment, or whoever sits there. */
export const password = (
  fromStdin: boolean,
  username: string
): Effect.Effect<
  Redacted.Redacted<string>,
  UsageError | Terminal.QuitException,
  StandardInput | Prompt.Prompt.Environment
> =>
  Effect.gen(function* () {
    if (fromStdin) {
      const stdin = yield* StandardInput
      if (stdin.isTTY) {
        return yield* usage(
          "The standard input is a terminal, which would show the password.",
          "Leave out --password-stdin to be asked for it, or pipe it in."
        )
      }
      const text = new TextDecoder().decode(yield* stdin.read).replace(/\r?\n$/, "")
      if (text === "") return yield* usage("The standard input holds no password.", "Pipe it in.")
      return Redacted.make(text)
    }
    const inEnvironment = yield* secret("EFFECT_OAUTH_PASSWORD")
    return Option.isSome(inEnvironment)
      ? inEnvironment.value
      : yield* ask(
          `password of ${username}`,
          "Pipe it in with --password-stdin, or set EFFECT_OAUTH_PASSWORD."
        )
  })

/** Asks for the client secret, if it is needed and nobody has said it. */
export const withClientSecret = <S extends Settings>(
  settings: S
): Effect.Effect<S, UsageError | Terminal.QuitException, StandardInput | Prompt.Prompt.Environment> =>
  Session.methodOf(settings) === "none" || Option.isSome(settings.clientSecret)
    ? Effect.succeed(settings)
    : Effect.map(
        ask("client secret", `Set ${Session.secretVariable(settings)} in the environment.`),
        (clientSecret) => ({ ...settings, clientSecret: Option.some(clientSecret) })
      )

/** Asks for what a login with a password needs and nobody has said. */
export const complete = (
  settings: Settings
): Effect.Effect<Named, UsageError | Terminal.QuitException, StandardInput | Prompt.Prompt.Environment> =>
  Effect.gen(function* () {
    let username = settings.profile.username
    if (username === undefined) {
      if (!(yield* isInteractive))
        return yield* usage("Nobody says whose session it is.", "Add --username NAME")
      username = yield* Prompt.run(
        Prompt.text({
          message: "User name",
          validate: (text) => (text === "" ? Effect.fail("The user name is empty.") : Effect.succeed(text))
        })
      )
    }
    return yield* withClientSecret({
      ...settings,
      given: settings.profile.username === undefined ? { ...settings.given, username } : settings.given,
      profile: { ...settings.profile, username }
    })
  })

/** Whether the next run will look for the client secret in vain. */
export const isForgotten = (settings: Settings, saveSecrets: boolean): Effect.Effect<boolean> =>
  saveSecrets || Option.exists(settings.stored, ({ clientSecret }) => clientSecret !== undefined)
    ? Effect.succeed(false)
    : Effect.map(
        Effect.all([
          secret("EFFECT_OAUTH_CLIENT_SECRET"),
          settings.profile.clientSecretEnv === undefined
            ? Effect.succeedNone
            : secret(settings.profile.clientSecretEnv)
        ]),
        (found) => found.every(Option.isNone)
      )
