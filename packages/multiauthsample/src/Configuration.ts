/**
 * @since 0.1.0
 */

import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpMethod from "@effect/platform/HttpMethod"
import type { APIException, OAuthToken } from "@effect-oauth/client"
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type * as Schedule from "effect/Schedule"
import { ApiHeaderCredentials } from "./ApiHeaderCredentials.js"
import { ApiKeyCredentials } from "./ApiKeyCredentials.js"
import { BasicAuthCredentials } from "./BasicAuthCredentials.js"
import type { CustomAuthCredentials } from "./CustomAuthCredentials.js"
import * as Environment from "./Environment.js"
import { list, parsed, parsedList, secret, text } from "./internal/variables.js"
import { OAuthACGCredentials } from "./OAuthACGCredentials.js"
import { OAuthBearerTokenCredentials } from "./OAuthBearerTokenCredentials.js"
import { OAuthCCGCredentials } from "./OAuthCCGCredentials.js"
import { OAuthROPCGCredentials } from "./OAuthROPCGCredentials.js"

/**
 * What is told of each call of `authentication`: once, however often it is retried. Neither sees a credential.
 *
 * @since 0.1.0
 * @category models
 */
export interface HttpCallBack {
  /** Awaited before the call. */
  readonly onBeforeRequest?:
    | ((request: HttpClientRequest.HttpClientRequest) => Effect.Effect<void>)
    | undefined
  /** Awaited when the answer is there, whatever its status. Its body can be read. */
  readonly onAfterResponse?:
    | ((response: HttpClientResponse.HttpClientResponse) => Effect.Effect<void>)
    | undefined
}

/**
 * How the API is called. Nothing is required: what is absent has its default, and without credentials a scheme cannot be
 * used.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfigurationOptions {
  /** Default: `TESTING`, which is this machine. */
  readonly environment?: Environment.Environment | undefined
  /** It occurs in no URL of any environment. Default: `80`. */
  readonly port?: string | undefined
  /** Chooses the `DEFAULT` server of `PRODUCTION`. Default: `SuiteCode.HEARTS`. */
  readonly suites?: Environment.SuiteCode | undefined
  /** Base URLs that take the place of those of the environment. */
  readonly servers?: { readonly [server in Environment.Server]?: string | undefined } | undefined
  /** Plain http origins on other machines that may get secrets all the same, each by name. */
  readonly insecureOrigins?: ReadonlyArray<string> | undefined
  /** The longest that a call may take, its retries included. Default: 60 seconds. */
  readonly timeout?: Duration.DurationInput | undefined
  /** How often a call of `authentication` that failed is tried again. Default: 0. */
  readonly maxRetries?: number | undefined
  /**
   * How long a retry waits: the first not at all, the n-th for `backoffFactor * 2^(n-1)` seconds, at most 120. What the
   * server asks for in `Retry-After` takes the place of that. Default: 2.
   */
  readonly backoffFactor?: number | undefined
  /** The statuses after which it is tried again. Default: 408, 413, 429, 500, 502, 503, 504, 521, 522, 524. */
  readonly retryStatuses?: ReadonlyArray<number> | undefined
  /** The methods of the calls that are tried again. Default: `GET` and `PUT`. */
  readonly retryMethods?: ReadonlyArray<HttpMethod.HttpMethod> | undefined
  readonly httpCallBack?: HttpCallBack | undefined
  /** Sent as the header `accessToken` with every call of `authentication`, and to no token endpoint. Default: none. */
  readonly accessToken?: Redacted.Redacted<string> | undefined
  readonly basicAuthCredentials?: BasicAuthCredentials | undefined
  readonly apiKeyCredentials?: ApiKeyCredentials | undefined
  readonly apiHeaderCredentials?: ApiHeaderCredentials | undefined
  readonly oAuthCCGCredentials?: OAuthCCGCredentials | undefined
  readonly oAuthACGCredentials?: OAuthACGCredentials | undefined
  readonly oAuthROPCGCredentials?: OAuthROPCGCredentials | undefined
  readonly oAuthBearerTokenCredentials?: OAuthBearerTokenCredentials | undefined
  readonly customAuthCredentials?: CustomAuthCredentials | undefined
  /**
   * Whose sessions these are, such as the id of a user: a part of the key under which they are stored. Clients that have
   * the same credentials and share a store share their sessions, unless this tells them apart. Default: none.
   */
  readonly sessionKey?: string | undefined
  /**
   * How the client id and secret stand in Basic credentials: `form` as RFC 6749 section 2.3.1 wants it, or `raw` for
   * servers that do not decode them. Default: `form`.
   */
  readonly basicCredentials?: "form" | "raw" | undefined
  /** Whether tokens are fetched and refreshed without being asked. Default: true. */
  readonly autoRefresh?: boolean | undefined
  /** How long before its expiry a token is replaced. Default: 60 seconds, at most a tenth of its lifetime. */
  readonly leeway?: Duration.DurationInput | undefined
  /** Awaited after a new token of a scheme was stored and before it is used. */
  readonly onTokenUpdate?:
    | ((token: OAuthToken.OAuthToken, scheme: OAuthScheme) => Effect.Effect<void>)
    | undefined
  /**
   * Who answers authorization requests of `OAuthACG`. An answer that names another server is refused (RFC 9207). Default:
   * the base URL of the server `DEFAULT`.
   */
  readonly issuer?: string | undefined
  /** A revocation endpoint (RFC 7009), for `logout`. The servers of the environments have none. */
  readonly revocationEndpoint?: string | undefined
  /** When a request for a token is tried again after a transient failure. Default: three times within two seconds. */
  readonly tokenRetry?: Schedule.Schedule<unknown, APIException> | undefined
}

