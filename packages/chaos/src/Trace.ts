import { createHash } from "node:crypto"

/** Milliseconds of the one clock that all processes of this machine share, and which nobody sets. */
export type Millis = number

/** What a secret goes by in the trace. */
export const fingerprint = (secret: string): string =>
  createHash("sha256").update(secret).digest("hex").slice(0, 16)

export const now = (): Millis => Number(process.hrtime.bigint()) / 1e6

/** What the token manager of a worker told. */
export const eventNames = [
  "Restored",
  "Issued",
  "Refreshed",
  "Adopted",
  "Rejected",
  "NotDurable",
  "Durable",
  "RefreshFailed",
  "SessionEnded",
  "LoggedOut"
] as const

export type EventName = (typeof eventNames)[number]

/**
 * One thing that happened. A worker that is killed is started again under another name: an incarnation is a process.
 *
 * - `Killed`: SIGKILL was sent to it.
 * - `Halted`: it did not run from then till then, because it was stopped or because the machine did not let it.
 * - `Sent`: its token request has arrived, which it handed to its HTTP client at `handedAt`; `token` is the refresh token
 *   in it, if it is not a login.
 * - `Acted`: the authorization server has answered, `refused` in the words of RFC 6749, or with a `successor`.
 * - `Flushed`: the whole reply was handed to the connection.
 * - `Lost`: the connection was cut in place of the reply.
 * - `Abandoned`: the worker had closed the connection before there was a reply.
 * - `Told`: an event of the worker's token manager; `token` is the refresh token of the session then.
 */
export type Entry =
  | { readonly _tag: "Killed"; readonly at: Millis; readonly incarnation: string }
  | { readonly _tag: "Halted"; readonly at: Millis; readonly until: Millis; readonly incarnation: string }
  | {
      readonly _tag: "Sent"
      readonly at: Millis
      readonly handedAt: Millis
      readonly request: number
      readonly incarnation: string
      readonly session: string
      readonly token: string | undefined
    }
  | {
      readonly _tag: "Acted"
      readonly at: Millis
      readonly request: number
      readonly successor: string | undefined
      readonly refused: string | undefined
    }
  | { readonly _tag: "Flushed"; readonly at: Millis; readonly request: number; readonly status: number }
  | { readonly _tag: "Lost" | "Abandoned"; readonly at: Millis; readonly request: number }
  | {
      readonly _tag: "Told"
      readonly at: Millis
      readonly incarnation: string
      readonly session: string
      readonly event: EventName
      readonly token: string | undefined
      /** What it was about, for who reads the trace. */
      readonly detail?: string | undefined
    }
