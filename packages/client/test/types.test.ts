import {
  FetchHttpClient,
  type FileSystem,
  HttpClient,
  type HttpClientError,
  type Path
} from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { describe, expectTypeOf, it } from "@effect/vitest"
import type * as Client from "@effect-oauth/client"
import {
  type APIException,
  AuthorizationRequest,
  AuthorizedHttpClient,
  AuthScheme,
  type AuthValidationException,
  ClientAuthentication,
  Grant,
  type OAuthProviderException,
  OAuthToken,
  type SessionStatus,
  TokenEndpoint,
  type TokenError,
  TokenEvent,
  TokenManager,
  TokenRequest,
  TokenStore,
  type TokenStoreError
} from "@effect-oauth/client"
import {
  Config,
  type ConfigError,
  type DateTime,
  type Duration,
  Effect,
  type Either,
  Layer,
  type Option,
  Redacted,
  type Schema,
  type Scope,
  type Stream
} from "effect"

// These tests are checked by the compiler. When they run they build layers and effects, and start none.

type Token = OAuthToken.OAuthToken
type EndpointError = TokenEndpoint.TokenEndpointError
type HttpError = HttpClientError.HttpClientError

class MyError {
  readonly _tag = "MyError"
}
interface MyService {
  readonly mine: true
}

const origins = ["https://api.example.com"]
const server = { tokenEndpoint: "https://login.example.com/token" }
const clientSecret = Redacted.make("secret")
const clientAuthentication = ClientAuthentication.clientSecretBasic({ clientId: "client", clientSecret })
const grant = Grant.password({ username: "alice", password: Redacted.make("wonderland") })

describe("types of the errors", () => {
  it("TokenError is the four of them, each with its own tag", () => {
    expectTypeOf<TokenError>().toEqualTypeOf<
      OAuthProviderException | APIException | AuthValidationException | TokenStoreError
    >()
    expectTypeOf<TokenError["_tag"]>().toEqualTypeOf<
      "OAuthProviderException" | "APIException" | "AuthValidationException" | "TokenStoreError"
    >()
    expectTypeOf<EndpointError>().toEqualTypeOf<
      OAuthProviderException | APIException | AuthValidationException
    >()
  })

  it("each says whether trying again can help", () => {
    expectTypeOf<TokenError["isTransient"]>().toEqualTypeOf<boolean>()
    expectTypeOf<AuthValidationException["isTransient"]>().toEqualTypeOf<false>()
    expectTypeOf<APIException["retryAfter"]>().toEqualTypeOf<Duration.Duration | undefined>()
    expectTypeOf<OAuthProviderException["retryAfter"]>().toEqualTypeOf<Duration.Duration | undefined>()
  })

  it("catchTag leaves exactly the others", () => {
    const { getToken } = {} as TokenManager.Service
    const caught = () =>
      Effect.catchTag(getToken, "OAuthProviderException", (error) => {
        expectTypeOf(error).toEqualTypeOf<OAuthProviderException>()
        return Effect.succeedNone
      })
    expectTypeOf(caught).returns.toEqualTypeOf<
      Effect.Effect<Token | Option.Option<never>, APIException | AuthValidationException | TokenStoreError>
    >()
    const handled = () =>
      Effect.catchTags(getToken, {
        OAuthProviderException: () => Effect.succeed("refused"),
        APIException: () => Effect.succeed("unreachable"),
        AuthValidationException: () => Effect.succeed("impossible"),
        TokenStoreError: () => Effect.succeed("not stored")
      })
    expectTypeOf(handled).returns.toEqualTypeOf<Effect.Effect<Token | string>>()
  })

  it("an event is known by its tag", () => {
    expectTypeOf<TokenEvent.TokenEvent["_tag"]>().toEqualTypeOf<
      | "Restored"
      | "Issued"
      | "Refreshed"
      | "Adopted"
      | "Rejected"
      | "NotDurable"
      | "Durable"
      | "RefreshFailed"
      | "SessionEnded"
      | "LoggedOut"
    >()
    expectTypeOf(TokenEvent.TokenEvent.NotDurable)
      .returns.toHaveProperty("error")
      .toEqualTypeOf<TokenStoreError>()
  })
})

