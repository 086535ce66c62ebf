import { homedir } from "node:os"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { variable } from "./Environment.js"

const folder = (
  variables: { readonly windows: string; readonly xdg: string },
  otherwise: { readonly windows: string; readonly xdg: string }
): Effect.Effect<string, never, Path.Path> =>
  Effect.gen(function* () {
    const { isAbsolute, join } = yield* Path.Path
    const home = Option.getOrElse(yield* variable("HOME"), homedir)
    switch (process.platform) {
      case "darwin":
        return join(home, "Library", "Application Support", "effect-oauth")
      case "win32":
        return join(
          Option.getOrElse(yield* variable(variables.windows), () => join(homedir(), otherwise.windows)),
          "effect-oauth"
        )
      default: {
        // What is not absolute is to be ignored, says the specification of these variables.
        const named = Option.filter(yield* variable(variables.xdg), isAbsolute)
        return join(
          Option.getOrElse(named, () => join(home, otherwise.xdg)),
          "effect-oauth"
        )
      }
    }
  })

/** Where the configuration is, if nothing else is said. */
export const configFile: Effect.Effect<string, never, Path.Path> = Effect.flatMap(Path.Path, ({ join }) =>
  Effect.map(
    folder({ windows: "APPDATA", xdg: "XDG_CONFIG_HOME" }, { windows: "AppData\\Roaming", xdg: ".config" }),
    (path) => join(path, "config.json")
  )
)

/** Where the session of a profile is, if nothing else is said. */
export const sessionFile = (profile: string): Effect.Effect<string, never, Path.Path> =>
  Effect.flatMap(Path.Path, ({ join }) =>
    Effect.map(
      folder(
        { windows: "LOCALAPPDATA", xdg: "XDG_STATE_HOME" },
        { windows: "AppData\\Local", xdg: ".local/state" }
      ),
      (path) => join(path, "sessions", `${profile}.json`)
    )
  )
