/** The rules of the house that neither the compiler nor the linter knows. */
import { join, posix } from "node:path"
import madge from "madge"
import ts from "typescript"
import { failOn, main, step } from "./report.js"
import { filesUnder, isLibrary, publishedPackages, read, root } from "./workspace.js"

/**
 * Imports flow down: a module of the client may import what has a lower rank, in rank 0 also its neighbours. What is
 * imported as a type only does not count: it is gone when the program runs.
 */
const clientRanks: ReadonlyArray<ReadonlyArray<string>> = [
  [
    "OAuthToken",
    "OAuthProviderException",
    "APIException",
    "AuthValidationException",
    "TokenStoreError",
    "ClientAuthentication",
    "Grant",
    "AuthorizationRequest",
    "AuthorizationServer",
    "TokenRequest",
    "TokenError",
    "TokenEvent",
    "SessionStatus"
  ],
  ["TokenEndpoint", "TokenStorage", "AuthScheme", "LoopbackRedirect"],
  ["TokenStore"],
  ["TokenManager"],
  ["TokenManagers", "AuthorizedHttpClient", "ApiSecurity"]
]

/** What the modules of a package may import besides each other. */
const outsideImports = new Map<string, RegExp>([
  ["@effect-oauth/client", /^(effect|@effect\/platform)\/\w+$/],
  ["@effect-oauth/store-redis", /^(effect|@effect-oauth\/client)(\/\w+)?$|^redis$/],
  ["@effect-oauth/store-sql", /^(effect|@effect\/sql|@effect-oauth\/client)(\/\w+)?$/],
  [
    "effect-oauth",
    /^(effect|@effect\/(cli|platform|platform-node|sql|sql-libsql|sql-pg)|@effect-oauth\/(client|store-redis|store-sql))(\/\w+)?$|^node:\w+$|^redis$/
  ],
  ["@effect-oauth/testing", /^(effect|@effect\/platform|@effect-oauth\/client)(\/\w+)?$/],
  ["multiauthsample", /^(effect|@effect\/platform|@effect-oauth\/client)(\/\w+)?$/]
])

/** Where a secret may leave its wrapper. */
const secretHandlers: ReadonlyArray<RegExp> = [
  /^packages\/client\/src\/(AuthorizationRequest|AuthScheme|ClientAuthentication|OAuthToken|TokenEndpoint)\.ts$/,
  /^packages\/client\/src\/internal\//,
  /^packages\/store-redis\/src\/internal\/connection\.ts$/,
  /^packages\/testing\/src\/internal\/secretText\.ts$/,
  /^packages\/multiauthsample\/src\/internal\/(givenAuthorization|tokenDigest)\.ts$/,
  /^packages\/cli\/src\/internal\/(sqlStores|commands\/(login|profile|token))\.ts$/
]

interface Rule {
  readonly code: RegExp
  readonly instead: string
  /** The modules in which it is allowed. */
  readonly except?: RegExp
}

const forbidden: ReadonlyArray<Rule> = [
  { code: /^(Date\.now|new Date)$/, instead: "use Clock or DateTime" },
  {
    code: /^(globalThis\.)?setTimeout$/,
    instead: "use Effect.sleep or Effect.timeout",
    // Timers of the live clock keep a process alive; what is done for sessions that nobody uses must not.
    except: /^packages\/client\/src\/internal\/sleepWithoutHold\.ts$/
  },
  { code: /^console\.\w+$/, instead: "use Effect.log, or nothing" },
  { code: /^Math\.random$/, instead: "use Random" },
  { code: /^process\.env$/, instead: "use Config" },
  { code: /^throw$/, instead: "use Effect.fail or Either.left" },
  { code: /^Effect\.run(Promise|Sync|Fork|Callback)/, instead: "return the Effect" }
]

interface Module {
  /** Relative to the root of the workspace. */
  readonly path: string
  /** Relative to the `src` of its package, without extension. */
  readonly name: string
  readonly ast: ts.SourceFile
}

const isInternal = (name: string): boolean => name.startsWith("internal/")

const modulesOf = (folder: string): ReadonlyArray<Module> =>
  filesUnder(`${folder}/src`).map((path) => ({
    path,
    name: posix.relative(`${folder}/src`, path).replace(/\.ts$/, ""),
    ast: ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true)
  }))

const problemAt = ({ path, ast }: Module, position: number, message: string): string =>
  `${path}:${ast.getLineAndCharacterOfPosition(position).line + 1}: ${message}`

interface Import {
  readonly specifier: string
  readonly position: number
}

const importsOf = ({ ast }: Module): ReadonlyArray<Import> =>
  ts
    .preProcessFile(ast.text, true, true)
    .importedFiles.map(({ fileName, pos }) => ({ specifier: fileName, position: pos }))

const runtimeImportsOf = ({ ast }: Module): ReadonlyArray<Import> =>
  ast.statements.flatMap((statement) =>
    ts.isImportDeclaration(statement) &&
    ts.isStringLiteral(statement.moduleSpecifier) &&
    statement.importClause?.isTypeOnly !== true
      ? [{ specifier: statement.moduleSpecifier.text, position: statement.moduleSpecifier.getStart() }]
      : []
  )

const checkOutsideImports = (packageName: string, modules: ReadonlyArray<Module>): ReadonlyArray<string> => {
  const allowed = outsideImports.get(packageName)
  if (allowed === undefined) {
    return [`scripts/check-structure.ts: does not say what ${packageName} may import`]
  }
  return modules.flatMap((module) =>
    importsOf(module)
      .filter(({ specifier }) => !specifier.startsWith(".") && !allowed.test(specifier))
      .map(({ specifier, position }) =>
        problemAt(module, position, `${packageName} may not import "${specifier}", only ${allowed.source}`)
      )
  )
}

