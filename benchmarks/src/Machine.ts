import { execFile } from "node:child_process"
import { createRequire } from "node:module"
import * as os from "node:os"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** Where it was measured, and of which versions. Figures of two machines, or of two versions, are not compared. */
export const Machine = Schema.Struct({
  processor: Schema.String,
  cores: Schema.Number,
  memoryGibibytes: Schema.Number,
  system: Schema.String,
  node: Schema.String,
  versions: Schema.Record({ key: Schema.String, value: Schema.String })
})

export type Machine = typeof Machine.Type

const root = new URL("../../", import.meta.url)

const Manifest = Schema.Struct({
  version: Schema.String,
  dependencies: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.String }))
})

const require = createRequire(import.meta.url)

const manifestOf = (path: string) =>
  Effect.flatMap(
    Effect.try((): unknown => require(path)),
    Schema.decodeUnknown(Manifest)
  )

/** What the benchmarks compare, and what it stands on, as it is installed. */
const versions = Effect.gen(function* () {
  const { dependencies = {} } = yield* manifestOf(fileURLToPath(new URL("benchmarks/package.json", root)))
  const names = Object.keys(dependencies).filter((name) => !name.startsWith("@effect-oauth/"))
  const all = ["effect", "@effect/platform", "@effect/platform-node", ...names].sort()
  const entries = yield* Effect.forEach(all, (name) =>
    Effect.map(
      manifestOf(fileURLToPath(new URL(`node_modules/${name}/package.json`, root))),
      ({ version }) => [name, version]
    )
  )
  return {
    ...Object.fromEntries(entries),
    "undici of Node (fetch)": process.versions["undici"] ?? "unknown"
  }
})

export const thisMachine: Effect.Effect<Machine, unknown> = Effect.gen(function* () {
  return {
    processor: os.cpus()[0]?.model.trim() ?? "unknown",
    cores: os.availableParallelism(),
    memoryGibibytes: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    versions: yield* versions
  }
})

/** The commit of the working copy, with a sign where it was changed since, or nothing where there is no git. */
export const commit: Effect.Effect<string | undefined> = Effect.tryPromise(() =>
  promisify(execFile)("git", ["describe", "--always", "--dirty=, changed"], { cwd: fileURLToPath(root) })
).pipe(
  Effect.map(({ stdout }) => stdout.trim()),
  Effect.orElseSucceed(() => undefined)
)

export const machineText = ({ cores, memoryGibibytes, node, processor, system }: Machine): string =>
  `${cores} cores of ${processor}, ${memoryGibibytes} GiB, ${system}, Node ${node}`
