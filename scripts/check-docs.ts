/**
 * Type-checks every TypeScript block of the documentation and of the docstrings, and runs those marked `ts run`
 * against a sample server. A block has to stand on its own, with its imports.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { run, runTypeScript } from "./command.js"
import { Failure, failOn, main, step } from "./report.js"
import { type SnippetOutcome, snippetMark } from "./snippet-outcome.js"
import { filesUnder, packageFolders, publishedPackages, read, root } from "./workspace.js"

interface Snippet {
  /** The file that it comes from, relative to the root of the workspace. */
  readonly source: string
  /** The line of the source that comes before its first line. */
  readonly line: number
  readonly code: string
  readonly isRun: boolean
}

/** Ignored by git, and not in node_modules, where tsx would not look at the `paths` of the tsconfig. */
const folder = join(root, ".tsbuildinfo/docs-snippets")

const fileOf = (index: number): string => join(folder, `${index}.ts`)

interface Fence {
  readonly indent: number
  readonly ticks: string
  readonly info: string
  readonly line: number
  readonly code: Array<string>
}

const snippetsOf = (source: string): ReadonlyArray<Snippet> => {
  const isMarkdown = source.endsWith(".md")
  const snippets: Array<Snippet> = []
  let open: Fence | undefined
  for (const [index, text] of read(source).split("\n").entries()) {
    // In a source file, a block can only be in a docstring: what is not behind its asterisk is an empty line.
    const line = isMarkdown ? text : (/^\s*\* ?(?!\/)(.*)$/.exec(text)?.[1] ?? "")
    const [, indent = "", ticks = "", info = ""] = /^(\s*)(`{3,})([^`]*)$/.exec(line) ?? []
    if (open === undefined) {
      if (ticks !== "") open = { indent: indent.length, ticks, info: info.trim(), line: index + 1, code: [] }
    } else if (ticks.startsWith(open.ticks) && info.trim() === "") {
      if (/^(ts|typescript)\b/.test(open.info)) {
        const isRun = open.info.split(/\s+/).includes("run")
        snippets.push({ source, line: open.line, code: open.code.join("\n"), isRun })
      }
      open = undefined
    } else {
      open.code.push(line.slice(open.indent))
    }
  }
  if (open !== undefined) throw new Failure(`${source}:${open.line}: a block that does not end`)
  return snippets
}

const sources = (): ReadonlyArray<string> => [
  ...["README.md", ...packageFolders.map((folder) => `${folder}/README.md`)].filter((path) =>
    existsSync(join(root, path))
  ),
  ...(existsSync(join(root, "docs")) ? filesUnder("docs").filter((path) => path.endsWith(".md")) : []),
  ...publishedPackages.flatMap(({ folder }) => filesUnder(`${folder}/src`))
]

const writeSnippets = (snippets: ReadonlyArray<Snippet>): void => {
  const tsconfig = {
    extends: relative(folder, join(root, "tsconfig.base.json")),
    compilerOptions: {
      composite: false,
      incremental: false,
      declaration: false,
      declarationMap: false,
      noEmit: true,
      noUnusedLocals: false,
      noUnusedParameters: false,
      types: ["node"]
    },
    files: snippets.map((_, index) => fileOf(index))
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig))
  for (const [index, { code }] of snippets.entries()) writeFileSync(fileOf(index), code)
}

const typeCheck = async (snippets: ReadonlyArray<Snippet>): Promise<void> => {
  const { passed, output } = await run("tsc", ["-p", folder, "--pretty", "false"])
  if (passed) return
  const placed = output.replaceAll(/^.*docs-snippets\/(\d+)\.ts\((\d+),\d+\)/gm, (place, index, line) => {
    const snippet = snippets[Number(index)]
    return snippet === undefined ? place : `${snippet.source}:${snippet.line + Number(line)}`
  })
  throw new Failure(placed)
}

/** Runs those that are marked, all in one process with a sample server. */
const execute = async (snippets: ReadonlyArray<Snippet>): Promise<void> => {
  const files = new Map(
    snippets.flatMap((snippet, index) => (snippet.isRun ? [[fileOf(index), snippet]] : []))
  )
  const { ending, output, standardOutput } = await runTypeScript(
    join(root, "scripts/run-snippets.ts"),
    60 + 20 * files.size,
    [...files.keys()]
  )
  const outcomes = standardOutput
    .split("\n")
    .filter((line) => line.startsWith(snippetMark))
    .map((line): SnippetOutcome => JSON.parse(line.slice(snippetMark.length)))
  const unfinished = [...files].filter(([file]) => !outcomes.some((outcome) => outcome.file === file))
  failOn([
    ...outcomes.flatMap(({ file, problem }) =>
      problem === undefined ? [] : [`${placeOf(files.get(file))}: ${problem}`]
    ),
    ...unfinished.slice(0, 1).map(([, snippet]) => `${placeOf(snippet)}: ${ending}\n\n${output}`)
  ])
}

const placeOf = (snippet: Snippet | undefined): string => `${snippet?.source}:${snippet?.line}`

await main(async () => {
  const snippets = sources().flatMap(snippetsOf)
  if (!snippets.some(({ source }) => source === "README.md")) {
    throw new Failure("README.md: there is no TypeScript block to check")
  }
  try {
    writeSnippets(snippets)
    await step(`type-check ${snippets.length} blocks`, () => typeCheck(snippets))
    const count = snippets.filter(({ isRun }) => isRun).length
    if (count > 0) await step(`run ${count} of them`, () => execute(snippets))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
