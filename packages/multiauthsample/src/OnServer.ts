/**
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type { Server } from "./Environment.js"

/**
 * The annotation that says which server an endpoint is on. Its path follows the base URL of that server. Default:
 * `DEFAULT`.
 *
 * @example
 * ```ts
 * import { OAuthAuthorization, OnServer } from "multiauthsample"
 * import { Context } from "effect"
 *
 * const server = Context.get(OAuthAuthorization.requestTokenOAuthCCG.annotations, OnServer) // AUTH
 * ```
 *
 * @since 0.1.0
 * @category tags
 */
export class OnServer extends Context.Reference<OnServer>()("multiauthsample/OnServer", {
  defaultValue: (): Server => "DEFAULT"
}) {}
