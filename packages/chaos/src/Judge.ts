import type { Entry, Millis } from "./Trace.js"

/** One token request, and all that became of it. */
export interface Sending {
  readonly request: number
  readonly at: Millis
  /** When its process handed it to the HTTP client: the last moment at which it could have been left undone. */
  readonly handedAt: Millis
  readonly incarnation: string
  readonly session: string
  /** The refresh token that it spent; absent for a login. */
  readonly token: string | undefined
  /** What the server gave for it, whether or not anybody got to know. */
  readonly successor: string | undefined
  readonly refused: string | undefined
  readonly actedAt: Millis
  readonly flushedAt: Millis
  readonly status: number
  readonly lostAt: Millis
}

/** A refresh token that was sent again though it was known, or was going to be, what became of the first sending. */
export interface Repeated {
  readonly first: Sending
  readonly second: Sending
  readonly because: string
}

/** A family of tokens, from one login, that the server has ended. */
export interface Revoked {
  readonly session: string
  readonly family: number
  readonly by: Sending
  /** Why nobody could help it: absent if somebody could. */
  readonly explained: string | undefined
}

/** A family that lives at the server, and whose newest tokens nobody has who could have them. */
export interface Orphan {
  readonly session: string
  readonly family: number
  readonly last: Sending
}

export interface Verdict {
  readonly repeated: ReadonlyArray<Repeated>
  readonly revoked: ReadonlyArray<Revoked>
  readonly orphans: ReadonlyArray<Orphan>
  readonly refreshes: number
  readonly relogins: number
  readonly adoptions: number
  readonly killsBetweenReplyAndWrite: number
}

export interface Options {
  /** A lease outlasts a halt that is shorter than half of this. */
  readonly leaseMillis: Millis
  /** Who took up every session from the store when all others were gone. */
  readonly verifier: string
}

const never = Number.POSITIVE_INFINITY

interface Halt {
  readonly from: Millis
  readonly until: Millis
}

/** Between two halts that are so close to each other nobody gets anything done. */
const breath = 100

const joined = (halts: ReadonlyArray<Halt>): ReadonlyArray<Halt> => {
  const all: Array<Halt> = []
  for (const halt of [...halts].sort((one, other) => one.from - other.from)) {
    const last = all.at(-1)
    if (last === undefined || halt.from - last.until > breath) all.push(halt)
    else all[all.length - 1] = { from: last.from, until: Math.max(last.until, halt.until) }
  }
  return all
}

/** The trace, in the shape of the questions that are asked of it. */
interface Record {
  readonly sendings: ReadonlyArray<Sending>
  readonly killedAt: (incarnation: string) => Millis
  readonly halts: (incarnation: string) => ReadonlyArray<Halt>
  /** When somebody is known to have had a refresh token from the store, or to have put it there. */
  readonly storedAt: (token: string) => Millis
  readonly sentAt: (token: string) => Millis
}

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

const sendingsOf = (trace: ReadonlyArray<Entry>): ReadonlyArray<Sending> => {
  const sendings = new Map<number, Mutable<Sending>>()
  for (const entry of trace) {
    if (entry._tag === "Sent") {
      const { _tag, ...sent } = entry
      sendings.set(entry.request, {
        ...sent,
        successor: undefined,
        refused: undefined,
        actedAt: never,
        flushedAt: never,
        status: 0,
        lostAt: never
      })
    }
  }
  for (const entry of trace) {
    if (!("request" in entry)) continue
    const sending = sendings.get(entry.request)
    if (sending === undefined) continue
    if (entry._tag === "Acted") {
      sending.actedAt = entry.at
      sending.successor = entry.successor
      sending.refused = entry.refused
    }
    if (entry._tag === "Flushed") {
      sending.flushedAt = entry.at
      sending.status = entry.status
    }
    if (entry._tag === "Lost") sending.lostAt = entry.at
  }
  return [...sendings.values()].sort((one, other) => one.handedAt - other.handedAt)
}

const first = (times: Map<string, Millis>, key: string, at: Millis): void => {
  times.set(key, Math.min(times.get(key) ?? never, at))
}

const recordOf = (trace: ReadonlyArray<Entry>): Record => {
  const sendings = sendingsOf(trace)
  const killed = new Map<string, Millis>()
  const halts = new Map<string, Array<Halt>>()
  const stored = new Map<string, Millis>()
  const sent = new Map<string, Millis>()
  const notDurable = new Set<string>()
  for (const entry of trace) {
    if (entry._tag === "Killed") first(killed, entry.incarnation, entry.at)
    if (entry._tag === "Halted") {
      halts.set(entry.incarnation, [
        ...(halts.get(entry.incarnation) ?? []),
        { from: entry.at, until: entry.until }
      ])
    }
    if (entry._tag === "Told" && entry.event === "NotDurable" && entry.token !== undefined) {
      notDurable.add(`${entry.incarnation} ${entry.token}`)
    }
  }
  for (const entry of trace) {
    if (entry._tag !== "Told" || entry.token === undefined) continue
    const isNew = entry.event === "Issued" || entry.event === "Refreshed"
    const isStored =
      entry.event === "Restored" ||
      entry.event === "Adopted" ||
      entry.event === "Durable" ||
      (isNew && !notDurable.has(`${entry.incarnation} ${entry.token}`))
    if (isStored) first(stored, entry.token, entry.at)
  }
  for (const { handedAt, token } of sendings) if (token !== undefined) first(sent, token, handedAt)
  return {
    sendings,
    killedAt: (incarnation) => killed.get(incarnation) ?? never,
    halts: (incarnation) => joined(halts.get(incarnation) ?? []),
    storedAt: (token) => stored.get(token) ?? never,
    sentAt: (token) => sent.get(token) ?? never
  }
}

