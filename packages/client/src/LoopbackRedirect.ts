/**
 * @since 0.1.0
 */
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { constTrue } from "effect/Function"
import type * as Scope from "effect/Scope"
import * as AuthorizationRequest from "./AuthorizationRequest.js"
import { AuthValidationException } from "./AuthValidationException.js"
import type * as Grant from "./Grant.js"
import * as browser from "./internal/browser.js"
import * as callbackPage from "./internal/callbackPage.js"
import type { OAuthProviderException } from "./OAuthProviderException.js"

/**
 * Nobody came back from the authorization server in time: the page was closed, or the login not finished. Begin anew,
 * or allow more time with `timeout`.
 *
 * @since 0.1.0
 * @category errors
 */
export class AuthorizationTimeout extends Data.TaggedError("AuthorizationTimeout")<{
  /** How long was waited. */
  readonly duration: Duration.Duration
  /** Where the answer should have come to. */
  readonly redirectUri: string
}> {
  /**
   * Whether the same call can succeed later: always.
   *
   * @since 0.1.0
   */
  readonly isTransient = true

  /**
   * One line for people.
   *
   * @since 0.1.0
   */
  override get message(): string {
    return (
      `Nobody came back from the authorization server to ${this.redirectUri} within ` +
      `${Duration.format(this.duration)}: the page was closed, or the login was not finished. ` +
      "Begin anew, or allow more time with timeout."
    )
  }
}

/**
 * What is asked of whom, and who opens the page.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<E = never, R = never>
  extends Omit<AuthorizationRequest.Options, "redirectUri" | "state"> {
  /**
   * Takes the user to the authorization server, such as `openBrowser`. When it is done, the answer is waited for; when
   * the answer is there, it is not waited for.
   */
  readonly open: (url: string) => Effect.Effect<void, E, R>
  /** The path of the redirect URI, as it is registered at the authorization server. Default: `/callback`. */
  readonly path?: string | undefined
  /** How long the user may take. Default: 5 minutes. */
  readonly timeout?: Duration.DurationInput | undefined
}

/**
 * Lets the user of a program without web pages authorize it in a browser: takes them to the authorization server,
 * receives the answer on a port of this machine, and shows a page that says how it went.
 *
 * The `HttpServer` of the environment must listen on 127.0.0.1 or ::1; its address is the redirect URI, which servers
 * have to accept with any port. Provide it to this effect alone, on port 0: then it is closed when the answer has been
 * sent, when the time is over, and when the effect is interrupted. Give it a timeout as below, or a connection on which
 * nothing is ever sent keeps it open. What comes in meanwhile and is not the answer, from web sites or from other
 * programs of this machine, is refused, and changes nothing.
 *
 * Fails with an `OAuthProviderException` when access was refused, with an `AuthValidationException` when the answer
 * cannot be trusted or there is no server on loopback, with an `AuthorizationTimeout` when there is no answer.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8252#section-7.3
 * @example
 * ```ts
 * import { createServer } from "node:http"
 * import { NodeContext, NodeHttpServer } from "@effect/platform-node"
 * import { LoopbackRedirect, TokenManager } from "@effect-oauth/client"
 * import { Effect } from "effect"
 *
 * const grant = LoopbackRedirect.authorize({
 *   server: {
 *     authorizationEndpoint: "https://login.example.com/oauth2/authorize",
 *     tokenEndpoint: "https://login.example.com/oauth2/token"
 *   },
 *   clientId: "my-command-line",
 *   scope: ["api"],
 *   open: LoopbackRedirect.openBrowser
 * }).pipe(
 *   Effect.provide(
 *     NodeHttpServer.layer(() => createServer().setTimeout(2000), { port: 0, host: "127.0.0.1" })
 *   ),
 *   Effect.provide(NodeContext.layer)
 * )
 *
 * const login = Effect.gen(function* () {
 *   const manager = yield* TokenManager.TokenManager
 *   return yield* manager.fetchToken({ grant: yield* grant })
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const authorize = <E = never, R = never>(
  options: Options<E, R>
): Effect.Effect<
  Grant.Grant,
  OAuthProviderException | AuthValidationException | AuthorizationTimeout | E,
  HttpServer.HttpServer | R
> =>
  Effect.gen(function* () {
    const { open, path = "/callback", timeout = "5 minutes", ...asked } = options
    const { address, serve } = yield* HttpServer.HttpServer
    const redirectUri = yield* redirectUriAt(address, path)
    const request = yield* AuthorizationRequest.make({ ...asked, redirectUri: redirectUri.href })
    const answer = yield* Deferred.make<Grant.Grant, Failure>()
    const shown = yield* Deferred.make<void>()
    yield* serve(receiving(redirectUri, request, answer, shown)).pipe(
      // A span would have the code in its URL.
      HttpMiddleware.withTracerDisabledWhenEffect(constTrue)
    )
    return yield* Effect.raceFirst(
      Effect.either(Deferred.await(answer)),
      Effect.zipRight(open(request.url), Effect.never)
    ).pipe(
      Effect.timeoutFail({
        duration: timeout,
        onTimeout: () =>
          new AuthorizationTimeout({ duration: Duration.decode(timeout), redirectUri: redirectUri.href })
      }),
      Effect.zipLeft(Effect.raceFirst(Deferred.await(shown), Effect.sleep(longestToShow))),
      Effect.flatten
    )
  }).pipe(Effect.scoped)

/** Who is gone by then, or was at once, is not shown how it went; the answer is there all the same. */
const longestToShow = "1 second"

