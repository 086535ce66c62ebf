import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"

/** The members of a JSON object; none, if it is no such thing. */
export const parseJson = (text: string): Readonly<Record<string, unknown>> =>
  Either.try((): unknown => JSON.parse(text)).pipe(
    Either.filterOrLeft(Predicate.isReadonlyRecord, () => undefined),
    Either.getOrElse(() => ({}))
  )