/** What has become of a sending, as far as anybody could know at an instant. */
type Outcome =
  | { readonly isKnown: true; readonly because: string }
  | { readonly isKnown: false; readonly because: string }

const known = (because: string): Outcome => ({ isKnown: true, because })
const unknown = (because: string): Outcome => ({ isKnown: false, because })

/** `asking` is who could know: whoever sends the same again, or nobody in particular. */
const outcomeAt = (
  record: Record,
  { leaseMillis }: Options,
  sending: Sending,
  at: Millis,
  asking: string | undefined
): Outcome => {
  const { incarnation, successor } = sending
  if (successor !== undefined) {
    if (record.storedAt(successor) <= at) return known("its successor was stored")
    if (record.sentAt(successor) <= at) return known("its successor had been sent")
  }
  if (sending.lostAt <= at) return unknown("the reply was lost")
  if (sending.flushedAt <= at && sending.status >= 500) return unknown("the reply was a server error")
  if (asking === incarnation) {
    return known(sending.flushedAt <= at ? "the same process had the reply" : "the same process still waited")
  }
  if (record.killedAt(incarnation) <= at) return unknown("the process was killed before it stored the reply")
  const isHalted = record
    .halts(incarnation)
    .some(({ from, until }) => until - from >= leaseMillis / 2 && from <= at && until >= sending.handedAt)
  if (isHalted) return unknown("the process was stopped for longer than a lease may bear")
  return known(
    sending.flushedAt <= at
      ? "its reply had arrived, and the process lived"
      : "its reply was on its way, and the process lived"
  )
}

/**
 * What a trace says of the promises. It is asked after the fact, when every process is gone and all that they told
 * was read.
 */
export const judge = (trace: ReadonlyArray<Entry>, options: Options): Verdict => {
  const record = recordOf(trace)
  const { sendings } = record
  const earlier = new Map<string, Array<Sending>>()
  const familyOf = new Map<string, number>()
  const newest = new Map<number, Sending>()
  const repeated: Array<Repeated> = []
  const revoked = new Map<number, Revoked>()
  const logins = new Map<string, number>()

  for (const sending of sendings) {
    if (sending.token === undefined) continue
    const before = earlier.get(sending.token) ?? []
    for (const first of before) {
      const outcome = outcomeAt(record, options, first, sending.handedAt, sending.incarnation)
      if (outcome.isKnown) {
        repeated.push({ first, second: sending, because: outcome.because })
        break
      }
    }
    earlier.set(sending.token, [...before, sending])
  }

  const acted = sendings
    .filter(({ actedAt }) => actedAt < never)
    .sort((one, other) => one.actedAt - other.actedAt)
  for (const sending of acted) {
    const family = sending.token === undefined ? sending.request : familyOf.get(sending.token)
    if (sending.token === undefined && sending.successor !== undefined) {
      logins.set(sending.session, (logins.get(sending.session) ?? 0) + 1)
    }
    if (sending.successor !== undefined && family !== undefined) {
      familyOf.set(sending.successor, family)
      newest.set(family, sending)
    }
    if (sending.token === undefined || sending.refused !== "invalid_grant") continue
    const name = family ?? -1 - sending.request
    if (!revoked.has(name)) {
      const { session } = sending
      revoked.set(name, { session, family: name, by: sending, explained: explain(record, options, sending) })
    }
  }

  const end = Math.max(...trace.map(({ at }) => at))
  const told = trace.filter((entry) => entry._tag === "Told")
  const held = new Map(
    told
      .filter(({ incarnation }) => incarnation === options.verifier)
      .flatMap(({ session, token }) => (token === undefined ? [] : [[session, token] as const]))
  )
  const orphans = [...newest].flatMap(([family, last]): ReadonlyArray<Orphan> => {
    if (revoked.has(family) || held.get(last.session) === last.successor) return []
    return outcomeAt(record, options, last, end, undefined).isKnown
      ? [{ session: last.session, family, last }]
      : []
  })

  return {
    repeated,
    revoked: [...revoked.values()],
    orphans,
    refreshes: acted.filter(({ token, successor }) => token !== undefined && successor !== undefined).length,
    relogins: [...logins.values()].reduce((sum, count) => sum + count - 1, 0),
    adoptions: told.filter(({ event }) => event === "Adopted").length,
    killsBetweenReplyAndWrite: trace.filter(
      (entry) =>
        entry._tag === "Killed" &&
        sendings.some(
          ({ incarnation, flushedAt, status, successor }) =>
            incarnation === entry.incarnation &&
            flushedAt <= entry.at &&
            status === 200 &&
            successor !== undefined &&
            record.storedAt(successor) === never
        )
    ).length
  }
}

/** The server ends a family when one of its tokens comes again: explained if whoever sent it could not know better. */
const explain = (record: Record, options: Options, refused: Sending): string | undefined => {
  const spent = record.sendings.find(
    ({ token, successor }) => token === refused.token && successor !== undefined
  )
  if (spent === undefined) return undefined
  // Whoever was stopped between handing it over and sending it came late, and is the one who was refused.
  const [first, second] = spent.handedAt <= refused.handedAt ? [spent, refused] : [refused, spent]
  const outcome = outcomeAt(record, options, first, second.handedAt, second.incarnation)
  return outcome.isKnown ? undefined : outcome.because
}
