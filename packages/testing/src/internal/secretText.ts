import * as Equivalence from "effect/Equivalence"
import * as Redacted from "effect/Redacted"

/** A secret as tests write it. */
export type SecretText = string | Redacted.Redacted<string>

export const redacted = (text: SecretText): Redacted.Redacted<string> =>
  Redacted.isRedacted(text) ? text : Redacted.make(text)

/** For looking up what was issued; it goes nowhere else. */
export const plain = (text: SecretText): string => (Redacted.isRedacted(text) ? Redacted.value(text) : text)

export const isSame: Equivalence.Equivalence<Redacted.Redacted<string>> = Redacted.getEquivalence(
  Equivalence.string
)
