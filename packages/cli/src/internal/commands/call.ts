import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { isHttpMethod } from "@effect/platform/HttpMethod"
import * as AuthorizedHttpClient from "@effect-oauth/client/AuthorizedHttpClient"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Definitions from "../Definitions.js"
import { config, HttpStatus, type UsageError, usage } from "../Failure.js"
import { Output } from "../Output.js"
import * as Options from "../options.js"
import * as Session from "../Session.js"
import * as Settings from "../Settings.js"
import { StandardInput } from "../StandardInput.js"

const options = {
  headers: Options.texts(Definitions.call.headers),
  data: Options.text(Definitions.call.data),
  dataStdin: Options.flag(Definitions.call.dataStdin),
  include: Options.flag(Definitions.call.include)
}

const args = { method: Args.text({ name: "METHOD" }), url: Args.text({ name: "URL" }) }

const originOf = (origin: string): string => (URL.canParse(origin) ? new URL(origin).origin : origin)

/** The URL of the call, if the token may go there. */
const target = (settings: Settings.Settings, url: string): Either.Either<URL, UsageError> => {
  const origins = settings.profile.origins ?? []
  const first = origins[0]
  if (first === undefined) {
    return Either.left(
      config(
        `The profile ${settings.name} names no origin that may get the token.`,
        `effect-oauth profile set ${settings.name} --origin https://api.example.com`
      )
    )
  }
  const isPath = url.startsWith("/") && !url.startsWith("//")
  if (isPath && origins.length > 1) {
    return Either.left(
      usage(`A path alone could go to any of ${origins.map(originOf).join(", ")}.`, "Write the whole URL.")
    )
  }
  if (isPath ? !URL.canParse(url, first) : !URL.canParse(url)) {
    return Either.left(
      usage("That is no absolute URL.", "Write it as https://…, or as a path such as /user.")
    )
  }
  const absolute = isPath ? new URL(url, first) : new URL(url)
  if (absolute.username !== "" || absolute.password !== "") {
    return Either.left(usage("The URL must not hold a user name or a password.", "Leave them out."))
  }
  return origins.map(originOf).includes(absolute.origin)
    ? Either.right(absolute)
    : Either.left(
        usage(
          `${absolute.origin} is none of the origins that may get the token: ${origins.map(originOf).join(", ")}.`,
          `If it should be: effect-oauth profile set ${settings.name} with all of its origins, each as --origin`
        )
      )
}

const header = (line: string): Either.Either<readonly [name: string, value: string], UsageError> => {
  const [, name = "", value = ""] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:\s*(.*)$/.exec(line) ?? []
  if (name === "" || /[\r\n\0]/.test(value)) {
    return Either.left(
      usage("A header is not of the form NAME:VALUE.", "Write it as in -H 'accept: application/json'")
    )
  }
  return name.toLowerCase() === "authorization"
    ? Either.left(usage("The Authorization header is what call adds by itself.", "Leave it out."))
    : Either.right([name.toLowerCase(), value])
}

const contentTypeOf = (body: Uint8Array): string =>
  Either.isRight(Either.try((): unknown => JSON.parse(new TextDecoder().decode(body))))
    ? "application/json"
    : "application/x-www-form-urlencoded"

const bodyOf = (data: Option.Option<string>, fromStdin: boolean) =>
  Effect.gen(function* () {
    if (fromStdin || Option.contains(data, "@-")) {
      if (fromStdin && Option.isSome(data) && data.value !== "@-") {
        return yield* usage(
          "The body comes from --data or from --data-stdin, not from both.",
          "Leave one out."
        )
      }
      const { read } = yield* StandardInput
      return Option.some(yield* read)
    }
    if (Option.isNone(data)) return Option.none<Uint8Array>()
    if (!data.value.startsWith("@")) return Option.some(new TextEncoder().encode(data.value))
    const file = data.value.slice(1)
    const fs = yield* FileSystem.FileSystem
    return yield* fs.readFile(file).pipe(
      Effect.map(Option.some),
      Effect.mapError((error) =>
        usage(
          `The file ${file} could not be read: ${error._tag === "SystemError" ? error.reason : "BadArgument"}.`
        )
      )
    )
  })

const head = (response: HttpClientResponse.HttpClientResponse): string =>
  [
    `HTTP ${response.status}`,
    ...Object.entries(response.headers).map(([name, value]) => `${name}: ${value}`),
    "",
    ""
  ].join("\n")

const bodyAsJson = (text: string): unknown =>
  Either.getOrElse(
    Either.try((): unknown => JSON.parse(text)),
    () => text
  )

/** Sends an authorized request to an origin of the profile. */
export const call = Command.make(
  "call",
  { ...args, ...options, ...Options.common, ...Options.settings },
  (options) =>
    Effect.gen(function* () {
      const settings = yield* Settings.resolve(options)
      const output = yield* Output
      const method = options.method.toUpperCase()
      if (!isHttpMethod(method)) {
        return yield* usage("That is no method.", "Write GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS.")
      }
      const url = yield* target(settings, options.url)
      const headers = yield* Either.all(options.headers.map(header))
      const body = yield* bodyOf(options.data, options.dataStdin)
      if (Option.isSome(body) && (method === "GET" || method === "HEAD")) {
        return yield* usage(`A ${method} request has no body.`, "Use another method, or leave the body out.")
      }
      const request = HttpClientRequest.make(method)(url).pipe(
        Option.isSome(body)
          ? HttpClientRequest.setBody(HttpBody.uint8Array(body.value, contentTypeOf(body.value)))
          : (same) => same,
        HttpClientRequest.setHeaders(headers)
      )

      yield* Effect.gen(function* () {
        const client = HttpClient.withTracerPropagation(
          yield* AuthorizedHttpClient.AuthorizedHttpClient,
          false
        )
        const response = yield* Session.explained(client.execute(request))
        if (output.isJson) {
          const body = bodyAsJson(yield* response.text)
          yield* output.result([], { status: response.status, headers: { ...response.headers }, body })
        } else {
          if (options.include) yield* output.write(head(response))
          yield* Stream.runForEachWhile(response.stream, output.write)
        }
        const { location } = response.headers
        if (response.status >= 300 && response.status < 400 && location !== undefined) {
          yield* output.notice("The answer is a redirect, which is not followed with a token.")
        }
        if (response.status >= 400) return yield* new HttpStatus({ status: response.status })
      }).pipe(
        Effect.provide(
          AuthorizedHttpClient.layer({
            origins: settings.profile.origins ?? [],
            insecureOrigins: settings.profile.insecureOrigins
          }).pipe(
            Layer.catchAll(({ message }) =>
              Layer.fail(config(message, "Look at the origins: effect-oauth profile show"))
            )
          )
        ),
        (program) => Session.use(settings, { mayBegin: true }, program)
      )
    })
).pipe(Command.withDescription(Definitions.commands.call.summary))
