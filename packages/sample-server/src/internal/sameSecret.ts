import { createHash, timingSafeEqual } from "node:crypto"
import * as Redacted from "effect/Redacted"

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** Compares in a time that tells nothing about where the two differ, or how long they are. */
export const sameSecret = (expected: Redacted.Redacted<string>, sent: string): boolean =>
  timingSafeEqual(digest(Redacted.value(expected)), digest(sent))
