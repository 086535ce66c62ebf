/** Text that may stand in a page as it is. */
export interface Html {
  readonly html: string
}

/** A page, or a part of one. Whatever is put into it that is not `Html` itself is shown as the text that it is. */
export const html = (
  strings: TemplateStringsArray,
  ...values: ReadonlyArray<string | Html | ReadonlyArray<Html>>
): Html => ({
  html: strings.reduce((page, string, index) => page + render(values[index - 1] ?? "") + string)
})

const render = (value: string | Html | ReadonlyArray<Html>): string => {
  if (typeof value === "string")
    return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  return "html" in value ? value.html : value.map(({ html }) => html).join("")
}
