/**
 * Starts the server from its sources, as they are now: they are bundled each time, which takes a third of a second and so
 * less than loading the modules one by one. Nothing is kept that could be out of date, and no build comes first.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { build } from "esbuild"

const folder = mkdtempSync(join(tmpdir(), "effect-oauth-sample-server-"))
try {
  const outfile = join(folder, "main.mjs")
  await build({
    entryPoints: [fileURLToPath(new URL("src/main.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    tsconfig: fileURLToPath(new URL("../../tsconfig.base.json", import.meta.url)),
    // What speeds up web sockets, for those who have installed it.
    external: ["bufferutil", "utf-8-validate"],
    // For packages of the older kind within the bundle.
    banner: {
      js: `import { createRequire as $createRequire } from "node:module"; const require = $createRequire(import.meta.url);`
    },
    logLevel: "error"
  })
  await import(pathToFileURL(outfile).href)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
