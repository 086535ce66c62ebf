import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import { session } from "./session.js"

await Effect.gen(function* () {
  const client = (yield* HttpClient.HttpClient).pipe(
    HttpClient.filterStatusOk,
    HttpClient.mapRequest(HttpClientRequest.bearerToken(session.token))
  )
  const response = yield* client.get(session.api)
  return yield* response.json
}).pipe(Effect.provide(FetchHttpClient.layer), Effect.runPromise)
