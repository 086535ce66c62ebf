import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"

class User extends Schema.Class<User>("User")({
  id: Schema.Number,
  name: Schema.String,
  bornAt: Schema.optional(Schema.DateTimeUtc)
}) {}

class NoUser extends Data.TaggedError("NoUser")<{ readonly id: number }> {}

const make = Effect.gen(function* () {
  const client = (yield* HttpClient.HttpClient).pipe(
    HttpClient.mapRequest(HttpClientRequest.prependUrl(yield* Config.string("API"))),
    HttpClient.filterStatusOk,
    HttpClient.retryTransient({
      times: 3,
      schedule: Schedule.exponential("100 millis").pipe(Schedule.jittered)
    })
  )
  const find = (id: number) =>
    client.get(`/users/${id}`).pipe(
      Effect.flatMap(HttpClientResponse.schemaBodyJson(User)),
      Effect.catchTag("ResponseError", () => new NoUser({ id })),
      Effect.timeout(Duration.seconds(5)),
      Effect.withSpan("Users.find")
    )
  const rename = (id: number, name: string) =>
    HttpClientRequest.post(`/users/${id}`).pipe(
      HttpClientRequest.bodyJson({ name }),
      Effect.flatMap(client.execute),
      Effect.tapError(Effect.logError),
      Effect.asVoid
    )
  return { find, rename }
})

class Users extends Context.Tag("Users")<Users, Effect.Effect.Success<typeof make>>() {}

/** What many services do: they call an API, know its replies by a schema, try again, give up, and are traced. */
export const program = Effect.gen(function* () {
  const users = yield* Users
  const user = yield* Effect.option(users.find(1))
  if (Option.isSome(user)) yield* users.rename(1, user.value.name.toUpperCase())
}).pipe(Effect.provide(Layer.effect(Users, make)))
