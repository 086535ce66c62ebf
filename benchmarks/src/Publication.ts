import { fileURLToPath } from "node:url"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import { chart } from "./chart.js"
import { machineText } from "./Machine.js"
import * as Results from "./Results.js"
import { benchmarkMarkdown, markdown, runText } from "./report.js"

/** Files and what is to stand in them, all made before the first is written. */
export type Publication = ReadonlyArray<{ readonly path: string; readonly content: string }>

const page = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url))

/** Replaces what stands between the marks of a part; a part without marks is not shown on this page. */
const replacePart = (text: string, name: string, content: string): string => {
  const [start, end] = [`<!-- results:${name} -->`, `<!-- /results:${name} -->`]
  const [from, to] = [text.indexOf(start), text.indexOf(end)]
  return from === -1 || to < from
    ? text
    : `${text.slice(0, from + start.length)}\n\n${content}\n\n${text.slice(to)}`
}

const pageWith = (text: string, { benchmarks, machine }: Results.Results): string =>
  benchmarks.reduce(
    (page, measured) =>
      replacePart(
        page,
        measured.name,
        `${measured.question}\n\n${benchmarkMarkdown(measured, 3)}\n\n${runText(measured)}.`
      ),
    replacePart(text, "machine", `${machineText(machine)}.`)
  )

/** All that a run leaves. The page of the documentation shows what is in the project's own folder. */
export const make = (
  results: Results.Results,
  isOurs: boolean
): Effect.Effect<Publication, unknown, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return [
      { path: "results.json", content: `${yield* Results.encode(results)}\n` },
      { path: "results.md", content: markdown(results) },
      { path: "results.svg", content: chart(results) },
      ...(isOurs ? [{ path: page, content: pageWith(yield* fs.readFileString(page), results) }] : [])
    ]
  })

/** Writes it, relative to the folder. */
export const write = (
  publication: Publication,
  folder: string
): Effect.Effect<void, unknown, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    yield* fs.makeDirectory(folder, { recursive: true })
    yield* Effect.forEach(publication, ({ path, content }) =>
      fs.writeFileString(path.startsWith("/") ? path : `${folder}/${path}`, content)
    )
  })
