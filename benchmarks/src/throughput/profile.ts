import { Session } from "node:inspector/promises"
import * as Effect from "effect/Effect"

/** To whom the time is put down where a sample was taken, by the file that it was taken in: the first that fits. */
const owners: ReadonlyArray<readonly [owner: string, where: RegExp]> = [
  ["@effect-oauth/client", /\/packages\/client\//],
  [
    "Effect: fibers",
    /\/effect\/dist\/.*\/internal\/(fiberRuntime|runtime|fiber\w*|core|core-effect|scheduler)\.js$|\/effect\/dist\/.*\/(Scheduler|Micro|Effectable)\.js$/i
  ],
  [
    "Effect: spans and their attributes",
    /\/effect\/dist\/.*\/internal\/tracer\.js$|\/effect\/dist\/.*\/Tracer\.js$|HttpTraceContext\.js$/
  ],
  ["Effect: the rest", /\/effect\/dist\//],
  ["HttpClient: headers, URL, span attributes", /\/@effect\/platform\/dist\//],
  ["HttpClient: the transport", /\/@effect\/platform-node/],
  ["undici", /\/node_modules\/undici\/|^node:internal\/deps\/undici/],
  ["Node: URL", /^node:(internal\/)?(url|querystring)/],
  ["Node: streams of the web", /^node:internal\/webstreams/],
  ["Node: abort signals and events", /^node:(internal\/)?(abort_controller|event_target|events)/],
  ["Node: http, sockets, streams", /^node:/],
  ["the loop of this benchmark", /\/benchmarks\/src\//]
]

const inNode = "Node: native code"
const collecting = "collecting garbage"
const idle = "(idle)"

const ownerOf = (functionName: string, url: string): string => {
  if (functionName === "(garbage collector)") return collecting
  if (functionName === idle) return idle
  return owners.find(([, where]) => where.test(url))?.[0] ?? inNode
}

/** The shares of the time in which this process worked, while it did this, by whose code it was in. */
export const profiled = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const session = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const session = new Session()
        session.connect()
        return session
      }),
      (session) => Effect.sync(() => session.disconnect())
    )
    yield* Effect.promise(() => session.post("Profiler.enable"))
    yield* Effect.promise(() => session.post("Profiler.setSamplingInterval", { interval: 200 }))
    yield* Effect.promise(() => session.post("Profiler.start"))
    const result = yield* effect
    const { profile } = yield* Effect.promise(() => session.post("Profiler.stop"))
    const ownerOfNode = new Map(
      profile.nodes.map(({ callFrame, id }) => [id, ownerOf(callFrame.functionName, callFrame.url)])
    )
    const micros = new Map<string, number>()
    for (const [index, node] of (profile.samples ?? []).entries()) {
      const owner = ownerOfNode.get(node) ?? inNode
      if (owner !== idle) micros.set(owner, (micros.get(owner) ?? 0) + (profile.timeDeltas?.[index] ?? 0))
    }
    const worked = [...micros.values()].reduce((sum, one) => sum + one, 0)
    const shares = Object.fromEntries([...micros].map(([owner, one]) => [owner, one / worked]))
    return { result, shares }
  }).pipe(Effect.scoped)

/** All to whom time is put down, in the order in which they are shown. */
export const allOwners: ReadonlyArray<string> = [...owners.map(([owner]) => owner), inNode, collecting]
