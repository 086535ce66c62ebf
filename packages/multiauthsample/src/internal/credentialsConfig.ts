import * as Arr from "effect/Array"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Either from "effect/Either"

interface Way<Name> {
  readonly needs: ReadonlyArray<Name>
  readonly allows?: ReadonlyArray<Name> | undefined
}

/** Whether the fields that are there are those of one of the ways to make credentials. */
export const isEnough = <Name extends string>(
  fields: { readonly [N in Name]: unknown },
  ways: ReadonlyArray<Way<Name>>
): boolean => {
  const present = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [name]))
  return ways.some(({ allows = [], needs }) => {
    const possible: ReadonlyArray<string> = [...needs, ...allows]
    return (
      needs.every((name) => fields[name] !== undefined) && present.every((name) => possible.includes(name))
    )
  })
}

/** Credentials that are there with all that they need, or not at all. */
interface CredentialsConfig<A> {
  /** They have to be there. */
  readonly required: Config.Config<A>
  /** Without any of their variables there are none. */
  readonly optional: Config.Config<A | undefined>
}

const missing = (variables: Arr.NonEmptyReadonlyArray<string>): ConfigError.ConfigError =>
  Arr.map(variables, (variable) =>
    ConfigError.MissingData([variable], `Expected ${variable} to be there, and not to be empty`)
  ).reduce((one, other) => ConfigError.And(one, other))

export const credentialsConfig = <
  Name extends string,
  Fields extends { readonly [N in Name]: unknown },
  A
>(options: {
  readonly variables: { readonly [N in Name]: string }
  readonly read: Config.Config<Fields>
  /** The credentials, unless the fields are not enough. */
  readonly make: (fields: Fields) => A | undefined
  /** The fields that make it enough. */
  readonly needed: Arr.NonEmptyReadonlyArray<Name>
}): CredentialsConfig<A> => {
  const complete = (fields: Fields): Either.Either<A, ConfigError.ConfigError> => {
    const made = options.make(fields)
    if (made !== undefined) return Either.right(made)
    const absent = options.needed.filter((name) => fields[name] === undefined)
    return Either.left(
      missing(
        Arr.map(
          Arr.isNonEmptyReadonlyArray(absent) ? absent : options.needed,
          (name) => options.variables[name]
        )
      )
    )
  }
  return {
    required: Config.mapOrFail(options.read, complete),
    optional: Config.mapOrFail(options.read, (fields) =>
      Object.values(fields).every((value) => value === undefined) ? Either.right(undefined) : complete(fields)
    )
  }
}