/**
 * Opens an address in the browser of whoever sits at this machine, by the command that the platform has for it:
 * `xdg-open` (through `setsid`), `open` or `rundll32`. As nothing can tell whether somebody sees a browser, the address
 * is also printed, by `Console.error`: that is how it goes on where there is none. Fails with an
 * `AuthValidationException` if the address is not one of the web.
 *
 * @since 0.1.0
 * @category constructors
 */
export const openBrowser = (
  url: string
): Effect.Effect<void, AuthValidationException, CommandExecutor.CommandExecutor> =>
  Effect.gen(function* () {
    const parsed = URL.canParse(url) ? new URL(url) : undefined
    // Other schemes are for other programs.
    if (parsed === undefined || (parsed.protocol !== "https:" && parsed.protocol !== "http:")) {
      return yield* new AuthValidationException({ message: "A browser opens http and https addresses only." })
    }
    yield* Console.error(
      `\nOpening a browser. If none opens, visit this address on this machine:\n\n  ${parsed.href}\n`
    )
    yield* browser.show(parsed)
  })

/** The address of a server that is on this machine, and for nobody else. */
const redirectUriAt = (
  address: HttpServer.Address,
  path: string
): Either.Either<URL, AuthValidationException> => {
  const refuse = (message: string) => Either.left(new AuthValidationException({ message }))
  if (address._tag === "UnixAddress" || !loopback.has(address.hostname)) {
    const where = HttpServer.formatAddress(address)
    return refuse(
      `The HttpServer for the answer listens on ${where}, where others could get at it, too. Have it listen on ` +
        'host "127.0.0.1" or "::1".'
    )
  }
  const host = address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname
  const origin = `http://${host}:${address.port}`
  const uri = URL.canParse(path, origin) ? new URL(path, origin) : undefined
  return uri === undefined || uri.pathname !== path
    ? refuse(`path (${path}) must be the path of a URL as it is sent, such as /callback.`)
    : Either.right(uri)
}

const loopback = new Set(["127.0.0.1", "::1"])

type Failure = OAuthProviderException | AuthValidationException

/** Answers what comes in, and tells when the browser has been shown how it went: then the server may go. */
const receiving = (
  redirectUri: URL,
  request: AuthorizationRequest.AuthorizationRequest,
  answer: Deferred.Deferred<Grant.Grant, Failure>,
  shown: Deferred.Deferred<void>
): Effect.Effect<
  HttpServerResponse.HttpServerResponse,
  never,
  HttpServerRequest.HttpServerRequest | Scope.Scope
> =>
  Effect.gen(function* () {
    const incoming = yield* HttpServerRequest.HttpServerRequest
    // Else a web site that gives its own name this address could read what is answered.
    if (incoming.headers["host"] !== redirectUri.host) {
      return callbackPage.refuse(421, `This is ${redirectUri.host}.`)
    }
    const url = URL.canParse(incoming.url, redirectUri.origin)
      ? new URL(incoming.url, redirectUri.origin)
      : undefined
    if (url === undefined || url.origin + url.pathname !== redirectUri.href) {
      return callbackPage.refuse(404, "There is nothing here.")
    }
    if (incoming.method !== "GET") {
      return callbackPage.refuse(405, "GET is the only method here.", { allow: "GET" })
    }
    if (!isAnswerTo(request, url)) return yield* callbackPage.respond(callbackPage.unexpected)
    yield* Effect.addFinalizer(() => Deferred.succeed(shown, undefined))
    // Who comes back twice, as browsers do on a whim, sees the same page, and changes nothing.
    yield* Deferred.complete(answer, AuthorizationRequest.receive(request, url))
    return yield* callbackPage.respond(
      Either.match(yield* Effect.either(Deferred.await(answer)), {
        onLeft: callbackPage.failed,
        onRight: () => callbackPage.received
      })
    )
  })

const isAnswerTo = (request: AuthorizationRequest.AuthorizationRequest, url: URL): boolean => {
  const [state, ...others] = url.searchParams.getAll("state")
  return state === request.state && others.length === 0
}
