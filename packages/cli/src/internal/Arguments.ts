import * as Either from "effect/Either"
import * as Completions from "./Completions.js"
import * as Definitions from "./Definitions.js"
import { type UsageError, usage } from "./Failure.js"

/** What is asked for. */
export type Request =
  | { readonly _tag: "Help"; readonly of: string }
  | { readonly _tag: "Version" }
  | { readonly _tag: "Completions"; readonly shell: Completions.Shell }
  | { readonly _tag: "Run"; readonly argv: ReadonlyArray<string> }

const commands: ReadonlyMap<string, Definitions.CommandDefinition> = new Map(
  Object.values(Definitions.commands).map((command) => [command.name, command])
)

const optionsOf = (
  command: Definitions.CommandDefinition | undefined
): ReadonlyArray<Definitions.Definition> =>
  command === undefined ? [] : [...command.options, ...command.settings]

const isNamed = (option: string) => (definition: Definitions.Definition) =>
  option === `--${definition.name}` || (definition.alias !== undefined && option === `-${definition.alias}`)

const everyOption = Array.from(commands.values()).flatMap(optionsOf)

const isFollowedByValue = (argument: string): boolean =>
  argument === "--completions" ||
  everyOption.some((definition) => definition.value !== undefined && isNamed(argument)(definition))

const secrets = /^(-p|-P|--(pass(word|wd|phrase)?|(client-?)?secret|(access-|refresh-|id-)?token))(=|$)/i

const refuseSecret = (argument: string): UsageError => {
  const name = argument.split("=")[0] ?? ""
  return usage(
    `${name} is no option: others on this machine can read the command line of a process, and the shell keeps it in its history.`,
    /secret/i.test(name)
      ? "Set EFFECT_OAUTH_CLIENT_SECRET, or name another variable with --client-secret-env."
      : "Leave it out to be asked for the password, pipe it in with --password-stdin, or set EFFECT_OAUTH_PASSWORD."
  )
}

/** Where the words stand that name the command: the options may come before them. */
const placesOfCommand = (argv: ReadonlyArray<string>): ReadonlyArray<number> => {
  const places: Array<number> = []
  for (let index = 0; index < argv.length && places.length < 2; index++) {
    const argument = argv[index] ?? ""
    if (argument === "--") break
    if (argument.startsWith("-")) {
      if (isFollowedByValue(argument)) index++
      continue
    }
    places.push(index)
    if (argument !== "profile") break
  }
  return places
}

interface Given {
  readonly definition: Definitions.Definition
  readonly value: string | undefined
}

/** An option as it may be written: `--name VALUE`, `--name=VALUE`, `-n VALUE`, `-nVALUE`, `--flag`. */
const optionAt = (
  rest: ReadonlyArray<string>,
  index: number,
  definitions: ReadonlyArray<Definitions.Definition>
): { readonly name: string; readonly given: Given | undefined; readonly length: number } => {
  const argument = rest[index] ?? ""
  const [, name = argument, attached] =
    /^(--[^=]+)=(.*)$/s.exec(argument) ?? /^(-[A-Za-z])([^-].*)$/s.exec(argument) ?? []
  const definition = definitions.find(isNamed(name))
  if (definition === undefined) return { name, given: undefined, length: 1 }
  if (definition.value === undefined) {
    return { name, given: attached === undefined ? { definition, value: undefined } : undefined, length: 1 }
  }
  return attached === undefined
    ? { name, given: { definition, value: rest[index + 1] }, length: 2 }
    : { name, given: { definition, value: attached }, length: 1 }
}

/** Of an option that cannot be repeated the last one counts. */
const inOrder = (given: ReadonlyArray<Given>): ReadonlyArray<string> =>
  given
    .filter(
      ({ definition }, index) =>
        definition.isRepeated === true ||
        !given.slice(index + 1).some((later) => later.definition === definition)
    )
    .flatMap(({ definition, value }) =>
      value === undefined ? [`--${definition.name}`] : [`--${definition.name}`, value]
    )

const isWord = (text: string): boolean => /^[a-z][a-z -]{0,30}$/i.test(text)

const isOption = (text: string): boolean => /^--?[a-z][a-z-]{0,30}$/i.test(text)

const counted = ["no word", "one word", "two words"]

/**
 * The command line in the order that the parser wants: the command, each option and its value, and then the words.
 * What is wrong with it is said without repeating what may be a secret.
 */
export const order = (argv: ReadonlyArray<string>): Either.Either<Request, UsageError> => {
  const places = placesOfCommand(argv)
  const name = places.map((index) => argv[index] ?? "").join(" ")
  const rest = argv.filter((_, index) => !places.includes(index))
  const command = commands.get(name)
  const isGroup = name === "" || name === "profile"
  const help = `${command === undefined ? "effect-oauth" : `effect-oauth ${name}`} --help tells what there is.`
  const wrong = (message: string, hint = help) => Either.left(usage(message, hint))
  const definitions = isGroup ? everyOption : optionsOf(command)

  const given: Array<Given> = []
  const words: Array<string> = []
  for (let index = 0; index < rest.length; index++) {
    const argument = rest[index] ?? ""
    if (argument === "--") {
      words.push(...rest.slice(index + 1))
      break
    }
    if (!argument.startsWith("-") || argument === "-") {
      words.push(argument)
      continue
    }
    if (argument === "--help" || argument === "-h") return Either.right({ _tag: "Help", of: name })
    if (argument === "--version" && isGroup) return Either.right({ _tag: "Version" })
    if (argument === "--completions" && isGroup) {
      const shell = Completions.shells.find((shell) => shell === rest[index + 1])
      return shell === undefined
        ? wrong(`--completions is followed by one of ${Completions.shells.join(", ")}.`)
        : Either.right({ _tag: "Completions", shell })
    }
    if (secrets.test(argument)) return Either.left(refuseSecret(argument))
    if (command === undefined && !isGroup) continue

    const option = optionAt(rest, index, definitions)
    if (option.given === undefined) {
      const what = isOption(option.name) ? `option ${option.name}` : "such option"
      return wrong(`There is no ${what}${isGroup ? "" : ` of ${name}`}.`)
    }
    const { definition, value } = option.given
    if (definition.value !== undefined && value === undefined) {
      return wrong(`${option.name} is followed by ${definition.value}.`)
    }
    if (definition.choices !== undefined && !definition.choices.includes(value ?? "")) {
      return wrong(`${option.name} is followed by one of ${definition.choices.join(", ")}.`)
    }
    given.push(option.given)
    index += option.length - 1
  }

  if (command === undefined) {
    if (isGroup) return Either.right({ _tag: "Help", of: name })
    return wrong(isWord(name) ? `There is no command ${name}.` : "There is no such command.")
  }
  const least = command.words.filter((word) => !word.startsWith("[")).length
  if (words.length < least) return wrong(`${name} is followed by ${command.words.join(" ")}.`)
  if (words.length > command.words.length) {
    return name === "login"
      ? wrong(
          "login takes options only, and no password among them.",
          "It is asked for, piped in with --password-stdin, or taken from EFFECT_OAUTH_PASSWORD."
        )
      : wrong(`${name} takes ${counted[command.words.length]} besides its options.`)
  }
  return Either.right({
    _tag: "Run",
    argv: [...name.split(" "), ...inOrder(given), ...(words.length === 0 ? [] : ["--", ...words])]
  })
}

/** Whether the command line asks for JSON, whatever else it says. */
export const asksForJson = (argv: ReadonlyArray<string>): boolean => {
  const end = argv.indexOf("--")
  return (end === -1 ? argv : argv.slice(0, end)).includes("--json")
}
