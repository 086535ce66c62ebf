import { type Arguments, commandLine, type StoreName } from "./Arguments.js"
import type { Repeated, Sending, Verdict } from "./Judge.js"
import type { Entry, Millis } from "./Trace.js"

/** The line of JSON that a run ends with. */
export interface Report {
  readonly store: StoreName
  readonly processes: number
  readonly seconds: number
  readonly seed: number
  readonly fence: boolean
  readonly expiries: number
  readonly refreshes: number
  readonly adoptions: number
  readonly refreshTokensSentTwiceThoughOutcomeKnown: number
  readonly familiesRevoked: number
  readonly familiesRevokedAfterLostReply: number
  readonly sessionsLost: number
  readonly relogins: number
  readonly apiCalls: number
  readonly apiCallsFailed: number
  readonly longestWaitMillis: number
  readonly kills: number
  readonly killsBetweenReplyAndWrite: number
  readonly repliesLost: number
  readonly serverErrors: number
  readonly pauses: number
}

/** What a run counted itself. */
export interface Tally {
  readonly apiCalls: number
  readonly apiCallsFailed: number
  readonly longestWaitMillis: number
  readonly pauses: number
  /** Why a session that a worker had, or found in the store in the end, is of no use. */
  readonly lost: ReadonlyArray<{ readonly session: string; readonly why: string }>
  /** Workers that ended otherwise than they were told to. */
  readonly unclean: ReadonlyArray<string>
}

export interface Outcome {
  readonly report: Report
  /** A sentence for each promise that broke. */
  readonly broken: ReadonlyArray<string>
  readonly replay: string
}

const named = ({ incarnation, request }: Sending): string => `request ${request} of process ${incarnation}`

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`

const repeatedSentence = (repeated: ReadonlyArray<Repeated>): string => {
  const [example] = repeated
  if (example === undefined) return ""
  const { first, second, because } = example
  return (
    `Spent once: ${plural(repeated.length, "refresh token was", "refresh tokens were")} sent again though the outcome ` +
    `was known; in session ${second.session}, ${named(second)} sent what ${named(first)} had sent ` +
    `${Math.round(second.handedAt - first.handedAt)} ms before, and ${because}.`
  )
}

const tokenLifetimes = (trace: ReadonlyArray<Entry>, lifetime: Millis, end: Millis): number =>
  trace.filter(
    (entry) => entry._tag === "Acted" && entry.successor !== undefined && entry.at + lifetime <= end
  ).length

/** What a run comes to. `end` is when things ceased to go wrong. */
export const make = (
  run: Arguments,
  trace: ReadonlyArray<Entry>,
  verdict: Verdict,
  tally: Tally,
  accessToken: { readonly lifetime: Millis; readonly end: Millis }
): Outcome => {
  const unexplained = verdict.revoked.filter(({ explained }) => explained === undefined)
  const lost = new Map([
    ...verdict.orphans.map(
      ({ session, last }) => [session, `nobody has the newest tokens, which ${named(last)} brought`] as const
    ),
    ...tally.lost.map(({ session, why }) => [session, why] as const)
  ])
  const count = (is: (entry: Entry) => boolean): number => trace.filter(is).length
  const report: Report = {
    store: run.store,
    processes: run.processes,
    seconds: run.seconds,
    seed: run.seed,
    fence: run.fence,
    expiries: tokenLifetimes(trace, accessToken.lifetime, accessToken.end),
    refreshes: verdict.refreshes,
    adoptions: verdict.adoptions,
    refreshTokensSentTwiceThoughOutcomeKnown: verdict.repeated.length,
    familiesRevoked: unexplained.length,
    familiesRevokedAfterLostReply: verdict.revoked.length - unexplained.length,
    sessionsLost: lost.size,
    relogins: verdict.relogins,
    apiCalls: tally.apiCalls,
    apiCallsFailed: tally.apiCallsFailed,
    longestWaitMillis: tally.longestWaitMillis,
    kills: count(({ _tag }) => _tag === "Killed"),
    killsBetweenReplyAndWrite: verdict.killsBetweenReplyAndWrite,
    repliesLost: count(({ _tag }) => _tag === "Lost"),
    serverErrors: count((entry) => entry._tag === "Flushed" && entry.status >= 500),
    pauses: tally.pauses
  }
  const [revoked] = unexplained
  const broken = [
    repeatedSentence(verdict.repeated),
    revoked === undefined
      ? ""
      : `Nothing revoked: ${plural(unexplained.length, "family was", "families were")} revoked without a reply that ` +
        `was lost; in session ${revoked.session} by ${named(revoked.by)}.`,
    ...[...lost].map(([session, why]) => `No session lost: ${session} is, because ${why}.`),
    ...tally.unclean.map((what) => `Clean end: ${what}`),
    report.apiCalls > 0 ? "" : "Something happens: no call of the API was answered.",
    report.refreshes > 0 ? "" : "Something happens: nothing was refreshed."
  ].filter((sentence) => sentence !== "")
  return { report, broken, replay: commandLine(run) }
}
