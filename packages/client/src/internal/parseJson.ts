import * as Option from "effect/Option"

/** Nothing where the text is not JSON: the parser's own message quotes the text, so it is of no use. */
export const parseJson = (text: string): Option.Option<unknown> => {
  try {
    return Option.some(JSON.parse(text))
  } catch {
    return Option.none()
  }
}