describe("types of the data", () => {
  it("a token is made without failing, and read with a failure that is typed", () => {
    expectTypeOf(OAuthToken.make).returns.toEqualTypeOf<Token>()
    expectTypeOf(OAuthToken.issue).returns.toEqualTypeOf<Effect.Effect<Token>>()
    expectTypeOf(OAuthToken.isExpired).returns.toEqualTypeOf<Effect.Effect<boolean>>()
    expectTypeOf(OAuthToken.fromResponse).returns.toEqualTypeOf<
      Either.Either<Token, OAuthToken.MalformedToken>
    >()
    expectTypeOf(OAuthToken.fromStored).returns.toEqualTypeOf<
      Either.Either<Option.Option<Token>, OAuthToken.MalformedToken>
    >()
    expectTypeOf(OAuthToken.Stored).toEqualTypeOf<Schema.Schema<Token, unknown>>()
    expectTypeOf(OAuthToken.StoredJson).toEqualTypeOf<Schema.Schema<Token, string>>()
  })

  it("what opens a door is redacted", () => {
    expectTypeOf<Token["accessToken"]>().toEqualTypeOf<Redacted.Redacted<string>>()
    expectTypeOf<Token["refreshToken"]>().toEqualTypeOf<Option.Option<Redacted.Redacted<string>>>()
    expectTypeOf<Token["idToken"]>().toEqualTypeOf<Option.Option<Redacted.Redacted<string>>>()
    expectTypeOf<Token["additionalProperties"]>().toEqualTypeOf<
      Redacted.Redacted<Readonly<Record<string, unknown>>>
    >()
    expectTypeOf<Token["expiry"]>().toEqualTypeOf<Option.Option<DateTime.Utc>>()
    expectTypeOf<Grant.PasswordOptions["password"]>().toEqualTypeOf<Redacted.Redacted<string>>()
    expectTypeOf<ClientAuthentication.ClientCredentials["clientSecret"]>().toEqualTypeOf<
      Redacted.Redacted<string>
    >()
    // @ts-expect-error a password in clear
    Grant.password({ username: "alice", password: "wonderland" })
    // @ts-expect-error a client secret in clear
    ClientAuthentication.clientSecretPost({ clientId: "client", clientSecret: "secret" })
  })

  it("a user who is sent away can come back with a grant, with a refusal, or with what is not to be believed", () => {
    type Request = AuthorizationRequest.AuthorizationRequest
    const request = () =>
      AuthorizationRequest.make({ server, clientId: "client", redirectUri: origins[0] ?? "" })
    expectTypeOf(request).returns.toEqualTypeOf<Effect.Effect<Request, AuthValidationException>>()
    expectTypeOf<Request["codeVerifier"]>().toEqualTypeOf<Redacted.Redacted<string>>()
    expectTypeOf(AuthorizationRequest.StoredJson).toEqualTypeOf<Schema.Schema<Request, string>>()

    type Received = Effect.Effect<Grant.Grant, OAuthProviderException | AuthValidationException>
    const first = (self: Request) => AuthorizationRequest.receive(self, "/callback?code=c")
    expectTypeOf(first).returns.toEqualTypeOf<Received>()
    const piped = Effect.flatMap(Effect.suspend(request), AuthorizationRequest.receive("/callback?code=c"))
    expectTypeOf(piped).toEqualTypeOf<Received>()
    expectTypeOf<OAuthProviderException["responseCode"]>().toEqualTypeOf<number | undefined>()
  })

  it("a request can only fail for what cannot be sent", () => {
    expectTypeOf<Grant.Grant["request"]>().toEqualTypeOf<
      Effect.Effect<TokenRequest.TokenRequest, AuthValidationException>
    >()
    expectTypeOf<ClientAuthentication.ClientAuthentication["authenticate"]>().returns.toEqualTypeOf<
      Effect.Effect<TokenRequest.TokenRequest, AuthValidationException>
    >()
    expectTypeOf(TokenRequest.withAdditional).returns.toEqualTypeOf<
      Effect.Effect<TokenRequest.TokenRequest, AuthValidationException>
    >()
  })
})

