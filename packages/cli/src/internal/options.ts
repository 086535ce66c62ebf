import * as CliOptions from "@effect/cli/Options"
import type * as Option from "effect/Option"
import * as Definitions from "./Definitions.js"
import { type Method, methods } from "./Profile.js"

const described = <A>(
  option: CliOptions.Options<A>,
  definition: Definitions.Definition
): CliOptions.Options<A> => {
  const { alias, description, value } = definition
  const full = CliOptions.withDescription(option, description)
  const named = value === undefined ? full : CliOptions.withPseudoName(full, value)
  return alias === undefined ? named : CliOptions.withAlias(named, alias)
}

export const flag = (definition: Definitions.Definition): CliOptions.Options<boolean> =>
  described(CliOptions.boolean(definition.name), definition)

export const text = (definition: Definitions.Definition): CliOptions.Options<Option.Option<string>> =>
  CliOptions.optional(described(CliOptions.text(definition.name), definition))

export const texts = (definition: Definitions.Definition): CliOptions.Options<Array<string>> =>
  CliOptions.repeated(described(CliOptions.text(definition.name), definition))

export const choices = <A extends string>(
  definition: Definitions.Definition,
  values: ReadonlyArray<A>
): CliOptions.Options<Array<A>> =>
  CliOptions.repeated(described(CliOptions.choice(definition.name, values), definition))

const choice = (definition: Definitions.Definition): CliOptions.Options<Option.Option<Method>> =>
  CliOptions.optional(described(CliOptions.choice(definition.name, methods), definition))

/** What every command can be told. */
export const common = {
  profile: text(Definitions.common.profile),
  config: text(Definitions.common.config),
  json: flag(Definitions.common.json)
}

/** What a profile says. */
export const settings = {
  tokenEndpoint: text(Definitions.settings.tokenEndpoint),
  revocationEndpoint: text(Definitions.settings.revocationEndpoint),
  authorizationEndpoint: text(Definitions.settings.authorizationEndpoint),
  issuer: text(Definitions.settings.issuer),
  redirectUri: text(Definitions.settings.redirectUri),
  clientId: text(Definitions.settings.clientId),
  clientAuthentication: choice(Definitions.settings.clientAuthentication),
  clientSecretEnv: text(Definitions.settings.clientSecretEnv),
  username: text(Definitions.settings.username),
  scope: text(Definitions.settings.scope),
  origins: texts(Definitions.settings.origins),
  insecureOrigins: texts(Definitions.settings.insecureOrigins),
  store: text(Definitions.settings.store),
  key: text(Definitions.settings.key),
  timeout: text(Definitions.settings.timeout)
}
