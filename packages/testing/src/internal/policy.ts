import * as Duration from "effect/Duration"

/** What the server does where the RFCs leave it to it. Times are in milliseconds. */
export interface Policy {
  readonly scopes: ReadonlyArray<string>
  readonly accessTokenLifetime: number
  readonly refreshTokenLifetime: number
  readonly sessionLifetime: number
  readonly codeLifetime: number
  readonly refreshTokens: "rotate" | "keep" | "none"
  readonly onReuse: "endSession" | "refuse"
  readonly reuseGrace: number
  readonly proofKeys: "required" | "of public clients" | "optional"
  readonly plainProofKeys: boolean
  readonly tokenText: (kind: TokenKind, number: number) => string
}

/** What can be issued. */
export type TokenKind = "access" | "refresh" | "code"

export interface PolicyOptions {
  readonly scopes?: ReadonlyArray<string> | undefined
  readonly lifetimes?:
    | {
        readonly accessToken?: Duration.DurationInput | undefined
        readonly refreshToken?: Duration.DurationInput | undefined
        readonly session?: Duration.DurationInput | undefined
        readonly code?: Duration.DurationInput | undefined
      }
    | undefined
  readonly refreshTokens?: Policy["refreshTokens"] | undefined
  readonly onReuse?: Policy["onReuse"] | undefined
  readonly reuseGrace?: Duration.DurationInput | undefined
  readonly proofKeys?: Policy["proofKeys"] | undefined
  readonly plainProofKeys?: boolean | undefined
  readonly tokenText?: Policy["tokenText"] | undefined
}

export const make = ({ lifetimes = {}, ...options }: PolicyOptions): Policy => ({
  scopes: options.scopes ?? ["api", "profile"],
  accessTokenLifetime: Duration.toMillis(lifetimes.accessToken ?? "1 hour"),
  refreshTokenLifetime: Duration.toMillis(lifetimes.refreshToken ?? "30 days"),
  sessionLifetime: Duration.toMillis(lifetimes.session ?? Duration.infinity),
  codeLifetime: Duration.toMillis(lifetimes.code ?? "1 minute"),
  refreshTokens: options.refreshTokens ?? "rotate",
  onReuse: options.onReuse ?? "endSession",
  reuseGrace: Duration.toMillis(options.reuseGrace ?? 0),
  proofKeys: options.proofKeys ?? "of public clients",
  plainProofKeys: options.plainProofKeys ?? false,
  tokenText: options.tokenText ?? ((kind, number) => `${kind}-${number}`)
})