describe("types of TokenEndpoint", () => {
  it("is built from a server on an HttpClient", () => {
    expectTypeOf(TokenEndpoint.make).returns.toEqualTypeOf<
      Effect.Effect<TokenEndpoint.Service, AuthValidationException, HttpClient.HttpClient>
    >()
    expectTypeOf(TokenEndpoint.layer).returns.toEqualTypeOf<
      Layer.Layer<TokenEndpoint.TokenEndpoint, AuthValidationException, HttpClient.HttpClient>
    >()
    expectTypeOf(TokenEndpoint.layerConfig).returns.toEqualTypeOf<
      Layer.Layer<
        TokenEndpoint.TokenEndpoint,
        AuthValidationException | ConfigError.ConfigError,
        HttpClient.HttpClient
      >
    >()
  })

  it("takes configs for its options and for what is in them", () => {
    TokenEndpoint.layerConfig({
      server: { tokenEndpoint: Config.string("TOKEN_ENDPOINT"), timeout: Config.duration("TIMEOUT") },
      clientAuthentication: Config.succeed(clientAuthentication)
    })
    expectTypeOf(TokenEndpoint.layerConfig).toBeCallableWith(Config.succeed({ server, clientAuthentication }))
    expectTypeOf<Config.Config<number>>().not.toExtend<Config.Config.Wrap<TokenEndpoint.Options>>()
    expectTypeOf<{
      server: { tokenEndpoint: Config.Config<number> }
      clientAuthentication: Config.Config<typeof clientAuthentication>
    }>().not.toExtend<Config.Config.Wrap<TokenEndpoint.Options>>()
  })

  it("needs nothing where it is used", () => {
    const endpoint = {} as TokenEndpoint.Service
    const secret = {} as Redacted.Redacted<string>
    const beforeAttempt = {} as Effect.Effect<void, MyError>
    const fetches = () => endpoint.fetchToken({} as Grant.Grant)
    const refreshes = () => endpoint.refreshToken(secret, { scope: "api" })
    const confirmed = () => endpoint.refreshToken(secret, { beforeAttempt })
    expectTypeOf(fetches).returns.toEqualTypeOf<Effect.Effect<Token, TokenEndpoint.TokenEndpointError>>()
    expectTypeOf(refreshes).returns.toEqualTypeOf<Effect.Effect<Token, TokenEndpoint.TokenEndpointError>>()
    expectTypeOf(confirmed).returns.toEqualTypeOf<
      Effect.Effect<Token, TokenEndpoint.TokenEndpointError | MyError>
    >()
    expectTypeOf<TokenEndpoint.Service["revokeToken"]>().returns.toEqualTypeOf<
      Effect.Effect<void, EndpointError>
    >()
  })
})

