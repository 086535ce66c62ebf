import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as TokenStore from "@effect-oauth/client/TokenStore"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import * as Redacted from "effect/Redacted"
import * as ConfigFile from "../ConfigFile.js"
import * as Definitions from "../Definitions.js"
import { secret } from "../Environment.js"
import { config, usage } from "../Failure.js"
import { Output } from "../Output.js"
import * as Options from "../options.js"
import { fields, type Profile } from "../Profile.js"
import * as Session from "../Session.js"
import * as Settings from "../Settings.js"
import * as Store from "../Store.js"

const name = Args.text({ name: "NAME" })

const optionalName = name.pipe(Args.optional)

// What `profile show NAME` means is also what `profile show --profile NAME` means.
const named = <A extends Settings.CommonOptions & { readonly name: Option.Option<string> }>(options: A) => ({
  ...options,
  profile: Option.orElse(options.name, () => options.profile)
})

/** A profile without what is secret in it. */
const shown = (profile: Profile): Effect.Effect<Readonly<Record<string, unknown>>> =>
  Effect.sync(() => {
    const { clientSecret, store, ...rest } = profile
    return {
      ...rest,
      ...(store !== undefined && { store: Store.holdsSecret(store) ? Store.withoutSecrets(store) : store }),
      ...(clientSecret !== undefined && { clientSecret: "(kept)" })
    }
  })

const inWords = (value: unknown): string => (Array.isArray(value) ? value.join(" ") : String(value))

const noSuch = (name: string, file: string) =>
  config(`There is no profile ${name} in ${file}.`, "effect-oauth profile list tells which there are.")

const list = Command.make("list", Options.common, (options) =>
  Effect.gen(function* () {
    const { configuration, file, name: current } = yield* Settings.select(options)
    const output = yield* Output
    const profiles = Object.entries(configuration.profiles).map(([name, { tokenEndpoint, username }]) => ({
      name,
      isCurrent: name === current,
      username: username ?? null,
      tokenEndpoint: tokenEndpoint ?? null
    }))
    if (profiles.length === 0) {
      yield* output.notice("There are no profiles. effect-oauth login makes one.")
    }
    yield* output.result(
      output.rows(
        profiles.map(({ isCurrent, name, tokenEndpoint, username }) => [
          `${isCurrent ? "*" : " "} ${name}`,
          [username, tokenEndpoint].filter((value) => value !== null).join(" at ")
        ])
      ),
      { file, current, profiles }
    )
  })
).pipe(Command.withDescription(Definitions.commands.profileList.summary))

const show = Command.make("show", { name: optionalName, ...Options.common }, (options) =>
  Effect.gen(function* () {
    const { file, name, stored } = yield* Settings.select(named(options))
    const output = yield* Output
    if (Option.isNone(stored)) return yield* noSuch(name, file)
    const profile = yield* shown(stored.value)
    yield* output.result(
      output.rows([
        ["profile", name],
        ["file", file],
        ...Object.entries(profile).map(([field, value]) => [field, inWords(value)] as const)
      ]),
      { name, file, profile }
    )
  })
).pipe(Command.withDescription(Definitions.commands.profileShow.summary))

const setOptions = {
  unset: Options.choices(Definitions.profileSet.unset, fields),
  saveSecrets: Options.flag(Definitions.profileSet.saveSecrets)
}

const without = (unset: ReadonlyArray<keyof Profile>, profile: Profile): Profile =>
  unset.reduce((rest, field) => {
    const { [field]: _, ...others } = rest
    return others
  }, profile)

const set = Command.make(
  "set",
  { name: optionalName, ...setOptions, ...Options.common, ...Options.settings },
  (options) =>
    Effect.gen(function* () {
      const { configuration, file, name, stored } = yield* Settings.select(named(options))
      const output = yield* Output
      const given = yield* Settings.given(options)
      if (given.store !== undefined) {
        yield* Store.parse(given.store)
        yield* Store.checkKept(given.store, options.saveSecrets)
      }
      const variable = given.clientSecretEnv ?? "EFFECT_OAUTH_CLIENT_SECRET"
      const clientSecret = options.saveSecrets ? yield* secret(variable) : Option.none()
      const before = Option.getOrElse(stored, (): Profile => ({}))
      const profile = without(options.unset, {
        ...before,
        ...given,
        ...(Option.isSome(clientSecret) && { clientSecret: Redacted.value(clientSecret.value) })
      })
      yield* ConfigFile.write(file, {
        ...configuration,
        profiles: { ...configuration.profiles, [name]: profile }
      })
      yield* output.result([`The profile ${name} is kept in ${file}.`], {
        name,
        file,
        profile: yield* shown(profile)
      })
    })
).pipe(Command.withDescription(Definitions.commands.profileSet.summary))

const use = Command.make("use", { name, ...Options.common }, (options) =>
  Effect.gen(function* () {
    const { file, name, stored } = yield* Settings.select({ ...options, profile: Option.some(options.name) })
    const output = yield* Output
    if (Option.isNone(stored)) return yield* noSuch(name, file)
    yield* ConfigFile.update(file, (configuration) => ({ ...configuration, defaultProfile: name }))
    yield* output.result([`The profile ${name} is used from now on.`], { name, file })
  })
).pipe(Command.withDescription(Definitions.commands.profileUse.summary))

const removeOptions = { force: Options.flag(Definitions.profileRemove.force) }

/** Whether the store of a profile holds its session; what cannot be read may be one. */
const hasSession = (selection: Settings.Selection & { readonly profile: Profile }) => {
  const { clientId, tokenEndpoint } = selection.profile
  if (clientId === undefined || tokenEndpoint === undefined) return Effect.succeed(false)
  return Effect.gen(function* () {
    const { key } = yield* Session.Session
    const { token } = yield* Effect.flatMap(TokenStore.TokenStore, ({ read }) => read(key))
    return Option.isSome(token)
  }).pipe(
    Effect.provide(Session.layer({ ...selection, given: {}, clientSecret: Option.none() }, {})),
    Effect.catchIf(
      (error) => error._tag === "TokenStoreError" && !error.isTransient,
      () => Effect.succeed(true)
    )
  )
}

const remove = Command.make("remove", { name, ...removeOptions, ...Options.common }, (options) =>
  Effect.gen(function* () {
    const selection = yield* Settings.select({ ...options, profile: Option.some(options.name) })
    const { configuration, file, name, stored } = selection
    const output = yield* Output
    if (Option.isNone(stored)) return yield* noSuch(name, file)
    if (!options.force && (yield* hasSession({ ...selection, profile: stored.value }))) {
      return yield* usage(
        `The session of the profile ${name} is still there, and without the profile it could not be ended.`,
        `Log out first: effect-oauth logout --profile ${name}; or add --force.`
      )
    }
    const { defaultProfile, profiles } = configuration
    yield* ConfigFile.write(file, {
      ...(defaultProfile !== undefined && defaultProfile !== name && { defaultProfile }),
      profiles: Record.remove(profiles, name)
    })
    yield* output.result([`The profile ${name} is removed.`], { name, file })
  })
).pipe(Command.withDescription(Definitions.commands.profileRemove.summary))

/** What is said once and kept. */
export const profile = Command.make("profile").pipe(
  Command.withDescription("List, show, make, change, choose and remove profiles."),
  Command.withSubcommands([list, show, set, use, remove])
)
