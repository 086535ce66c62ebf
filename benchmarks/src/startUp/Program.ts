import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import { type BuildOptions, build } from "esbuild"

// Packages are taken as they are published, not from their sources, where the compiler's settings would look for them.
const settings: BuildOptions = {
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  tsconfigRaw: {},
  logLevel: "silent",
  // For packages of the older kind within a bundle.
  banner: {
    js: `import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url);`
  },
  // Native parts that programs do without.
  external: ["bufferutil", "utf-8-validate"]
}

/** A program in TypeScript: a file, or a text that imports files beside this one. */
export type Program = { readonly file: string } | { readonly text: string }

const folder = fileURLToPath(new URL(".", import.meta.url))

const entryOf = (program: Program): BuildOptions =>
  "file" in program
    ? { stdin: { contents: `import "./${program.file}"`, resolveDir: folder, loader: "ts" } }
    : { stdin: { contents: program.text, resolveDir: folder, loader: "ts" } }

export interface Size {
  readonly minified: number
  readonly gzipped: number
}

/** In bytes, bundled with all that it needs and Node does not have, and minified. */
export const sizeOf = (program: Program) =>
  Effect.map(
    Effect.tryPromise(() =>
      build({ ...settings, ...entryOf(program), banner: {}, minify: true, write: false })
    ),
    ({ outputFiles: [output] }): Size => {
      const contents = output?.contents ?? new Uint8Array()
      return { minified: contents.length, gzipped: gzipSync(contents, { level: 9 }).length }
    }
  )

/**
 * A program that Node can run, in a temporary folder from which it finds the packages: with everything in one file, or
 * with the packages as they are installed.
 */
export const runnable = (program: Program, isBundled: boolean) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const modules = path.join(folder, "../../node_modules")
    yield* fs.makeDirectory(modules, { recursive: true })
    const place = yield* fs.makeTempDirectoryScoped({ directory: modules, prefix: ".start-up-" })
    const outfile = path.join(place, "main.mjs")
    const how: BuildOptions = isBundled ? { minify: true } : { packages: "external", banner: {} }
    yield* Effect.tryPromise(() => build({ ...settings, ...entryOf(program), ...how, outfile }))
    return outfile
  }).pipe(Effect.provide(NodeContext.layer))
