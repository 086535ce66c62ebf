import * as Effect from "effect/Effect"
import type { Effort, Figure, Table } from "../Benchmark.js"
import { apimatic } from "../peers/apimatic.js"
import { axiosAuthRefresh } from "../peers/axiosAuthRefresh.js"
import { badgateway } from "../peers/badgateway.js"
import { googleAuthLibrary } from "../peers/googleAuthLibrary.js"
import { msalNode } from "../peers/msalNode.js"
import { oauth4webapi } from "../peers/oauth4webapi.js"
import { openidClient } from "../peers/openidClient.js"
import { simpleOAuth2 } from "../peers/simpleOAuth2.js"
import { figure, interleaved } from "../rounds.js"
import * as FirstCall from "./FirstCall.js"
import { type Program, runnable } from "./Program.js"

interface Entrant {
  readonly name: string
  readonly note?: string | undefined
  readonly program: Program
  /** Whether it is brought into one file first. */
  readonly isBundled: boolean
}

const peers = {
  apimatic,
  axiosAuthRefresh,
  badgateway,
  googleAuthLibrary,
  msalNode,
  oauth4webapi,
  openidClient,
  simpleOAuth2
}

const baseline: Entrant = {
  name: "Effect HttpClient, no OAuth",
  program: { file: "firstCall/bareEffect.js" },
  isBundled: false
}

const inOneFile = (entrant: Entrant): Entrant => ({
  ...entrant,
  name: `${entrant.name}, bundled`,
  note: "In one file, minified by esbuild.",
  isBundled: true
})

const ours: Entrant = {
  name: "effect-oauth",
  note: "Reads the token from its file; modules imported one by one.",
  program: { file: "firstCall/ofModules.js" },
  isBundled: false
}

const entrants: ReadonlyArray<Entrant> = [
  baseline,
  ours,
  {
    name: "effect-oauth, by the roots of the packages",
    note: `As before, with imports from "effect", "@effect/platform", "@effect/platform-node" and "@effect-oauth/client".`,
    program: { file: "firstCall/ofRoots.js" },
    isBundled: false
  },
  inOneFile(baseline),
  inOneFile(ours),
  { name: "fetch, no OAuth", program: { file: "firstCall/bareFetch.js" }, isBundled: false },
  ...Object.entries(peers).map(
    ([module, { name, note }]): Entrant => ({
      name,
      note,
      program: {
        text: `
          import { ${module} } from "../peers/${module}.js"
          import { session } from "./firstCall/session.js"
          const call = await ${module}.connect(session)
          await call()
        `
      },
      isBundled: false
    })
  )
]

const quickly = [baseline.name, ours.name, peers.badgateway.name]

/** New processes that make an authorized call, each with a token that was stored before. */
export const firstCalls = (effort: Effort): Effect.Effect<ReadonlyArray<Table>, unknown> =>
  Effect.gen(function* () {
    const calls = yield* FirstCall.make
    const programs = yield* Effect.forEach(
      entrants.filter(({ name }) => !effort.isQuick || quickly.includes(name)),
      ({ isBundled, name, note, program }) =>
        Effect.map(runnable(program, isBundled), (file) => ({ name, note, file }))
    )
    const loaded = yield* Effect.forEach(programs, ({ file, name, note }) =>
      Effect.map(
        calls.bytesLoadedBy(file),
        (bytes): Figure => ({ contender: name, note, values: [bytes / 1000] })
      )
    )
    const courses = yield* interleaved(
      programs.map(({ file, name, note }) => ({ name, note, measure: calls.of(file) })),
      effort
    )
    return [
      {
        title: "Start-up: from the start of a process to its first authorized call",
        unit: "ms",
        better: "less",
        baseline: baseline.name,
        figures: courses.map((course) => figure(course, ({ milliseconds }) => milliseconds))
      },
      {
        title: "Start-up: code that is loaded until then",
        unit: "kB",
        better: "less",
        baseline: baseline.name,
        figures: loaded
      },
      {
        title: "Start-up: memory of the process, at most",
        unit: "MB",
        better: "less",
        baseline: baseline.name,
        figures: courses.map((course) => figure(course, ({ peakMemory }) => peakMemory / 1_000_000))
      }
    ] satisfies ReadonlyArray<Table>
  }).pipe(Effect.scoped)
