import { Console as NodeConsole } from "node:console"
import { Writable } from "node:stream"
import { inspect } from "node:util"
import { NodeSdk } from "@effect/opentelemetry"
import { Disclosure } from "@effect-oauth/testing"
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { Console, Effect, Layer, Logger, LogLevel } from "effect"

/** Everything that a value shows of itself, to the `inspect` of Node.js as well. What is `beyond` is not walked into. */
export const shown = (value: unknown, beyond: Iterable<object> = []): ReadonlyArray<string> => [
  inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null }),
  ...Disclosure.texts(value, beyond)
]

/** Loggers of every kind, and what they wrote. */
export const recordingLogs = Effect.gen(function* () {
  const lines: Array<unknown> = []
  const write = (line: unknown) => {
    lines.push(line)
  }
  const terminal = new Writable({
    write: (chunk: Buffer, _, done) => {
      write(chunk.toString())
      done()
    }
  })
  const console = {
    ...(yield* Console.consoleWith(Effect.succeed)),
    unsafe: new NodeConsole({ stdout: terminal, inspectOptions: { depth: null, showHidden: true } })
  }
  const pretty = Logger.prettyLogger({ mode: "tty", colors: false })
  const logger = Logger.make<unknown, void>((entry) => {
    write(Logger.stringLogger.log(entry))
    write(Logger.logfmtLogger.log(entry))
    write(Logger.jsonLogger.log(entry))
    pretty.log(entry)
  })
  const layer = Layer.mergeAll(
    Logger.replace(Logger.defaultLogger, logger),
    Logger.minimumLogLevel(LogLevel.All),
    Console.setConsole(console)
  )
  return { lines, layer }
})

/** A real OpenTelemetry SDK, and what it exported. */
export const recordingSpans = () => {
  const exporter = new InMemorySpanExporter()
  const processor = new SimpleSpanProcessor(exporter)
  const layer = NodeSdk.layer(() => ({ resource: { serviceName: "test" }, spanProcessor: processor }))
  const spans = () =>
    exporter.getFinishedSpans().map(({ attributes, events, kind, links, name, status }) => ({
      attributes,
      events,
      kind,
      links: links.map((link) => link.attributes),
      name,
      status
    }))
  return { sdk: [exporter, processor], spans, layer }
}
