import * as Command from "@effect/cli/Command"
import * as TokenManager from "@effect-oauth/client/TokenManager"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as ConfigFile from "../ConfigFile.js"
import * as Credentials from "../Credentials.js"
import * as Definitions from "../Definitions.js"
import { left, lifetimeOf } from "../lifetime.js"
import { Output } from "../Output.js"
import * as Options from "../options.js"
import type { Profile } from "../Profile.js"
import * as Session from "../Session.js"
import * as Settings from "../Settings.js"
import * as Store from "../Store.js"

const options = {
  passwordStdin: Options.flag(Definitions.login.passwordStdin),
  saveSecrets: Options.flag(Definitions.login.saveSecrets)
}

/** What of a login is kept in the profile. */
const kept = (settings: Settings.Settings, saveSecrets: boolean): Profile => ({
  ...Option.getOrElse(settings.stored, (): Profile => ({})),
  ...settings.given,
  ...(saveSecrets &&
    Option.isSome(settings.clientSecret) && { clientSecret: Redacted.value(settings.clientSecret.value) })
})

/** Begins a session with a password, and keeps the options in the profile. */
export const login = Command.make(
  "login",
  { ...options, ...Options.common, ...Options.settings },
  (options) =>
    Effect.gen(function* () {
      const output = yield* Output
      const resolved = yield* Settings.resolve(options)
      yield* Store.checkKept(resolved.given.store ?? "", options.saveSecrets)
      yield* Session.check(resolved)
      const settings = yield* Credentials.complete(resolved)
      const password = yield* Credentials.password(options.passwordStdin, settings.profile.username)
      const { name, profile } = settings
      yield* Effect.gen(function* () {
        const { store } = yield* Session.Session
        const manager = yield* TokenManager.TokenManager
        const token = yield* manager.fetchToken({
          grant: Session.passwordGrant(profile.username, password, profile.scope)
        })
        if (options.saveSecrets || Object.keys(settings.given).length > 0) {
          yield* ConfigFile.update(settings.file, (configuration) => ({
            ...configuration,
            profiles: { ...configuration.profiles, [name]: kept(settings, options.saveSecrets) }
          }))
        }
        const lifetime = yield* lifetimeOf(token)
        const isRefreshable = Option.isSome(token.refreshToken)
        if (!isRefreshable) {
          yield* output.notice(
            "The server gave no refresh token: the session ends with this token. Many servers give one for the scope offline_access."
          )
        }
        if (
          Session.methodOf(settings) !== "none" &&
          (yield* Credentials.isForgotten(settings, options.saveSecrets))
        ) {
          yield* output.notice(
            `The client secret is not kept, and is needed to refresh: set ${Session.secretVariable(settings)}, or log in with --save-secrets.`
          )
        }
        yield* output.result(
          [
            `Logged in as ${profile.username} with the profile ${name}: the token is valid ${left(lifetime)}.`
          ],
          {
            profile: name,
            username: profile.username,
            ...lifetime,
            refreshable: isRefreshable,
            scope: Option.getOrNull(token.scope),
            store: store.shown
          }
        )
      }).pipe((program) => Session.use(settings, { migrate: true }, program))
    })
).pipe(Command.withDescription(Definitions.commands.login.summary))
