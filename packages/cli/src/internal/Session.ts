import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Path from "@effect/platform/Path"
import { AuthValidationException } from "@effect-oauth/client/AuthValidationException"
import * as ClientAuthentication from "@effect-oauth/client/ClientAuthentication"
import * as Grant from "@effect-oauth/client/Grant"
import * as TokenEndpoint from "@effect-oauth/client/TokenEndpoint"
import * as TokenManager from "@effect-oauth/client/TokenManager"
import * as TokenStore from "@effect-oauth/client/TokenStore"
import type { TokenStoreError } from "@effect-oauth/client/TokenStoreError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import { secret } from "./Environment.js"
import { config, LoginNeeded, MissingSecret, type UsageError } from "./Failure.js"
import { Output } from "./Output.js"
import type { Method, Profile } from "./Profile.js"
import type { Settings } from "./Settings.js"
import * as Store from "./Store.js"

/** The session that a run is about. */
export interface Service {
  readonly settings: Settings
  readonly store: Store.Store
  /** Under which the session is stored. */
  readonly key: string
  readonly tokenEndpoint: string
  readonly clientId: string
  readonly method: Method
}

export class Session extends Context.Tag("effect-oauth/Session")<Session, Service>() {}

/** Where nobody has said what the options would say. */
export const incomplete = (settings: Settings, options: ReadonlyArray<string>): UsageError =>
  Option.isSome(settings.stored)
    ? config(
        `The profile ${settings.name} does not say: ${options.join(", ")}.`,
        `effect-oauth profile set ${settings.name} ${options.map((option) => `${option} …`).join(" ")}`
      )
    : config(
        `There is no profile ${settings.name}, and nothing else says: ${options.join(", ")}.`,
        `effect-oauth login --profile ${settings.name} ${options.map((option) => `${option} …`).join(" ")}`
      )

/** What no session can do without. */
export const check = (
  settings: Settings
): Effect.Effect<{ readonly clientId: string; readonly tokenEndpoint: string }, UsageError> => {
  const { clientId, tokenEndpoint } = settings.profile
  return clientId === undefined || tokenEndpoint === undefined
    ? Effect.fail(
        incomplete(settings, [
          ...(tokenEndpoint === undefined ? ["--token-endpoint"] : []),
          ...(clientId === undefined ? ["--client-id"] : [])
        ])
      )
    : Effect.succeed({ clientId, tokenEndpoint })
}

export const secretVariable = (settings: Settings): string =>
  settings.profile.clientSecretEnv ?? "EFFECT_OAUTH_CLIENT_SECRET"

export const methodOf = (settings: Settings): Method =>
  settings.profile.clientAuthentication ??
  (Option.isSome(settings.clientSecret) || settings.profile.clientSecretEnv !== undefined
    ? "client_secret_basic"
    : "none")

const authentication = (
  method: Method,
  clientId: string,
  settings: Settings
): ClientAuthentication.ClientAuthentication => {
  if (method === "none") return ClientAuthentication.none({ clientId })
  if (Option.isNone(settings.clientSecret)) {
    // Who only prints a token that is still good needs no secret.
    return {
      method,
      clientId,
      authenticate: () =>
        Effect.fail(
          new MissingSecret({
            message: `The client secret is missing: set ${secretVariable(settings)} in the environment.`
          })
        )
    }
  }
  const credentials = { clientId, clientSecret: settings.clientSecret.value }
  switch (method) {
    case "client_secret_basic":
      return ClientAuthentication.clientSecretBasic(credentials)
    case "client_secret_basic_raw":
      return ClientAuthentication.clientSecretBasicRaw(credentials)
    case "client_secret_post":
      return ClientAuthentication.clientSecretPost(credentials)
  }
}

/** The password grant of a profile's user, in a scope. */
export const passwordGrant = (
  username: string,
  password: Redacted.Redacted<string>,
  scope: string | undefined
) => Grant.password({ username, password, scope })

// The key that a TokenManager with this grant has by default, so that a service of yours can share the session.
const defaultKey = (identity: string, { scope, username }: Profile): string =>
  [
    identity,
    username === undefined ? "stored" : passwordGrant(username, Redacted.make(""), scope).identity
  ].join("|")

const grantOfEnvironment = ({ scope, username }: Profile): Effect.Effect<Option.Option<Grant.Grant>> =>
  Effect.map(
    secret("EFFECT_OAUTH_PASSWORD"),
    Option.flatMap((password) =>
      Option.map(Option.fromNullable(username), (name) => passwordGrant(name, password, scope))
    )
  )

/** Everything that a command about a session needs. */
export type Services =
  | Session
  | TokenManager.TokenManager
  | TokenEndpoint.TokenEndpoint
  | TokenStore.TokenStore
  | HttpClient.HttpClient

