import type * as Effect from "effect/Effect"
import type { TokenStoreError } from "../TokenStoreError.js"
import { countStoreFailure } from "./metrics.js"

export const countFailure = ({ operation, reason }: TokenStoreError): Effect.Effect<void> =>
  countStoreFailure({ "oauth.store.operation": operation, "error.type": reason })
