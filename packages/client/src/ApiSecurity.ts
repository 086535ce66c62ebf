/**
 * How the endpoints of an API are secured, said in its `HttpApi` declaration: schemes, what each endpoint needs of them,
 * and from that the OpenAPI document, the requests of a client, and the checks of a server.
 *
 * `HttpApiSecurity` of the platform knows a list of schemes of which any will do. Here they can be combined by `and` and
 * `or`, a key can have several parameters, and there is OAuth 2.
 *
 * @since 0.1.0
 */
import type * as HttpApi from "@effect/platform/HttpApi"
import type * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import type * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import type * as HttpMethod from "@effect/platform/HttpMethod"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import * as AuthScheme from "./AuthScheme.js"
import type { AuthValidationException } from "./AuthValidationException.js"
import { alternativesOf, openApiSchemes, openApiSecurity } from "./internal/openApiSecurity.js"

/**
 * A way to secure requests: the Security Scheme Object of OpenAPI.
 *
 * @see https://spec.openapis.org/oas/v3.1.0#security-scheme-object
 * @since 0.1.0
 * @category models
 */
export type Scheme = Basic | Bearer | ApiKey | OAuth2 | Custom

/**
 * A user name and a password in the `Authorization` header (RFC 7617).
 *
 * @since 0.1.0
 * @category models
 */
export interface Basic {
  readonly _tag: "Basic"
  readonly description?: string | undefined
}

/**
 * A token in the `Authorization` header (RFC 6750), wherever it is from.
 *
 * @since 0.1.0
 * @category models
 */
export interface Bearer {
  readonly _tag: "Bearer"
  readonly description?: string | undefined
  /** What the token looks like, such as `JWT`: a hint for readers. */
  readonly format?: string | undefined
}

/**
 * A key in headers or in the query.
 *
 * @since 0.1.0
 * @category models
 */
export interface ApiKey {
  readonly _tag: "ApiKey"
  readonly description?: string | undefined
  readonly in: "header" | "query"
  /** The header or the parameter that it stands in. If there are several, all of them are needed. */
  readonly names: Arr.NonEmptyReadonlyArray<string>
}

/**
 * A token of an authorization server, and the grants that it can be had by (RFC 6749).
 *
 * @see https://spec.openapis.org/oas/v3.1.0#oauth-flows-object
 * @since 0.1.0
 * @category models
 */
export interface OAuth2 {
  readonly _tag: "OAuth2"
  readonly description?: string | undefined
  readonly clientCredentials?: OAuth2Flow | undefined
  readonly password?: OAuth2Flow | undefined
  readonly authorizationCode?: (OAuth2Flow & { readonly authorizationUrl: string }) | undefined
}

/**
 * Where the tokens of a grant come from.
 *
 * @since 0.1.0
 * @category models
 */
export interface OAuth2Flow {
  readonly tokenUrl: string
  /** Default: that is the `tokenUrl` as well. */
  readonly refreshUrl?: string | undefined
  /** What each scope allows, in words. Default: there are none. */
  readonly scopes?: Readonly<Record<string, string>> | undefined
}

/**
 * A way of the API's own. OpenAPI has no word for that, so its document calls it an HTTP authentication scheme named
 * `custom`; the description has to say what it is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Custom {
  readonly _tag: "Custom"
  readonly description: string
}

/**
 * A user name and a password.
 *
 * @since 0.1.0
 * @category constructors
 */
export const basic = (options: Omit<Basic, "_tag"> = {}): Basic => ({ _tag: "Basic", ...options })

/**
 * A bearer token.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bearer = (options: Omit<Bearer, "_tag"> = {}): Bearer => ({ _tag: "Bearer", ...options })

/**
 * A key in headers or in the query.
 *
 * @since 0.1.0
 * @category constructors
 */
export const apiKey = (options: Omit<ApiKey, "_tag">): ApiKey => ({ _tag: "ApiKey", ...options })

/**
 * A token of an authorization server.
 *
 * @since 0.1.0
 * @category constructors
 */
export const oauth2 = (options: Omit<OAuth2, "_tag">): OAuth2 => ({ _tag: "OAuth2", ...options })

/**
 * A way of the API's own.
 *
 * @since 0.1.0
 * @category constructors
 */
export const custom = (options: Omit<Custom, "_tag">): Custom => ({ _tag: "Custom", ...options })

/**
 * What a request needs to be let in: nothing, a scheme, all of some requirements, or one of some. Plain data, for
 * servers to check requests by. `Name` is what the schemes in it are called.
 *
 * @see https://spec.openapis.org/oas/v3.1.0#security-requirement-object
 * @since 0.1.0
 * @category models
 */
export type Requirement<Name extends string = string> = None | OneScheme<Name> | And<Name> | Or<Name>

/**
 * Nothing is needed.
 *
 * @since 0.1.0
 * @category models
 */
export interface None {
  readonly _tag: "None"
}

