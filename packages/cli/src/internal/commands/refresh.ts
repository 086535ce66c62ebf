import * as Command from "@effect/cli/Command"
import * as TokenManager from "@effect-oauth/client/TokenManager"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Definitions from "../Definitions.js"
import { left, lifetimeOf } from "../lifetime.js"
import { Output } from "../Output.js"
import * as Options from "../options.js"
import * as Session from "../Session.js"
import * as Settings from "../Settings.js"

/** Refreshes the session, expired or not. */
export const refresh = Command.make("refresh", { ...Options.common, ...Options.settings }, (options) =>
  Effect.gen(function* () {
    const settings = yield* Settings.resolve(options)
    const output = yield* Output
    yield* Effect.gen(function* () {
      const manager = yield* TokenManager.TokenManager
      // Known beforehand, so that what another run has brought meanwhile is taken for the refresh.
      yield* manager.currentToken
      const token = yield* Session.explained(manager.refreshToken())
      const lifetime = yield* lifetimeOf(token)
      yield* output.result([`Refreshed: the token is valid ${left(lifetime)}.`], {
        profile: settings.name,
        ...lifetime,
        scope: Option.getOrNull(token.scope)
      })
    }).pipe((program) => Session.use(settings, {}, program))
  })
).pipe(Command.withDescription(Definitions.commands.refresh.summary))
