import { spawn } from "node:child_process"
import { delimiter, join } from "node:path"
import { Failure } from "./report.js"
import { root } from "./workspace.js"

export interface Outcome {
  readonly passed: boolean
  /** How the program ended, in words. */
  readonly ending: string
  readonly standardOutput: string
  /** All that it printed, standard output and standard error in the order of arrival. */
  readonly output: string
}

export interface Options {
  readonly cwd?: string
  readonly timeLimitSeconds?: number
}

const { PATH = "" } = process.env
const env = { ...process.env, PATH: join(root, "node_modules/.bin") + delimiter + PATH }

/** Runs a program that gets no input. The workspace's own tools are found by name. */
export const run = (command: string, args: ReadonlyArray<string>, options: Options = {}): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const { cwd = root, timeLimitSeconds } = options
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      ...(timeLimitSeconds !== undefined && { timeout: timeLimitSeconds * 1000, killSignal: "SIGKILL" })
    })
    let output = ""
    let standardOutput = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text
      standardOutput += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output += text
    })
    child.on("error", reject)
    child.on("close", (code, signal) => {
      const stopped = signal === "SIGKILL" && timeLimitSeconds !== undefined
      const ending = stopped
        ? `not finished after ${timeLimitSeconds} s`
        : `ended with ${signal ?? `exit code ${code}`}`
      resolve({ passed: code === 0, ending, standardOutput, output })
    })
  })

/** Runs a TypeScript program of the workspace from its sources. */
export const runTypeScript = (
  file: string,
  timeLimitSeconds: number,
  args: ReadonlyArray<string> = []
): Promise<Outcome> => run(process.execPath, ["--import", "tsx", file, ...args], { timeLimitSeconds })

/** Runs a program that has to succeed, and gives its standard output. */
export const runOrFail = async (
  command: string,
  args: ReadonlyArray<string>,
  options?: Options
): Promise<string> => {
  const { passed, ending, standardOutput, output } = await run(command, args, options)
  if (!passed) throw new Failure(`${[command, ...args].join(" ")}\n${ending}:\n\n${output}`)
  return standardOutput
}
