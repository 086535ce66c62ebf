/**
 * Checks the packages as their users get them: what is in the tarballs, what their manifests promise, and a
 * real installation of them in an empty project.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { build } from "esbuild"
import ts from "typescript"
import { installed } from "../packages/cli/bundle.js"
import { runOrFail } from "./command.js"
import { consumerProgram, type TypeModule } from "./consumer.js"
import { Failure, failOn, main, step } from "./report.js"
import {
  filesUnder,
  isLibrary,
  type Package,
  publishedPackages,
  read,
  readManifest,
  root
} from "./workspace.js"

/** Everything that a published package may depend on, besides the peers that its user brings. */
const dependencies = new Map<string, ReadonlyArray<string>>([
  ["@effect-oauth/client", []],
  ["@effect-oauth/store-redis", ["@effect-oauth/client"]],
  ["@effect-oauth/store-sql", ["@effect-oauth/client"]],
  ["@effect-oauth/testing", ["@effect-oauth/client"]],
  ["effect-oauth", installed],
  ["multiauthsample", ["@effect-oauth/client"]]
])
const peers = new Map<string, ReadonlyArray<string>>([
  ["@effect-oauth/store-redis", ["redis"]],
  ["@effect-oauth/store-sql", ["@effect/sql"]]
])
const peersOfAll: ReadonlyArray<string> = ["@effect/platform", "effect"]

const requiredFiles: ReadonlyArray<string> = ["package.json", "README.md", "LICENSE"]
const fileOfLibrary =
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|src\/(internal\/)?\w+\.ts|dist\/(internal\/)?\w+(\.js|\.d\.ts)(\.map)?)$/
const fileOfCommand = /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|bin\/(chunks\/)?[\w-]+\.js)$/

