// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is to be taken out.
const escapes = /\u001b\[[0-9;?]*[A-Za-z]/g

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is to be taken out.
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/** A text without the codes that colour it. */
const uncoloured = (text: string): string => text.replace(escapes, "")

/** A text of others as one line that cannot steer a terminal. */
export const plain = (text: string): string =>
  uncoloured(text).replace(controls, "").replace(/\s+/g, " ").trim()
