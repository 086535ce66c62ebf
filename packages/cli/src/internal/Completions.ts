import * as Definitions from "./Definitions.js"

export const shells = ["bash", "zsh", "fish"] as const

export type Shell = (typeof shells)[number]

const commands: ReadonlyArray<Definitions.CommandDefinition> = Object.values(Definitions.commands)

const optionsOf = ({
  options,
  settings
}: Definitions.CommandDefinition): ReadonlyArray<Definitions.Definition> => [...options, ...settings]

const namesOf = ({ alias, name }: Definitions.Definition): ReadonlyArray<string> =>
  alias === undefined ? [`--${name}`] : [`--${name}`, `-${alias}`]

const unique = (names: ReadonlyArray<string>): ReadonlyArray<string> => Array.from(new Set(names))

const everyOption = Array.from(
  new Map(commands.flatMap(optionsOf).map((option) => [option.name, option])).values()
)

const firstWords = unique(commands.map(({ name }) => name.split(" ")[0] ?? ""))

const secondWords = commands.flatMap(({ name }) => name.split(" ").slice(1))

const bashFunction = `_effect_oauth() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} cmd="" words="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      ${everyOption
        .filter(({ value }) => value !== undefined)
        .flatMap(namesOf)
        .join("|")}) ((i++)) ;;
      -*) ;;
      *)
        if [[ -z $cmd ]]; then cmd=\${COMP_WORDS[i]}
        elif [[ $cmd == profile ]]; then cmd="profile \${COMP_WORDS[i]}"
        fi ;;
    esac
  done
  case "$prev" in
${everyOption
  .flatMap((option) =>
    option.choices === undefined
      ? []
      : [
          `    ${namesOf(option).join("|")}) COMPREPLY=($(compgen -W "${option.choices.join(" ")}" -- "$cur")); return ;;`
        ]
  )
  .join("\n")}
    --completions) COMPREPLY=($(compgen -W "${shells.join(" ")}" -- "$cur")); return ;;
    --config|--data|-d) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    ${everyOption
      .filter(
        ({ choices, name, value }) =>
          value !== undefined && choices === undefined && name !== "config" && name !== "data"
      )
      .flatMap(namesOf)
      .join("|")}) return ;;
  esac
  case "$cmd" in
    "") words="${firstWords.join(" ")} --help --version --completions" ;;
    profile) words="${secondWords.join(" ")} --help" ;;
${commands
  .map(
    (command) => `    "${command.name}") words="${optionsOf(command).flatMap(namesOf).join(" ")} --help" ;;`
  )
  .join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _effect_oauth effect-oauth`

const quoted = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`

const fishCondition = (name: string): string => {
  const [first = "", second] = name.split(" ")
  const seen = `__fish_seen_subcommand_from ${first}`
  return second === undefined ? seen : `${seen}; and __fish_seen_subcommand_from ${second}`
}

const fishOption = (command: Definitions.CommandDefinition, option: Definitions.Definition): string =>
  [
    `complete -c effect-oauth -n ${quoted(fishCondition(command.name))}`,
    ...(option.alias === undefined ? [] : [`-s ${option.alias}`]),
    `-l ${option.name}`,
    ...(option.value === undefined ? [] : ["-r"]),
    ...(option.choices === undefined ? [] : [`-a ${quoted(option.choices.join(" "))}`]),
    `-d ${quoted(option.description)}`
  ].join(" ")

const summaryOf = (word: string): string =>
  commands.find(({ name }) => name === word)?.summary ?? "List, show, make, choose and remove profiles."

const fish = [
  "complete -c effect-oauth -f",
  ...firstWords.map(
    (word) => `complete -c effect-oauth -n __fish_use_subcommand -a ${word} -d ${quoted(summaryOf(word))}`
  ),
  ...secondWords.map(
    (word) =>
      `complete -c effect-oauth -n ${quoted(
        `__fish_seen_subcommand_from profile; and not __fish_seen_subcommand_from ${secondWords.join(" ")}`
      )} -a ${word} -d ${quoted(summaryOf(`profile ${word}`))}`
  ),
  ...commands.flatMap((command) => optionsOf(command).map((option) => fishOption(command, option)))
].join("\n")

/** The completions of the command line, as a script for a shell. */
export const script = (shell: Shell): string => {
  switch (shell) {
    case "bash":
      return bashFunction
    case "zsh":
      return `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bashFunction}`
    case "fish":
      return fish
  }
}