describe("types of TokenStore", () => {
  it("a layer needs what its storage needs, and no more", () => {
    expectTypeOf(TokenStore.layerMemory).toEqualTypeOf<Layer.Layer<TokenStore.TokenStore>>()
    expectTypeOf(TokenStore.layerFile).returns.toEqualTypeOf<
      Layer.Layer<TokenStore.TokenStore, never, FileSystem.FileSystem | Path.Path>
    >()
    expectTypeOf(TokenStore.layerDirectory).returns.toEqualTypeOf<
      Layer.Layer<TokenStore.TokenStore, never, FileSystem.FileSystem | Path.Path>
    >()
    const driver = {} as Effect.Effect<TokenStore.Driver, MyError, MyService>
    const ofDriver = () => TokenStore.layerDriver(driver)
    expectTypeOf(ofDriver).returns.toEqualTypeOf<Layer.Layer<TokenStore.TokenStore, MyError, MyService>>()
    expectTypeOf(TokenStore.make).toEqualTypeOf<(driver: TokenStore.Driver) => TokenStore.Service>()
  })

  it("functions that fail as they like make a store that never fails to be built", () => {
    const load = {} as (key: string) => Effect.Effect<Option.Option<Token>, MyError, MyService>
    const save = {} as () => Effect.Effect<void, Error, Scope.Scope>
    const ofFunctions = () => TokenStore.fromFunctions({ load, save })
    expectTypeOf(ofFunctions).returns.toEqualTypeOf<
      Layer.Layer<TokenStore.TokenStore, never, MyService | Scope.Scope>
    >()
  })

  it("modify adds its own failure to those of the function, and needs what that needs", () => {
    const store = {} as TokenStore.Service
    const f = {} as () => Effect.Effect<readonly [number, Option.Option<Token>], MyError, MyService>
    const modify = () => store.modify("key", f)
    expectTypeOf(modify).returns.toEqualTypeOf<Effect.Effect<number, MyError | TokenStoreError, MyService>>()
    expectTypeOf<TokenStore.Service["read"]>().returns.toEqualTypeOf<
      Effect.Effect<TokenStore.StoredSession, TokenStoreError>
    >()
    const driver = {} as TokenStore.Driver
    const lease = () => driver.lease("key", {})
    expectTypeOf(lease).returns.toEqualTypeOf<Effect.Effect<TokenStore.Lease, TokenStoreError, Scope.Scope>>()
  })

  it("what is adopted without the lease is a result, too, and stores and drivers may ignore that", () => {
    const store = {} as TokenStore.Service
    const f = {} as () => Effect.Effect<readonly [number, Option.Option<Token>]>
    const modify = () =>
      store.modify("key", f, { adopt: {} as (stored: TokenStore.StoredSession) => Option.Option<boolean> })
    expectTypeOf(modify).returns.toEqualTypeOf<Effect.Effect<number | boolean, TokenStoreError>>()
    const driver = {} as TokenStore.Driver
    const lease = () => driver.lease("key", { whileWaiting: () => ({}) as Effect.Effect<void, MyError> })
    expectTypeOf(lease).returns.toEqualTypeOf<
      Effect.Effect<TokenStore.Lease, MyError | TokenStoreError, Scope.Scope>
    >()
    const ignorant = {} as (key: string) => Effect.Effect<TokenStore.Lease, TokenStoreError, Scope.Scope>
    expectTypeOf(ignorant).toExtend<TokenStore.Driver["lease"]>()
    const plain = {} as <A, E, R>(
      key: string,
      f: (
        current: TokenStore.StoredSession,
        confirm: Effect.Effect<void, TokenStoreError>
      ) => Effect.Effect<readonly [A, Option.Option<Token>], E, R>
    ) => Effect.Effect<A, E | TokenStoreError, R>
    expectTypeOf(plain).toExtend<TokenStore.Service["modify"]>()
  })
})

