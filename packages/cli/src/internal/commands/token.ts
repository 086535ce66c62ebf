import * as Command from "@effect/cli/Command"
import * as TokenManager from "@effect-oauth/client/TokenManager"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Definitions from "../Definitions.js"
import { lifetimeOf } from "../lifetime.js"
import { Output } from "../Output.js"
import * as Options from "../options.js"
import * as Session from "../Session.js"
import * as Settings from "../Settings.js"

/** Prints a valid access token: the stored one, or what a refresh brings. */
export const token = Command.make("token", { ...Options.common, ...Options.settings }, (options) =>
  Effect.gen(function* () {
    const settings = yield* Settings.resolve(options)
    const output = yield* Output
    yield* Effect.gen(function* () {
      const manager = yield* TokenManager.TokenManager
      const token = yield* Session.explained(manager.getToken)
      const accessToken = Redacted.value(token.accessToken)
      yield* output.result([accessToken], {
        accessToken,
        tokenType: token.tokenType,
        ...(yield* lifetimeOf(token)),
        scope: Option.getOrNull(token.scope)
      })
    }).pipe((program) => Session.use(settings, { mayBegin: true }, program))
  })
).pipe(Command.withDescription(Definitions.commands.token.summary))
