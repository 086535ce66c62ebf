interface InstalledPackage {
  readonly name: string
  /** The public modules besides the root that have something at run time, such as `OAuthToken`. */
  readonly modules: ReadonlyArray<string>
  /** Those that only declare types, such as `TokenError`. */
  readonly typeModules: ReadonlyArray<TypeModule>
}

export interface TypeModule {
  readonly name: string
  /** What it declares. */
  readonly types: ReadonlyArray<string>
}

/**
 * A program that imports every public path of the packages. It ends quietly if the root of each package has every
 * module under its name, or all that it exports, be it types, and if what is internal cannot be imported.
 */
export const consumerProgram = (packages: ReadonlyArray<InstalledPackage>): string =>
  `import assert from "node:assert/strict"\n${packages.map(checksOf).join("")}`

const checksOf = ({ name, modules, typeModules }: InstalledPackage, index: number): string => {
  const root = `root${index}`
  const types = typeModules.flatMap(({ name: module, types }) => types.map((type) => ({ module, type })))
  return `
import * as ${root} from "${name}"
${modules.map((module) => `import * as ${root}_${module} from "${name}/${module}"`).join("\n")}
${types.map(({ module, type }) => `import type { ${type} as ${root}_${type} } from "${name}/${module}"`).join("\n")}
${types.map(({ type }) => `export const same_${root}_${type} = (one: ${root}.${type}): ${root}_${type} => one`).join("\n")}

const isAtRoot${index} = (name: string, module: object) =>
  [module, Reflect.get(module, name)].includes(Reflect.get(${root}, name)) ||
  Object.entries(module).every(([key, value]) => Reflect.get(${root}, key) === value)
${modules.map((module) => `assert.ok(isAtRoot${index}("${module}", ${root}_${module}), "${module}")`).join("\n")}
await assert.rejects(import("${name}/internal/anything" as string), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" })
`
}
