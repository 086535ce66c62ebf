import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"

/** The value of a variable of the environment; an empty one is none. */
export const variable = (name: string): Effect.Effect<Option.Option<string>> =>
  Config.string(name).pipe(Effect.option, Effect.map(Option.filter((value) => value !== "")))

/** The secret that a variable of the environment holds. */
export const secret = (name: string): Effect.Effect<Option.Option<Redacted.Redacted<string>>> =>
  Effect.flatMap(
    variable(name),
    Option.match({
      onNone: () => Effect.succeedNone,
      onSome: () => Effect.option(Config.redacted(name))
    })
  )

const untrue = new Set(["0", "false", "no", "off"])

/** Whether a variable of the environment is set to what is not a no. */
export const flag = (name: string): Effect.Effect<boolean> =>
  Effect.map(
    variable(name),
    Option.exists((value) => !untrue.has(value.toLowerCase()))
  )
