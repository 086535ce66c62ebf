import * as Duration from "effect/Duration"

/** Both authorization servers count in whole seconds: rounded up, at least one. */
export const wholeSeconds = (duration: Duration.DurationInput): number =>
  Math.max(1, Math.ceil(Duration.toSeconds(duration)))
