interface InstalledPackage {
  readonly name: string
  /** The public modules besides the root, such as `OAuthToken`. */
  readonly modules: ReadonlyArray<string>
}

/**
 * A program that imports every public path of the packages. It ends quietly if the root of each package has every
 * module under its name (the module itself, or its export of that name), and if what is internal cannot be imported.
 */
export const consumerProgram = (packages: ReadonlyArray<InstalledPackage>): string =>
  `import assert from "node:assert/strict"\n${packages.map(checksOf).join("")}`

const checksOf = ({ name, modules }: InstalledPackage, index: number): string => {
  const root = `root${index}`
  return `
import * as ${root} from "${name}"
${modules.map((module) => `import * as ${root}_${module} from "${name}/${module}"`).join("\n")}

${modules.map((module) => `assert.ok([${root}_${module}, Reflect.get(${root}_${module}, "${module}")].includes(${root}.${module}))`).join("\n")}
await assert.rejects(import("${name}/internal/anything" as string), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" })
`
}