/**
 * The schemes whose tokens the client keeps.
 *
 * @since 0.1.0
 * @category models
 */
export type OAuthScheme = "OAuthCCG" | "OAuthACG" | "OAuthROPCG"

interface Fields extends ConfigurationOptions {
  readonly environment: Environment.Environment
  readonly port: string
  readonly suites: Environment.SuiteCode
  readonly timeout: Duration.Duration
  readonly maxRetries: number
  readonly backoffFactor: number
  readonly retryStatuses: ReadonlyArray<number>
  readonly retryMethods: ReadonlyArray<HttpMethod.HttpMethod>
  readonly basicCredentials: "form" | "raw"
  readonly autoRefresh: boolean
  readonly leeway: Duration.Duration
}

/**
 * How the API is called, with all that has a default.
 *
 * The HTTP client is none of its fields: it is the `HttpClient` of the environment, which another layer can replace or
 * wrap.
 *
 * @example
 * ```ts
 * import { BasicAuthCredentials, Configuration } from "multiauthsample"
 * import { Redacted } from "effect"
 *
 * const configuration = new Configuration({
 *   timeout: "10 seconds",
 *   basicAuthCredentials: new BasicAuthCredentials({ username: "alice", password: Redacted.make("wonderland") })
 * })
 *
 * const patient = configuration.cloneWith({ maxRetries: 3 })
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export class Configuration extends Data.Class<Fields> {
  constructor(options: ConfigurationOptions = {}) {
    super({
      ...options,
      environment: options.environment ?? "TESTING",
      port: options.port ?? "80",
      suites: options.suites ?? Environment.SuiteCode.HEARTS,
      timeout: Duration.decode(options.timeout ?? "60 seconds"),
      maxRetries: options.maxRetries ?? 0,
      backoffFactor: options.backoffFactor ?? 2,
      retryStatuses: options.retryStatuses ?? [408, 413, 429, 500, 502, 503, 504, 521, 522, 524],
      retryMethods: options.retryMethods ?? ["GET", "PUT"],
      basicCredentials: options.basicCredentials ?? "form",
      autoRefresh: options.autoRefresh ?? true,
      leeway: Duration.decode(options.leeway ?? "60 seconds")
    })
  }

  /**
   * The same with some options replaced: each that is given, whatever its value. One that is given as `undefined` has its
   * default again.
   *
   * @since 0.1.0
   */
  cloneWith(changes: ConfigurationOptions): Configuration {
    return new Configuration({ ...this, ...changes })
  }

  /**
   * What the variables of the configuration say, where each name is preceded by `prefix` and an underscore. A variable
   * that is absent or empty leaves its option at the default. One that cannot be read is a `ConfigError` that names it.
   *
   * | variable | option |
   * | --- | --- |
   * | `ENVIRONMENT` | `PRODUCTION` or `TESTING` |
   * | `PORT` | `port` |
   * | `SUITES` | `HEARTS`, `SPADES`, `CLUBS`, `DIAMONDS`, or 1 to 4 |
   * | `SERVER_DEFAULT`, `SERVER_AUTH` | `servers` |
   * | `INSECURE_ORIGINS` | origins, separated by spaces or commas |
   * | `TIMEOUT`, `LEEWAY` | durations, such as `5 seconds` |
   * | `MAX_RETRIES`, `BACKOFF_FACTOR` | numbers |
   * | `RETRY_STATUSES`, `RETRY_METHODS` | statuses and methods, separated by spaces or commas |
   * | `ACCESS_TOKEN` | `accessToken` |
   * | `SESSION_KEY` | `sessionKey` |
   * | `BASIC_CREDENTIALS` | `form` or `raw` |
   * | `AUTO_REFRESH` | `true` or `false` |
   * | `ISSUER`, `REVOCATION_ENDPOINT` | `issuer`, `revocationEndpoint` |
   * | `BASIC_AUTH_…` | `BasicAuthCredentials.config` |
   * | `API_KEY_…` | `ApiKeyCredentials.config` |
   * | `API_HEADER_…` | `ApiHeaderCredentials.config` |
   * | `CCG_…` | `OAuthCCGCredentials.config` |
   * | `ACG_…` | `OAuthACGCredentials.config` |
   * | `ROPCG_…` | `OAuthROPCGCredentials.config` |
   * | `BEARER_…` | `OAuthBearerTokenCredentials.config` |
   *
   * The options that are functions are no text: add them with `Config.map` and `cloneWith`. Credentials of which some
   * variables are there and others are missing are an error as well.
   *
   * @since 0.1.0
   */
  static config(prefix: string): Config.Config<Configuration> {
    const named = (name: string) => `${prefix}_${name}`
    return Config.map(
      Config.all({
        environment: parsed(named("ENVIRONMENT"), "PRODUCTION or TESTING", environmentOf),
        port: text(named("PORT")),
        suites: parsed(named("SUITES"), "HEARTS, SPADES, CLUBS, DIAMONDS, or 1 to 4", suitesOf),
        servers: Config.all({ DEFAULT: text(named("SERVER_DEFAULT")), AUTH: text(named("SERVER_AUTH")) }),
        insecureOrigins: list(named("INSECURE_ORIGINS")),
        timeout: parsed(named("TIMEOUT"), "a duration, such as 5 seconds", durationOf),
        maxRetries: parsed(named("MAX_RETRIES"), "a whole number", wholeNumber),
        backoffFactor: parsed(named("BACKOFF_FACTOR"), "a number that is not negative", number),
        retryStatuses: parsedList(named("RETRY_STATUSES"), "statuses, such as 429, 503", statusOf),
        retryMethods: parsedList(named("RETRY_METHODS"), "methods, such as GET, PUT", methodOf),
        accessToken: secret(named("ACCESS_TOKEN")),
        basicAuthCredentials: BasicAuthCredentials.configOption(named("BASIC_AUTH")),
        apiKeyCredentials: ApiKeyCredentials.configOption(named("API_KEY")),
        apiHeaderCredentials: ApiHeaderCredentials.configOption(named("API_HEADER")),
        oAuthCCGCredentials: OAuthCCGCredentials.configOption(named("CCG")),
        oAuthACGCredentials: OAuthACGCredentials.configOption(named("ACG")),
        oAuthROPCGCredentials: OAuthROPCGCredentials.configOption(named("ROPCG")),
        oAuthBearerTokenCredentials: OAuthBearerTokenCredentials.configOption(named("BEARER")),
        sessionKey: text(named("SESSION_KEY")),
        basicCredentials: parsed(named("BASIC_CREDENTIALS"), "form or raw", basicCredentialsOf),
        autoRefresh: parsed(named("AUTO_REFRESH"), "true or false", booleanOf),
        leeway: parsed(named("LEEWAY"), "a duration, such as 5 seconds", durationOf),
        issuer: text(named("ISSUER")),
        revocationEndpoint: text(named("REVOCATION_ENDPOINT"))
      }),
      (options) => new Configuration(options)
    )
  }
}

