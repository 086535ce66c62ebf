import { inspect } from "node:util"

/** What the person at the terminal has to mend: shown without a stack trace. */
export class Failure extends Error {}

export const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

export const secondsSince = (start: number): string => `${((performance.now() - start) / 1000).toFixed(1)} s`

/** Does one step of a longer check, and prints its title, its time and a note about its result. */
export const step = async <A>(
  title: string,
  work: () => Promise<A>,
  note?: (result: A) => string
): Promise<A> => {
  const start = performance.now()
  process.stdout.write(`${title} ... `)
  try {
    const result = await work()
    print(secondsSince(start) + (note === undefined ? "" : ` (${note(result)})`))
    return result
  } catch (error) {
    print(`FAILED after ${secondsSince(start)}`)
    throw error
  }
}

/** Fails with all problems at once, each on a line of its own. */
export const failOn = (problems: ReadonlyArray<string>): void => {
  if (problems.length > 0) throw new Failure(problems.join("\n"))
}

/** The whole of a script: a failure is printed and becomes exit code 1. */
export const main = async (work: () => Promise<void>): Promise<void> => {
  try {
    await work()
  } catch (error) {
    process.exitCode = 1
    const message = error instanceof Failure ? error.message : inspect(error)
    process.stderr.write(`\n${message.trimEnd()}\n`)
  }
}
