import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"

/** In hexadecimal. */
export const digest = (algorithm: "SHA-1" | "SHA-256", text: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => globalThis.crypto.subtle.digest(algorithm, new TextEncoder().encode(text))),
    (bytes) => Encoding.encodeHex(new Uint8Array(bytes))
  )
