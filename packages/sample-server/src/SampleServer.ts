import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import OAuth2Server from "@node-oauth/oauth2-server"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Environment from "multiauthsample/Environment"
import { OAuthScopeOAuthACGEnum } from "multiauthsample/OAuthScopeOAuthACGEnum"
import { type Fixtures, type SomeFixtures, withDefaults } from "./Fixtures.js"
import * as AuthorizationEndpoint from "./internal/AuthorizationEndpoint.js"
import * as endpoints from "./internal/endpoints.js"
import * as Gate from "./internal/Gate.js"
import * as Journal from "./internal/Journal.js"
import * as Listener from "./internal/Listener.js"
import * as OAuthModel from "./internal/OAuthModel.js"
import { folderOf, ServedApi } from "./internal/ServedApi.js"
import * as Tokens from "./internal/Tokens.js"
import type { RecordedRequest } from "./RecordedRequest.js"
import type { SampleServerError } from "./SampleServerError.js"

/** The MultiAuth-Sample API on this machine. */
export interface Service {
  /** `http://localhost:PORT`, without a slash at the end. */
  readonly origin: string
  /** The base URL of each server of the API, as the SDK's option `servers` takes them. */
  readonly servers: { readonly [Server in Environment.Server]: string }
  readonly fixtures: Fixtures
  /** The latest requests that were answered, in the order of their answers. */
  readonly requests: Effect.Effect<ReadonlyArray<RecordedRequest>>
  /** From now on no access token is good that was issued so far. The refresh tokens still are. */
  readonly expireAccessTokens: Effect.Effect<void>
}

/** The tag of the server. */
export class SampleServer extends Context.Tag("@effect-oauth/sample-server/SampleServer")<
  SampleServer,
  Service
>() {}

/** What the server can be told. */
export interface Options {
  /** Default: a free one. */
  readonly port?: number | undefined
  /** The address that is listened on. Default: `localhost`, which is `127.0.0.1` and, where there is one, `::1`. */
  readonly host?: string | undefined
  /** What callers prove themselves with, where it is not to be as in `Fixtures.defaults`. */
  readonly fixtures?: SomeFixtures | undefined
  /** What it calls itself where it sends users back (RFC 9207). Default: its `origin`. */
  readonly issuer?: string | undefined
  /** In whole seconds. Default: one hour. */
  readonly accessTokenLifetime?: Duration.DurationInput | undefined
  /** In whole seconds. Default: two weeks. */
  readonly refreshTokenLifetime?: Duration.DurationInput | undefined
  /** Redirect URIs of the client, besides every one on this machine. Default: none. */
  readonly redirectUris?: ReadonlyArray<string> | undefined
  /** Told of each request, just before its answer is sent. Default: nobody. */
  readonly onAnswered?: ((request: RecordedRequest) => Effect.Effect<void>) | undefined
  /** How many of the latest requests are kept. Default: 1000. */
  readonly remembered?: number | undefined
}

/**
 * Serves the API until the scope closes; then answers what is under way, and closes. Tokens are kept in memory. Time is
 * real, also in a test that stands still.
 *
 * ```ts
 * const { origin } = yield* SampleServer.make({ fixtures: { username: "bob" } })
 * ```
 */
export const make = (options: Options = {}): Effect.Effect<Service, SampleServerError, Scope.Scope> =>
  Effect.gen(function* () {
    const fixtures = withDefaults(options.fixtures ?? {})
    const tokens = Tokens.make()
    const journal = Journal.make({
      remembered: options.remembered ?? 1000,
      onAnswered: options.onAnswered ?? (() => Effect.void)
    })
    const host = options.host ?? "localhost"
    const listener = yield* Listener.open(host, options.port ?? 0)
    const origin = `http://${nameOf(host)}:${listener.port}`

    const app = yield* Effect.provide(
      HttpApiBuilder.httpApp,
      yield* Layer.build(appLayer({ ...options, fixtures, tokens, issuer: options.issuer ?? origin }))
    )
    for (const server of listener.servers) {
      yield* Effect.provide(server.serve(journal.around(app)), NodeHttpServer.layerContext)
    }
    // The last to be added is the first to be run: requests are answered to their end by what is still there.
    yield* Effect.addFinalizer(() => listener.stop)

    return SampleServer.of({
      origin,
      servers: { DEFAULT: origin + folderOf("DEFAULT"), AUTH: origin + folderOf("AUTH") },
      fixtures,
      requests: journal.requests,
      expireAccessTokens: Effect.sync(() => tokens.expireAccessTokens())
    })
  }).pipe(Effect.withClock(Clock.make()))

/** Provides the server. */
export const layer = (options: Options = {}): Layer.Layer<SampleServer, SampleServerError> =>
  Layer.scoped(SampleServer, make(options))

/** What the listened on is called by callers on this machine. */
const nameOf = (host: string): string => {
  if (host === "0.0.0.0" || host === "::") return "localhost"
  return host.includes(":") ? `[${host}]` : host
}

const appLayer = (
  options: Pick<Options, "accessTokenLifetime" | "redirectUris" | "refreshTokenLifetime"> & {
    readonly fixtures: Fixtures
    readonly tokens: Tokens.Tokens
    readonly issuer: string
  }
) => {
  const { fixtures, issuer, tokens } = options
  const accessTokenLifetime = wholeSeconds(options.accessTokenLifetime ?? "1 hour")
  const refreshTokenLifetime = wholeSeconds(options.refreshTokenLifetime ?? "14 days")
  const model = (grants: OAuthModel.Options["grants"]) =>
    OAuthModel.make({
      fixtures,
      tokens,
      grants,
      scopes: Object.values(OAuthScopeOAuthACGEnum),
      redirectUris: options.redirectUris ?? [],
      accessTokenLifetime
    })
  const server = (model: OAuthModel.OAuthModel) =>
    new OAuth2Server({ model, accessTokenLifetime, refreshTokenLifetime, alwaysIssueNewRefreshToken: true })
  const ofUsers = model(["authorization_code", "password", "refresh_token"])
  const authorization = AuthorizationEndpoint.make({ model: ofUsers, fixtures, issuer })

  return HttpApiBuilder.api(ServedApi).pipe(
    Layer.provide([
      endpoints.authentication,
      endpoints.oAuthAuthorization({ AUTH: server(model(["client_credentials"])), DEFAULT: server(ofUsers) })
    ]),
    Layer.provide(Gate.layer(ServedApi, { fixtures, tokens })),
    Layer.merge(
      HttpApiBuilder.Router.use((router) =>
        Effect.zipRight(
          router.get(AuthorizationEndpoint.path, authorization.show),
          router.post(AuthorizationEndpoint.path, authorization.decide)
        )
      )
    ),
    Layer.provideMerge(Layer.merge(HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer))
  )
}

/** The library counts in seconds, and takes no zero. */
const wholeSeconds = (lifetime: Duration.DurationInput): number =>
  Math.max(1, Math.ceil(Duration.toSeconds(lifetime)))
