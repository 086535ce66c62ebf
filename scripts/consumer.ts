interface InstalledPackage {
  readonly name: string
  /** The public modules besides the root that have something at run time, such as `OAuthToken`. */
  readonly modules: ReadonlyArray<string>
  /** Those that only declare the type of their name, such as `TokenError`. */
  readonly typeModules: ReadonlyArray<string>
}

/**
 * A program that imports every public path of the packages. It ends quietly if the root of each package has every
 * module under its name (the module itself, or its export of that name, be it a type), and if what is internal cannot be imported.
 */
export const consumerProgram = (packages: ReadonlyArray<InstalledPackage>): string =>
  `import assert from "node:assert/strict"\n${packages.map(checksOf).join("")}`

const checksOf = ({ name, modules, typeModules }: InstalledPackage, index: number): string => {
  const root = `root${index}`
  return `
import * as ${root} from "${name}"
${modules.map((module) => `import * as ${root}_${module} from "${name}/${module}"`).join("\n")}
${typeModules.map((module) => `import type { ${module} as ${root}_${module} } from "${name}/${module}"`).join("\n")}
${typeModules.map((module) => `export const same_${root}_${module} = (one: ${root}.${module}): ${root}_${module} => one`).join("\n")}

${modules.map((module) => `assert.ok([${root}_${module}, Reflect.get(${root}_${module}, "${module}")].includes(${root}.${module}))`).join("\n")}
await assert.rejects(import("${name}/internal/anything" as string), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" })
`
}