/**
 * A scheme is needed.
 *
 * @since 0.1.0
 * @category models
 */
export interface OneScheme<out Name extends string = string> {
  readonly _tag: "Scheme"
  readonly name: Name
  readonly scheme: Scheme
  /** What the token has to allow, where it is one of an authorization server. */
  readonly scopes: ReadonlyArray<string>
}

/**
 * All of these are needed.
 *
 * @since 0.1.0
 * @category models
 */
export interface And<out Name extends string = string> {
  readonly _tag: "And"
  readonly requirements: Requirements<Name>
}

/**
 * One of these is needed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Or<out Name extends string = string> {
  readonly _tag: "Or"
  readonly requirements: Requirements<Name>
}

/**
 * At least one requirement, in the order in which a client tries them.
 *
 * @since 0.1.0
 * @category models
 */
export type Requirements<Name extends string = string> = Arr.NonEmptyReadonlyArray<Requirement<Name>>

/**
 * The schemes of an API, each as the requirement of that scheme.
 *
 * @since 0.1.0
 * @category models
 */
export type Schemes<Name extends string = string> = { readonly [N in Name]: OneScheme<N> }

/**
 * Names the schemes of an API. What comes out are requirements: of one scheme each, to be combined and to be put on
 * endpoints.
 *
 * @example
 * ```ts
 * import { ApiSecurity } from "@effect-oauth/client"
 *
 * const security = ApiSecurity.make({
 *   login: ApiSecurity.oauth2({
 *     clientCredentials: { tokenUrl: "https://login.example.com/token", scopes: { "pets:read": "See the pets." } }
 *   }),
 *   key: ApiSecurity.apiKey({ in: "header", names: ["x-api-key"] })
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export function make<Name extends string>(schemes: { readonly [N in Name]: Scheme }): Schemes<Name>
export function make(schemes: Readonly<Record<string, Scheme>>): Schemes {
  return Record.map(schemes, (scheme, name) => ({ _tag: "Scheme", name, scheme, scopes: [] }))
}

/**
 * Nothing is needed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: None = { _tag: "None" }

/**
 * All of these are needed.
 *
 * @since 0.1.0
 * @category combinators
 */
export const and = <Name extends string = never>(...requirements: Requirements<Name>): And<Name> => ({
  _tag: "And",
  requirements
})

/**
 * One of these is needed. A client takes the first that it can meet.
 *
 * @since 0.1.0
 * @category combinators
 */
export const or = <Name extends string = never>(...requirements: Requirements<Name>): Or<Name> => ({
  _tag: "Or",
  requirements
})

/**
 * The scheme, with a token that allows this.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withScopes = <Name extends string>(
  requirement: OneScheme<Name>,
  scopes: ReadonlyArray<string>
): OneScheme<Name> => ({ ...requirement, scopes })

/**
 * The annotation that `require` puts on an endpoint.
 *
 * @since 0.1.0
 * @category tags
 */
export class Security extends Context.Tag("@effect-oauth/client/ApiSecurity/Security")<
  Security,
  Requirement
>() {}

const SecuredTypeId: unique symbol = Symbol.for("@effect-oauth/client/ApiSecurity/Secured")

/**
 * What `require` adds to the type of an endpoint: the names of the schemes that are needed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Secured<out Name extends string> {
  readonly [SecuredTypeId]: Requirement<Name>
}

/**
 * Says what an endpoint needs, as an annotation, and as `security` in the OpenAPI document. The last thing that is done
 * to an endpoint, if the compiler is to know what it needs.
 *
 * @example
 * ```ts
 * import { HttpApiEndpoint } from "@effect/platform"
 * import { ApiSecurity } from "@effect-oauth/client"
 * import { Schema } from "effect"
 *
 * const security = ApiSecurity.make({
 *   login: ApiSecurity.bearer(),
 *   key: ApiSecurity.apiKey({ in: "header", names: ["x-api-key"] })
 * })
 *
 * const listPets = HttpApiEndpoint.get("listPets", "/pets")
 *   .addSuccess(Schema.Array(Schema.String))
 *   .pipe(ApiSecurity.require(ApiSecurity.or(security.login, security.key)))
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const require =
  <Name extends string = never>(requirement: Requirement<Name>) =>
  <
    EndpointName extends string,
    Method extends HttpMethod.HttpMethod,
    Path,
    UrlParams,
    Payload,
    Headers,
    Success,
    Error,
    R,
    RE
  >(
    endpoint: HttpApiEndpoint.HttpApiEndpoint<
      EndpointName,
      Method,
      Path,
      UrlParams,
      Payload,
      Headers,
      Success,
      Error,
      R,
      RE
    >
  ): HttpApiEndpoint.HttpApiEndpoint<
    EndpointName,
    Method,
    Path,
    UrlParams,
    Payload,
    Headers,
    Success,
    Error,
    R,
    RE
  > &
    Secured<Name> =>
    Object.assign(
      endpoint.annotate(Security, requirement).annotate(OpenApi.Override, {
        ...Option.getOrUndefined(Context.getOption(endpoint.annotations, OpenApi.Override)),
        security: openApiSecurity(requirement)
      }),
      { [SecuredTypeId]: requirement }
    )

/**
 * What an endpoint needs: nothing, where nothing is said.
 *
 * @since 0.1.0
 * @category accessors
 */
