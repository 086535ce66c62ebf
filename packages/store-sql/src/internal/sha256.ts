import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"

/** In hexadecimal: a primary key of one length for any text. */
export const sha256 = (text: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => globalThis.crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
    (digest) => Encoding.encodeHex(new Uint8Array(digest))
  )
