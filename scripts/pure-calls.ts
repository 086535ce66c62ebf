import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import ts from "typescript"
import { filesUnder, root } from "./workspace.js"

const mark = "/* @__PURE__ */ "

/** What happens when the module is loaded, and not when one of its functions runs. */
const isRunLater = (node: ts.Node): boolean =>
  ts.isFunctionLike(node) ||
  (ts.isPropertyDeclaration(node) &&
    node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) !== true)

/** Where the calls begin whose result is all that they are for. */
const positionsOf = (source: string): ReadonlyArray<number> => {
  const ast = ts.createSourceFile("module.js", source, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS)
  const positions = new Set<number>()
  const visit = (node: ts.Node): void => {
    if (isRunLater(node)) return
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) positions.add(node.getStart())
    ts.forEachChild(node, visit)
  }
  for (const statement of ast.statements) {
    if (ts.isVariableStatement(statement) || ts.isClassDeclaration(statement)) visit(statement)
  }
  return Array.from(positions)
    .filter((position) => !source.slice(0, position).endsWith(mark))
    .sort((one, other) => one - other)
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/** The first number of a segment of a source map, and what follows it. */
const decodeFirst = (segment: string): readonly [number: number, rest: string] => {
  let bits = 0
  let length = 0
  let isContinued = true
  while (isContinued) {
    const digit = digits.indexOf(segment.charAt(length))
    bits |= (digit & 31) << (5 * length)
    isContinued = (digit & 32) !== 0
    length += 1
  }
  return [(bits & 1) === 1 ? -(bits >> 1) : bits >> 1, segment.slice(length)]
}

const encode = (number: number): string => {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1
  let text = ""
  do {
    const digit = rest & 31
    rest >>= 5
    text += digits.charAt(rest > 0 ? digit | 32 : digit)
  } while (rest > 0)
  return text
}

/** A line of a source map, after something was put before each of these columns. */
const shift = (line: string, columns: ReadonlyArray<number>): string => {
  let column = 0
  let shiftedBy = 0
  return line
    .split(",")
    .map((segment) => {
      const [step, rest] = decodeFirst(segment)
      column += step
      const shifted = columns.filter((inserted) => inserted <= column).length * mark.length
      const shiftedStep = step + shifted - shiftedBy
      shiftedBy = shifted
      return encode(shiftedStep) + rest
    })
    .join(",")
}

const shiftMap = (file: string, source: string, positions: ReadonlyArray<number>): void => {
  const map = JSON.parse(readFileSync(file, "utf8"))
  const columns = new Map<number, Array<number>>()
  for (const position of positions) {
    const before = source.slice(0, position).split("\n")
    const line = before.length - 1
    columns.set(line, [...(columns.get(line) ?? []), before[line]?.length ?? 0])
  }
  const mappings = String(map.mappings)
    .split(";")
    .map((line, index) => (line === "" ? line : shift(line, columns.get(index) ?? [])))
  writeFileSync(file, JSON.stringify({ ...map, mappings: mappings.join(";") }))
}

/**
 * Says of every call that runs when a compiled module is loaded that its result is all it is for, so that a bundler
 * leaves out what nobody uses. Source maps keep up. What is marked already stays as it is.
 */
export const markPureCalls = (folder: string): number =>
  filesUnder(folder)
    .filter((path) => path.endsWith(".js"))
    .map((path) => {
      const file = join(root, path)
      const source = readFileSync(file, "utf8")
      const positions = positionsOf(source)
      if (positions.length === 0) return 0
      const ends = [...positions, source.length]
      writeFileSync(
        file,
        source.slice(0, positions[0]) +
          positions.map((position, index) => mark + source.slice(position, ends[index + 1])).join("")
      )
      if (existsSync(`${file}.map`)) shiftMap(`${file}.map`, source, positions)
      return positions.length
    })
    .reduce((sum, count) => sum + count, 0)