interface Tarball {
  readonly file: string
  readonly name: string
  readonly size: number
  /** Whether programs import it. */
  readonly isImported: boolean
  readonly paths: ReadonlyArray<string>
  readonly modules: ReadonlyArray<string>
  readonly typeModules: ReadonlyArray<TypeModule>
}

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`

const checkManifest = ({ folder, manifest }: Package): void => {
  const allowed = dependencies.get(manifest.name)
  if (allowed === undefined) {
    throw new Failure(`scripts/check-packages.ts: does not say what ${manifest.name} may depend on`)
  }
  const allowedPeers = [...peersOfAll, ...(peers.get(manifest.name) ?? [])]
  const unexpected = [
    ...Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }).filter(
      (name) => !allowed.includes(name)
    ),
    ...Object.keys({ ...manifest.peerDependencies }).filter((name) => !allowedPeers.includes(name))
  ]
  failOn(unexpected.map((name) => `${folder}/package.json: ${manifest.name} may not depend on ${name}`))
}

const pack = async (published: Package, destination: string): Promise<Tarball> => {
  const { folder, manifest } = published
  const args = ["pack", `./${folder}`, "--json", "--ignore-scripts", "--pack-destination", destination]
  const [packed]: ReadonlyArray<{ filename: string; size: number; files: ReadonlyArray<{ path: string }> }> =
    JSON.parse(await runOrFail("npm", args))
  if (packed === undefined) throw new Failure(`npm pack says nothing about ${folder}`)
  const paths = packed.files.map(({ path }) => path)
  const sourceOf = (path: string): string => path.replace(/^dist\/(.+?)(\.js|\.d\.ts)(\.map)?$/, "src/$1.ts")
  failOn([
    ...requiredFiles
      .filter((path) => !paths.includes(path))
      .map((path) => `${folder}: no ${path} in the tarball`),
    ...paths
      .filter((path) => !(isLibrary(published) ? fileOfLibrary : fileOfCommand).test(path))
      .map((path) => `${folder}: ${path} may not be published`),
    ...paths
      .filter((path) => path.startsWith("dist/") && !paths.includes(sourceOf(path)))
      .map((path) => `${folder}: ${path} has no source any more, remove ${folder}/dist and build again`)
  ])
  const modules = paths
    .flatMap((path) => /^dist\/(\w+)\.js$/.exec(path)?.[1] ?? [])
    .filter((name) => name !== "index")
  const isTypeModule = (name: string): boolean =>
    !/^export (?!\{\};)/m.test(read(`${folder}/dist/${name}.js`))
  return {
    file: join(destination, packed.filename),
    name: manifest.name,
    size: packed.size,
    isImported: isLibrary(published),
    paths,
    modules: modules.filter((name) => !isTypeModule(name)),
    typeModules: modules
      .filter(isTypeModule)
      .map((name) => ({ name, types: typesOf(`${folder}/dist/${name}.d.ts`) }))
  }
}

/** The types that a module declares, without those that take parameters, which nothing is given here. */
const typesOf = (declaration: string): ReadonlyArray<string> =>
  Array.from(read(declaration).matchAll(/^export (?:declare )?(?:type|interface) (\w+)(?!\w|<)/gm)).flatMap(
    ([, name]) => name ?? []
  )

const checkImports = ({ folder, manifest }: Package): void => {
  const allowed = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
  const isAllowed = (specifier: string): boolean =>
    specifier.startsWith(".") ||
    allowed.some((name) => specifier === name || specifier.startsWith(`${name}/`))
  const problems = filesUnder(`${folder}/dist`)
    .filter((path) => /\.(js|d\.ts)$/.test(path))
    .flatMap((path) => {
      const { importedFiles, typeReferenceDirectives } = ts.preProcessFile(read(path), true, true)
      return [...importedFiles, ...typeReferenceDirectives]
        .filter(({ fileName }) => !isAllowed(fileName))
        .map(({ fileName }) => `${path}: imports "${fileName}", which is neither its own nor a dependency`)
    })
  failOn(problems)
}

/** The size of a package in a browser that uses all of it, without its dependencies. */
const bundledSize = async (folder: string): Promise<number> => {
  const { outputFiles } = await build({
    stdin: { contents: `export * from "./${folder}/dist/index.js"`, resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    packages: "external",
    write: false
  })
  return outputFiles.reduce((size, { contents }) => size + gzipSync(contents).length, 0)
}

/** What the client may add to a program, in bytes, minified and gzipped. The same packages give the same sizes. */
const addedAtMost: ReadonlyArray<{ readonly program: string; readonly to: string; readonly bytes: number }> =
  [
    { program: "Everything", to: "a program with all of effect and platform", bytes: 17_700 },
    { program: "Users", to: "a service that calls an API", bytes: 19_000 }
  ]

/** The difference that sessions of the password grant make to a program, which the benchmark of start-up has, too. */
const addedSize = async (program: string): Promise<number> => {
  const size = async (name: string): Promise<number> => {
    const { outputFiles } = await build({
      entryPoints: [join(root, `benchmarks/src/startUp/addition/${name}.ts`)],
      bundle: true,
      minify: true,
      format: "esm",
      platform: "node",
      // As they are published, and not from their sources.
      tsconfigRaw: {},
      write: false
    })
    return outputFiles.reduce((size, { contents }) => size + gzipSync(contents, { level: 9 }).length, 0)
  }
  return (await size(`authorized${program}`)) - (await size(`bare${program}`))
}

/** What a user types after `npm install`: the packages, their peers in the promised ranges, and TypeScript. */
const installArguments = (tarballs: ReadonlyArray<Tarball>): ReadonlyArray<string> => {
  const peerRanges = new Set(
    publishedPackages.flatMap(({ manifest }) =>
      Object.entries({ ...manifest.peerDependencies }).map(([name, range]) => `${name}@${range}`)
    )
  )
  const { typescript } = { ...readManifest(".").devDependencies }
  return [...tarballs.map(({ file }) => file), ...peerRanges, `typescript@${typescript}`, "@types/node@20"]
}

const writeConsumer = (folder: string, tarballs: ReadonlyArray<Tarball>): void => {
  const compilerOptions = {
    target: "ES2022",
    module: "NodeNext",
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmitOnError: true,
    types: ["node"]
  }
  mkdirSync(folder)
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }))
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }))
  writeFileSync(join(folder, "consumer.ts"), consumerProgram(tarballs.filter(({ isImported }) => isImported)))
}

const check = async (temporary: string): Promise<void> => {
  await step("build the packages", () => runOrFail("tsx", ["scripts/build-packages.ts"]))
  await step("bundle the command", () => runOrFail("tsx", ["scripts/build-command.ts"]))

  const tarballs: Array<Tarball> = []
  for (const published of publishedPackages) {
    const { name } = published.manifest
    await step(`dependencies of ${name}`, async () => {
      checkManifest(published)
      // Of a command everything that it needs is in the bundle.
      if (isLibrary(published)) checkImports(published)
    })
    const tarball = await step(
      `npm pack ${name}`,
      () => pack(published, temporary),
      ({ paths, size }) => `${paths.length} files, ${kilobytes(size)} packed`
    )
    await step(`publint ${name}`, () => runOrFail("publint", ["run", tarball.file, "--strict"]))
    tarballs.push(tarball)
    if (!isLibrary(published)) continue
    await step(`attw ${name}`, () => {
      const options = ["--profile", "esm-only", "--no-definitely-typed", "--format", "ascii"]
      return runOrFail("attw", [
        tarball.file,
        ...options,
        "--entrypoints",
        ".",
        ...tarball.modules,
        ...tarball.typeModules.map(({ name }) => name)
      ])
    })
    await step(
      `bundle ${name}`,
      () => bundledSize(published.folder),
      (size) => `${kilobytes(size)} minified and gzipped`
    )
  }

  for (const { bytes, program, to } of addedAtMost) {
    await step(
      `what the client adds to ${to}`,
      async () => {
        const size = await addedSize(program)
        if (size > bytes) {
          throw new Failure(
            `${size} bytes, minified and gzipped, of which there may be ${bytes}. What is it that every program needs ` +
              "to have now? esbuild --analyze tells; if it has to be, say so in addedAtMost of scripts/check-packages.ts."
          )
        }
        return size
      },
      (size) => `${kilobytes(size)} minified and gzipped`
    )
  }

  const consumer = join(temporary, "consumer")
  writeConsumer(consumer, tarballs)
  await step("npm install in an empty project", () =>
    runOrFail("npm", ["install", "--ignore-scripts", ...installArguments(tarballs)], { cwd: consumer })
  )
  await step("type-check its program", () =>
    runOrFail(join(consumer, "node_modules/.bin/tsc"), ["--pretty", "false"], { cwd: consumer })
  )
  await step("run its program", () => runOrFail("node", ["consumer.js"], { cwd: consumer }))
  for (const { manifest } of publishedPackages) {
    for (const command of Object.keys({ ...manifest.bin })) {
      await step(`run ${command} --version`, async () => {
        const version = await runOrFail(join(consumer, "node_modules/.bin", command), ["--version"])
        if (version.trim() !== manifest.version) throw new Failure(`it says "${version.trim()}"`)
      })
    }
  }
}

await main(async () => {
  const temporary = mkdtempSync(join(tmpdir(), "check-packages-"))
  try {
    await check(temporary)
  } finally {
    rmSync(temporary, { recursive: true })
  }
})
