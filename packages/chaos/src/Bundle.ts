import { createRequire } from "node:module"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { build, type Plugin } from "esbuild"
import type { StoreName } from "./Arguments.js"

/** The program of the workers could not be put together. */
export class BundleError extends Data.TaggedError("BundleError")<{ readonly message: string }> {}

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

const entry = fileURLToPath(new URL("worker/main.ts", import.meta.url))

/** The modules of the stores that the worker does not load. */
const unneeded: Readonly<Record<StoreName, ReadonlyArray<string>>> = {
  file: ["./redis.js", "./sql.js"],
  sqlite: ["./redis.js"],
  postgres: ["./redis.js"],
  redis: ["./sql.js"]
}

/**
 * The worker's program for a store, bundled into a temporary folder: so a process of it starts in a fraction of a
 * second, and all processes of a run are of the same program.
 */
export const make = (
  store: StoreName
): Effect.Effect<string, BundleError | PlatformError, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped({ prefix: "effect-oauth-chaos-worker-" })
    yield* Effect.tryPromise({
      try: () =>
        build({
          entryPoints: [entry],
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
          external: [...unneeded[store]],
          plugins: [installed]
        }),
      catch: (cause) =>
        new BundleError({
          message: `The worker could not be bundled: ${cause instanceof Error ? cause.message : String(cause)}`
        })
    })
    return join(folder, "main.mjs")
  })
