import { createServer } from "node:http"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as HttpServerError from "@effect/platform/HttpServerError"
import * as NodeCommandExecutor from "@effect/platform-node/NodeCommandExecutor"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type { AuthValidationException } from "@effect-oauth/client/AuthValidationException"
import type * as Grant from "@effect-oauth/client/Grant"
import * as LoopbackRedirect from "@effect-oauth/client/LoopbackRedirect"
import type { OAuthProviderException } from "@effect-oauth/client/OAuthProviderException"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { config, type UsageError } from "./Failure.js"
import { Output } from "./Output.js"
import * as Session from "./Session.js"
import type { Settings } from "./Settings.js"

const hosts: ReadonlyMap<string, string> = new Map([
  ["127.0.0.1", "127.0.0.1"],
  ["[::1]", "::1"]
])

/** Where a redirect URI has its server listen. */
const placeOf = (redirectUri: string) => {
  const url = URL.canParse(redirectUri) ? new URL(redirectUri) : undefined
  const host = url?.protocol === "http:" ? hosts.get(url.hostname) : undefined
  return url === undefined || host === undefined || url.href !== url.origin + url.pathname
    ? config(
        "The redirect URI is not an http URL on 127.0.0.1 or [::1].",
        "Give it as in --redirect-uri http://127.0.0.1/callback, and register the same."
      )
    : Effect.succeed({ host, port: Number(url.port), path: url.pathname })
}

const cannotListen = (redirectUri: string) => (error: HttpServerError.ServeError) => {
  const { cause } = error
  const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : ""
  return config(
    `The answer cannot be received at ${redirectUri}${code}.`,
    "Leave the port out of the redirect URI, or end the program that has it."
  )
}

// What somebody has to read now is said now, whatever form the result will have.
const onOutput = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | Output> =>
  Effect.flatMap(Output, ({ tell }) =>
    Console.consoleWith((console) =>
      Effect.withConsole(effect, { ...console, error: (text: unknown) => tell(String(text)) })
    )
  )

/** Has the user authorize the program in a browser. */
export const authorize = (
  settings: Settings
): Effect.Effect<
  Grant.Grant,
  UsageError | OAuthProviderException | LoopbackRedirect.AuthorizationTimeout,
  FileSystem.FileSystem | Output
> =>
  Effect.gen(function* () {
    const { profile } = settings
    const { clientId, tokenEndpoint } = yield* Session.check(settings)
    const { authorizationEndpoint, redirectUri = "http://127.0.0.1/callback", username } = profile
    if (authorizationEndpoint === undefined) {
      return yield* Session.incomplete(settings, ["--authorization-endpoint"])
    }
    const { host, path, port } = yield* placeOf(redirectUri)
    return yield* LoopbackRedirect.authorize({
      server: {
        tokenEndpoint,
        authorizationEndpoint,
        issuer: profile.issuer,
        insecureOrigins: profile.insecureOrigins
      },
      clientId,
      path,
      scope: profile.scope,
      additionalParameters: { login_hint: username },
      open: (url) => onOutput(LoopbackRedirect.openBrowser(url))
    }).pipe(
      Effect.provide(NodeHttpServer.layerServer(() => createServer().setTimeout(2000), { host, port })),
      Effect.catchTags({
        ServeError: (error) => Effect.fail(cannotListen(redirectUri)(error)),
        AuthValidationException: (error: AuthValidationException) => Effect.fail(Session.invalid(error))
      }),
      Effect.provide(NodeCommandExecutor.layer)
    )
  })
