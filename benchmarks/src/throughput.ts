import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type { Benchmark, Effort, Figure, Table } from "./Benchmark.js"
import { type Contender, figure, interleaved } from "./rounds.js"
import { type Entrant, open } from "./throughput/Field.js"
import type { Done, Identity } from "./throughput/Protocol.js"
import { allOwners } from "./throughput/profile.js"

/** As its transport is by itself, or as a user is advised to have it. */
const isAtItsBest = ({ isAdvised, unswitched }: Identity): boolean =>
  unswitched === undefined || isAdvised === true

/** How often in a round, and how long each time. */
const turnsFor = (
  concurrency: number,
  { isQuick }: Effort
): { readonly turns: number; readonly millis: number } => {
  if (isQuick) return { turns: 1, millis: 10 }
  // With many at a time all of them begin together, and all are waited for: much shorter, that would be what is measured.
  if (concurrency === 1024) return { turns: 2, millis: 600 }
  return concurrency === 64 ? { turns: 6, millis: 150 } : { turns: 4, millis: 100 }
}

interface Measured {
  readonly identity: Identity
  readonly rate: Figure
  readonly cpuMicros: Figure
}

const race = (entrants: ReadonlyArray<Entrant>, concurrency: number, effort: Effort) =>
  Effect.gen(function* () {
    const { millis, turns } = turnsFor(concurrency, effort)
    const contenders = entrants.map(
      ({ call, identity: { name, note } }): Contender<Done, unknown> => ({
        name,
        note,
        measure: call({ concurrency, millis, isProfiled: false })
      })
    )
    const tell = (progress: string) => effort.tell?.(`${concurrency} at a time, ${progress}`) ?? Effect.void
    const courses = yield* interleaved(contenders, { ...effort, tell }, turns)
    return Arr.zipWith(
      entrants,
      courses,
      ({ identity }, course): Measured => ({
        identity,
        rate: figure(course, ({ calls, seconds }) => calls / seconds),
        cpuMicros: figure(course, ({ calls, cpuSeconds }) => (cpuSeconds * 1_000_000) / calls)
      })
    )
  })

type Comparison = Pick<Table, "baseline"> | { readonly against: (identity: Identity) => string | undefined }

const rates = (title: string, measured: ReadonlyArray<Measured>, comparison: Comparison): Table => ({
  title,
  unit: "calls a second",
  better: "more",
  baseline: "against" in comparison ? undefined : comparison.baseline,
  figures: measured.map(({ identity, rate }) => ({
    ...rate,
    against: "against" in comparison ? comparison.against(identity) : undefined
  }))
})

const many = (concurrency: number): string =>
  concurrency === 1 ? "one call at a time" : `${concurrency} calls at a time`

const without = (identity: Identity): string | undefined => identity.without
const unswitched = (identity: Identity): string | undefined => identity.unswitched

const tablesOf = (concurrency: number, measured: ReadonlyArray<Measured>): ReadonlyArray<Table> => {
  const part = (isPart: (identity: Identity) => boolean) =>
    measured.filter(({ identity }) => isPart(identity))
  const names = new Set(measured.map(({ identity }) => identity.name))
  const hasSameWithout = (identity: Identity): boolean =>
    identity.without !== undefined && names.has(identity.without)
  const ours = part(({ role }) => role === "ours")

  const tables = [
    rates(
      `Throughput, ${many(concurrency)}`,
      part((identity) => identity.role === "peer" || (identity.role === "ours" && isAtItsBest(identity))),
      { baseline: ours[0]?.identity.name }
    ),
    rates(
      `Beside the same without OAuth, ${many(concurrency)}`,
      part(
        (identity) =>
          ["bare", "platform"].includes(identity.role) ||
          (identity.role === "ours" && hasSameWithout(identity))
      ),
      { against: without }
    )
  ]
  if (concurrency === 1) return tables
  const switches = rates(`What a user can switch, ${many(concurrency)}`, ours, { against: unswitched })
  if (concurrency > 64) return [...tables, switches]
  const cpu: Table = {
    title: `Time of the processors, ${many(concurrency)}`,
    unit: "µs a call",
    better: "less",
    figures: measured.map(({ cpuMicros, identity }) => ({ ...cpuMicros, against: identity.without }))
  }
  return [...tables, switches, cpu]
}

/** Those whose time is put down to who spent it: of a transport what is bare, the platform's client, and ours. */
const isProfiled = ({ identity }: Entrant): boolean =>
  identity.role !== "peer" && / ?(fetch|undici)$/.test(identity.name)

/** Whose code the time of a call is spent in, from samples of the stack. */
const profile = (entrant: Entrant, effort: Effort) =>
  Effect.gen(function* () {
    const load = { concurrency: 64, millis: effort.isQuick ? 20 : 500, isProfiled: true }
    const dones = yield* Effect.replicateEffect(entrant.call(load), Math.min(3, effort.rounds))
    const table: Table = {
      title: `Whose code the time of a call is spent in, ${entrant.identity.name}`,
      unit: "µs a call",
      better: "less",
      figures: allOwners
        .map((contender) => ({
          contender,
          values: dones.map(
            ({ calls, cpuSeconds, shares }) => ((shares?.[contender] ?? 0) * cpuSeconds * 1_000_000) / calls
          )
        }))
        .filter(({ values }) => values.some((value) => value > 0))
    }
    return table
  })

/** Who is asked for so many calls at a time: what is switched, only where there is something to be seen of it. */
const takesPart =
  (concurrency: number) =>
  ({ identity }: Entrant): boolean =>
    concurrency === 64 ||
    isAtItsBest(identity) ||
    (concurrency > 64 && identity.name.includes(" connections"))

const run = (effort: Effort) =>
  Effect.gen(function* () {
    const entrants = yield* open
    if (!effort.isQuick) {
      yield* effort.tell?.("compiling what is hot") ?? Effect.void
      yield* Effect.forEach(entrants, ({ call }) =>
        call({ concurrency: 64, millis: 1000, isProfiled: false })
      )
    }
    const tables = yield* Effect.forEach(effort.isQuick ? [1, 64] : [1, 64, 1024], (concurrency) =>
      Effect.map(race(entrants.filter(takesPart(concurrency)), concurrency, effort), (measured) =>
        tablesOf(concurrency, measured)
      )
    )
    yield* effort.tell?.("whose code the time is spent in") ?? Effect.void
    const profiles = yield* Effect.forEach(entrants.filter(isProfiled), (entrant) => profile(entrant, effort))
    return [...tables.flat(), ...profiles]
  })

export const throughput: Benchmark = {
  name: "throughput",
  question:
    "How many authorized calls a second does a client make, with a good token, to an API on this machine that keeps connections?",
  run
}
