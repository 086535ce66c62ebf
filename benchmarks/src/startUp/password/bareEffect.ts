import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"

const program = Effect.gen(function* () {
  const client = yield* HttpClient.HttpClient
  const response = yield* client.get("https://api.example.com/user")
  process.stdout.write(JSON.stringify(yield* response.json))
})

await Effect.runPromise(Effect.provide(program, FetchHttpClient.layer))
