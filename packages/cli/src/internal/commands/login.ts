import * as Command from "@effect/cli/Command"
import * as TokenManager from "@effect-oauth/client/TokenManager"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as ConfigFile from "../ConfigFile.js"
import * as Credentials from "../Credentials.js"
import * as Definitions from "../Definitions.js"
import { type UsageError, usage } from "../Failure.js"
import { left, lifetimeOf } from "../lifetime.js"
import { Output } from "../Output.js"
import * as Options from "../options.js"
import type { Profile } from "../Profile.js"
import * as Session from "../Session.js"
import * as Settings from "../Settings.js"
import * as Store from "../Store.js"

const options = {
  browser: Options.flag(Definitions.login.browser),
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

const isInBrowser = (
  options: { readonly browser: boolean; readonly passwordStdin: boolean },
  { authorizationEndpoint, username }: Profile
): boolean =>
  options.browser || (authorizationEndpoint !== undefined && username === undefined && !options.passwordStdin)

/** Sessions that have no name of their own are kept apart by where they are. */
const checkNamed = ({ key, username }: Profile): Effect.Effect<void, UsageError, Session.Session> =>
  Effect.flatMap(Session.Session, ({ store }) =>
    store.place.kind === "file" || key !== undefined || username !== undefined
      ? Effect.void
      : usage(
          "Nobody says whose session it is, and others may have theirs in that store.",
          "Add --username NAME, or --key KEY."
        )
  )

const withPassword = (resolved: Settings.Settings, fromStdin: boolean) =>
  Effect.gen(function* () {
    const settings = yield* Credentials.complete(resolved)
    const { scope, username } = settings.profile
    const password = yield* Credentials.password(fromStdin, username)
    return { settings, grant: Effect.succeed(Session.passwordGrant(username, password, scope)) }
  })

const throughBrowser = (resolved: Settings.Settings) =>
  Effect.map(Credentials.withClientSecret(resolved), (settings) => ({
    settings,
    grant: Effect.gen(function* () {
      yield* checkNamed(settings.profile)
      // Who logs in with a password does not wait for a server to load.
      const { authorize } = yield* Effect.promise(() => import("../browserLogin.js"))
      return yield* authorize(settings)
    })
  }))

/** Begins a session, and keeps the options in the profile. */
export const login = Command.make(
  "login",
  { ...options, ...Options.common, ...Options.settings },
  (options) =>
    Effect.gen(function* () {
      const output = yield* Output
      const resolved = yield* Settings.resolve(options)
      yield* Store.checkKept(resolved.given.store ?? "", options.saveSecrets)
      yield* Session.check(resolved)
      if (options.browser && options.passwordStdin) {
        return yield* usage("A login in a browser takes no password.", "Leave out --password-stdin.")
      }
      const { grant, settings } = isInBrowser(options, resolved.profile)
        ? yield* throughBrowser(resolved)
        : yield* withPassword(resolved, options.passwordStdin)
      const { name, profile } = settings
      yield* Effect.gen(function* () {
        const { store } = yield* Session.Session
        const manager = yield* TokenManager.TokenManager
        const token = yield* manager.fetchToken({ grant: yield* grant })
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
            `Logged in${profile.username === undefined ? "" : ` as ${profile.username}`} with the profile ${name}: the token is valid ${left(lifetime)}.`
          ],
          {
            profile: name,
            username: profile.username ?? null,
            ...lifetime,
            refreshable: isRefreshable,
            scope: Option.getOrNull(token.scope),
            store: store.shown
          }
        )
      }).pipe((program) => Session.use(settings, { migrate: true }, program))
    })
).pipe(Command.withDescription(Definitions.commands.login.summary))
