import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Introspect } from "../Introspection.js"
import type { Handler } from "../ResourceServer.js"
import { type Handle, send } from "./Listener.js"

/** Puts a resource in front of an authorization server: what the resource passes on goes to `next`. */
export const inFrontOf =
  (next: Handle, resource: Handler | undefined, introspect: Introspect): Handle =>
  (exchange) =>
    resource === undefined
      ? next(exchange)
      : Effect.flatMap(
          resource(exchange.request, introspect),
          Option.match({
            onNone: () => next(exchange),
            onSome: (answer) => Effect.sync(() => send(exchange.response, answer))
          })
        )