const oneOf =
  <A>(values: Readonly<Record<string, A>>) =>
  (text: string): Option.Option<A> =>
    Object.hasOwn(values, text) ? Option.fromNullable(values[text]) : Option.none()

const environmentOf = oneOf({ PRODUCTION: "PRODUCTION", TESTING: "TESTING" } as const)

const suitesOf = oneOf({ ...Environment.SuiteCode, "1": 1, "2": 2, "3": 3, "4": 4 } as const)

const basicCredentialsOf = oneOf({ form: "form", raw: "raw" } as const)

const booleanOf = oneOf({ true: true, false: false })

// Of a negative duration `Duration` makes none at all.
const durationOf = (text: string): Option.Option<Duration.Duration> =>
  text.startsWith("-") ? Option.none() : Duration.decodeUnknown(text)

const number = (text: string): Option.Option<number> =>
  /^\d+(\.\d+)?$/.test(text) ? Option.some(Number(text)) : Option.none()

const wholeNumber = (text: string): Option.Option<number> => Option.filter(number(text), Number.isSafeInteger)

const statusOf = (text: string): Option.Option<number> =>
  /^[1-5]\d\d$/.test(text) ? Option.some(Number(text)) : Option.none()

const methodOf = (text: string): Option.Option<HttpMethod.HttpMethod> =>
  Option.liftPredicate(HttpMethod.isHttpMethod)(text.toUpperCase())