describe("types of TokenManager", () => {
  it("is built on an endpoint and a store, and cannot fail to be", () => {
    expectTypeOf(TokenManager.make).returns.toEqualTypeOf<
      Effect.Effect<
        TokenManager.Service,
        never,
        TokenEndpoint.TokenEndpoint | TokenStore.TokenStore | Scope.Scope
      >
    >()
    expectTypeOf(TokenManager.layer).returns.toEqualTypeOf<
      Layer.Layer<TokenManager.TokenManager, never, TokenEndpoint.TokenEndpoint | TokenStore.TokenStore>
    >()
    expectTypeOf(TokenManager.layerConfig).returns.toEqualTypeOf<
      Layer.Layer<
        TokenManager.TokenManager,
        ConfigError.ConfigError,
        TokenEndpoint.TokenEndpoint | TokenStore.TokenStore
      >
    >()
    TokenManager.layerConfig({
      grant: Config.map(
        Config.all({ username: Config.string("NAME"), password: Config.redacted("PASSWORD") }),
        Grant.password
      ),
      leeway: Config.duration("LEEWAY"),
      autoRefresh: Config.boolean("AUTO_REFRESH")
    })
  })

  it("tells all that can go wrong, and needs nothing where it is used", () => {
    type Service = TokenManager.Service
    expectTypeOf<Service["getToken"]>().toEqualTypeOf<Effect.Effect<Token, TokenError>>()
    expectTypeOf<Service["replaceToken"]>().returns.toEqualTypeOf<Effect.Effect<Token, TokenError>>()
    expectTypeOf<Service["fetchToken"]>().returns.toEqualTypeOf<Effect.Effect<Token, TokenError>>()
    expectTypeOf<Service["refreshToken"]>().returns.toEqualTypeOf<Effect.Effect<Token, TokenError>>()
    expectTypeOf<Service["currentToken"]>().toEqualTypeOf<
      Effect.Effect<Option.Option<Token>, TokenStoreError>
    >()
    expectTypeOf<Service["isTokenExpired"]>().toEqualTypeOf<Effect.Effect<boolean, TokenStoreError>>()
    expectTypeOf<Service["logout"]>().toEqualTypeOf<Effect.Effect<void, TokenError>>()
    expectTypeOf<Service["events"]>().toEqualTypeOf<Stream.Stream<TokenEvent.TokenEvent>>()
    expectTypeOf<Service["status"]>().toEqualTypeOf<Effect.Effect<SessionStatus.SessionStatus>>()
  })
})

