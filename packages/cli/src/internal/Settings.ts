import type * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as ConfigFile from "./ConfigFile.js"
import { secret, variable } from "./Environment.js"
import { config, type UsageError, usage } from "./Failure.js"
import type { Output } from "./Output.js"
import * as Places from "./Places.js"
import { type Configuration, isName, type Method, methods, type Profile } from "./Profile.js"

export interface CommonOptions {
  readonly profile: Option.Option<string>
  readonly config: Option.Option<string>
  readonly json: boolean
}

export interface SettingOptions {
  readonly tokenEndpoint: Option.Option<string>
  readonly revocationEndpoint: Option.Option<string>
  readonly authorizationEndpoint: Option.Option<string>
  readonly issuer: Option.Option<string>
  readonly redirectUri: Option.Option<string>
  readonly clientId: Option.Option<string>
  readonly clientAuthentication: Option.Option<Method>
  readonly clientSecretEnv: Option.Option<string>
  readonly username: Option.Option<string>
  readonly scope: Option.Option<string>
  readonly origins: ReadonlyArray<string>
  readonly insecureOrigins: ReadonlyArray<string>
  readonly store: Option.Option<string>
  readonly key: Option.Option<string>
  readonly timeout: Option.Option<string>
}

/** Where the configuration is, what it says, and which profile is meant. */
export interface Selection {
  readonly file: string
  readonly configuration: Configuration
  readonly name: string
  /** What the file says of it. */
  readonly stored: Option.Option<Profile>
}

/** A profile as it counts now: options before the environment before the file. */
export interface Settings extends Selection {
  /** What was said by options alone. */
  readonly given: Profile
  readonly profile: Profile
  /** From the environment, or else from the file. */
  readonly clientSecret: Option.Option<Redacted.Redacted<string>>
}

export const checkName = (name: string): Effect.Effect<string, UsageError> =>
  isName(name)
    ? Effect.succeed(name)
    : Effect.fail(
        usage(
          "That is not a name for a profile.",
          "Use letters, digits, dots, dashes and underscores, at most 64, a letter or digit first."
        )
      )

const configPath = (options: Pick<CommonOptions, "config">) =>
  Effect.gen(function* () {
    const { resolve } = yield* Path.Path
    const path = Option.isSome(options.config) ? options.config : yield* variable("EFFECT_OAUTH_CONFIG")
    return Option.isSome(path) ? resolve(path.value) : yield* Places.configFile
  })

export const select = (
  options: CommonOptions
): Effect.Effect<Selection, UsageError, FileSystem.FileSystem | Path.Path | Output> =>
  Effect.gen(function* () {
    const file = yield* configPath(options)
    const configuration = yield* ConfigFile.read(file)
    const named = Option.isSome(options.profile) ? options.profile : yield* variable("EFFECT_OAUTH_PROFILE")
    const name = Option.getOrElse(named, () => configuration.defaultProfile ?? "default")
    yield* checkName(name)
    const { profiles } = configuration
    const stored = Object.hasOwn(profiles, name) ? Option.fromNullable(profiles[name]) : Option.none()
    return { file, configuration, name, stored }
  })

const words = (value: string): ReadonlyArray<string> => value.split(/[\s,]+/).filter((word) => word !== "")

const fromEnvironment: Effect.Effect<Profile, UsageError> = Effect.gen(function* () {
  const method = yield* variable("EFFECT_OAUTH_CLIENT_AUTH")
  const known = Option.flatMapNullable(method, (name) => methods.find((one) => one === name))
  if (Option.isSome(method) && Option.isNone(known)) {
    return yield* config(`EFFECT_OAUTH_CLIENT_AUTH is none of ${methods.join(", ")}.`)
  }
  return yield* compact({
    tokenEndpoint: yield* variable("EFFECT_OAUTH_TOKEN_ENDPOINT"),
    revocationEndpoint: yield* variable("EFFECT_OAUTH_REVOCATION_ENDPOINT"),
    authorizationEndpoint: yield* variable("EFFECT_OAUTH_AUTHORIZATION_ENDPOINT"),
    issuer: yield* variable("EFFECT_OAUTH_ISSUER"),
    redirectUri: yield* variable("EFFECT_OAUTH_REDIRECT_URI"),
    clientId: yield* variable("EFFECT_OAUTH_CLIENT_ID"),
    clientAuthentication: known,
    clientSecretEnv: yield* variable("EFFECT_OAUTH_CLIENT_SECRET_ENV"),
    username: yield* variable("EFFECT_OAUTH_USERNAME"),
    scope: yield* variable("EFFECT_OAUTH_SCOPE"),
    origins: Option.getOrElse(Option.map(yield* variable("EFFECT_OAUTH_ORIGINS"), words), () => []),
    insecureOrigins: Option.getOrElse(
      Option.map(yield* variable("EFFECT_OAUTH_INSECURE_ORIGINS"), words),
      () => []
    ),
    store: yield* variable("EFFECT_OAUTH_STORE"),
    key: yield* variable("EFFECT_OAUTH_KEY"),
    timeout: yield* variable("EFFECT_OAUTH_TIMEOUT")
  })
})