const checkRanks = (modules: ReadonlyArray<Module>): ReadonlyArray<string> => {
  const rankOf = (name: string): number =>
    isInternal(name) ? 0 : clientRanks.findIndex((names) => names.includes(name))
  return modules
    .filter(({ name }) => name !== "index")
    .flatMap((module) => {
      const rank = rankOf(module.name)
      if (rank === -1) {
        return [`${module.path}:1: has no rank, extend clientRanks in scripts/check-structure.ts`]
      }
      return runtimeImportsOf(module)
        .filter(({ specifier }) => specifier.startsWith("."))
        .map(({ specifier, position }) => ({
          position,
          name: posix.join(posix.dirname(module.name), specifier).replace(/\.js$/, "")
        }))
        .filter(({ name }) => name === "index" || rankOf(name) > rank || (rankOf(name) === rank && rank > 0))
        .map(({ name, position }) =>
          problemAt(module, position, `imports flow one way: ${module.name} may not import ${name}`)
        )
    })
}

const checkCycles = async (): Promise<ReadonlyArray<string>> => {
  const sources = publishedPackages.map(({ folder }) => join(root, folder, "src"))
  const graph = await madge(sources, {
    baseDir: root,
    fileExtensions: ["ts"],
    tsConfig: join(root, "tsconfig.base.json"),
    detectiveOptions: { ts: { skipTypeImports: true } }
  })
  return graph.circular().map((cycle) => `${cycle[0]}:1: modules import each other: ${cycle.join(" > ")}`)
}

const checkBarrel = (folder: string, modules: ReadonlyArray<Module>): ReadonlyArray<string> => {
  const publicNames = modules.map(({ name }) => name).filter((name) => name !== "index" && !isInternal(name))
  const barrel = modules.find(({ name }) => name === "index")
  if (barrel === undefined) return [`${folder}/src/index.ts is missing`]
  const exported = new Set<string>()
  const problems = barrel.ast.statements.flatMap((statement) => {
    const source = ts.isExportDeclaration(statement) ? statement.moduleSpecifier : undefined
    // What another package exports may be passed on.
    if (source && ts.isStringLiteral(source) && !source.text.startsWith(".")) return []
    const name = source && ts.isStringLiteral(source) ? /^\.\/(.+)\.js$/.exec(source.text)?.[1] : undefined
    if (name === undefined || !publicNames.includes(name)) {
      return [
        problemAt(barrel, statement.getStart(), "only the public modules of this folder are exported here")
      ]
    }
    exported.add(name)
    return []
  })
  return [
    ...problems,
    ...publicNames
      .filter((name) => !exported.has(name))
      .map((name) => `${barrel.path}:1: ${name} is not exported, move it to internal/ or export it`)
  ]
}

const checkCode = (module: Module): ReadonlyArray<string> => {
  const problems: Array<string> = []
  const mayUnwrap = secretHandlers.some((handlers) => handlers.test(module.path))
  const visit = (node: ts.Node): void => {
    const code = codeOf(node)
    const rule = forbidden.find((rule) => rule.code.test(code) && rule.except?.test(module.path) !== true)
    if (rule !== undefined) problems.push(problemAt(module, node.getStart(), `no ${code}: ${rule.instead}`))
    if (code === "Redacted.value" && !mayUnwrap) {
      problems.push(
        problemAt(module, node.getStart(), "no Redacted.value: secrets are unwrapped in few places only")
      )
    }
    ts.forEachChild(node, visit)
  }
  visit(module.ast)
  return problems
}

/** The part of a piece of code that the rules look at. */
const codeOf = (node: ts.Node): string => {
  if (ts.isPropertyAccessExpression(node)) return `${node.expression.getText()}.${node.name.text}`
  if (ts.isNewExpression(node)) return `new ${node.expression.getText()}`
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) return node.expression.text
  return ts.isThrowStatement(node) ? "throw" : ""
}

const checkDocumentation = (module: Module): ReadonlyArray<string> => {
  const documented = (node: ts.Node): boolean =>
    ts.getJSDocTags(node).some(({ tagName }) => tagName.text === "since")
  const overloads = new Set<string>()
  return module.ast.statements
    .filter((statement) => {
      if (ts.isExportDeclaration(statement) || ts.isExportAssignment(statement)) return true
      const exported =
        ts.canHaveModifiers(statement) &&
        ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
      if (exported !== true || !ts.isFunctionDeclaration(statement)) return exported === true
      const name = statement.name?.text ?? "default"
      const isFirst = !overloads.has(name)
      overloads.add(name)
      return isFirst
    })
    .filter((statement) => !documented(statement))
    .map((statement) => {
      const [firstLine = ""] = statement.getText().split("\n")
      return problemAt(module, statement.getStart(), `no docstring with @since: ${firstLine}`)
    })
}

const check = async (): Promise<ReadonlyArray<string>> => {
  const problems = [...(await checkCycles())]
  for (const published of publishedPackages) {
    const { folder, manifest } = published
    const modules = modulesOf(folder)
    const isDocumented = ({ name }: Module): boolean => name !== "index" && !isInternal(name)
    problems.push(
      ...checkOutsideImports(manifest.name, modules),
      ...(manifest.name === "@effect-oauth/client" ? checkRanks(modules) : []),
      ...(isLibrary(published) ? checkBarrel(folder, modules) : []),
      ...modules.flatMap(checkCode),
      ...modules.filter(isDocumented).flatMap(checkDocumentation)
    )
  }
  return problems
}

await main(() =>
  step(`structure of ${publishedPackages.map(({ folder }) => folder).join(", ")}`, async () =>
    failOn(await check())
  )
)
