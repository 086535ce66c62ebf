import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type OAuth2Server from "@node-oauth/oauth2-server"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Environment from "multiauthsample/Environment"
import { Caller } from "./Gate.js"
import { ServedApi } from "./ServedApi.js"
import * as TokenEndpoint from "./TokenEndpoint.js"

const passed = () => Effect.succeed("You've passed the test!")

export const authentication = HttpApiBuilder.group(ServedApi, "authentication", (handlers) =>
  handlers
    .handle("oAuthBearerToken", passed)
    .handle("customAuthentication", passed)
    .handle("customQueryOrHeaderAuthentication", passed)
    .handle("oAuthGrantTypesOrCombinations", passed)
    .handle("noAuth", passed)
    .handle("basicAuthAndApiHeaderAuth", passed)
    .handle("multipleAuthCombination", passed)
    .handle("oAuthClientCredentialsGrant", () =>
      Effect.map(DateTime.now, (now) => ({
        status: "OK",
        app: "MultiAuth-Sample",
        moto: "Eight ways to prove who you are",
        notes: 1,
        users: 1,
        time: DateTime.formatIso(now),
        os: process.platform
      }))
    )
    .handle("oAuthAuthorizationGrant", () =>
      Effect.map(Caller, ({ session }) => ({
        id: 1,
        name: session?.username,
        email: `${session?.username}@example.com`,
        createdAt: "2024-02-15T08:00:00Z",
        updatedAt: "2024-02-15T08:00:00Z"
      }))
    )
)

/** The token paths, each with the library behind it. Their forms are read by the library, and by nobody else. */
export const oAuthAuthorization = (servers: { readonly [Server in Environment.Server]: OAuth2Server }) =>
  HttpApiBuilder.group(ServedApi, "oAuthAuthorization", (handlers) =>
    handlers
      .handleRaw("requestTokenOAuthCCG", () => TokenEndpoint.answer(servers.AUTH))
      .handleRaw("token", () => TokenEndpoint.answer(servers.DEFAULT))
  )
