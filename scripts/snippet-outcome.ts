/** What a line of the report on snippets begins with: nothing that a snippet would print. */
export const snippetMark = "\u0000snippet "

/** How it went with one snippet. */
export interface SnippetOutcome {
  readonly file: string
  /** What failed, if anything. */
  readonly problem?: string
}
