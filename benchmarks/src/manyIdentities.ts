import * as Effect from "effect/Effect"
import type { Benchmark, Effort, Figure, Table } from "./Benchmark.js"
import { type KeeperName, Measured } from "./manyIdentities/Protocol.js"
import * as Child from "./processes/Child.js"
import * as Program from "./processes/Program.js"

interface Contender {
  readonly keeper: KeeperName
  readonly name: string
  readonly note?: string | undefined
}

const contenders: ReadonlyArray<Contender> = [
  {
    keeper: "tokens",
    name: "the tokens alone",
    note: "Token objects in an array: opaque tokens of 43 characters, a scope, an expiry."
  },
  { keeper: "mapOfTokens", name: "a Map of tokens", note: "Refreshes nothing." },
  { keeper: "tokenManagers", name: "effect-oauth, TokenManagers" },
  {
    keeper: "badgateway",
    name: "@badgateway/oauth2-client",
    note: "A Map with an `OAuth2Fetch` for each session."
  },
  {
    keeper: "googleAuthLibrary",
    name: "google-auth-library",
    note: "A Map with a `UserRefreshClient` for each session."
  },
  { keeper: "simpleOAuth2", name: "simple-oauth2", note: "A Map with an `AccessToken` for each session." }
]

/** How many sessions there are, who keeps them, and how many times one is looked up. */
interface Size {
  readonly sessions: number
  readonly keepers: ReadonlyArray<KeeperName>
  readonly lookups: number
}

const sizes = ({ isQuick }: Effort): ReadonlyArray<Size> =>
  isQuick
    ? [{ sessions: 100, keepers: ["tokens", "tokenManagers", "badgateway"], lookups: 100 }]
    : [
        { sessions: 1, keepers: ["mapOfTokens", "tokenManagers"], lookups: 100_000 },
        {
          sessions: 1_000,
          keepers: contenders.map(({ keeper }) => keeper),
          lookups: 100_000
        },
        {
          sessions: 100_000,
          keepers: ["tokens", "mapOfTokens", "tokenManagers", "badgateway"],
          lookups: 100_000
        }
      ]

/** Each process measures once: what one has left behind in its heap is not the next one's. */
const measured = (program: string, keeper: KeeperName, sessions: number, lookups: number) =>
  Effect.scoped(
    Effect.flatMap(Child.start({ command: ["--expose-gc", "--max-old-space-size=8192", program] }), (child) =>
      child.ask({ keeper, sessions, lookups }, Measured)
    )
  )

const tablesOf = (program: string, { keepers, lookups, sessions }: Size, effort: Effort) =>
  Effect.gen(function* () {
    const taking = contenders.filter(({ keeper }) => keepers.includes(keeper))
    const all = new Map<KeeperName, Array<Measured>>(taking.map(({ keeper }) => [keeper, []]))
    for (let round = 0; round < effort.rounds; round += 1) {
      for (const { keeper } of taking) {
        yield* effort.tell?.(`${sessions} sessions, ${keeper}, round ${round + 1} of ${effort.rounds}`) ??
          Effect.void
        all.get(keeper)?.push(yield* measured(program, keeper, sessions, lookups))
      }
    }
    const figures = (
      value: (measured: Measured) => number,
      isTaking: (contender: Contender) => boolean = () => true
    ): ReadonlyArray<Figure> =>
      taking.filter(isTaking).map(({ keeper, name, note }) => ({
        contender: name,
        note,
        values: (all.get(keeper) ?? []).map(value)
      }))
    const counted = sessions === 1 ? "1 session" : `${sessions.toLocaleString("en-US")} sessions`
    const tables: ReadonlyArray<Table> = [
      {
        title: `${counted}: memory a session`,
        unit: "bytes",
        better: "less",
        baseline: "the tokens alone",
        figures: figures(({ bytes }) => bytes / sessions)
      },
      {
        title: `${counted}: time to take up a session from a store`,
        unit: "\u00b5s",
        better: "less",
        figures: figures(({ takeUpMillis }) => (takeUpMillis / sessions) * 1000)
      },
      {
        title: `${counted}: time to look up a good token`,
        unit: "\u00b5s",
        better: "less",
        baseline: "a Map of tokens",
        figures: figures(
          ({ lookupMillis }) => (lookupMillis / lookups) * 1000,
          ({ keeper }) => keeper !== "tokens"
        )
      }
    ]
    return tables
  })

const run = (effort: Effort) =>
  Effect.gen(function* () {
    const program = yield* Program.bundle(new URL("manyIdentities/process.ts", import.meta.url))
    const tables = yield* Effect.forEach(sizes(effort), (size) => tablesOf(program, size, effort))
    return tables.flat()
  })

export const manyIdentities: Benchmark = {
  name: "many-identities",
  question: "What does each of very many sessions in one process take, and how long is it looked for?",
  run
}
