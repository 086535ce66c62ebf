import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"

/**
 * So many bytes that nobody can guess, in base64url. They are from the platform's own source: Effect's `Random` can be
 * seeded, and is no place for secrets.
 */
export const randomText = (bytes: number): Effect.Effect<string> =>
  Effect.sync(() => Encoding.encodeBase64Url(globalThis.crypto.getRandomValues(new Uint8Array(bytes))))
