import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { Introspect } from "./Introspection.js"
import type { LoopbackServer } from "./LoopbackServer.js"
import type { RecordedRequest } from "./RecordedRequest.js"
import type { RegisteredClient } from "./RegisteredClient.js"
import type { Handler } from "./ResourceServer.js"
import type { User } from "./User.js"

/** What all authorization servers of this package can do, so that one test can run against each. */
export interface TokenServer extends LoopbackServer {
  /** It has pages on which a user logs in and lets a client in that has redirect URIs. */
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  /** Of all requests those at the token endpoint. */
  readonly tokenRequests: Effect.Effect<ReadonlyArray<RecordedRequest>>
  /** Ends this access token on the server's side; its refresh token goes on. Unknown: nothing happens. */
  readonly revokeAccessToken: (accessToken: string) => Effect.Effect<void>
  /** Ends everything that came from one login: all access and refresh tokens. Unknown: nothing happens. */
  readonly revokeSession: (refreshToken: string) => Effect.Effect<void>
  /** Asks about an access token in this process, without a request. */
  readonly introspect: Introspect
}

/** What can be said about each of the authorization servers. */
export interface TokenServerOptions {
  /** Default: {@link RegisteredClient.confidential} alone. */
  readonly clients?: ReadonlyArray<RegisteredClient> | undefined
  /** Default: {@link User.alice} alone. */
  readonly users?: ReadonlyArray<User> | undefined
  /** Whole seconds, rounded up, at least one. Default: 2 seconds. */
  readonly accessTokenLifetime?: Duration.DurationInput | undefined
  /** Whole seconds, rounded up, at least one. Default: one day. */
  readonly refreshTokenLifetime?: Duration.DurationInput | undefined
  /** Whether a refresh spends the refresh token and brings a new one. Default: true. */
  readonly rotateRefreshToken?: boolean | undefined
  /** What a client may ask for, and gets when it does not ask. Default: `api` and `file_requests.read`. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** Default: `/oauth/authorize`. */
  readonly authorizationPath?: string | undefined
  /** Default: `/oauth2/non-auth-server/token`. */
  readonly tokenPath?: string | undefined
  /** Resources at the same origin, asked before the authorization server. Default: none. */
  readonly resource?: Handler | undefined
}
