/**
 * @since 0.1.0
 */

/**
 * How a run ended, for scripts. `1` is a defect of the program itself.
 *
 * @since 0.1.0
 * @category models
 */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 130

/**
 * All went well.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ok: ExitCode = 0

/**
 * A defect of the program.
 *
 * @since 0.1.0
 * @category constructors
 */
export const defect: ExitCode = 1

/**
 * The command line, the environment or the configuration is not right.
 *
 * @since 0.1.0
 * @category constructors
 */
export const usage: ExitCode = 2

/**
 * There is no session that can be used: log in.
 *
 * @since 0.1.0
 * @category constructors
 */
export const loginNeeded: ExitCode = 3

/**
 * The authorization server refused, or answered what is no answer.
 *
 * @since 0.1.0
 * @category constructors
 */
export const refused: ExitCode = 4

/**
 * Nobody answered, or not now: trying again can help.
 *
 * @since 0.1.0
 * @category constructors
 */
export const temporary: ExitCode = 5

/**
 * The store could not do what was asked of it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const store: ExitCode = 6

/**
 * `call` was answered with an HTTP status of 400 or above.
 *
 * @since 0.1.0
 * @category constructors
 */
export const httpStatus: ExitCode = 7

/**
 * The run was interrupted.
 *
 * @since 0.1.0
 * @category constructors
 */
export const interrupted: ExitCode = 130

/**
 * The exit codes and what they mean, in order.
 *
 * @since 0.1.0
 * @category models
 */
export const meanings: ReadonlyArray<readonly [code: ExitCode, meaning: string]> = [
  [ok, "all went well"],
  [usage, "the command line or the configuration is not right"],
  [loginNeeded, "no session that can be used: log in"],
  [refused, "the authorization server refused"],
  [temporary, "nobody answered, or not now: try again"],
  [store, "the store failed, or what it holds cannot be read"],
  [httpStatus, "call was answered with a status of 400 or above"],
  [interrupted, "interrupted"]
]
