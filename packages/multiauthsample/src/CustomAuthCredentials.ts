/**
 * @since 0.1.0
 */
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type { AuthValidationException } from "@effect-oauth/client"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"

/**
 * What the credentials are made of.
 *
 * @since 0.1.0
 * @category models
 */
export interface CustomAuthFields {
  /**
   * Puts on a request what the API wants, for each sending anew. If it fails, nothing is sent. Default: puts nothing on
   * it.
   */
  readonly authorize?:
    | ((
        request: HttpClientRequest.HttpClientRequest
      ) => Effect.Effect<HttpClientRequest.HttpClientRequest, AuthValidationException>)
    | undefined
}

/**
 * Credentials for the scheme `CustomAuth`: a function of yours on the request. They are never missing: without any, the
 * scheme puts nothing on requests.
 *
 * @example
 * ```ts
 * import { HttpClientRequest } from "@effect/platform"
 * import { Effect } from "effect"
 * import { CustomAuthCredentials } from "multiauthsample"
 *
 * const credentials = new CustomAuthCredentials({
 *   authorize: (request) => Effect.succeed(HttpClientRequest.setHeader(request, "x-tenant", "wonderland"))
 * })
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export class CustomAuthCredentials extends Data.TaggedClass("CustomAuthCredentials")<CustomAuthFields> {
  /**
   * The same credentials with some fields replaced: each field that is given, whatever its value.
   *
   * @since 0.1.0
   */
  cloneWith(changes: CustomAuthFields): CustomAuthCredentials {
    return new CustomAuthCredentials({ ...this, ...changes })
  }
}
