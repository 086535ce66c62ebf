/**
 * Lets Node run the sources as they are. `tsx` would do it too, but gives every function that is made a name of its own,
 * each time it is made; that costs what these benchmarks are to measure. Usage: node --import ./benchmarks/loader.js
 */
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { register } from "node:module"
import { fileURLToPath } from "node:url"
import { isMainThread } from "node:worker_threads"
import { transform } from "esbuild"

// Node loads this module once more, in a thread of its own, for the hooks below.
if (isMainThread) register(import.meta.url)

const sourceOf = (specifier, parentURL) => {
  const [, name, module = "index"] =
    /^(?:@effect-oauth\/)?((?<=\/)[\w-]+|multiauthsample)(?:\/(\w+))?$/.exec(specifier) ?? []
  if (name !== undefined) return new URL(`../packages/${name}/src/${module}.ts`, import.meta.url)
  return /^\.{1,2}\/.*\.js$/.test(specifier) && parentURL?.endsWith(".ts")
    ? new URL(specifier.replace(/\.js$/, ".ts"), parentURL)
    : undefined
}

export const resolve = (specifier, context, next) => {
  const source = sourceOf(specifier, context.parentURL)
  return source !== undefined && existsSync(source)
    ? { url: source.href, format: "module", shortCircuit: true }
    : next(specifier, context)
}

export const load = async (url, context, next) => {
  if (!url.endsWith(".ts")) return next(url, context)
  const sourcefile = fileURLToPath(url)
  const { code } = await transform(await readFile(sourcefile, "utf8"), {
    loader: "ts",
    format: "esm",
    target: "es2022",
    sourcefile,
    sourcemap: "inline"
  })
  return { format: "module", source: code, shortCircuit: true }
}
