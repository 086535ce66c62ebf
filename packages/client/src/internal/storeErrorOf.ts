import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { AuthValidationException } from "../AuthValidationException.js"
import { TokenStoreError } from "../TokenStoreError.js"

/** Why the store does not have what it was given; a store that died is one that failed. */
export const storeErrorOf = (
  exit: Exit.Exit<unknown, TokenStoreError | AuthValidationException>
): TokenStoreError | undefined => {
  if (Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)) return undefined
  return Option.match(Cause.failureOption(exit.cause), {
    onNone: () =>
      TokenStoreError.unavailable(
        "write",
        "The store died while it stored a token.",
        Cause.squash(exit.cause)
      ),
    onSome: (error) => (error._tag === "TokenStoreError" ? error : undefined)
  })
}