/** What was said, without what was not. */
const compact = (options: SettingOptions): Effect.Effect<Profile, UsageError> => {
  const timeout = Option.map(options.timeout, Number)
  if (Option.exists(timeout, (seconds) => !(seconds > 0 && seconds < 86_400))) {
    return Effect.fail(usage("The timeout is not a number of seconds above 0.", "Give it as in --timeout 10"))
  }
  return Effect.succeed({
    ...(Option.isSome(options.tokenEndpoint) && { tokenEndpoint: options.tokenEndpoint.value }),
    ...(Option.isSome(options.revocationEndpoint) && {
      revocationEndpoint: options.revocationEndpoint.value
    }),
    ...(Option.isSome(options.authorizationEndpoint) && {
      authorizationEndpoint: options.authorizationEndpoint.value
    }),
    ...(Option.isSome(options.issuer) && { issuer: options.issuer.value }),
    ...(Option.isSome(options.redirectUri) && { redirectUri: options.redirectUri.value }),
    ...(Option.isSome(options.clientId) && { clientId: options.clientId.value }),
    ...(Option.isSome(options.clientAuthentication) && {
      clientAuthentication: options.clientAuthentication.value
    }),
    ...(Option.isSome(options.clientSecretEnv) && { clientSecretEnv: options.clientSecretEnv.value }),
    ...(Option.isSome(options.username) && { username: options.username.value }),
    ...(Option.isSome(options.scope) && { scope: options.scope.value }),
    ...(options.origins.length > 0 && { origins: options.origins }),
    ...(options.insecureOrigins.length > 0 && { insecureOrigins: options.insecureOrigins }),
    ...(Option.isSome(options.store) && { store: options.store.value }),
    ...(Option.isSome(options.key) && { key: options.key.value }),
    ...(Option.isSome(timeout) && { timeout: timeout.value })
  })
}

/** What the options say, as it can be kept: a file is named from the root. */
export const given = (options: SettingOptions): Effect.Effect<Profile, UsageError, Path.Path> =>
  Effect.gen(function* () {
    const { resolve } = yield* Path.Path
    const profile = yield* compact(options)
    const relative = /^(file|sqlite):(?!\/\/|~\/)(.+)$/.exec(profile.store ?? "")
    return relative === null ? profile : { ...profile, store: `${relative[1]}:${resolve(relative[2] ?? "")}` }
  })

export const resolve = (
  options: CommonOptions & SettingOptions
): Effect.Effect<Settings, UsageError, FileSystem.FileSystem | Path.Path | Output> =>
  Effect.gen(function* () {
    const selection = yield* select(options)
    const said = yield* given(options)
    const stored = Option.getOrElse(selection.stored, (): Profile => ({}))
    const profile: Profile = { ...stored, ...(yield* fromEnvironment), ...said }
    const inEnvironment = yield* secret("EFFECT_OAUTH_CLIENT_SECRET")
    const named =
      profile.clientSecretEnv === undefined ? Option.none() : yield* secret(profile.clientSecretEnv)
    const kept = Option.map(Option.fromNullable(stored.clientSecret), (value) => Redacted.make(value))
    return {
      ...selection,
      given: said,
      profile,
      clientSecret: (said.clientSecretEnv === undefined
        ? Option.orElse(inEnvironment, () => named)
        : Option.orElse(named, () => inEnvironment)
      ).pipe(Option.orElse(() => kept))
    }
  })
