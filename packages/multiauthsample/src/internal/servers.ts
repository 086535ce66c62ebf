import type * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import { AuthValidationException } from "@effect-oauth/client"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Configuration } from "../Configuration.js"
import * as Environment from "../Environment.js"
import { OnServer } from "../OnServer.js"

/** Where a server is. */
export const baseUrl = (
  { environment, servers, suites }: Configuration,
  server: Environment.Server
): string => (servers?.[server] ?? Environment.baseUrl(environment, server, suites)).replace(/\/+$/, "")

/** Paths follow the base URLs as they are. */
export const checkServers = (configuration: Configuration): Effect.Effect<void, AuthValidationException> =>
  Effect.forEach(
    ["DEFAULT", "AUTH"] as const,
    (server) => {
      const url = baseUrl(configuration, server)
      const refuse = (why: string) =>
        Effect.fail(new AuthValidationException({ message: `The server ${server} ${why}.` }))
      if (!URL.canParse(`${url}/`)) return refuse("is not an absolute URL")
      return /[?#]/.test(url) ? refuse("must have neither a query nor a fragment") : Effect.void
    },
    { discard: true }
  )

/** Where an endpoint is. */
export const urlOf = (
  configuration: Configuration,
  endpoint: { readonly path: HttpApiEndpoint.PathSegment; readonly annotations: Context.Context<never> }
): string => `${baseUrl(configuration, Context.get(endpoint.annotations, OnServer))}${endpoint.path}`
