import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"

/** What every request calls itself, those for tokens as well. */
export const userAgent: <E, R>(client: HttpClient.HttpClient.With<E, R>) => HttpClient.HttpClient.With<E, R> =
  HttpClient.mapRequest(HttpClientRequest.setHeader("user-agent", "APIMATIC 3.0"))
