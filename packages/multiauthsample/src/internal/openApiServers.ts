import type * as OpenApi from "@effect/platform/OpenApi"
import * as Arr from "effect/Array"
import * as Environment from "../Environment.js"

const { CLUBS, DIAMONDS, HEARTS, SPADES } = Environment.SuiteCode

const suites: OpenApi.OpenAPISpecServerVariable = {
  default: String(HEARTS),
  enum: Arr.map(Arr.make(HEARTS, SPADES, CLUBS, DIAMONDS), String)
}

/** A server as it is in each environment, the default environment first. */
export const openApiServers = (server: Environment.Server): ReadonlyArray<OpenApi.OpenAPISpecServer> =>
  (["TESTING", "PRODUCTION"] as const).map((environment) => {
    const url = Environment.baseUrls[environment][server]
    return {
      url,
      description: environment,
      ...(url.includes("{suites}") && { variables: { suites } })
    }
  })
