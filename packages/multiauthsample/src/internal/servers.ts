import type * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as Context from "effect/Context"
import type { Configuration } from "../Configuration.js"
import * as Environment from "../Environment.js"
import { OnServer } from "../OnServer.js"

/** Where a server is. */
export const baseUrl = (
  { environment, servers, suites }: Configuration,
  server: Environment.Server
): string => (servers?.[server] ?? Environment.baseUrl(environment, server, suites)).replace(/\/+$/, "")

/** Where an endpoint is. */
export const urlOf = (
  configuration: Configuration,
  endpoint: { readonly path: HttpApiEndpoint.PathSegment; readonly annotations: Context.Context<never> }
): string => `${baseUrl(configuration, Context.get(endpoint.annotations, OnServer))}${endpoint.path}`
