import * as Encoding from "effect/Encoding"

/** Less would be found everywhere. */
const shortest = 4

/** How a text reads within base64, wherever in the encoded text it begins. */
const inBase64 = (text: string): ReadonlyArray<string> => {
  const { length } = new TextEncoder().encode(text)
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Encoding.encodeBase64(`${"-".repeat(offset)}${text}`)
    const part = encoded.slice(Math.ceil((8 * offset) / 6), Math.floor((8 * (offset + length)) / 6))
    return [part, part.replaceAll("+", "-").replaceAll("/", "_")]
  })
}

const formEncoded = (text: string): string => new URLSearchParams({ "": text }).toString().slice(1)

/** As `encodeURIComponent` has it, which fails of text that is not well-formed. */
const percentEncoded = (text: string): string =>
  formEncoded(text)
    .replaceAll("+", "%20")
    .replace(/%(?:21|27|28|29|7E)/g, (hex) => String.fromCharCode(Number.parseInt(hex.slice(1), 16)))

/** The forms in which a secret can be known again. */
export const formsOf = (secret: string): ReadonlyArray<string> =>
  secret.length < shortest
    ? []
    : [
        ...new Set([
          secret,
          formEncoded(secret),
          percentEncoded(secret),
          JSON.stringify(secret).slice(1, -1),
          ...inBase64(secret)
        ])
      ]
