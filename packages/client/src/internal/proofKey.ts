import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"
import { randomText } from "./randomText.js"
import { sha256 } from "./sha256.js"

/** Proves to the token endpoint that the code was asked for here (RFC 7636). */
export interface ProofKey {
  readonly verifier: Redacted.Redacted<string>
  /** By the method `S256`. */
  readonly challenge: string
}

// RFC 7636 section 4.1 recommends 32 bytes.
export const make: Effect.Effect<ProofKey> = Effect.flatMap(randomText(32), (verifier) =>
  Effect.map(sha256(verifier), (hash) => ({
    verifier: Redacted.make(verifier),
    challenge: Encoding.encodeBase64Url(hash)
  }))
)
