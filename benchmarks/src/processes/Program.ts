import { createRequire } from "node:module"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import { build, type Plugin } from "esbuild"

/** What loads files of its own, and must be where it was installed. */
const stays = /^(@libsql\/client|libsql|pg-native|bufferutil|utf-8-validate)$/

/** Leaves such packages where they are, under the address that they have there. */
const installed: Plugin = {
  name: "installed",
  setup: ({ onResolve }) =>
    onResolve({ filter: stays }, ({ path, resolveDir }) => {
      try {
        const { resolve } = createRequire(join(resolveDir, "importer.js"))
        return { path: pathToFileURL(resolve(path)).href, external: true }
      } catch {
        return { path, external: true }
      }
    })
}

/**
 * A program bundled into a temporary folder, so that a process of it starts in a fraction of a second. What it imports
 * when it runs is loaded only then.
 */
export const bundle = (entry: URL) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped({ prefix: "effect-oauth-benchmark-" })
    yield* Effect.tryPromise(() =>
      build({
        entryPoints: { main: fileURLToPath(entry) },
        outdir: folder,
        outExtension: { ".js": ".mjs" },
        bundle: true,
        splitting: true,
        format: "esm",
        platform: "node",
        target: "node20",
        // For packages of the older kind within the bundle.
        banner: {
          js: `import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url);`
        },
        logLevel: "silent",
        plugins: [installed]
      })
    )
    return join(folder, "main.mjs")
  }).pipe(Effect.provide(NodeContext.layer))
