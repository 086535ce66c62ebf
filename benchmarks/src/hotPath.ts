import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Tracer from "effect/Tracer"
import type { Benchmark, Effort, Table } from "./Benchmark.js"
import { type Caller, costs } from "./hotPath/blocks.js"
import {
  byHandName,
  caller,
  clientsOver,
  fetchTransport,
  managerName,
  overFetch,
  type Setting,
  withoutSpans,
  withSpans,
  withTracer
} from "./hotPath/effectCallers.js"
import { stubbedPeers } from "./hotPath/stubbedPeers.js"
import { stubbedTransport } from "./hotPath/stubs.js"

const tables = (
  callers: ReadonlyArray<Caller>,
  where: string,
  baseline: string,
  effort: Effort
): Effect.Effect<ReadonlyArray<Table>> =>
  Effect.map(costs(callers, effort, where), ({ allocation, time }) => [
    { title: `Time of a call: ${where}`, unit: "µs", better: "less", baseline, figures: time },
    { title: `Allocation of a call: ${where}`, unit: "bytes", better: "less", baseline, figures: allocation }
  ])

const callersOver = (transport: Parameters<typeof clientsOver>[0], setting: Setting) =>
  Effect.map(clientsOver(transport), (clients) =>
    clients.map(([name, client]) => caller(name, client, setting))
  )

/** Takes the spans, and sends them nowhere: what an exporter costs is not the question. */
const processor: SpanProcessor = {
  onStart: () => {},
  onEnd: () => {},
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve()
}

const openTelemetry: Effect.Effect<Tracer.Tracer, never, Scope.Scope> = Effect.flatMap(
  Layer.toRuntime(
    NodeSdk.layer(() => ({ resource: { serviceName: "benchmark" }, spanProcessor: processor }))
  ),
  (runtime) => Effect.provide(Effect.tracer, runtime)
)

/** A call with a good token in memory, over transports that answer at once. */
export const hotPath: Benchmark = {
  name: "hot-path",
  question: "What does an authorized call cost when the token is good?",
  run: (effort) =>
    Effect.gen(function* () {
      const overThin = yield* callersOver(stubbedTransport, withSpans)
      const overThinUntraced = yield* callersOver(stubbedTransport, withoutSpans)
      const fetchClient = yield* fetchTransport
      const onFetch = yield* callersOver(fetchClient, overFetch(withSpans))
      const onFetchManual = yield* callersOver(fetchClient, overFetch(withSpans, { redirect: "manual" }))
      const exported = yield* callersOver(stubbedTransport, withTracer(yield* openTelemetry))
      const peers = yield* stubbedPeers
      const ours = onFetchManual.filter(({ name }) => name === managerName || name === byHandName)
      return [
        ...(yield* tables(overThin, "stubbed HttpClient, spans on", byHandName, effort)),
        ...(yield* tables(overThinUntraced, "stubbed HttpClient, spans off", byHandName, effort)),
        ...(yield* tables(onFetch, "FetchHttpClient over a stubbed fetch", byHandName, effort)),
        ...(yield* tables(
          onFetchManual,
          "FetchHttpClient over a stubbed fetch, redirects off for the whole program",
          byHandName,
          effort
        )),
        ...(yield* tables(exported, "stubbed HttpClient, spans to OpenTelemetry", byHandName, effort)),
        ...(yield* tables(
          [...peers, ...ours],
          "all clients over a stubbed fetch",
          "bare fetch, a fixed token by hand",
          effort
        ))
      ]
    })
}