describe("types of AuthorizedHttpClient", () => {
  it("fails to be built for an origin, and needs a client and a manager", () => {
    type Needs = HttpClient.HttpClient | TokenManager.TokenManager
    expectTypeOf(AuthorizedHttpClient.make).returns.toEqualTypeOf<
      Effect.Effect<HttpClient.HttpClient.With<HttpError | TokenError>, AuthValidationException, Needs>
    >()
    expectTypeOf(AuthorizedHttpClient.layer).returns.toEqualTypeOf<
      Layer.Layer<AuthorizedHttpClient.AuthorizedHttpClient, AuthValidationException, Needs>
    >()
    expectTypeOf(AuthorizedHttpClient.layerHttpClient).returns.toEqualTypeOf<
      Layer.Layer<HttpClient.HttpClient, AuthValidationException, Needs>
    >()
    expectTypeOf(AuthorizedHttpClient.layerConfig).returns.toEqualTypeOf<
      Layer.Layer<
        AuthorizedHttpClient.AuthorizedHttpClient,
        AuthValidationException | ConfigError.ConfigError,
        Needs
      >
    >()
    AuthorizedHttpClient.layerConfig({
      origins: Config.array(Config.string(), "ORIGINS"),
      otherOrigins: Config.literal("reject", "pass")("OTHERS")
    })
  })

  it("the client under the own tag fails as HTTP does and as we do", () => {
    const call = Effect.flatMap(AuthorizedHttpClient.AuthorizedHttpClient, (client) => client.get("/"))
    expectTypeOf<Effect.Effect.Error<typeof call>>().toEqualTypeOf<HttpError | TokenError>()
    expectTypeOf<
      Effect.Effect.Context<typeof call>
    >().toEqualTypeOf<AuthorizedHttpClient.AuthorizedHttpClient>()
  })

  it("authorize adds our failures to those of a client, and keeps what that needs", () => {
    const custom = {} as HttpClient.HttpClient.With<MyError, MyService>
    const source = {} as TokenManager.TokenSource
    const last = () => custom.pipe(AuthorizedHttpClient.authorize(source, { origins }))
    const first = () => AuthorizedHttpClient.authorize(custom, source, { origins })
    type Authorized = HttpClient.HttpClient.With<MyError | HttpError | TokenError, MyService>
    expectTypeOf(last).returns.toEqualTypeOf<Authorized>()
    expectTypeOf(first).returns.toEqualTypeOf<Authorized>()
    expectTypeOf<TokenManager.Service>().toExtend<TokenManager.TokenSource>()
  })

  it("a scheme has the failures of what it is made of, and gives them to the client", () => {
    const bearer = AuthScheme.bearer({ accessToken: Redacted.make("token") })
    const oauth = AuthScheme.oauth({ source: {} as TokenManager.TokenSource })
    const custom = AuthScheme.custom({ authorize: () => Effect.fail(new MyError()) })
    const silent = AuthScheme.custom({ authorize: Effect.succeed })
    expectTypeOf(AuthScheme.none).toEqualTypeOf<AuthScheme.AuthScheme>()
    expectTypeOf(bearer).toEqualTypeOf<AuthScheme.AuthScheme<AuthValidationException>>()
    expectTypeOf(oauth).toEqualTypeOf<AuthScheme.AuthScheme<TokenError>>()
    expectTypeOf(custom).toEqualTypeOf<AuthScheme.AuthScheme<MyError>>()
    expectTypeOf(silent).toEqualTypeOf<AuthScheme.AuthScheme>()
    for (const combine of [AuthScheme.and, AuthScheme.or]) {
      expectTypeOf(combine(bearer, silent)).toEqualTypeOf<AuthScheme.AuthScheme<AuthValidationException>>()
      expectTypeOf(combine(bearer, combine(custom, oauth), AuthScheme.none)).toEqualTypeOf<
        AuthScheme.AuthScheme<MyError | TokenError>
      >()
      // @ts-expect-error of nothing there is no combination
      combine()
    }
    type Failures = AuthScheme.ErrorOf<typeof bearer | typeof custom>
    expectTypeOf<Failures>().toEqualTypeOf<AuthValidationException | MyError>()

    const client = {} as HttpClient.HttpClient.With<never, MyService>
    const last = () => client.pipe(AuthorizedHttpClient.authorizeWith(custom, { origins }))
    const first = () => AuthorizedHttpClient.authorizeWith(client, custom, { origins })
    type Authorized = HttpClient.HttpClient.With<HttpError | AuthValidationException | MyError, MyService>
    expectTypeOf(last).returns.toEqualTypeOf<Authorized>()
    expectTypeOf(first).returns.toEqualTypeOf<Authorized>()
    // @ts-expect-error the tag's client does not fail with what it does not know
    AuthorizedHttpClient.layerWith(custom, { origins })
    expectTypeOf(AuthorizedHttpClient.layerWith).returns.toEqualTypeOf<
      Layer.Layer<AuthorizedHttpClient.AuthorizedHttpClient, AuthValidationException, HttpClient.HttpClient>
    >()
  })

  it("an HttpClientError may carry a failure of ours", () => {
    expectTypeOf(AuthorizedHttpClient.tokenError).toEqualTypeOf<
      (error: HttpError) => Option.Option<TokenError>
    >()
  })

  it("four layers make a whole that needs nothing and fails for an unsafe URL only", () => {
    const Http = AuthorizedHttpClient.layer({ origins }).pipe(
      Layer.provide(TokenManager.layer({ grant })),
      Layer.provide(TokenEndpoint.layer({ server, clientAuthentication })),
      Layer.provide(TokenStore.layerFile("session.json")),
      Layer.provide(FetchHttpClient.layer),
      Layer.provide(NodeContext.layer)
    )
    expectTypeOf(Http).toEqualTypeOf<
      Layer.Layer<AuthorizedHttpClient.AuthorizedHttpClient, AuthValidationException>
    >()
    const program = Effect.flatMap(AuthorizedHttpClient.AuthorizedHttpClient, (client) =>
      client.get("https://api.example.com/user")
    ).pipe(Effect.provide(Http))
    expectTypeOf<Effect.Effect.Context<typeof program>>().toEqualTypeOf<never>()
    expectTypeOf<Effect.Effect.Error<typeof program>>().toEqualTypeOf<HttpError | TokenError>()
  })

  it("code that knows nothing of us needs an HttpClient only", () => {
    const Http = AuthorizedHttpClient.layerHttpClient({ origins }).pipe(
      Layer.provide(TokenManager.layer({ grant })),
      Layer.provide(TokenEndpoint.layer({ server, clientAuthentication })),
      Layer.provide(TokenStore.layerMemory),
      Layer.provide(FetchHttpClient.layer)
    )
    const program = Effect.provide(HttpClient.get("https://api.example.com/user"), Http)
    expectTypeOf<Effect.Effect.Context<typeof program>>().toEqualTypeOf<never>()
    expectTypeOf<Effect.Effect.Error<typeof program>>().toEqualTypeOf<HttpError | AuthValidationException>()
  })
})

