import * as Command from "@effect/cli/Command"
import * as OAuthToken from "@effect-oauth/client/OAuthToken"
import * as TokenStore from "@effect-oauth/client/TokenStore"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Definitions from "../Definitions.js"
import { LoginNeeded } from "../Failure.js"
import { type Lifetime, left, lifetimeOf } from "../lifetime.js"
import { Output } from "../Output.js"
import * as Options from "../options.js"
import * as Session from "../Session.js"
import * as Settings from "../Settings.js"

type State = "valid" | "expired" | "logged out"

const noLifetime: Lifetime = { expiresAt: null, expiresIn: null }

const stateInWords = (state: State, lifetime: Lifetime, isRefreshable: boolean): string => {
  switch (state) {
    case "valid":
      return `valid ${left(lifetime)}`
    case "expired":
      return isRefreshable ? "expired, and will be refreshed when it is needed" : "expired: log in"
    case "logged out":
      return "logged out"
  }
}

/** Tells the state of the session, without a word to the server. */
export const status = Command.make("status", { ...Options.common, ...Options.settings }, (options) =>
  Effect.gen(function* () {
    const settings = yield* Settings.resolve(options)
    const output = yield* Output
    yield* Effect.gen(function* () {
      const { clientId, key, store, tokenEndpoint } = yield* Session.Session
      const { token } = yield* Effect.flatMap(TokenStore.TokenStore, ({ read }) => read(key))
      const now = yield* DateTime.now
      const state: State = Option.match(token, {
        onNone: () => "logged out",
        onSome: (token) => (OAuthToken.isExpiredAt(token, now) ? "expired" : "valid")
      })
      const isRefreshable = Option.exists(token, ({ refreshToken }) => Option.isSome(refreshToken))
      const lifetime = Option.isSome(token) ? yield* lifetimeOf(token.value) : noLifetime
      const scope = Option.flatMap(token, ({ scope }) => scope)
      const { username } = settings.profile
      yield* output.result(
        output.rows([
          ["profile", settings.name],
          ["state", stateInWords(state, lifetime, isRefreshable)],
          ...(lifetime.expiresAt === null ? [] : [["expires", lifetime.expiresAt] as const]),
          ...(Option.isSome(token) ? [["refresh", isRefreshable ? "yes" : "no"] as const] : []),
          ...(Option.isSome(scope) ? [["scope", scope.value] as const] : []),
          ...(username === undefined ? [] : [["user", username] as const]),
          ["client", clientId],
          ["server", tokenEndpoint],
          ["store", store.shown]
        ]),
        {
          profile: settings.name,
          state,
          ...lifetime,
          refreshable: isRefreshable,
          scope: Option.getOrNull(scope),
          username: username ?? null,
          clientId,
          tokenEndpoint,
          store: store.shown
        }
      )
      if (state === "logged out" || (state === "expired" && !isRefreshable)) {
        return yield* new LoginNeeded({ message: (yield* Session.loginNeeded).message })
      }
    }).pipe((program) => Session.use(settings, {}, program))
  })
).pipe(Command.withDescription(Definitions.commands.status.summary))
