import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"

export const sha256 = (text: string): Effect.Effect<Uint8Array> =>
  Effect.map(
    Effect.promise(() => globalThis.crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
    (digest) => new Uint8Array(digest)
  )

/** In hexadecimal: a file name of one length for any text. */
export const sha256Hex = (text: string): Effect.Effect<string> => Effect.map(sha256(text), Encoding.encodeHex)
