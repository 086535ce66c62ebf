import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("..", import.meta.url))

type Versions = Readonly<Record<string, string>>

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, unknown>>
  readonly bin?: Readonly<Record<string, string>>
  readonly dependencies?: Versions
  readonly optionalDependencies?: Versions
  readonly peerDependencies?: Versions
  readonly devDependencies?: Versions
}

export interface Package {
  /** Relative to the root of the workspace. */
  readonly folder: string
  readonly manifest: Manifest
}

export const read = (path: string): string => readFileSync(join(root, path), "utf8")

export const readManifest = (folder: string): Manifest => JSON.parse(read(join(folder, "package.json")))

export const packageFolders: ReadonlyArray<string> = readdirSync(join(root, "packages"))
  .map((name) => `packages/${name}`)
  .filter((folder) => existsSync(join(root, folder, "package.json")))

/** The packages that are meant to be published. */
export const publishedPackages: ReadonlyArray<Package> = packageFolders
  .map((folder) => ({ folder, manifest: readManifest(folder) }))
  .filter(({ manifest }) => manifest.private !== true)

/** Whether programs import the package; a package without that is a command. */
export const isLibrary = ({ manifest }: Package): boolean => manifest.exports?.["."] !== undefined

/** All files under a folder, in order, with paths relative to the root of the workspace. */
export const filesUnder = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort()
