import { OAuthToken } from "@effect-oauth/client"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

// What these read is `undefined` where the variable is absent or empty.

const optional = <A>(config: Config.Config<A>): Config.Config<A | undefined> =>
  Config.map(Config.option(config), Option.getOrUndefined)

export const text = (variable: string): Config.Config<string | undefined> =>
  optional(Config.nonEmptyString(variable))

export const secret = (variable: string): Config.Config<Redacted.Redacted<string> | undefined> =>
  optional(Config.redacted(Config.nonEmptyString(variable)))

/** The stored form of a token. */
export const token = (variable: string): Config.Config<OAuthToken.OAuthToken | undefined> =>
  optional(Schema.Config(variable, OAuthToken.StoredJson))

/** What a text stands for. If it stands for nothing, the error says what was expected, and not what was there. */
export const parsed = <A>(
  variable: string,
  expected: string,
  parse: (text: string) => Option.Option<A>
): Config.Config<A | undefined> =>
  optional(
    Config.mapOrFail(Config.nonEmptyString(variable), (value) =>
      Either.fromOption(parse(value), () =>
        ConfigError.InvalidData([], `Expected ${variable} to be ${expected}`)
      )
    )
  )

const split = (value: string): ReadonlyArray<string> => value.split(/[\s,]+/).filter((one) => one !== "")

/** Texts that are separated by spaces or commas. */
export const list = (variable: string): Config.Config<ReadonlyArray<string> | undefined> =>
  Config.map(text(variable), (value) => (value === undefined ? undefined : split(value)))

/** The same, of what each text stands for. */
export const parsedList = <A>(
  variable: string,
  expected: string,
  parse: (text: string) => Option.Option<A>
): Config.Config<ReadonlyArray<A> | undefined> =>
  parsed(variable, expected, (value) => Option.all(split(value).map(parse)))
