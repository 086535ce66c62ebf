import * as ExitCode from "../ExitCode.js"
import * as Definitions from "./Definitions.js"

const widthOfPage = 100

/** A text in lines that are no longer than the width, where its words allow it. */
const wrap = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === "" ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}

const indent = "  "

/** Rows of a name and what is said of it, in two columns. */
const columns = (
  rows: ReadonlyArray<readonly [name: string, text: string]>,
  width = Math.max(...rows.map(([name]) => name.length))
): ReadonlyArray<string> =>
  rows.flatMap(([name, text]) => {
    const [first = "", ...rest] = wrap(text, widthOfPage - width - 4)
    return [
      `${indent}${name.padEnd(width)}${indent}${first}`.trimEnd(),
      ...rest.map((line) => `${indent}${" ".repeat(width)}${indent}${line}`)
    ]
  })

const nameOf = ({ alias, name, value }: Definitions.Definition): string =>
  `${alias === undefined ? "" : `-${alias}, `}--${name}${value === undefined ? "" : ` ${value}`}`

const textOf = ({ description, environment, fallback, isRepeated }: Definitions.Definition): string => {
  const besides = [
    ...(isRepeated === true ? ["can be repeated"] : []),
    ...(environment === undefined ? [] : [`environment: ${environment}`]),
    ...(fallback === undefined ? [] : [`default: ${fallback}`])
  ]
  return besides.length === 0 ? description : `${description} (${besides.join("; ")})`
}

const optionRows = (definitions: ReadonlyArray<Definitions.Definition>) =>
  definitions.map((definition) => [nameOf(definition), textOf(definition)] as const)

const section = (title: string, lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.length === 0 ? [] : ["", title, ...lines]

const exitCodes = section(
  "EXIT CODES",
  columns(ExitCode.meanings.map(([code, meaning]) => [String(code), meaning]))
)

const precedence = section(
  "WHAT COUNTS",
  wrap(
    "An option counts before the environment, the environment before the profile, the profile before the default. A password or a client secret is never an option: they come from EFFECT_OAUTH_PASSWORD and EFFECT_OAUTH_CLIENT_SECRET, or are asked for.",
    widthOfPage - 2
  ).map((line) => indent + line)
)

const all: ReadonlyArray<Definitions.CommandDefinition> = Object.values(Definitions.commands)

const group = (prefix: string): ReadonlyArray<Definitions.CommandDefinition> =>
  all.filter(({ name }) => name.startsWith(prefix))

const list = (commands: ReadonlyArray<Definitions.CommandDefinition>) =>
  columns(commands.map(({ name, summary, words }) => [[name, ...words].join(" "), summary]))

const ofProgram = (version: string): ReadonlyArray<string> => [
  `effect-oauth ${version}: one OAuth 2 session for any number of scripts.`,
  ...section("USAGE", [`${indent}effect-oauth COMMAND [OPTIONS]`]),
  ...section("COMMANDS", list(all)),
  ...section(
    "OPTIONS",
    columns([
      ["-h, --help", "Tell this, or of a command what it can be told."],
      ["--version", "Print the version."],
      ["--completions SHELL", "Print the completions for bash, zsh or fish."],
      ...optionRows(Object.values(Definitions.common))
    ])
  ),
  ...precedence,
  ...exitCodes
]

const ofGroup = (name: string): ReadonlyArray<string> => [
  `effect-oauth ${name}: what is said once and kept.`,
  ...section("USAGE", [`${indent}effect-oauth ${name} COMMAND [OPTIONS]`]),
  ...section("COMMANDS", list(group(`${name} `)))
]

const ofCommand = (command: Definitions.CommandDefinition): ReadonlyArray<string> => {
  const options = [["-h, --help", "Tell this."] as const, ...optionRows(command.options)]
  const settings = optionRows(command.settings)
  const width = Math.max(...[...options, ...settings].map(([name]) => name.length))
  return [
    ...wrap(command.description, widthOfPage),
    ...section("USAGE", [`${indent}effect-oauth ${[command.name, ...command.words].join(" ")} [OPTIONS]`]),
    ...section("OPTIONS", columns(options, width)),
    ...section("WHAT THE PROFILE SAYS OTHERWISE", columns(settings, width)),
    ...precedence,
    ...exitCodes
  ]
}

/** What is told of the program, a group of commands, or a command. */
export const of = (name: string, version: string): ReadonlyArray<string> => {
  const command = all.find((command) => command.name === name)
  if (command !== undefined) return ofCommand(command)
  return group(`${name} `).length > 0 ? ofGroup(name) : ofProgram(version)
}
