import * as HttpApi from "@effect/platform/HttpApi"
import * as Context from "effect/Context"
import * as Record from "effect/Record"
import * as Environment from "multiauthsample/Environment"
import { MultiauthsampleApi } from "multiauthsample/MultiauthsampleApi"
import { OnServer } from "multiauthsample/OnServer"
import { Gate } from "./Gate.js"

type Endpoint = (typeof MultiauthsampleApi)["groups"][string]["endpoints"][string]

/** Where a server of the environment that stands for this machine begins. */
const baseUrl = (server: Environment.Server): URL =>
  new URL(Environment.baseUrl("TESTING", server, Environment.SuiteCode.HEARTS))

/** The port of that environment. */
export const port = Number(baseUrl("DEFAULT").port)

/** The folder of a server on this machine, without a slash at the end. */
export const folderOf = (server: Environment.Server): "" | `/${string}` => {
  const folder = baseUrl(server).pathname.replace(/^\/|\/$/g, "")
  return folder === "" ? "" : `/${folder}`
}

const place = (endpoint: Endpoint) =>
  Object.assign(endpoint.annotateContext(Context.empty()), {
    path: `${folderOf(Context.get(endpoint.annotations, OnServer))}${endpoint.path}` as const
  })

/** The servers of the declaration as folders of one server. */
const onOneServer = (api: typeof MultiauthsampleApi): typeof MultiauthsampleApi =>
  Object.assign(api.annotateContext(Context.empty()), {
    groups: Record.map(api.groups, (group) => {
      const endpoints: Record.ReadonlyRecord<string, Endpoint> = group.endpoints
      return Object.assign(group.annotateContext(Context.empty()), {
        endpoints: Record.map(endpoints, place)
      })
    })
  })

/** The declaration, with the gate before every endpoint. */
export const ServedApi = HttpApi.make("sample-server").addHttpApi(
  onOneServer(MultiauthsampleApi).middleware(Gate)
)