type IsAny<T> = 0 extends 1 & T ? true : false

/** Whether `any` stands in a type, or in a channel of the effect, layer or stream that the type is. */
type HasAny<T> =
  IsAny<T> extends true
    ? true
    : T extends Effect.Effect<infer A, infer E, infer R>
      ? true extends IsAny<A> | IsAny<E> | IsAny<R>
        ? true
        : false
      : T extends Layer.Layer<infer O, infer E, infer R>
        ? true extends IsAny<O> | IsAny<E> | IsAny<R>
          ? true
          : false
        : false

/** The names of a module, or of a service, under which `any` is taken, given or failed with. */
type AnysOf<M> = {
  [K in keyof M]-?: HasAny<M[K]> extends true
    ? K
    : M[K] extends (...args: infer P) => infer R
      ? true extends HasAny<R> | { [I in keyof P]: HasAny<P[I]> }[number]
        ? K
        : never
      : never
}[keyof M]

describe("the surface", () => {
  it("finds any where it is", () => {
    interface Planted {
      // biome-ignore lint/suspicious/noExplicitAny: what is to be found
      readonly value: any
      // biome-ignore lint/suspicious/noExplicitAny: what is to be found
      readonly taken: (value: any) => void
      // biome-ignore lint/suspicious/noExplicitAny: what is to be found
      readonly failed: () => Effect.Effect<void, any>
      // biome-ignore lint/suspicious/noExplicitAny: what is to be found
      readonly needed: Layer.Layer<never, never, any>
      readonly clean: (value: unknown) => Effect.Effect<unknown, never, never>
    }
    expectTypeOf<AnysOf<Planted>>().toEqualTypeOf<"value" | "taken" | "failed" | "needed">()
  })

  it("has no any", () => {
    type Modules = {
      [K in keyof typeof Client]: AnysOf<(typeof Client)[K]>
    }
    expectTypeOf<Modules[keyof Modules]>().toEqualTypeOf<never>()
    expectTypeOf<
      | AnysOf<TokenEndpoint.Service>
      | AnysOf<TokenStore.Service>
      | AnysOf<TokenStore.Driver>
      | AnysOf<TokenManager.Service>
      | AnysOf<TokenManager.Options>
      | AnysOf<TokenEndpoint.Options>
      | AnysOf<AuthorizedHttpClient.Options>
      | AnysOf<AuthScheme.AuthScheme>
      | AnysOf<Grant.Grant>
      | AnysOf<AuthorizationRequest.AuthorizationRequest>
      | AnysOf<AuthorizationRequest.Options>
      | AnysOf<ClientAuthentication.ClientAuthentication>
      | AnysOf<Token>
      | AnysOf<OAuthProviderException>
      | AnysOf<APIException>
      | AnysOf<AuthValidationException>
      | AnysOf<TokenStoreError>
    >().toEqualTypeOf<never>()
  })
})
