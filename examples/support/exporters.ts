import { NodeSdk } from "@effect/opentelemetry"
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  type MetricData,
  PeriodicExportingMetricReader
} from "@opentelemetry/sdk-metrics"
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { Effect, Match } from "effect"

/**
 * The OpenTelemetry SDK, with exporters that keep what they are given instead of sending it somewhere, so that the
 * example can print it. A service has an OTLP exporter in their place.
 */
const spans = new InMemorySpanExporter()
const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 60_000 })

export const OpenTelemetry = NodeSdk.layer(() => ({
  resource: { serviceName: "telemetry-example" },
  spanProcessor: new SimpleSpanProcessor(spans),
  metricReader: reader
}))

const attributesOf = ({ attributes }: ReadableSpan): string =>
  Object.entries(attributes)
    .filter(([name]) => /^(oauth\.|error\.type|http\.response\.status_code)/.test(name))
    .filter(([name]) => name !== "oauth.client_id")
    .map(([name, value]) => `${name}=${value}`)
    .join(" ")

const milliseconds = ([seconds, nanos]: ReadableSpan["duration"]): string =>
  `${(seconds * 1000 + nanos / 1e6).toFixed(1)} ms`

/** Numbers the spans that others are linked to. */
const numbered = (all: ReadonlyArray<ReadableSpan>): ReadonlyMap<string, string> => {
  const linked = new Set(all.flatMap(({ links }) => links.map(({ context }) => context.spanId)))
  const ids = all.map((span) => span.spanContext().spanId).filter((id) => linked.has(id))
  return new Map(ids.map((id, index) => [id, `#${index + 1}`]))
}

const byStart = (one: ReadableSpan, other: ReadableSpan): number =>
  one.startTime[0] - other.startTime[0] || one.startTime[1] - other.startTime[1]

/** The traces as trees, in the order in which they began. */
export const traces = (): ReadonlyArray<string> => {
  const all = [...spans.getFinishedSpans()].sort(byStart)
  const numbers = numbered(all)
  const isKnown = (id: string | undefined) => all.some((span) => span.spanContext().spanId === id)

  const draw = (span: ReadableSpan, depth: number): ReadonlyArray<string> => {
    const { spanId } = span.spanContext()
    const links = span.links.flatMap(({ context }) => numbers.get(context.spanId) ?? [])
    const line = [
      `${"  ".repeat(depth)}${span.name}`,
      numbers.get(spanId),
      milliseconds(span.duration),
      attributesOf(span),
      links.length === 0 ? undefined : `linked to ${links.join(", ")}`
    ]
    const children = all.filter(({ parentSpanContext }) => parentSpanContext?.spanId === spanId)
    return [
      line.filter((part) => part !== undefined && part !== "").join("  "),
      ...children.flatMap((child) => draw(child, depth + 1))
    ]
  }

  return all
    .filter(({ parentSpanContext }) => !isKnown(parentSpanContext?.spanId))
    .flatMap((root) => draw(root, 0))
}

const rowsOf = (metric: MetricData) =>
  metric.dataPointType === DataPointType.EXPONENTIAL_HISTOGRAM
    ? []
    : metric.dataPoints.map(({ attributes: { unit: _, ...labels }, value }) => ({
        metric: metric.descriptor.name,
        unit: metric.descriptor.unit,
        labels: Object.entries(labels)
          .map(([name, label]) => `${name}=${label}`)
          .join(" "),
        value: Match.value(value).pipe(
          Match.when(Match.number, String),
          Match.orElse(({ count, sum = 0 }) => `${count} times, ${(sum / count).toFixed(3)} on average`)
        )
      }))

/** The metrics of the client as they stand now: a row for each series. */
export const metricsTable = Effect.map(
  Effect.promise(() => reader.forceFlush()),
  () =>
    (metrics.getMetrics().at(-1)?.scopeMetrics ?? [])
      .flatMap((scope) => scope.metrics)
      .filter(({ descriptor }) => descriptor.name.startsWith("oauth."))
      .flatMap(rowsOf)
      .sort((one, other) => (one.metric + one.labels < other.metric + other.labels ? -1 : 1))
)