/** Where what was said cannot be used. */
export const invalid = (error: AuthValidationException): UsageError =>
  config(error.message, "Look at the profile: effect-oauth profile show")

/**
 * The session of the settings. With `mayBegin` a password in the environment begins a session when there is none; with
 * `migrate` the table of a database is made if it is not there.
 */
export const layer = (
  settings: Settings,
  options: { readonly mayBegin?: true; readonly migrate?: true }
): Layer.Layer<Services, UsageError | TokenStoreError, FileSystem.FileSystem | Path.Path> =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const { profile } = settings
      const { clientId, tokenEndpoint } = yield* check(settings)
      const store = yield* Store.make(settings.name, profile.store, { migrate: options.migrate === true })
      const method = methodOf(settings)
      const endpoint = TokenEndpoint.layer({
        server: {
          tokenEndpoint,
          revocationEndpoint: profile.revocationEndpoint,
          insecureOrigins: profile.insecureOrigins,
          timeout: profile.timeout === undefined ? undefined : Duration.seconds(profile.timeout)
        },
        clientAuthentication: authentication(method, clientId, settings)
      }).pipe(Layer.catchAll((error) => Layer.fail(invalid(error))))

      const session = Layer.effect(
        Session,
        Effect.map(TokenEndpoint.TokenEndpoint, ({ identity }) => ({
          settings,
          store,
          key: profile.key ?? defaultKey(identity, profile),
          tokenEndpoint,
          clientId,
          method
        }))
      )
      const grant = options.mayBegin === true ? yield* grantOfEnvironment(profile) : Option.none()
      const manager = Layer.unwrapEffect(
        Effect.map(Session, ({ key }) => TokenManager.layer({ key, grant: Option.getOrUndefined(grant) }))
      )
      return manager.pipe(
        Layer.provideMerge(session),
        Layer.provideMerge(Layer.merge(endpoint, store.layer)),
        Layer.provideMerge(FetchHttpClient.layer)
      )
    })
  )

/** What to say in place of an `AuthValidationException`: it depends on what is stored. */
export const loginNeeded: Effect.Effect<LoginNeeded, TokenStoreError, Session | TokenStore.TokenStore> =
  Effect.gen(function* () {
    const { key, settings } = yield* Session
    const { token } = yield* Effect.flatMap(TokenStore.TokenStore, ({ read }) => read(key))
    return new LoginNeeded({
      message: Option.isSome(token)
        ? `The session of the profile ${settings.name} has expired and cannot be refreshed.`
        : `Not logged in with the profile ${settings.name}.`
    })
  })

/** Says why there is no token to use. */
export const explained = <A, E, R>(
  effect: Effect.Effect<A, E | AuthValidationException, R>
): Effect.Effect<
  A,
  E | AuthValidationException | LoginNeeded | TokenStoreError,
  R | Session | TokenStore.TokenStore
> =>
  Effect.catchAll(
    effect,
    (
      error
    ): Effect.Effect<
      never,
      E | AuthValidationException | LoginNeeded | TokenStoreError,
      Session | TokenStore.TokenStore
    > =>
      error instanceof AuthValidationException && !(error instanceof MissingSecret)
        ? Effect.flatMap(loginNeeded, Effect.fail)
        : Effect.fail(error)
  )

const patience = Duration.seconds(30)

/**
 * Runs what is about a session. A new token that could not be stored is in use and printed; the run stays until it is
 * stored, for otherwise the session would end with it.
 */
export const use = <A, E, R>(
  settings: Settings,
  options: Parameters<typeof layer>[1],
  effect: Effect.Effect<A, E, R>
): Effect.Effect<
  A,
  E | UsageError | TokenStoreError,
  Exclude<R, Services> | FileSystem.FileSystem | Path.Path | Output
> =>
  Effect.gen(function* () {
    const output = yield* Output
    const manager = yield* TokenManager.TokenManager
    const unsaved = yield* SubscriptionRef.make(Option.none<TokenStoreError>())
    yield* manager.events.pipe(
      Stream.runForEach((event) => {
        if (event._tag === "Durable") return SubscriptionRef.set(unsaved, Option.none())
        return event._tag === "NotDurable"
          ? SubscriptionRef.set(unsaved, Option.some(event.error))
          : Effect.void
      }),
      Effect.forkScoped
    )
    yield* Effect.yieldNow()
    const result = yield* effect
    const failure = yield* unsaved
    if (Option.isNone(failure)) return result
    yield* output.notice("The new token could not be stored yet. Waiting for the store.")
    yield* unsaved.changes.pipe(
      Stream.takeUntil(Option.isNone),
      Stream.runDrain,
      Effect.timeoutFail({ duration: patience, onTimeout: () => failure.value })
    )
    return result
  }).pipe(Effect.scoped, Effect.provide(layer(settings, options)))
