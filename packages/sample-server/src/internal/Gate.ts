import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as ApiSecurity from "@effect-oauth/client/ApiSecurity"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { SampleServerError } from "../SampleServerError.js"
import type { Known } from "./Check.js"
import { note } from "./Outcome.js"
import * as Requirement from "./Requirement.js"
import type { Session } from "./Tokens.js"

/** Whom a request comes from. */
export class Caller extends Context.Tag("@effect-oauth/sample-server/Caller")<
  Caller,
  {
    /** The session of the token that it was admitted by, if that was issued here. */
    readonly session: Session | undefined
  }
>() {}

const refusal = <Error extends string>(error: Error) => ({
  error: Schema.Literal(error),
  message: Schema.String,
  alternatives: Schema.Array(
    Schema.Struct({
      schemes: Schema.Array(Schema.String),
      lacking: Schema.Array(Schema.Struct({ scheme: Schema.String, reason: Schema.String }))
    })
  )
})

/** The request does not prove what it has to. */
export class Unauthorized extends Schema.Class<Unauthorized>("Unauthorized")(
  refusal("unauthorized"),
  HttpApiSchema.annotations({ status: 401 })
) {}

/** The token of the request is a good one, and does not allow this (RFC 6750, section 3.1). */
export class Forbidden extends Schema.Class<Forbidden>("Forbidden")(
  refusal("insufficient_scope"),
  HttpApiSchema.annotations({ status: 403 })
) {}

/** Lets a request through to its endpoint if it meets the requirement that the declaration has for that. */
export class Gate extends HttpApiMiddleware.Tag<Gate>()("@effect-oauth/sample-server/Gate", {
  failure: Schema.Union(Unauthorized, Forbidden),
  provides: Caller
}) {}

/** What the gate has to know of an `HttpApi`. */
export interface Declaration {
  readonly groups: Readonly<Record<string, { readonly endpoints: Readonly<Record<string, Endpoint>> }>>
}

interface Endpoint {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly annotations: Context.Context<never>
}

/** The gate of the endpoints of an API. It cannot be built if there is a requirement that nobody can check. */
export const layer = (api: Declaration, known: Known): Layer.Layer<Gate, SampleServerError> =>
  Layer.effect(
    Gate,
    Effect.gen(function* () {
      const requirements = new Map<string, Requirement.Requirement>()
      for (const endpoint of Object.values(api.groups).flatMap(({ endpoints }) => Object.values(endpoints))) {
        const requirement = yield* Effect.mapError(
          Requirement.make(ApiSecurity.requirementOf(endpoint), known),
          (problem) => unchecked(endpoint, problem)
        )
        requirements.set(keyOf(endpoint), requirement)
      }
      return Gate.of(
        Effect.gen(function* () {
          const { route } = yield* HttpRouter.RouteContext
          const request = yield* HttpServerRequest.HttpServerRequest
          const judgement = Requirement.judge(requirements.get(keyOf(route)) ?? [], request)
          if (judgement._tag === "Refused") return yield* refuse(judgement)
          yield* note(judgement.schemes.join(" and ") || "open to all")
          return { session: judgement.session }
        })
      )
    })
  )

const keyOf = ({ method, path }: { readonly method: string; readonly path: string }): string =>
  `${method} ${path}`

const unchecked = ({ name }: Endpoint, problem: string): SampleServerError =>
  new SampleServerError({
    reason: "Unchecked",
    message: `The endpoint ${name} cannot be served: ${problem}.`
  })

const refuse = ({
  alternatives,
  challenge,
  error,
  message
}: Extract<Requirement.Judgement, { readonly _tag: "Refused" }>): Effect.Effect<
  never,
  Unauthorized | Forbidden
> =>
  Effect.gen(function* () {
    const reasons = alternatives
      .flatMap(({ lacking }) => lacking)
      .map(({ reason, scheme }) => `${scheme}: ${reason}`)
    yield* note(`refused, ${reasons.join("; ")}`)
    yield* HttpApp.appendPreResponseHandler((_, response) =>
      Effect.succeed(HttpServerResponse.setHeader(response, "www-authenticate", challenge))
    )
    return yield* Effect.fail(
      error === "insufficient_scope"
        ? new Forbidden({ error, message, alternatives })
        : new Unauthorized({ error, message, alternatives })
    )
  })
