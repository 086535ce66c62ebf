import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const here = fileURLToPath(new URL(".", import.meta.url))

/** Comes with a binary for each system, so it is installed beside the program and not within it. */
export const installed: ReadonlyArray<string> = ["@libsql/client"]

/**
 * The program in few files, with all that it needs but what is `installed`: it starts in a third of the time that its
 * modules take one by one. Drivers of databases are files of their own, which are read when one is used.
 */
export const bundle = async (folder: string): Promise<void> => {
  await build({
    absWorkingDir: here,
    entryPoints: { "effect-oauth": "src/main.ts" },
    outdir: folder,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    minifySyntax: true,
    chunkNames: "chunks/[name]-[hash]",
    tsconfig: "../../tsconfig.base.json",
    // `pg-native` and what speeds up web sockets are for those who have installed them.
    external: [...installed, "pg-native", "bufferutil", "utf-8-validate"],
    banner: {
      js: 'import { createRequire as require_ } from "node:module"; const require = require_(import.meta.url);'
    },
    logLevel: "error"
  })
}
