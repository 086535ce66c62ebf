import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"
import { randomText } from "./randomText.js"

/** Proves to the token endpoint that the code was asked for here (RFC 7636). */
export interface ProofKey {
  readonly verifier: Redacted.Redacted<string>
  /** By the method `S256`. */
  readonly challenge: string
}

export const challengeOf = (verifier: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => globalThis.crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))),
    (digest) => Encoding.encodeBase64Url(new Uint8Array(digest))
  )

// RFC 7636 section 4.1 recommends 32 bytes.
export const make: Effect.Effect<ProofKey> = Effect.flatMap(randomText(32), (verifier) =>
  Effect.map(challengeOf(verifier), (challenge) => ({ verifier: Redacted.make(verifier), challenge }))
)
