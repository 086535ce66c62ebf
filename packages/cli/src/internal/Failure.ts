import * as HelpDoc from "@effect/cli/HelpDoc"
import * as ValidationError from "@effect/cli/ValidationError"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type { QuitException } from "@effect/platform/Terminal"
import type { APIException } from "@effect-oauth/client/APIException"
import { AuthValidationException } from "@effect-oauth/client/AuthValidationException"
import type { AuthorizationTimeout } from "@effect-oauth/client/LoopbackRedirect"
import type { OAuthProviderException } from "@effect-oauth/client/OAuthProviderException"
import type { TokenError } from "@effect-oauth/client/TokenError"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as ExitCode from "../ExitCode.js"
import { plain } from "./plain.js"

/** The command line, the environment or the configuration file is not right. */
export class UsageError extends Data.TaggedError("UsageError")<{
  readonly code: "Usage" | "Config"
  /** What is wrong, and where; nothing that may be a secret. */
  readonly message: string
  /** What to do. */
  readonly hint?: string | undefined
}> {}

/** There is no session that can be used. */
export class LoginNeeded extends Data.TaggedError("LoginNeeded")<{ readonly message: string }> {}

/** The API that was called refused or failed, in HTTP. Its answer was printed already. */
export class HttpStatus extends Data.TaggedError("HttpStatus")<{ readonly status: number }> {}

/** The client secret is nowhere to be found when a request needs it. */
export class MissingSecret extends AuthValidationException {}

export type Failure =
  | UsageError
  | LoginNeeded
  | HttpStatus
  | TokenError
  | AuthorizationTimeout
  | HttpClientError.HttpClientError
  | QuitException
  | ValidationError.ValidationError

/** What is said of a failure. */
export interface Report {
  readonly exitCode: ExitCode.ExitCode
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
  readonly details?: Readonly<Record<string, unknown>> | undefined
}

export const usage = (message: string, hint?: string): UsageError =>
  new UsageError({ code: "Usage", message, hint })

export const config = (message: string, hint?: string): UsageError =>
  new UsageError({ code: "Config", message, hint })

export const logIn = "Log in: effect-oauth login"

const again = (retryAfter: Duration.Duration | undefined): string =>
  retryAfter === undefined ? "Try again." : `Try again in ${Duration.format(retryAfter)}.`

const refusalHint = (error: string): string => {
  switch (error) {
    case "access_denied":
      return "Log in again, and let the program in: effect-oauth login"
    case "invalid_grant":
      return "The password is wrong, or the session was ended. Log in again: effect-oauth login"
    case "invalid_client":
      return "Look at the client id, the client secret and --client-auth."
    case "invalid_scope":
      return "Look at --scope."
    default:
      return "Look at the profile: effect-oauth profile show"
  }
}

const temporary = (failure: OAuthProviderException | APIException): Report => ({
  exitCode: ExitCode.temporary,
  code: "Temporary",
  message: plain(failure.message),
  hint: again(failure.retryAfter)
})

/** What is said of a failure, and how the run ends. */
export const report = (failure: Failure): Report => {
  if (ValidationError.isValidationError(failure)) {
    return {
      exitCode: ExitCode.usage,
      code: "Usage",
      message: plain(HelpDoc.toAnsiText(failure.error)),
      hint: "effect-oauth --help tells what there is."
    }
  }
  switch (failure._tag) {
    case "UsageError":
      return { exitCode: ExitCode.usage, code: failure.code, message: failure.message, hint: failure.hint }
    case "LoginNeeded":
      return { exitCode: ExitCode.loginNeeded, code: "LoginNeeded", message: failure.message, hint: logIn }
    case "HttpStatus":
      return {
        exitCode: ExitCode.httpStatus,
        code: "HttpStatus",
        message: `The API answered with status ${failure.status}.`,
        details: { status: failure.status }
      }
    case "AuthValidationException":
      return failure instanceof MissingSecret
        ? { exitCode: ExitCode.usage, code: "Config", message: failure.message }
        : {
            exitCode: ExitCode.loginNeeded,
            code: "LoginNeeded",
            message: "Not logged in, or the session has expired.",
            hint: logIn
          }
    case "OAuthProviderException":
      return failure.isTransient
        ? temporary(failure)
        : {
            exitCode: ExitCode.refused,
            code: "Refused",
            message: plain(failure.message),
            hint: refusalHint(failure.error),
            details: { error: failure.error, status: failure.responseCode }
          }
    case "APIException":
      return failure.isTransient
        ? temporary(failure)
        : {
            exitCode: ExitCode.refused,
            code: "Refused",
            message: plain(failure.message),
            hint: "Look at the endpoints of the profile: effect-oauth profile show",
            ...(failure.responseCode !== undefined && { details: { status: failure.responseCode } })
          }
    case "AuthorizationTimeout":
      return {
        exitCode: ExitCode.temporary,
        code: "Temporary",
        message: `Nobody came back from the browser within ${Duration.format(failure.duration)}.`,
        hint: "Log in again: effect-oauth login"
      }
    case "TokenStoreError":
      return {
        exitCode: ExitCode.store,
        code: "Store",
        message: plain(failure.message),
        hint: storeHint(failure.reason),
        details: { reason: failure.reason }
      }
    case "RequestError":
      return failure.reason === "Transport"
        ? {
            exitCode: ExitCode.temporary,
            code: "Temporary",
            message: `${originOf(failure.request.url)} could not be reached${because(failure.cause)}.`,
            hint: "Try again."
          }
        : {
            exitCode: ExitCode.usage,
            code: "Usage",
            message: "The request could not be made of what was given.",
            hint: "Look at the URL, the headers and the body."
          }
    case "ResponseError":
      return {
        exitCode: ExitCode.temporary,
        code: "Temporary",
        message: `The answer of ${originOf(failure.request.url)} ended before it was complete.`,
        hint: "Try again."
      }
    case "QuitException":
      return { exitCode: ExitCode.interrupted, code: "Interrupted", message: "Interrupted." }
  }
}

const storeHint = (reason: "Unavailable" | "Corrupt" | "Sealed" | "Occupied" | "LeaseLost" | "Lost") => {
  switch (reason) {
    case "Occupied":
      return "Log out first with the settings of that session, or use another profile: --profile NAME"
    case "Corrupt":
    case "Sealed":
      return "To set it aside and begin anew: effect-oauth login"
    default:
      return "Try again; if it fails again, look at the store of the profile: effect-oauth status"
  }
}

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : "The server")

// fetch says why in the cause of what it throws.
const because = (cause: unknown, depth = 3): string => {
  if (!(cause instanceof Error)) return ""
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : undefined
  if (code !== undefined && /^[A-Z][A-Z0-9_]+$/.test(code)) return ` (${code})`
  return depth > 0 ? because(cause.cause, depth - 1) : ""
}
