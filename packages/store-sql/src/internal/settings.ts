import { AuthValidationException } from "@effect-oauth/client/AuthValidationException"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

// Sixty-three characters are what PostgreSQL keeps of a name.
const name = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

/** The parts of a table's name: itself, or its schema and itself. */
export const tableName = (table: string): Effect.Effect<ReadonlyArray<string>, AuthValidationException> => {
  const parts = table.split(".")
  return parts.length <= 2 && parts.every((part) => name.test(part))
    ? Effect.succeed(parts)
    : Effect.fail(
        new AuthValidationException({
          message:
            "The name of the table for sessions is none. Write it as sessions or auth.sessions: letters, digits and underscores, at most 63 of them in a part, and no digit first."
        })
      )
}

const shortestLease = Duration.millis(100)

/** Shorter ones are lost on the way to the database, and what never ends does not heal. */
export const leaseDuration = (
  input: Duration.DurationInput
): Effect.Effect<Duration.Duration, AuthValidationException> => {
  const duration = Duration.decode(input)
  return Duration.isFinite(duration) && Duration.greaterThanOrEqualTo(duration, shortestLease)
    ? Effect.succeed(duration)
    : Effect.fail(
        new AuthValidationException({
          message:
            "leaseDuration has to be finite, and no shorter than 100 milliseconds. The default is 10 seconds."
        })
      )
}
