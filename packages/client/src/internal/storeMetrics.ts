import type * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { TokenStoreError } from "../TokenStoreError.js"

const failures = Metric.counter("oauth.token_store.failures", {
  description: "What the token store could not do, by operation and reason.",
  incremental: true
})

export const countFailure = ({ operation, reason }: TokenStoreError): Effect.Effect<void> =>
  Metric.increment(Metric.tagged(Metric.tagged(failures, "operation", operation), "reason", reason))
