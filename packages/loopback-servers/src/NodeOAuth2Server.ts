import OAuth2Server from "@node-oauth/oauth2-server"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type Answer, notFound } from "./Answer.js"
import { type Introspect, inactive } from "./Introspection.js"
import * as Accounts from "./internal/Accounts.js"
import * as authorizing from "./internal/authorizing.js"
import { exchange } from "./internal/exchange.js"
import { inFrontOf } from "./internal/inFrontOf.js"
import * as Listener from "./internal/Listener.js"
import * as OAuth2Model from "./internal/OAuth2Model.js"
import { wholeSeconds } from "./internal/wholeSeconds.js"
import { LoopbackServerError } from "./LoopbackServerError.js"
import type { IncomingRequest } from "./RecordedRequest.js"
import { confidential } from "./RegisteredClient.js"
import type { TokenServer, TokenServerOptions } from "./TokenServer.js"
import { alice } from "./User.js"

/**
 * A small OAuth 2 server as many are (the npm package `@node-oauth/oauth2-server`): password, client
 * credentials and refresh grants, authorization codes with two plain pages. Where it differs from the
 * certified provider, on purpose:
 *
 * - HTTP Basic is read raw, without form-decoding, as the sample API's server does.
 * - A used refresh token or code is refused, but the tokens that came from it live on.
 * - It has no issuer. Its login page wants the user's password.
 * - A code is spent by a request that does not prove itself, such as one without its verifier; a redirect URI
 *   that is not the code's is an `invalid_request`.
 * - A refusal is lost on the way to a redirect URI that has a query.
 * - `rotateRefreshToken: false`: the reply to a refresh has no `refresh_token`; the old one stays good.
 * - A client that fails to prove itself in the form gets 400; by HTTP Basic 401.
 */
export interface NodeOAuth2Server extends TokenServer {}

/** What {@link make} can be told. It takes `client_secret_basic` and `client_secret_post` from either. */
export interface Options extends TokenServerOptions {}

/** Starts a server on a free port of 127.0.0.1, with a store of its own. */
export const make = (
  options: Options = {}
): Effect.Effect<NodeOAuth2Server, LoopbackServerError, Scope.Scope> =>
  Effect.gen(function* () {
    const authorizationPath = options.authorizationPath ?? "/oauth/authorize"
    const tokenPath = options.tokenPath ?? "/oauth2/non-auth-server/token"
    const accessTokenLifetime = wholeSeconds(options.accessTokenLifetime ?? "2 seconds")
    const clients = options.clients ?? [confidential]
    const accounts = Accounts.make(options.users ?? [alice])
    const model = OAuth2Model.make({
      clients,
      accounts,
      scopes: options.scopes ?? ["api", "file_requests.read"],
      accessTokenLifetime
    })
    const secretRequired = !clients.some((client) => client.authenticationMethod === "none")

    const oauth = yield* Effect.try({
      try: () =>
        new OAuth2Server({
          model,
          accessTokenLifetime,
          refreshTokenLifetime: wholeSeconds(options.refreshTokenLifetime ?? "1 day"),
          alwaysIssueNewRefreshToken: options.rotateRefreshToken ?? true,
          requireClientAuthentication: {
            authorization_code: secretRequired,
            password: secretRequired,
            refresh_token: secretRequired
          }
        }),
      catch: (cause) => new LoopbackServerError({ server: "NodeOAuth2Server", cause })
    })

    const introspect: Introspect = (accessToken) =>
      Effect.sync(() => {
        const token = model.findAccessToken(accessToken)
        return token === undefined
          ? inactive
          : {
              active: true,
              clientId: token.clientId,
              scope: token.scope?.join(" "),
              username: token.username,
              profile: accounts.profile(token.username)
            }
      })

    const authorize = authorizing.make(oauth, model)
    const respond = (request: IncomingRequest): Promise<Answer> => {
      if (request.path === authorizationPath) return authorize(request)
      if (request.path !== tokenPath) return Promise.resolve(notFound)
      return exchange(request, (asked, response) => oauth.token(asked, response))
    }

    const { serve, origin, requests } = yield* Listener.open("NodeOAuth2Server")
    yield* serve(
      inFrontOf(
        ({ request, response }) =>
          Effect.map(
            Effect.promise(() => respond(request)),
            (answer) => Listener.send(response, answer)
          ),
        options.resource,
        introspect
      )
    )

    return {
      origin,
      authorizationEndpoint: origin + authorizationPath,
      tokenEndpoint: origin + tokenPath,
      requests,
      tokenRequests: Effect.map(requests, (all) => all.filter(({ path }) => path === tokenPath)),
      introspect,
      revokeAccessToken: (accessToken) => Effect.sync(() => model.revokeAccessToken(accessToken)),
      revokeSession: (refreshToken) => Effect.sync(() => model.revokeSession(refreshToken))
    }
  })
