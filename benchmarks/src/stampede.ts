import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Benchmark, Effort, Table } from "./Benchmark.js"
import { figure, interleaved } from "./rounds.js"
import * as AuthorizationServer from "./stampede/AuthorizationServer.js"
import { apimatic } from "./stampede/apimatic.js"
import { axiosAuthRefresh } from "./stampede/axiosAuthRefresh.js"
import * as effectOAuth from "./stampede/effectOAuth.js"
import { msalNode } from "./stampede/msalNode.js"
import { peers } from "./stampede/peers.js"
import { expiredSession, type Subject } from "./stampede/Subject.js"

/** How many there are where each of them sends a request, which ten thousand would be busy with for too long. */
const sizes = ({ isQuick }: Effort) =>
  isQuick ? { callers: 200, fewerCallers: 20 } : { callers: 10_000, fewerCallers: 500 }

interface Outcome {
  readonly millis: number
  readonly tokenRequests: number
  /** The percentage of the callers that got no token that the server takes. */
  readonly failed: number
  readonly isAlive: boolean
}

const measured = (server: AuthorizationServer.AuthorizationServer, subject: Subject, callers: number) =>
  Effect.scoped(
    Effect.gen(function* () {
      const begun = yield* server.logIn(subject.proof, subject.scope)
      const keeper = yield* subject.keep(expiredSession(server, subject.proof, begun))
      const requestsBefore = yield* server.tokenRequests
      const from = performance.now()
      const answers = yield* keeper.rush(callers)
      const millis = performance.now() - from
      const tokenRequests = (yield* server.tokenRequests) - requestsBefore
      const active = yield* server.active(new Set(answers.flatMap(Option.toArray)))
      const without = answers.filter((answer) => !Option.exists(answer, (token) => active.has(token)))
      const isAlive = yield* server.isRefreshable(subject.proof, yield* keeper.refreshToken)
      return { millis, tokenRequests, failed: (without.length / callers) * 100, isAlive } satisfies Outcome
    })
  )

/** A single caller, and no library. */
const oneRefresh = (server: AuthorizationServer.AuthorizationServer): Subject => ({
  name: "one refresh, by fetch",
  proof: "basic",
  keep: ({ refreshToken }) =>
    Effect.sync(() => {
      let next = refreshToken
      return {
        rush: () =>
          Effect.map(
            Effect.orDie(server.refresh("basic", refreshToken)),
            ({ access_token, refresh_token }) => {
              next = refresh_token
              return [Option.some(access_token)]
            }
          ),
        refreshToken: Effect.sync(() => Option.some(next))
      }
    })
})

const run = (effort: Effort) =>
  Effect.gen(function* () {
    const { callers, fewerCallers } = sizes(effort)
    const server = yield* AuthorizationServer.make
    const subjects: ReadonlyArray<Subject> = [
      effectOAuth.tokens,
      effectOAuth.calls,
      effectOAuth.bareFibers(server),
      effectOAuth.bareCalls(server),
      ...peers,
      axiosAuthRefresh,
      apimatic,
      msalNode
    ]

    const contenders = subjects.map((subject) => {
      const { name, note } = subject
      const count = subject.asksForEach === true ? fewerCallers : callers
      const fewer =
        count === callers
          ? []
          : [`${count.toLocaleString("en-US")} callers only: each of them sends a token request.`]
      return {
        name,
        note: [...fewer, ...(note === undefined ? [] : [note])].join(" ") || undefined,
        measure: measured(server, subject, count)
      }
    })
    const alone = oneRefresh(server)
    const courses = yield* interleaved(
      [{ name: alone.name, measure: measured(server, alone, 1) }, ...contenders],
      effort
    )
    const figures = (value: (outcome: Outcome) => number) =>
      courses.filter(({ name }) => name !== alone.name).map((course) => figure(course, value))

    const rush = `${callers.toLocaleString("en-US")} callers on an expired token`
    const tables: ReadonlyArray<Table> = [
      {
        title: `${rush}: time until the last has its answer`,
        unit: "ms",
        better: "less",
        baseline: alone.name,
        figures: courses.map((course) => figure(course, ({ millis }) => millis))
      },
      {
        title: `${rush}: token requests`,
        unit: "requests",
        better: "less",
        figures: figures(({ tokenRequests }) => tokenRequests)
      },
      {
        title: `${rush}: those who get no token that works`,
        unit: "% of the callers",
        better: "less",
        figures: figures(({ failed }) => failed)
      },
      {
        title: `${rush}: sessions that can be refreshed again`,
        unit: "of 1",
        better: "more",
        figures: figures(({ isAlive }) => (isAlive ? 1 : 0))
      }
    ]
    return tables
  })

export const stampede: Benchmark = {
  name: "stampede",
  question:
    "What happens when very many callers need a token at the moment when it has run out, and the server rotates refresh tokens and ends a session whose refresh token comes twice?",
  run
}
