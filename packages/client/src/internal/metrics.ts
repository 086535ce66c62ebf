import type * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricLabel from "effect/MetricLabel"

/** By name. Values come from sets that are known beforehand: no key, no user, no message, no word of a server's own. */
type Labels = Readonly<Record<string, string | undefined>>

const labelled = <Type, In, Out>(
  metric: Metric.Metric<Type, In, Out>,
  labels: Labels
): Metric.Metric<Type, In, Out> =>
  Metric.taggedWithLabels(
    metric,
    Object.entries(labels).flatMap(([name, value]) =>
      value === undefined ? [] : [MetricLabel.make(name, value)]
    )
  )

// The label by which @effect/opentelemetry knows the unit.
const counter = (name: string, unit: string, description: string) =>
  Metric.tagged(Metric.counter(name, { description, incremental: true }), "unit", unit)

const histogram = (name: string, boundaries: Iterable<number>, description: string) =>
  Metric.tagged(Metric.histogram(name, MetricBoundaries.fromIterable(boundaries), description), "unit", "s")

const events = counter("oauth.session.events", "{event}", "What happened to sessions.")

const sessions = Metric.tagged(
  Metric.counter("oauth.session.count", { description: "Sessions in memory." }),
  "unit",
  "{session}"
)

const requests = histogram(
  "oauth.token.request.duration",
  [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30],
  "Requests for a token, each attempt by itself."
)

const lifetimeLeft = histogram(
  "oauth.token.lifetime.left",
  [0, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600],
  "What was left of a token when its replacement came; 0: too late."
)

const replays = counter("oauth.replays", "{replay}", "Calls sent again with another token.")

const storeFailures = counter("oauth.token_store.failures", "{failure}", "What the token store could not do.")

export const countEvent = (labels: Labels): Effect.Effect<void> => Metric.increment(labelled(events, labels))

export const countSessions = (change: 1 | -1): Effect.Effect<void> => Metric.incrementBy(sessions, change)

export const recordRequest = (seconds: number, labels: Labels): Effect.Effect<void> =>
  Metric.update(labelled(requests, labels), seconds)

export const recordLifetimeLeft = (seconds: number): Effect.Effect<void> =>
  Metric.update(lifetimeLeft, seconds)

/** `accepted`: the other token was taken; `rejected`: it was not, either; `failed`: there was no answer. */
export const countReplay = (outcome: "accepted" | "rejected" | "failed"): Effect.Effect<void> =>
  Metric.increment(labelled(replays, { "oauth.outcome": outcome }))

export const countStoreFailure = (labels: Labels): Effect.Effect<void> =>
  Metric.increment(labelled(storeFailures, labels))
