import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Benchmark, Effort, Table } from "./Benchmark.js"
import { interleaved } from "./rounds.js"
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
  /** Of the callers those that got no token that the server takes. */
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
      const failed = answers.filter((answer) => !Option.exists(answer, (token) => active.has(token))).length
      const isAlive = yield* server.isRefreshable(subject.proof, yield* keeper.refreshToken)
      const outcome: Outcome = { millis, tokenRequests, failed, isAlive }
      return outcome
    })
  )

const oneRefresh = "one refresh, by fetch"

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

    const outcomes = new Map<string, Array<Outcome>>()
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
        callers: count,
        measure: Effect.map(measured(server, subject, count), (outcome) => {
          outcomes.set(name, [...(outcomes.get(name) ?? []), outcome])
          return outcome.millis
        })
      }
    })
    const alone = Effect.gen(function* () {
      const { refresh_token } = yield* server.logIn("basic")
      const from = performance.now()
      yield* server.refresh("basic", refresh_token)
      return performance.now() - from
    })

    const times = yield* interleaved([{ name: oneRefresh, measure: alone }, ...contenders], effort)
    const figures = (value: (outcome: Outcome, callers: number) => number) =>
      contenders.map(({ name, note, callers }) => ({
        contender: name,
        note,
        // Without the round that warms up.
        values: (outcomes.get(name) ?? []).slice(1).map((outcome) => value(outcome, callers))
      }))

    const rush = `${callers.toLocaleString("en-US")} callers on an expired token`
    const tables: ReadonlyArray<Table> = [
      {
        title: `${rush}: time until the last has its answer`,
        unit: "ms",
        better: "less",
        baseline: oneRefresh,
        figures: times
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
        figures: figures(({ failed }, callers) => (failed / callers) * 100)
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
