import * as Command from "@effect/cli/Command"
import * as TokenManager from "@effect-oauth/client/TokenManager"
import * as TokenStore from "@effect-oauth/client/TokenStore"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Definitions from "../Definitions.js"
import { MissingSecret, usage } from "../Failure.js"
import { Output } from "../Output.js"
import * as Options from "../options.js"
import * as Session from "../Session.js"
import * as Settings from "../Settings.js"

const options = { local: Options.flag(Definitions.logout.local) }

/** Ends the session at the server, then removes it. */
export const logout = Command.make(
  "logout",
  { ...options, ...Options.common, ...Options.settings },
  (options) =>
    Effect.gen(function* () {
      const settings = yield* Settings.resolve(options)
      const output = yield* Output
      yield* Effect.gen(function* () {
        const { key } = yield* Session.Session
        const store = yield* TokenStore.TokenStore
        const { token } = yield* store.read(key)
        const wasLoggedIn = Option.isSome(token)
        const canRevoke = settings.profile.revocationEndpoint !== undefined
        if (wasLoggedIn && options.local) {
          yield* store.modify(key, () => Effect.succeed([undefined, Option.none()] as const))
        } else if (wasLoggedIn) {
          yield* Effect.flatMap(TokenManager.TokenManager, ({ logout }) => logout)
          if (!canRevoke) {
            yield* output.notice(
              "The profile names no revocation endpoint, so the server was not told: its tokens live until they expire."
            )
          }
        }
        const revoked = wasLoggedIn && canRevoke && !options.local
        yield* output.result(
          [
            wasLoggedIn
              ? revoked
                ? "Logged out: the tokens are revoked and removed."
                : "Logged out: the tokens are removed."
              : `Not logged in with the profile ${settings.name}: nothing to do.`
          ],
          { profile: settings.name, wasLoggedIn, revoked }
        )
      }).pipe(
        Effect.catchIf(
          (error) => error instanceof MissingSecret,
          ({ message }) =>
            Effect.fail(usage(message, "Or only remove what is stored: effect-oauth logout --local"))
        ),
        (program) => Session.use(settings, {}, program)
      )
    })
).pipe(Command.withDescription(Definitions.commands.logout.summary))