export const requirementOf: {
  /**
   * @since 0.1.0
   * @category accessors
   */
  <Name extends string>(endpoint: Secured<Name>): Requirement<Name>
  /**
   * @since 0.1.0
   * @category accessors
   */
  (endpoint: { readonly annotations: Context.Context<never> }): Requirement
} = (endpoint: Secured<string> | { readonly annotations: Context.Context<never> }): Requirement =>
  SecuredTypeId in endpoint
    ? endpoint[SecuredTypeId]
    : Context.getOrElse(endpoint.annotations, Security, () => none)

/**
 * A requirement as a list of alternatives, each a list of schemes that are all needed. A server lets a request in if
 * it finds an alternative whose schemes it finds on the request.
 *
 * @example
 * ```ts
 * import { ApiSecurity } from "@effect-oauth/client"
 *
 * declare const isMet: (scheme: ApiSecurity.OneScheme, headers: Readonly<Record<string, string>>) => boolean
 *
 * const mayPass = (requirement: ApiSecurity.Requirement, headers: Readonly<Record<string, string>>) =>
 *   ApiSecurity.alternatives(requirement).some((schemes) => schemes.every((scheme) => isMet(scheme, headers)))
 * ```
 *
 * @since 0.1.0
 * @category accessors
 */
export const alternatives: <Name extends string>(
  requirement: Requirement<Name>
) => ReadonlyArray<ReadonlyArray<OneScheme<Name>>> = alternativesOf

/**
 * Writes the schemes into the OpenAPI document of an API. A key in several parameters becomes a scheme for each, called
 * `name.parameter`, which OpenAPI requires together.
 *
 * @example
 * ```ts
 * import { HttpApi, OpenApi } from "@effect/platform"
 * import { ApiSecurity } from "@effect-oauth/client"
 *
 * const security = ApiSecurity.make({ login: ApiSecurity.bearer() })
 *
 * const document = OpenApi.fromApi(HttpApi.make("pets").pipe(ApiSecurity.declare(security)))
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const declare =
  (schemes: Readonly<Record<string, OneScheme>>) =>
  <Id extends string, Groups extends HttpApiGroup.HttpApiGroup.Any, E, R>(
    api: HttpApi.HttpApi<Id, Groups, E, R>
  ): HttpApi.HttpApi<Id, Groups, E, R> =>
    api.annotate(OpenApi.Transform, (document) => {
      const before = Context.getOption(api.annotations, OpenApi.Transform)
      const { components, ...others } = Option.isSome(before) ? before.value(document) : document
      return {
        ...others,
        components: {
          ...components,
          securitySchemes: { ...components.securitySchemes, ...openApiSchemes(Object.values(schemes)) }
        }
      }
    })

/**
 * What a request carries to meet a requirement, made of the scheme that stands under each of its names: for
 * `AuthorizedHttpClient.authorizeWith`. Without a scheme for one of them it does not compile. It can fail as these
 * schemes can, and for want of what they need.
 *
 * @example
 * ```ts
 * import { ApiSecurity, AuthScheme, TokenManager } from "@effect-oauth/client"
 * import { Effect, Redacted } from "effect"
 *
 * const security = ApiSecurity.make({
 *   login: ApiSecurity.bearer(),
 *   key: ApiSecurity.apiKey({ in: "header", names: ["x-api-key"] })
 * })
 *
 * const scheme = Effect.map(TokenManager.TokenManager, (source) =>
 *   ApiSecurity.schemeFor(ApiSecurity.or(security.login, security.key), {
 *     login: AuthScheme.oauth({ source }),
 *     key: AuthScheme.apiKeyHeader({ parameters: { "x-api-key": Redacted.make("Qy7Xa9dK") } })
 *   })
 * )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const schemeFor = <Errors extends { readonly [N in Name]: unknown }, Name extends string = never>(
  requirement: Requirement<Name>,
  schemes: { readonly [N in keyof Errors]: AuthScheme.AuthScheme<Errors[N]> }
): AuthScheme.AuthScheme<Errors[Name] | AuthValidationException> => {
  type Failures = Arr.NonEmptyReadonlyArray<Errors[Name] | AuthValidationException>
  switch (requirement._tag) {
    case "None":
      return AuthScheme.none
    case "Scheme":
      return schemes[requirement.name]
    case "And":
      return AuthScheme.and<Failures>(...Arr.map(requirement.requirements, (one) => schemeFor(one, schemes)))
    case "Or":
      return AuthScheme.or<Failures>(...Arr.map(requirement.requirements, (one) => schemeFor(one, schemes)))
  }
}
