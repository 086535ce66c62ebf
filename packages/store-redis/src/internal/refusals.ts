import * as Predicate from "effect/Predicate"

interface Refusal {
  readonly why: string
  /** Whether it can be over within a moment, as after a restart or a failover. */
  readonly isPassing: boolean
}

const lasting = (why: string): Refusal => ({ why, isPassing: false })
const passing = (why: string): Refusal => ({ why, isPassing: true })

/** What the codes mean that Redis begins an error with. The rest of an error is not repeated: it may quote. */
const refusals: Readonly<Record<string, Refusal>> = {
  OOM: lasting("its memory is full (OOM)"),
  MISCONF: lasting("it takes no writes, as it cannot save its data (MISCONF)"),
  NOREPLICAS: lasting("it takes no writes, as too few replicas are connected (NOREPLICAS)"),
  READONLY: passing("it is a replica, which takes no writes (READONLY)"),
  LOADING: passing("it is loading its data (LOADING)"),
  MASTERDOWN: passing("it is a replica that has lost its master (MASTERDOWN)"),
  CLUSTERDOWN: passing("a part of the cluster is down (CLUSTERDOWN)"),
  TRYAGAIN: passing("the cluster is being resharded (TRYAGAIN)"),
  MOVED: lasting("it is a node of a cluster, which needs a client for clusters (MOVED)"),
  CROSSSLOT: lasting("the prefix of the client spreads the keys of a session over a cluster (CROSSSLOT)"),
  BUSY: passing("another script keeps it busy (BUSY)"),
  NOAUTH: lasting("it wants a password (NOAUTH)"),
  WRONGPASS: lasting("it refused the user name or the password (WRONGPASS)"),
  NOPERM: lasting("the user has no right to the command or the key (NOPERM)"),
  WRONGTYPE: lasting("the key holds something else than a text (WRONGTYPE)"),
  NOSCRIPT: lasting("it forgot the script (NOSCRIPT)")
}

// Not only at the beginning: older servers put the code of an error within a script behind a text of their own.
const code = new RegExp(`\\b(${Object.keys(refusals).join("|")})\\b`)

const messageOf = (failure: unknown): string => (failure instanceof Error ? failure.message : "")

const isError = (failure: unknown): boolean => /^[A-Z]{2,} /.test(messageOf(failure))

// By name: the class can come from another copy of the package. What was under way when a client was closed fails
// with another error: if a client has taken its place, it is sent to that one.
const isClosed = (failure: unknown): boolean =>
  Predicate.hasProperty(failure, "constructor") &&
  Predicate.isFunction(failure.constructor) &&
  failure.constructor.name === "ClientClosedError"

export const isNoScript = (failure: unknown): boolean => messageOf(failure).startsWith("NOSCRIPT")

// What a script may not do is told without a code of its own.
const isForbidden = (failure: unknown): boolean =>
  messageOf(failure).startsWith("ERR The user executing the script")

/** What a failure of the client means, without a word of it. */
export const refusalOf = (failure: unknown): Refusal => {
  if (isClosed(failure)) return lasting("the client is closed, or was never connected")
  if (!isError(failure)) return passing("there is no connection to it")
  const known = isForbidden(failure) ? "NOPERM" : code.exec(messageOf(failure))?.[1]
  return refusals[known ?? ""] ?? lasting("it refused the command")
}
