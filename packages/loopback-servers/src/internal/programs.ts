import { accessSync, constants, statSync } from "node:fs"
import { delimiter, join } from "node:path"

/** Whether there is a program that this process may run. */
export const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Every place where a shell would find the program, the first first. */
export const onPath = (program: string): ReadonlyArray<string> =>
  (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, program))
    .filter(isProgram)
