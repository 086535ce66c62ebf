import * as Effect from "effect/Effect"
import type { Effort, Figure, Table } from "../Benchmark.js"
import { type Size, sizeOf } from "./Program.js"

interface Entrant {
  readonly name: string
  readonly note?: string | undefined
  /** Beside this file. */
  readonly file: string
}

const smallest: ReadonlyArray<Entrant> = [
  {
    name: "effect-oauth",
    note: "With all that it needs of effect and platform.",
    file: "password/effectOauth.js"
  },
  {
    name: "effect-oauth, by its root",
    note: `Imports from "@effect-oauth/client", of which esbuild keeps each namespace as a whole.`,
    file: "password/effectOauthRoot.js"
  },
  { name: "Effect HttpClient, no OAuth", file: "password/bareEffect.js" },
  {
    name: "@badgateway/oauth2-client",
    note: "Refreshes before a token expires.",
    file: "password/badgateway.js"
  },
  {
    name: "openid-client",
    note: "The token is kept, refreshed and put on calls by its caller.",
    file: "password/openidClient.js"
  },
  {
    name: "oauth4webapi",
    note: "The token is kept, refreshed and put on calls by its caller.",
    file: "password/oauth4webapi.js"
  },
  {
    name: "simple-oauth2",
    note: "The token is kept, refreshed and put on calls by its caller.",
    file: "password/simpleOAuth2.js"
  },
  {
    name: "google-auth-library",
    note: "Knows no password grant: begins with a refresh token.",
    file: "password/googleAuthLibrary.js"
  },
  {
    name: "axios with axios-auth-refresh",
    note: "The request for a token is written by its user.",
    file: "password/axiosAuthRefresh.js"
  },
  { name: "@azure/msal-node", note: "Speaks to Microsoft's servers.", file: "password/msalNode.js" },
  {
    name: "@apimatic/core with oauth-adapters",
    note: "The request for a token is written by its user, or generated for it.",
    file: "password/apimatic.js"
  }
]

const quickly = ["effect-oauth", "@badgateway/oauth2-client"]

const kilobytes = (bytes: number): number => bytes / 1000

const measured = (entrants: ReadonlyArray<Entrant>) =>
  Effect.forEach(entrants, ({ file, name, note }) =>
    Effect.map(sizeOf({ file }), (size) => ({ name, note, size }))
  )

const added = (name: string, note: string, bare: string, authorized: string) =>
  Effect.map(Effect.all([sizeOf({ file: bare }), sizeOf({ file: authorized })]), ([before, after]) => ({
    name,
    note,
    size: { minified: after.minified - before.minified, gzipped: after.gzipped - before.gzipped }
  }))

const additions = [
  added(
    "to a program with all of effect and platform",
    "What is the client's own.",
    "addition/bareEverything.js",
    "addition/authorizedEverything.js"
  ),
  added(
    "to a service that calls an API",
    "The client's own, and what it needs of effect and platform and the service does not.",
    "addition/bareUsers.js",
    "addition/authorizedUsers.js"
  )
]

interface Measured {
  readonly name: string
  readonly note?: string | undefined
  readonly size: Size
}

const figures = (all: ReadonlyArray<Measured>, of: (size: Size) => number): ReadonlyArray<Figure> =>
  all.map(({ name, note, size }) => ({ contender: name, note, values: [kilobytes(of(size))] }))

/** What esbuild makes of programs. The same packages give the same sizes: one value is enough. */
export const sizes = (effort: Effort): Effect.Effect<ReadonlyArray<Table>, unknown> =>
  Effect.gen(function* () {
    const programs = yield* measured(smallest.filter(({ name }) => !effort.isQuick || quickly.includes(name)))
    const differences = yield* Effect.all(effort.isQuick ? additions.slice(1) : additions)
    return [
      {
        title: "Size: the smallest password program, minified and gzipped",
        unit: "kB",
        better: "less",
        figures: figures(programs, ({ gzipped }) => gzipped)
      },
      {
        title: "Size: the smallest password program, minified",
        unit: "kB",
        better: "less",
        figures: figures(programs, ({ minified }) => minified)
      },
      {
        title: "Size: what the client adds, minified and gzipped",
        unit: "kB",
        better: "less",
        figures: figures(differences, ({ gzipped }) => gzipped)
      }
    ] satisfies ReadonlyArray<Table>
  })
