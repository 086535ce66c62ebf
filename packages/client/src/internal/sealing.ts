import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type { EncryptionKey, EncryptionOptions, Sealing, TokenStorage } from "../TokenStorage.js"
import { TokenStoreError } from "../TokenStoreError.js"
import { parseJson } from "./parseJson.js"
import { sha256Hex } from "./sha256.js"

interface SealingKey {
  readonly id: string
  readonly secret: CryptoKey
}

// What stands in a storage may be anything.
const shown = (keyId: string): string => JSON.stringify(keyId.slice(0, 80))

const utf8 = new TextEncoder()

const failed = (operation: TokenStoreError["operation"], message: string): TokenStoreError =>
  new TokenStoreError({ reason: "Sealed", operation, message })

const importKey = ({ id, secret }: EncryptionKey): Effect.Effect<SealingKey, TokenStoreError> => {
  const unusable = () =>
    failed(
      "lease",
      `The encryption key ${shown(id)} is not 32 bytes as Base64: make one with "openssl rand -base64 32".`
    )
  const text = Redacted.value(secret).trim().replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")
  return Either.match(Encoding.decodeBase64Url(text), {
    onLeft: unusable,
    onRight: (bytes) =>
      bytes.length === 32
        ? Effect.tryPromise({
            try: () =>
              globalThis.crypto.subtle.importKey("raw", new Uint8Array(bytes), "AES-GCM", false, [
                "encrypt",
                "decrypt"
              ]),
            catch: unusable
          }).pipe(Effect.map((imported) => ({ id, secret: imported })))
        : unusable()
  })
}

const encodeText = (text: string): string => Encoding.encodeBase64Url(utf8.encode(text))

const decodeBytes = (text: string): Option.Option<Uint8Array<ArrayBuffer>> =>
  Option.map(Either.getRight(Encoding.decodeBase64Url(text)), (bytes) => new Uint8Array(bytes))

const decodeText = (text: string): Option.Option<string> =>
  Option.map(decodeBytes(text), (bytes) => new TextDecoder().decode(bytes))

const tagLength = 16

/** A text in the compact serialization of RFC 7516, with a key that both sides have (`dir`, `A256GCM`). */
const seal = (text: string, name: string, key: SealingKey): Effect.Effect<string> =>
  Effect.promise(async () => {
    // The name of the entry is a part of what is authenticated: sealed entries cannot be exchanged for each other.
    const header = encodeText(JSON.stringify({ alg: "dir", enc: "A256GCM", kid: key.id, entry: name }))
    const iv = globalThis.crypto.getRandomValues(new Uint8Array(12))
    const parameters = { name: "AES-GCM", iv, additionalData: utf8.encode(header) }
    const sealed = new Uint8Array(
      await globalThis.crypto.subtle.encrypt(parameters, key.secret, utf8.encode(text))
    )
    return [
      header,
      "",
      Encoding.encodeBase64Url(iv),
      Encoding.encodeBase64Url(sealed.subarray(0, -tagLength)),
      Encoding.encodeBase64Url(sealed.subarray(-tagLength))
    ].join(".")
  })

interface Sealed {
  readonly header: string
  readonly keyId: string
  readonly entry: string
  readonly iv: Uint8Array<ArrayBuffer>
  readonly content: Uint8Array<ArrayBuffer>
}

const parse = (jwe: string): Option.Option<Sealed> =>
  Option.gen(function* () {
    const [header = "", key, iv = "", ciphertext = "", tag = "", ...more] = jwe.split(".")
    if (key !== "" || more.length > 0) return yield* Option.none()
    const fields = yield* Option.flatMap(decodeText(header), parseJson)
    if (!Predicate.isRecord(fields) || fields["alg"] !== "dir" || fields["enc"] !== "A256GCM") {
      return yield* Option.none()
    }
    const { entry, kid } = fields
    if (typeof kid !== "string" || typeof entry !== "string") return yield* Option.none()
    const [start, end] = [yield* decodeBytes(ciphertext), yield* decodeBytes(tag)]
    const content = new Uint8Array(start.length + end.length)
    content.set(start)
    content.set(end, start.length)
    return { header, keyId: kid, entry, iv: yield* decodeBytes(iv), content }
  })

const open = ({ content, header, iv }: Sealed, key: SealingKey): Effect.Effect<Option.Option<string>> =>
  Effect.tryPromise(async () => {
    const parameters = { name: "AES-GCM", iv, additionalData: utf8.encode(header) }
    return new TextDecoder().decode(await globalThis.crypto.subtle.decrypt(parameters, key.secret, content))
  }).pipe(Effect.option)

const field = "sealed"

const sealedIn = (text: string): Option.Option<string> =>
  Option.flatMap(parseJson(text), (json) =>
    Predicate.isRecord(json) && typeof json[field] === "string" ? Option.some(json[field]) : Option.none()
  )

/** How the texts of a storage are sealed and opened with the given keys. */
export const sealing = (
  describe: TokenStorage["describe"],
  { acceptPlain = false, current, previous = [] }: EncryptionOptions
): Effect.Effect<Sealing, TokenStoreError> =>
  Effect.gen(function* () {
    const sealingKey = yield* importKey(current)
    const keys = new Map<string, SealingKey>()
    for (const key of [...(yield* Effect.forEach(previous, importKey)), sealingKey]) {
      if (keys.has(key.id)) {
        return yield* failed("lease", `There are two encryption keys with the id ${shown(key.id)}.`)
      }
      keys.set(key.id, key)
    }

    const unseal = (key: string, text: string): Effect.Effect<string, TokenStoreError> =>
      Effect.gen(function* () {
        const cannot = (why: string) =>
          Effect.flatMap(describe(key), (place) =>
            failed("read", `${place} cannot be opened: ${why}. It was left as it is.`)
          )
        const jwe = sealedIn(text)
        if (Option.isNone(jwe)) {
          // What is no session at all is for others to judge.
          if (acceptPlain || Option.isNone(parseJson(text))) return text
          return yield* cannot("it is not encrypted; acceptPlain reads it, and encrypts it at the next write")
        }
        const sealed = parse(jwe.value)
        if (Option.isNone(sealed)) return yield* cannot("it is not sealed as this library does it")
        const { entry, keyId } = sealed.value
        const opener = keys.get(keyId)
        if (opener === undefined)
          return yield* cannot(`it was sealed with the key ${shown(keyId)}, which is not given`)
        if (entry !== (yield* sha256Hex(key)))
          return yield* cannot("it was sealed as the session of another key")
        const opened = yield* open(sealed.value, opener)
        if (Option.isNone(opened)) {
          return yield* cannot(`the key ${shown(keyId)} does not fit, or somebody has changed the text`)
        }
        return opened.value
      })

    return {
      seal: (key, text) =>
        Effect.flatMap(sha256Hex(key), (name) =>
          Effect.map(seal(text, name, sealingKey), (sealed) => `${JSON.stringify({ [field]: sealed })}\n`)
        ),
      open: unseal
    }
  })
